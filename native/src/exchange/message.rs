//! One HTTP message as it grows, and the exchange it belongs to.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::habits::Hidden;
use crate::avro::{Damage, Reader};
use crate::flow::blob::Blob;
use crate::flow::run::Run;
use crate::http1::head::{Head, Method};
use crate::http1::marks::Marks;
use crate::limits::Limits;
use crate::schema::Pairing;
use crate::websocket::frame::unmask;

/// Bytes of a message on the wire by what they were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shares {
    pub head: u64,
    pub body: u64,
    pub framing: u64,
}

impl Shares {
    pub fn total(self) -> u64 {
        self.head + self.body + self.framing
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Message {
    /// TCP position of the first byte.
    pub start: u64,
    /// Behind the last byte so far.
    pub end: u64,
    /// Packet time of the first and of the last byte so far.
    pub at_us: i64,
    pub end_us: i64,
    /// What the sender had received when it sent the first byte.
    pub ack: Option<u64>,
    /// The head as the record has it.
    pub head: Blob,
    /// The trailer section as the record has it; empty: none.
    pub trailers: Blob,
    pub body: Blob,
    pub encoding: Option<String>,
    /// Bytes of the body, and of the head, that were never seen.
    pub missing_bytes: u64,
    pub head_missing_bytes: u64,
    pub gaps: Vec<(u64, u64)>,
    pub shares: Shares,
    pub head_bytes: u32,
    pub status: u16,
    pub head_method: bool,
    pub connect_method: bool,
    /// Nothing more will come.
    pub ended: bool,
    /// Its framing is damaged: where it ends is a guess.
    pub broken: bool,
    /// It ended where its framing says, without a hole.
    pub complete: bool,
}

impl Message {
    /// `first` is the run with the first byte, `last` the one with the last of the head.
    pub fn new(first: &First, end: u64, end_us: i64, head: Head, head_bytes: usize) -> Self {
        Message {
            start: first.start,
            end,
            at_us: first.at_us,
            end_us,
            ack: first.ack,
            encoding: head.fields.encoding,
            head: Blob::of(head.avro),
            trailers: Blob::default(),
            body: Blob::default(),
            missing_bytes: 0,
            head_missing_bytes: 0,
            gaps: Vec::new(),
            shares: Shares {
                head: head_bytes as u64,
                ..Shares::default()
            },
            head_bytes: head_bytes as u32,
            status: head.status,
            head_method: head.method == Method::Head,
            connect_method: head.method == Method::Connect,
            ended: false,
            broken: false,
            complete: false,
        }
    }

    /// What it has beside its head belongs to a part that is over.
    pub fn restart(&mut self) {
        (self.shares, self.head_bytes, self.body) = Default::default();
        (self.missing_bytes, self.head_missing_bytes) = (0, 0);
        (self.gaps, self.trailers) = Default::default();
        self.complete = true;
        // Another name and other rows than those of the message that it was copied from.
        self.head = Blob::of(std::mem::take(&mut self.head.bytes));
    }

    /// The values of the header fields with this name, in lower case.
    pub fn fields(&self, name: &[u8]) -> Vec<&[u8]> {
        self.read_fields(name).unwrap_or_default()
    }

    fn read_fields(&self, name: &[u8]) -> Result<Vec<&[u8]>, Damage> {
        let mut head = Reader::new(&self.head.bytes);
        // A request's method stands where a response has its status; both without is one empty byte.
        if self.status == 0 {
            head.bytes()?;
        } else {
            head.long()?;
        }
        head.bytes()?;
        head.bytes()?;
        let mut found = Vec::new();
        loop {
            // Written by `http1::head`: blocks of so many pairs.
            let count = head.long()?;
            if count <= 0 {
                return Ok(found);
            }
            for _ in 0..count {
                let (field, value) = (head.bytes()?, head.bytes()?);
                if field.eq_ignore_ascii_case(name) {
                    found.push(value);
                }
            }
        }
    }

    pub fn method(&self) -> Method {
        match (self.head_method, self.connect_method) {
            (true, _) => Method::Head,
            (_, true) => Method::Connect,
            _ => Method::Other,
        }
    }

    /// Body bytes came, in order.
    pub fn grow(&mut self, bytes: &[u8], limits: &Limits) {
        let free = (limits.body_kept_bytes_max as usize).saturating_sub(self.body.len());
        self.body
            .bytes
            .extend_from_slice(&bytes[..bytes.len().min(free)]);
        self.shares.body += bytes.len() as u64;
    }

    /// Body bytes are lost.
    pub fn lose(&mut self, bytes: u64, limits: &Limits) {
        let offset = self.shares.body + self.missing_bytes;
        self.missing_bytes += bytes;
        let listed = self.gaps.len();
        match self.gaps.last_mut() {
            Some((before, length)) if *before + *length == offset => *length += bytes,
            _ if listed < limits.body_gaps_max as usize => self.gaps.push((offset, bytes)),
            _ => {}
        }
    }

    /// Fewer body bytes are kept than came.
    pub fn truncated(&self) -> bool {
        (self.body.len() as u64) < self.shares.body
    }

    /// So many bytes of `run`, in its front, belong to this message.
    pub fn reach(&mut self, run: &Run, bytes: usize) {
        self.end = run.start + bytes as u64;
        self.end_us = run.at_us;
    }
}

/// A WebSocket message, or a control frame, as it grows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Growing {
    pub opcode: u8,
    pub compressed: bool,
    /// Packet time of the first byte.
    pub at_us: i64,
    /// Without mask, as far as it is kept.
    pub payload: Blob,
    pub wire_bytes: u64,
    pub missing_bytes: u64,
    /// Fewer bytes are kept than came.
    pub is_cut: bool,
    /// Its beginning was not seen.
    pub broken: bool,
}

impl Growing {
    pub fn new(opcode: u8, compressed: bool, at_us: i64) -> Self {
        Growing {
            opcode,
            compressed,
            at_us,
            payload: Blob::default(),
            wire_bytes: 0,
            missing_bytes: 0,
            is_cut: false,
            broken: false,
        }
    }

    /// Payload bytes came, in order; `turned` bytes of the frame stood in front of them.
    pub fn grow(&mut self, bytes: &[u8], mask: [u8; 4], turned: u8, kept_max: usize) {
        let free = kept_max.saturating_sub(self.payload.len());
        self.is_cut |= bytes.len() > free;
        let kept = &bytes[..bytes.len().min(free)];
        unmask(kept, mask, turned, &mut self.payload.bytes);
        self.wire_bytes += bytes.len() as u64;
    }
}

/// Where a message begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct First {
    pub start: u64,
    pub at_us: i64,
    pub now_us: i64,
    pub ack: Option<u64>,
}

impl First {
    pub fn of(run: &Run) -> Self {
        First {
            start: run.start,
            at_us: run.at_us,
            now_us: run.now_us,
            ack: run.ack,
        }
    }
}

/// An exchange that is not over.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Open {
    /// Counts up in its flow.
    pub serial: u32,
    /// Which endpoint of the flow's key asks.
    pub client_side: u8,
    /// The agent that saw the request (the response, if orphaned).
    pub source: Arc<str>,
    pub vlan: Option<u16>,
    pub vni: Option<u32>,
    pub request: Option<Message>,
    pub response: Option<Message>,
    pub marks: Marks,
    pub pairing: u8,
    pub host: String,
    /// 0: 0.9, 1: 1.0, 2: 1.1, 3: 2.
    pub version: u8,
    /// The clock of timers at the first byte.
    pub since_us: i64,
    /// Revision 0 is out.
    pub emitted: bool,
    /// What is lost between the request before and this one.
    pub after_gap: Hidden,
    /// The response may change the protocol: CONNECT, Upgrade.
    pub may_switch: bool,
    /// The response says that HTTP/2 follows.
    pub to_http2: bool,
    /// HTTP/2 stream; 0: none.
    pub stream: u32,
}

impl Open {
    /// A request that still may be answered.
    pub fn is_unanswered(&self) -> bool {
        self.request.is_some() && self.response.is_none()
    }

    /// The server answered before it had the whole request.
    pub fn is_early(&self) -> bool {
        let (Some(request), Some(response)) = (&self.request, &self.response) else {
            return false;
        };
        // A promise stands in the stream of its answer: its positions are no measure.
        let is_pushed = self.stream > 0 && self.stream.is_multiple_of(2);
        let proved = self.pairing == Pairing::Position as u8 && !request.broken && !is_pushed;
        proved && response.ack.is_some_and(|ack| ack < request.end)
    }

    /// Both messages ended.
    pub fn is_over(&self) -> bool {
        let ended =
            |message: &Option<Message>| message.as_ref().is_some_and(|message| message.ended);
        ended(&self.response) && (self.request.is_none() || ended(&self.request))
    }

    pub fn set_pairing(&mut self, pairing: Pairing) {
        self.pairing = pairing as u8;
    }

    pub fn messages(&mut self) -> impl Iterator<Item = &mut Message> {
        self.request.iter_mut().chain(self.response.iter_mut())
    }
}
