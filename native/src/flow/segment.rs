//! One TCP segment of a packet, as reassembly wants it.

use super::key::Endpoint;
use crate::block::Packet;

const FIN: u8 = 1;
const SYN: u8 = 2;
const RST: u8 = 4;
const ACK: u8 = 16;

/// What a packet says on TCP's level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment<'a> {
    pub from: Endpoint,
    pub to: Endpoint,
    pub seq: u32,
    pub ack: Option<u32>,
    pub syn: bool,
    pub fin: bool,
    pub rst: bool,
    pub payload: &'a [u8],
    /// Payload bytes behind `payload` that were sent and that the capture cut off.
    pub cut_bytes: u32,
}

impl<'a> Segment<'a> {
    /// None: no TCP header stands where the agent said, or it is damaged.
    pub fn of(packet: &Packet<'a>) -> Option<Self> {
        let ip = packet.frame.get(usize::from(packet.ip_offset)..)?;
        let tcp_at = usize::from(packet.tcp_offset).checked_sub(usize::from(packet.ip_offset))?;
        let on_wire = (packet.wire_bytes as usize).checked_sub(usize::from(packet.ip_offset))?;
        let (from, to, datagram_bytes) = addresses(ip)?;
        // A length of 0 is a segment that the network card will cut (TSO), or a jumbogram.
        let sent = if datagram_bytes == 0 {
            on_wire
        } else {
            datagram_bytes.min(on_wire)
        };
        let tcp = ip.get(tcp_at..)?;
        let head: &[u8; 20] = tcp.first_chunk()?;
        let payload_at = usize::from(head[12] >> 4) * 4;
        if payload_at < 20 {
            return None;
        }
        let payload_sent = sent.saturating_sub(tcp_at + payload_at);
        let seen = tcp.get(payload_at..).unwrap_or_default();
        let payload = &seen[..payload_sent.min(seen.len())];
        let flags = head[13];
        Some(Segment {
            from: Endpoint {
                ip: from,
                port: u16::from_be_bytes([head[0], head[1]]),
            },
            to: Endpoint {
                ip: to,
                port: u16::from_be_bytes([head[2], head[3]]),
            },
            seq: u32::from_be_bytes([head[4], head[5], head[6], head[7]]),
            ack: (flags & ACK != 0)
                .then(|| u32::from_be_bytes([head[8], head[9], head[10], head[11]])),
            syn: flags & SYN != 0,
            fin: flags & FIN != 0,
            rst: flags & RST != 0,
            payload,
            cut_bytes: (payload_sent - payload.len()) as u32,
        })
    }
}

/// Source, destination and the datagram's length as its header claims it.
pub(crate) fn addresses(ip: &[u8]) -> Option<([u8; 16], [u8; 16], usize)> {
    let array = |at: usize| ip.get(at..at + 16)?.try_into().ok();
    match ip.first()? >> 4 {
        4 => {
            let v4 = |at: usize| -> Option<[u8; 16]> {
                let four: [u8; 4] = ip.get(at..at + 4)?.try_into().ok()?;
                Some(Endpoint::v4(four, 0).ip)
            };
            let length = usize::from(u16::from_be_bytes([*ip.get(2)?, *ip.get(3)?]));
            Some((v4(12)?, v4(16)?, length))
        }
        6 => {
            let length = usize::from(u16::from_be_bytes([*ip.get(4)?, *ip.get(5)?]));
            Some((
                array(8)?,
                array(24)?,
                if length == 0 { 0 } else { length + 40 },
            ))
        }
        _ => None,
    }
}
