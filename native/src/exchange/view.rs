//! A lazy reader of Exchange records: where fields stand is found at once, what they hold later.
//!
//! All places are offsets into the record, so a view can live beside its bytes.

use std::ops::Range;

use crate::avro::{Damage, Reader, write_string};
use crate::schema::{ANOMALY_SYMBOLS, EXCHANGE_HEAD, MODE_SYMBOLS, PAIRING_SYMBOLS};

/// A place in the record: bytes or a string without their length, or an array with its blocks.
pub type Place = Range<u32>;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BodyView {
    pub wire_bytes: i64,
    pub missing_bytes: i64,
    pub encoding: Option<Place>,
    pub complete: bool,
    pub truncated: bool,
    pub gaps: Place,
    pub kept: Place,
}

/// A request; of a response `method` is its reason and `target` is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageView {
    pub status: i64,
    pub method: Place,
    pub target: Place,
    pub version: Place,
    pub headers: Place,
    pub trailers: Place,
    pub body: BodyView,
    pub head_bytes: i64,
    pub complete: bool,
    pub at_us: i64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    pub id: Place,
    pub revision: i64,
    pub site: Place,
    pub source: Place,
    pub mode: &'static str,
    pub protocol: Place,
    pub at_us: i64,
    pub client_ip: Place,
    pub client_port: i64,
    pub peer_ip: Place,
    pub server_ip: Place,
    pub server_port: i64,
    pub vlan: Option<i64>,
    pub vni: Option<i64>,
    pub community_id: Place,
    pub host: Place,
    pub application: Place,
    pub pairing: &'static str,
    pub response_final: bool,
    pub part: Option<i64>,
    pub stream: Option<i64>,
    pub request_seq: Option<i64>,
    pub response_seq: Option<i64>,
    pub missing_bytes: i64,
    pub latency_us: Option<i64>,
    pub anomalies: Place,
    pub tls: Option<[Option<Place>; 4]>,
    pub request: Option<MessageView>,
    pub response: Option<MessageView>,
    pub messages: Vec<SocketView>,
}

/// A message of a WebSocket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SocketView {
    pub at_us: i64,
    pub from_client: bool,
    pub opcode: i64,
    pub payload: Place,
    pub wire_bytes: i64,
    pub missing_bytes: i64,
    pub complete: bool,
    pub truncated: bool,
    pub compressed: bool,
}

/// A reader that knows where it is.
struct Cursor<'a> {
    record: &'a [u8],
    fields: Reader<'a>,
}

impl<'a> Cursor<'a> {
    fn at(&self) -> u32 {
        (self.record.len() - self.fields.rest().len()) as u32
    }

    fn bytes(&mut self) -> Result<Place, Damage> {
        let length = self.fields.bytes()?.len() as u32;
        Ok(self.at() - length..self.at())
    }

    fn string(&mut self) -> Result<Place, Damage> {
        let length = self.fields.string()?.len() as u32;
        Ok(self.at() - length..self.at())
    }

    fn long(&mut self) -> Result<i64, Damage> {
        self.fields.long()
    }

    fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Damage>,
    ) -> Result<Option<T>, Damage> {
        match self.long()? {
            0 => Ok(None),
            1 => read(self).map(Some),
            _ => Err("a union has no such branch"),
        }
    }

    fn symbol(&mut self, symbols: &[&'static str]) -> Result<&'static str, Damage> {
        let number = usize::try_from(self.long()?).ok();
        number
            .and_then(|number| symbols.get(number))
            .copied()
            .ok_or("an enumeration has no such symbol")
    }

    /// Skips an array by its items; blocks with a byte count are not written by anyone of ours.
    fn array(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<(), Damage>,
    ) -> Result<Place, Damage> {
        let start = self.at();
        loop {
            let count = self.long()?;
            if count == 0 {
                return Ok(start..self.at());
            }
            if count < 0 {
                self.long()?;
            }
            for _ in 0..count.unsigned_abs() {
                item(self)?;
            }
        }
    }

    fn pairs(&mut self) -> Result<Place, Damage> {
        self.array(|cursor| {
            cursor.fields.bytes()?;
            cursor.fields.bytes()?;
            Ok(())
        })
    }

    fn body(&mut self) -> Result<BodyView, Damage> {
        Ok(BodyView {
            wire_bytes: self.long()?,
            missing_bytes: self.long()?,
            encoding: self.option(Self::string)?,
            complete: self.fields.boolean()?,
            truncated: self.fields.boolean()?,
            gaps: self.array(|cursor| cursor.long().and_then(|_| cursor.long()).map(drop))?,
            kept: self.bytes()?,
        })
    }

    fn request(&mut self) -> Result<MessageView, Damage> {
        Ok(MessageView {
            status: 0,
            method: self.bytes()?,
            target: self.bytes()?,
            version: self.string()?,
            headers: self.pairs()?,
            trailers: self.pairs()?,
            body: self.body()?,
            head_bytes: self.long()?,
            complete: self.fields.boolean()?,
            at_us: 0,
        })
    }

    fn socket(&mut self) -> Result<SocketView, Damage> {
        Ok(SocketView {
            at_us: self.long()?,
            from_client: self.fields.boolean()?,
            opcode: self.long()?,
            payload: self.bytes()?,
            wire_bytes: self.long()?,
            missing_bytes: self.long()?,
            complete: self.fields.boolean()?,
            truncated: self.fields.boolean()?,
            compressed: self.fields.boolean()?,
        })
    }

    fn response(&mut self) -> Result<MessageView, Damage> {
        Ok(MessageView {
            status: self.long()?,
            method: self.bytes()?,
            target: 0..0,
            version: self.string()?,
            headers: self.pairs()?,
            trailers: self.pairs()?,
            body: self.body()?,
            head_bytes: self.long()?,
            complete: self.fields.boolean()?,
            at_us: self.long()?,
        })
    }
}

impl View {
    /// Finds every field; what is no Exchange of this schema is refused.
    pub fn of(record: &[u8]) -> Result<Self, Damage> {
        if record.len() > u32::MAX as usize {
            return Err("a record of 4 GiB");
        }
        let fields = Reader::of_record(record, &EXCHANGE_HEAD)?;
        let mut cursor = Cursor { record, fields };
        let at = &mut cursor;
        let view = View {
            id: at.string()?,
            revision: at.long()?,
            site: at.string()?,
            source: at.string()?,
            mode: at.symbol(&MODE_SYMBOLS)?,
            protocol: at.string()?,
            at_us: at.long()?,
            client_ip: at.string()?,
            client_port: at.long()?,
            peer_ip: at.string()?,
            server_ip: at.string()?,
            server_port: at.long()?,
            vlan: at.option(Cursor::long)?,
            vni: at.option(Cursor::long)?,
            community_id: at.string()?,
            host: at.string()?,
            application: at.string()?,
            pairing: at.symbol(&PAIRING_SYMBOLS)?,
            response_final: at.fields.boolean()?,
            part: at.option(Cursor::long)?,
            stream: at.option(Cursor::long)?,
            request_seq: at.option(Cursor::long)?,
            response_seq: at.option(Cursor::long)?,
            missing_bytes: at.long()?,
            latency_us: at.option(Cursor::long)?,
            anomalies: at.array(|cursor| cursor.symbol(&ANOMALY_SYMBOLS).map(drop))?,
            tls: at.option(|at| {
                let mut text = || at.option(Cursor::string);
                Ok([text()?, text()?, text()?, text()?])
            })?,
            request: at.option(Cursor::request)?,
            response: at.option(Cursor::response)?,
            messages: {
                let mut messages = Vec::new();
                at.array(|at| at.socket().map(|message| messages.push(message)))?;
                messages
            },
        };
        cursor.fields.end()?;
        Ok(view)
    }

    /// The record with another client or application label.
    pub fn relabel(
        &self,
        record: &[u8],
        client_ip: Option<&str>,
        application: Option<&str>,
    ) -> Vec<u8> {
        let mut out = Vec::with_capacity(record.len() + 64);
        let mut done = 0;
        for (place, new) in [
            (&self.client_ip, client_ip),
            (&self.application, application),
        ] {
            if let Some(new) = new {
                let length_at = place.start as usize - length_bytes(place.len());
                out.extend_from_slice(&record[done..length_at]);
                write_string(new, &mut out);
                done = place.end as usize;
            }
        }
        out.extend_from_slice(&record[done..]);
        out
    }
}

/// Bytes that a length takes in front of its value, as `write_long` writes it.
fn length_bytes(length: usize) -> usize {
    let mut out = Vec::with_capacity(10);
    crate::avro::write_long(length as i64, &mut out);
    out.len()
}

pub fn slice<'a>(record: &'a [u8], place: &Place) -> &'a [u8] {
    &record[place.start as usize..place.end as usize]
}

/// The items of an array that `View::of` walked through.
pub fn items<'a, T>(
    record: &'a [u8],
    array: &Place,
    read: impl Fn(&mut Reader<'a>) -> Result<T, Damage>,
) -> Vec<T> {
    let mut reader = Reader::new(slice(record, array));
    let mut out = Vec::new();
    while let Ok(count) = reader.long() {
        if count < 0 {
            let _ = reader.long();
        }
        if count == 0 {
            break;
        }
        out.extend((0..count.unsigned_abs()).map_while(|_| read(&mut reader).ok()));
    }
    out
}
