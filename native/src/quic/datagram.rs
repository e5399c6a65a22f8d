//! One UDP datagram of a packet, as far as QUIC needs it.

use crate::block::Packet;
use crate::flow::key::Endpoint;
use crate::flow::segment::addresses;

const HEAD_BYTES: usize = 8;

/// What a packet says on UDP's level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Datagram<'a> {
    pub from: Endpoint,
    pub to: Endpoint,
    /// As far as it is there: of packets that nobody can open an agent sends the headers only.
    pub payload: &'a [u8],
    /// Of the payload, as it was sent.
    pub bytes: u64,
}

impl<'a> Datagram<'a> {
    /// None: no UDP header stands where the agent said, or it is damaged.
    pub fn of(packet: &Packet<'a>) -> Option<Self> {
        let ip = packet.frame.get(usize::from(packet.ip_offset)..)?;
        let udp_at = usize::from(packet.tcp_offset).checked_sub(usize::from(packet.ip_offset))?;
        let (from, to, _) = addresses(ip)?;
        let udp = ip.get(udp_at..)?;
        let head: &[u8; HEAD_BYTES] = udp.first_chunk()?;
        let number = |at: usize| u16::from_be_bytes([head[at], head[at + 1]]);
        let sent = usize::from(number(4)).checked_sub(HEAD_BYTES)?;
        let seen = &udp[HEAD_BYTES..];
        let end = |ip, port| Endpoint { ip, port };
        Some(Datagram {
            from: end(from, number(0)),
            to: end(to, number(2)),
            payload: &seen[..sent.min(seen.len())],
            bytes: sent as u64,
        })
    }
}
