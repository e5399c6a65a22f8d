//! EncryptedFlow records: what is told of flows that stay closed. The oracle of their form is
//! fastavro with schemas/encrypted_flow.avsc.

use serde::{Deserialize, Serialize};

use crate::avro::{write_boolean, write_bytes, write_long, write_string};
use crate::exchange::community::{self, community_id};
use crate::exchange::id::{self, Identity, Of};
use crate::flow::key::FlowKey;
use crate::schema::{ENCRYPTED_FLOW_HEAD, Transport};
use crate::tls::session::Said;

/// (key, record) for the topic of encrypted flows.
pub type Record = (Vec<u8>, Vec<u8>);

/// What a flow's next record counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Untold {
    /// Of each side.
    bytes: [u64; 2],
    first_us: i64,
    last_us: i64,
    /// Records written.
    records: u32,
}

impl Untold {
    /// So many bytes from a side, at a packet time.
    pub fn add(&mut self, side: usize, bytes: u64, at_us: i64) {
        if bytes == 0 {
            return;
        }
        if self.bytes == [0; 2] {
            (self.first_us, self.last_us) = (at_us, at_us);
        }
        self.bytes[side] += bytes;
        self.first_us = self.first_us.min(at_us);
        self.last_us = self.last_us.max(at_us);
    }

    /// It counts so much time that a record is due, though the flow goes on.
    pub fn is_due(&self, part_us: i64) -> bool {
        self.last_us - self.first_us >= part_us
    }

    /// Nothing was seen of the flow, ever.
    pub fn is_nothing(&self) -> bool {
        self.bytes == [0; 2] && self.records == 0
    }

    /// Writes the flow's next record, and begins to count anew.
    pub fn tell(&mut self, flow: &Flow, over: bool) -> Record {
        let mut out = Vec::with_capacity(400);
        self.write(flow, over, &mut out);
        *self = Untold {
            first_us: self.last_us,
            last_us: self.last_us,
            records: self.records + 1,
            bytes: [0; 2],
        };
        let server = flow.key.side(1 - flow.client).address();
        (format!("{}/{server}", flow.site).into_bytes(), out)
    }

    fn write(&self, flow: &Flow, over: bool, out: &mut Vec<u8>) {
        let key = &flow.key;
        let (of, protocol) = match flow.transport {
            Transport::Quic => (Of::Quic, community::UDP),
            _ => (Of::Tls, community::TCP),
        };
        out.extend_from_slice(&ENCRYPTED_FLOW_HEAD);
        let identity = Identity {
            site: flow.site,
            key,
            of,
            seq: flow.number,
            stream: 0,
            epoch: flow.epoch,
        };
        write_bytes(&id::id(&identity), out);
        write_long(i64::from(self.records), out);
        write_boolean(over, out);
        write_string(flow.site, out);
        write_string(flow.source, out);
        write_long(flow.transport as i64, out);
        write_long(self.first_us, out);
        write_long(self.last_us, out);
        for side in [flow.client, 1 - flow.client] {
            let end = key.side(side);
            write_string(&end.address().to_string(), out);
            write_long(i64::from(end.port), out);
        }
        write_string(&community_id(key, protocol), out);
        flow.said.write(out);
        write_long(self.bytes[flow.client] as i64, out);
        write_long(self.bytes[1 - flow.client] as i64, out);
    }
}

/// Whose record it is.
pub struct Flow<'a> {
    pub site: &'a str,
    /// The agent that saw what ends the record.
    pub source: &'a str,
    pub key: FlowKey,
    pub transport: Transport,
    /// The side that asks.
    pub client: usize,
    /// What tells the flow from others between the same ends: TCP's number of the client's first
    /// byte, or a number made of the client's first connection id.
    pub number: u32,
    pub epoch: u32,
    pub said: &'a Said,
}

/// The side that asks, where no hello said so: servers have the smaller ports.
pub fn likely_client(key: &FlowKey) -> usize {
    usize::from(key.high.port > key.low.port)
}
