//! A WebSocket's messages end, and become the parts of its exchange.

use super::message::{Growing, Message};
use super::record;
use super::scene::Scene;
use super::socket::Socket;
use super::talk::Talk;
use crate::avro::{Damage, Reader, write_boolean, write_bytes, write_long};
use crate::flow::blob::Blob;
use crate::limits::{DECODED_BYTES_MAX, DECODED_RATIO_MAX};
use crate::schema::Anomaly;
use crate::websocket::deflate::{Deflate, WINDOW_BYTES, inflate};

/// Inflated bytes that even a tiny message may have.
const FREE_BYTES: usize = 64 << 10;

/// What stands in a part's record beside the exchange.
pub struct Part<'a> {
    pub number: u32,
    /// Its messages as the record has them, by the times of their first bytes.
    pub messages: Vec<(i64, &'a [u8])>,
}

impl<'a> Part<'a> {
    /// Of messages in the order of their ends.
    fn of(number: u32, ended: &'a [u8]) -> Self {
        let (mut messages, mut rest) = (Vec::new(), Reader::new(ended));
        while let Ok((at_us, after)) = skip_message(rest) {
            let bytes = rest.rest().len() - after.rest().len();
            messages.push((at_us, &rest.rest()[..bytes]));
            rest = after;
        }
        // Which side's packets come first at a tap is chance; each side's own order stays.
        messages.sort_by_key(|(at_us, _)| *at_us);
        Part { number, messages }
    }

    pub fn bytes(&self) -> usize {
        self.messages.iter().map(|(_, item)| item.len()).sum()
    }

    /// Packet time of the first byte, if there is one.
    pub fn at_us(&self) -> Option<i64> {
        self.messages.first().map(|(at_us, _)| *at_us)
    }
}

/// The time of the message in front, and what is behind it.
fn skip_message(of: Reader) -> Result<(i64, Reader), Damage> {
    let mut rest = of;
    let at_us = rest.long()?;
    rest.boolean()?;
    rest.long()?;
    rest.bytes()?;
    for _ in 0..2 {
        rest.long()?;
    }
    for _ in 0..3 {
        rest.boolean()?;
    }
    Ok((at_us, rest))
}

impl Talk {
    /// The message whose shares count what this side sends.
    pub(super) fn socket_message(&mut self, side: usize) -> Option<&mut Message> {
        let is_client = self.is_client(side);
        let open = &mut self.socket.as_mut()?.open;
        match is_client {
            true => open.request.as_mut().or(open.response.as_mut()),
            false => open.response.as_mut(),
        }
    }

    /// A message, or what there is of it, belongs to the part under way.
    pub(super) fn end_message(
        &mut self,
        side: usize,
        message: Growing,
        whole: bool,
        scene: &mut Scene,
    ) {
        let is_client = self.is_client(side);
        let Some(socket) = &mut self.socket else {
            return;
        };
        let mut message = message;
        let is_packed = message.compressed && !socket.unpack(side, &mut message, whole, scene);
        let kept_max = scene.limits.body_kept_bytes_max as usize;
        let is_cut = message.payload.len() > kept_max || message.is_cut;
        message.payload.bytes.truncate(kept_max);
        if socket.messages == 0 {
            socket.since_us = socket.now_us;
        }
        let complete = whole && message.missing_bytes == 0 && !message.broken;
        if !complete {
            socket.open.marks.add(Anomaly::Incomplete);
        }
        let out = &mut socket.ended.bytes;
        write_long(message.at_us, out);
        write_boolean(is_client, out);
        write_long(i64::from(message.opcode), out);
        write_bytes(&message.payload.bytes, out);
        write_long(message.wire_bytes as i64, out);
        write_long(message.missing_bytes as i64, out);
        write_boolean(complete, out);
        write_boolean(is_cut, out);
        write_boolean(is_packed, out);
        socket.messages += 1;
        scene.count("websocket_messages");
    }

    /// The part is as large as one may be.
    pub(super) fn limit_part(&mut self, scene: &mut Scene) {
        let bytes = self.socket.as_ref().map_or(0, |socket| socket.ended.len());
        if bytes >= scene.limits.part_bytes_max as usize {
            self.emit_part(false, scene);
        }
    }

    /// When the part under way goes out.
    pub(super) fn part_deadline(&self, part_us: i64) -> Option<i64> {
        let socket = self.socket.as_ref().filter(|socket| socket.messages > 0)?;
        Some(socket.since_us + part_us)
    }

    /// Nothing more will come: the last part says so, with messages or without.
    pub(super) fn end_socket(&mut self, scene: &mut Scene) {
        self.emit_part(true, scene);
        self.socket = None;
    }

    /// The part under way goes out; `over`: it is the last.
    pub(super) fn emit_part(&mut self, over: bool, scene: &mut Scene) {
        let Some(socket) = &mut self.socket else {
            return;
        };
        let items = std::mem::take(&mut socket.ended).bytes;
        let part = Part::of(socket.part, &items);
        record::emit_part(&socket.open, over, &part, scene);
        (socket.messages, socket.part) = (0, socket.part + 1);
        socket.open.marks = Default::default();
        for message in socket.open.messages() {
            scene.tally.messages_held -= message.shares.total() as i64;
            scene.tally.body += message.shares.body as i64;
            scene.tally.framing += message.shares.framing as i64;
            message.restart();
        }
    }
}

impl Socket {
    /// Undoes the compression of a message. False: it stays as sent.
    fn unpack(
        &mut self,
        side: usize,
        message: &mut Growing,
        whole: bool,
        scene: &mut Scene,
    ) -> bool {
        let reader = &mut self.readers[side];
        let is_whole = whole && !message.is_cut && message.missing_bytes == 0 && !message.broken;
        let sent = &message.payload.bytes;
        let bytes_max =
            DECODED_BYTES_MAX.min(FREE_BYTES.max(sent.len().saturating_mul(DECODED_RATIO_MAX)));
        let from = reader.window.len().saturating_sub(WINDOW_BYTES);
        let inflated = is_whole
            .then(|| inflate(&reader.window.bytes[from..], sent, bytes_max))
            .flatten();
        let Some(inflated) = inflated else {
            scene.count("websocket_still_compressed");
            reader.window = Blob::default();
            return false;
        };
        if reader.deflate == Deflate::Takeover {
            remember(&mut reader.window, &inflated);
        }
        message.payload.bytes = inflated;
        true
    }
}

/// The window moves on. Its bytes are written as they come: a new one begins where the old is
/// twice as long as it must be.
fn remember(window: &mut Blob, said: &[u8]) {
    let said = &said[said.len().saturating_sub(WINDOW_BYTES)..];
    if window.len() + said.len() > 2 * WINDOW_BYTES {
        let kept = WINDOW_BYTES - said.len();
        *window = Blob::of(window.bytes[window.len() - kept..].to_vec());
    }
    window.bytes.extend_from_slice(said);
}
