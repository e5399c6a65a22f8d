//! pcap: a file header, then records of a head and a frame. Either byte order, micro- or
//! nanoseconds, and Kuznetzov's variant with eight more bytes in each head.
//!
//! Source: draft-ietf-opsawg-pcap; the variant: libpcap's sf-pcap.c.

use crate::decode::link::Link;

/// How numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Little,
    Big,
}

impl Order {
    #[inline]
    pub fn u16(self, bytes: &[u8], at: usize) -> u16 {
        let two = [bytes[at], bytes[at + 1]];
        if self == Order::Little {
            u16::from_le_bytes(two)
        } else {
            u16::from_be_bytes(two)
        }
    }

    #[inline]
    pub fn u32(self, bytes: &[u8], at: usize) -> u32 {
        let four = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
        if self == Order::Little {
            u32::from_le_bytes(four)
        } else {
            u32::from_be_bytes(four)
        }
    }
}

pub const FILE_HEAD_BYTES: usize = 24;

/// What the file header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pcap {
    order: Order,
    nanoseconds: bool,
    /// Bytes of the head before each frame.
    pub head_bytes: usize,
    pub link_number: u32,
    pub link: Option<Link>,
}

/// What the head before a frame says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub at_us: i64,
    pub captured_bytes: usize,
    pub wire_bytes: u32,
}

impl Pcap {
    /// Reads a file header; None: another format.
    pub fn of(head: &[u8; FILE_HEAD_BYTES]) -> Option<Self> {
        let (order, nanoseconds, head_bytes) = variant(head[..4].try_into().ok()?)?;
        // The upper six bits tell of a frame check sequence; IP's own length leaves it out.
        let link_number = order.u32(head, 20) & 0x03ff_ffff;
        let link = Link::of(link_number);
        Some(Pcap {
            order,
            nanoseconds,
            head_bytes,
            link_number,
            link,
        })
    }

    /// Reads `head_bytes` bytes.
    #[inline]
    pub fn head(&self, bytes: &[u8]) -> Head {
        let seconds = i64::from(self.order.u32(bytes, 0));
        let fraction = i64::from(self.order.u32(bytes, 4));
        let fraction_us = if self.nanoseconds {
            fraction / 1000
        } else {
            fraction
        };
        Head {
            at_us: seconds * 1_000_000 + fraction_us,
            captured_bytes: self.order.u32(bytes, 8) as usize,
            wire_bytes: self.order.u32(bytes, 12),
        }
    }
}

/// Whether the bytes begin as a pcap does.
pub fn is_magic(magic: [u8; 4]) -> bool {
    variant(magic).is_some()
}

fn variant(magic: [u8; 4]) -> Option<(Order, bool, usize)> {
    let of = |number: u32| match number {
        0xa1b2_c3d4 => Some((false, 16)),
        0xa1b2_3c4d => Some((true, 16)),
        0xa1b2_cd34 => Some((false, 24)),
        _ => None,
    };
    let little = of(u32::from_le_bytes(magic)).map(|(nano, head)| (Order::Little, nano, head));
    little.or_else(|| of(u32::from_be_bytes(magic)).map(|(nano, head)| (Order::Big, nano, head)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file_head(magic: [u8; 4], link: [u8; 4]) -> [u8; FILE_HEAD_BYTES] {
        let mut head = [0; FILE_HEAD_BYTES];
        head[..4].copy_from_slice(&magic);
        head[20..].copy_from_slice(&link);
        head
    }

    #[test]
    fn byte_order_and_resolution_come_from_the_magic() {
        let big = Pcap::of(&file_head([0xa1, 0xb2, 0x3c, 0x4d], [0, 0, 0, 1])).unwrap();
        let record = [0, 0, 0, 2, 0, 0, 0x27, 0x10, 0, 0, 0, 5, 0, 0, 0, 9];
        let head = Head {
            at_us: 2_000_010,
            captured_bytes: 5,
            wire_bytes: 9,
        };
        assert_eq!((big.link, big.head(&record)), (Some(Link::Ethernet), head));

        let little = Pcap::of(&file_head([0xd4, 0xc3, 0xb2, 0xa1], [101, 0, 0, 0])).unwrap();
        let record = [2, 0, 0, 0, 10, 0, 0, 0, 5, 0, 0, 0, 9, 0, 0, 0];
        assert_eq!((little.link, little.head(&record)), (Some(Link::Ip), head));

        let variant = Pcap::of(&file_head([0x34, 0xcd, 0xb2, 0xa1], [1, 0, 0, 0])).unwrap();
        assert_eq!(variant.head_bytes, 24);
        assert_eq!(Pcap::of(&file_head(*b"GET ", [1, 0, 0, 0])), None);
    }
}
