//! The PacketBlock record, and the form in which packets stand in its `data`, one behind the other.
//!
//! A packet is a fixed head (36 bytes, little-endian) and its frame. The head says where the inner
//! IP and TCP headers begin, so the worker does not decode links and tunnels a second time. A
//! datagram joined from fragments is written as a frame that begins with its IP header.

use crate::avro::{Damage, Reader, write_long, write_string};
use crate::schema::{BlockKind, PACKET_BLOCK_HEAD};

/// A PacketBlock record but for its packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head<'a> {
    pub site: &'a str,
    pub agent: &'a str,
    pub epoch: &'a str,
    pub partition: i32,
    pub partitions: i32,
    pub sequence: i64,
    pub kind: BlockKind,
    pub clock_us: i64,
    pub packets: i32,
    pub captured_bytes: i64,
}

/// Append all of a PacketBlock record that comes before its data.
pub fn write_head(head: &Head, data_bytes: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&PACKET_BLOCK_HEAD);
    write_string(head.site, out);
    write_string(head.agent, out);
    write_string(head.epoch, out);
    write_long(i64::from(head.partition), out);
    write_long(i64::from(head.partitions), out);
    write_long(head.sequence, out);
    write_long(head.kind as i64, out);
    write_long(head.clock_us, out);
    write_long(i64::from(head.packets), out);
    write_long(head.captured_bytes, out);
    write_long(data_bytes as i64, out);
}

/// A PacketBlock record taken apart; its packets are read by `Packets`.
pub fn read(record: &[u8]) -> Result<(Head<'_>, &[u8]), Damage> {
    let mut reader = Reader::of_record(record, &PACKET_BLOCK_HEAD)?;
    let head = Head {
        site: reader.string()?,
        agent: reader.string()?,
        epoch: reader.string()?,
        partition: int(&mut reader)?,
        partitions: int(&mut reader)?,
        sequence: reader.long()?,
        kind: match reader.long()? {
            0 => BlockKind::Data,
            1 => BlockKind::Heartbeat,
            2 => BlockKind::End,
            _ => return Err("an unknown kind of block"),
        },
        clock_us: reader.long()?,
        packets: int(&mut reader)?,
        captured_bytes: reader.long()?,
    };
    let data = reader.bytes()?;
    reader.end()?;
    Ok((head, data))
}

fn int(reader: &mut Reader) -> Result<i32, Damage> {
    i32::try_from(reader.long()?).map_err(|_| "a number does not fit 32 bits")
}

/// Bytes before each frame.
pub const HEAD_BYTES: usize = 36;

/// The frame is a datagram that the agent joined from fragments, not a frame as captured.
pub const FLAG_JOINED: u16 = 1;
/// The capture cut the frame (snap length): bytes at its end are missing.
pub const FLAG_CUT: u16 = 2;

/// The innermost header is UDP's, not TCP's; behind `tcp_offset` it is all the same.
pub const FLAG_UDP: u16 = 4;

/// One packet inside a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Packet time, microseconds since 1970.
    pub at_us: i64,
    /// The agent's clock at this packet: the greatest packet time read so far on all partitions.
    /// Timers run on it, so results do not depend on how packets were spread over partitions.
    pub clock_us: i64,
    /// Length on the wire.
    pub wire_bytes: u32,
    /// Where the inner IP header begins in `frame`.
    pub ip_offset: u16,
    /// Where the TCP header begins in `frame`, or UDP's.
    pub tcp_offset: u16,
    /// Innermost VLAN id.
    pub vlan: Option<u16>,
    /// Innermost tunnel network id.
    pub vni: Option<u32>,
    /// FLAG_JOINED, FLAG_CUT, FLAG_UDP.
    pub flags: u16,
    /// Captured bytes.
    pub frame: &'a [u8],
}

/// Append one packet to a block's data.
#[inline]
pub fn write(packet: &Packet, out: &mut Vec<u8>) {
    let mut head = [0; HEAD_BYTES];
    head[0..8].copy_from_slice(&packet.at_us.to_le_bytes());
    head[8..16].copy_from_slice(&packet.clock_us.to_le_bytes());
    head[16..20].copy_from_slice(&(packet.frame.len() as u32).to_le_bytes());
    head[20..24].copy_from_slice(&packet.wire_bytes.to_le_bytes());
    head[24..26].copy_from_slice(&packet.ip_offset.to_le_bytes());
    head[26..28].copy_from_slice(&packet.tcp_offset.to_le_bytes());
    head[28..30].copy_from_slice(&packet.vlan.unwrap_or(u16::MAX).to_le_bytes());
    head[30..32].copy_from_slice(&packet.flags.to_le_bytes());
    head[32..36].copy_from_slice(&packet.vni.unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(&head);
    out.extend_from_slice(packet.frame);
}

/// The packets of a block's data; stops with `Err` at the first that does not fit.
pub struct Packets<'a> {
    rest: &'a [u8],
}

impl<'a> Packets<'a> {
    pub fn new(data: &'a [u8]) -> Self {
        Packets { rest: data }
    }
}

impl<'a> Iterator for Packets<'a> {
    type Item = Result<Packet<'a>, &'static str>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let Some((head, rest)) = self.rest.split_at_checked(HEAD_BYTES) else {
            self.rest = &[];
            return Some(Err("a packet head is cut"));
        };
        let frame_bytes = u32::from_le_bytes(array(head, 16)) as usize;
        let Some((frame, rest)) = rest.split_at_checked(frame_bytes) else {
            self.rest = &[];
            return Some(Err("a frame is cut"));
        };
        self.rest = rest;
        let vlan = u16::from_le_bytes(array(head, 28));
        let vni = u32::from_le_bytes(array(head, 32));
        Some(Ok(Packet {
            at_us: i64::from_le_bytes(array(head, 0)),
            clock_us: i64::from_le_bytes(array(head, 8)),
            wire_bytes: u32::from_le_bytes(array(head, 20)),
            ip_offset: u16::from_le_bytes(array(head, 24)),
            tcp_offset: u16::from_le_bytes(array(head, 26)),
            vlan: (vlan != u16::MAX).then_some(vlan),
            flags: u16::from_le_bytes(array(head, 30)),
            vni: (vni != u32::MAX).then_some(vni),
            frame,
        }))
    }
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&bytes[at..at + N]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_taken_apart() {
        let head = Head {
            site: "default",
            agent: "a.pcap",
            epoch: "e",
            partition: 3,
            partitions: 12,
            sequence: 1 << 40,
            kind: BlockKind::End,
            clock_us: -1,
            packets: 2,
            captured_bytes: 5,
        };
        let mut record = Vec::new();
        write_head(&head, 5, &mut record);
        record.extend_from_slice(b"12345");
        assert_eq!(read(&record), Ok((head, &b"12345"[..])));
        assert!(read(&record[..record.len() - 1]).is_err());
        record.push(0);
        assert!(read(&record).is_err());
        assert!(read(b"").is_err());
    }

    #[test]
    fn what_was_written_is_read() {
        let packet = Packet {
            at_us: 5,
            clock_us: 7,
            wire_bytes: 90,
            ip_offset: 14,
            tcp_offset: 34,
            vlan: Some(12),
            vni: None,
            flags: FLAG_CUT,
            frame: b"0123456789",
        };
        let mut data = Vec::new();
        write(&packet, &mut data);
        write(&packet, &mut data);
        let read: Result<Vec<_>, _> = Packets::new(&data).collect();
        assert_eq!(read, Ok(vec![packet, packet]));
        assert!(
            Packets::new(&data[..data.len() - 1])
                .nth(1)
                .unwrap()
                .is_err()
        );
    }
}
