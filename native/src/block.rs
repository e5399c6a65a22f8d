//! The form in which packets stand in a PacketBlock's `data`, one behind the other.
//!
//! A packet is a fixed head (36 bytes, little-endian) and its frame. The head says where the inner
//! IP and TCP headers begin, so the worker does not decode links and tunnels a second time. A
//! datagram joined from fragments is written as a frame that begins with its IP header.

/// Bytes before each frame.
pub const HEAD_BYTES: usize = 36;

/// The frame is a datagram that the agent joined from fragments, not a frame as captured.
pub const FLAG_JOINED: u16 = 1;
/// The capture cut the frame (snap length): bytes at its end are missing.
pub const FLAG_CUT: u16 = 2;

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
    /// Where the TCP header begins in `frame`.
    pub tcp_offset: u16,
    /// Innermost VLAN id.
    pub vlan: Option<u16>,
    /// Innermost tunnel network id.
    pub vni: Option<u32>,
    /// FLAG_JOINED, FLAG_CUT.
    pub flags: u16,
    /// Captured bytes.
    pub frame: &'a [u8],
}

/// Append one packet to a block's data.
pub fn write(packet: &Packet, out: &mut Vec<u8>) {
    out.extend_from_slice(&packet.at_us.to_le_bytes());
    out.extend_from_slice(&packet.clock_us.to_le_bytes());
    out.extend_from_slice(&(packet.frame.len() as u32).to_le_bytes());
    out.extend_from_slice(&packet.wire_bytes.to_le_bytes());
    out.extend_from_slice(&packet.ip_offset.to_le_bytes());
    out.extend_from_slice(&packet.tcp_offset.to_le_bytes());
    out.extend_from_slice(&packet.vlan.unwrap_or(u16::MAX).to_le_bytes());
    out.extend_from_slice(&packet.flags.to_le_bytes());
    out.extend_from_slice(&packet.vni.unwrap_or(u32::MAX).to_le_bytes());
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
        assert!(Packets::new(&data[..data.len() - 1]).nth(1).unwrap().is_err());
    }
}
