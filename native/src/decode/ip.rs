//! IPv4 and IPv6 headers: addresses, where the payload is, and whether it is a fragment.
//!
//! RFC 791, RFC 8200. Lengths are believed only inside of what was captured.

use super::{Short, array, byte, u16_at, u32_at};

pub const TCP: u8 = 6;
pub const UDP: u8 = 17;
pub const SCTP: u8 = 132;
const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;
const DESTINATION: u8 = 60;
const MOBILITY: u8 = 135;
const HOST_IDENTITY: u8 = 139;
const SHIM6: u8 = 140;
/// RFC 8200 names six kinds, each to appear once or twice.
const EXTENSIONS_MAX: usize = 16;
/// IPv4 addresses as IPv6 writes them (::ffff:0:0/96), so that one kind of address is enough.
const IPV4_MAPPED: u128 = 0xffff << 32;

/// An IP header with its extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ip {
    pub source: u128,
    pub destination: u128,
    /// Of the payload, behind all extension headers.
    pub protocol: u8,
    /// Where the payload begins in the frame.
    pub payload: usize,
    /// Where the datagram ends: link padding is left out, what the capture cut is not there.
    pub end: usize,
    pub fragment: Option<Part>,
}

/// Which part of a datagram a fragment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    pub id: u32,
    /// Of the first payload byte.
    pub offset: usize,
    /// More fragments follow it.
    pub more: bool,
    /// Where the header ends that each fragment repeats.
    pub header_end: usize,
    /// Where in the frame the header names what follows: joined, that is the payload's protocol.
    pub protocol_at: usize,
}

/// Why it is no IP header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl From<Short> for Malformed {
    fn from(_: Short) -> Self {
        Malformed
    }
}

/// An IPv4 or IPv6 header in `frame[at..end]`, by its version.
pub fn header(frame: &[u8], at: usize, end: usize) -> Result<Ip, Malformed> {
    match byte(frame, at)? >> 4 {
        4 => v4(frame, at, end),
        6 => v6(frame, at, end),
        _ => Err(Malformed),
    }
}

#[inline]
pub fn v4(frame: &[u8], at: usize, end: usize) -> Result<Ip, Malformed> {
    let head: &[u8; 20] = array(frame, at)?;
    let header_bytes = usize::from(head[0] & 0xf) * 4;
    if head[0] >> 4 != 4 || header_bytes < 20 || at + header_bytes > end {
        return Err(Malformed);
    }
    let end = match usize::from(u16::from_be_bytes([head[2], head[3]])) {
        // A capture made before the network card cut a large segment into packets.
        0 => end,
        total if total < header_bytes => return Err(Malformed),
        total => end.min(at + total),
    };
    let place = u16::from_be_bytes([head[6], head[7]]);
    let (offset, more) = (usize::from(place & 0x1fff) * 8, place & 0x2000 != 0);
    let fragment = (offset != 0 || more).then(|| Part {
        id: u32::from(u16::from_be_bytes([head[4], head[5]])),
        offset,
        more,
        header_end: at + header_bytes,
        protocol_at: at + 9,
    });
    let address = |at: usize| {
        let four = [head[at], head[at + 1], head[at + 2], head[at + 3]];
        IPV4_MAPPED | u128::from(u32::from_be_bytes(four))
    };
    Ok(Ip {
        source: address(12),
        destination: address(16),
        protocol: head[9],
        payload: at + header_bytes,
        end,
        fragment,
    })
}

pub fn v6(frame: &[u8], at: usize, end: usize) -> Result<Ip, Malformed> {
    let head: &[u8; 40] = array(frame, at)?;
    if head[0] >> 4 != 6 {
        return Err(Malformed);
    }
    let payload = at + 40;
    let end = match usize::from(u16::from_be_bytes([head[4], head[5]])) {
        // A jumbogram, or a large segment before the network card cut it.
        0 => end,
        length => end.min(payload + length),
    };
    let mut ip = Ip {
        source: u128::from_be_bytes(*array(frame, at + 8)?),
        destination: u128::from_be_bytes(*array(frame, at + 24)?),
        protocol: head[6],
        payload,
        end,
        fragment: None,
    };
    let mut protocol_at = at + 6;
    for _ in 0..EXTENSIONS_MAX {
        let here = ip.payload;
        let length = match ip.protocol {
            HOP_BY_HOP | ROUTING | DESTINATION | MOBILITY | HOST_IDENTITY | SHIM6 => {
                usize::from(byte(frame, here + 1)?) * 8 + 8
            }
            AUTHENTICATION => usize::from(byte(frame, here + 1)?) * 4 + 8,
            FRAGMENT => {
                let place = u16_at(frame, here + 2)?;
                let (offset, more) = (usize::from(place & 0xfff8), place & 1 != 0);
                // RFC 6946: a fragment that is the whole datagram stands for itself.
                if offset != 0 || more {
                    let id = u32_at(frame, here + 4)?;
                    ip.fragment = Some(Part {
                        id,
                        offset,
                        more,
                        header_end: here,
                        protocol_at,
                    });
                }
                8
            }
            _ => return Ok(ip),
        };
        protocol_at = here;
        ip.protocol = byte(frame, here)?;
        ip.payload = here + length;
        if ip.payload > ip.end {
            return Err(Malformed);
        }
        if ip.fragment.is_some() {
            return Ok(ip);
        }
    }
    Err(Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    pub fn packet4(total: u16, place: u16, payload: &[u8]) -> Vec<u8> {
        let mut packet = vec![0x45, 0];
        packet.extend(total.to_be_bytes());
        packet.extend(7u16.to_be_bytes());
        packet.extend(place.to_be_bytes());
        packet.extend([64, TCP, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
        packet.extend(payload);
        packet
    }

    fn packet6(next: u8, payload: &[u8]) -> Vec<u8> {
        let mut packet = vec![0x60, 0, 0, 0];
        packet.extend((payload.len() as u16).to_be_bytes());
        packet.extend([next, 64]);
        packet.extend([0xfe; 16]);
        packet.extend([0xfd; 16]);
        packet.extend(payload);
        packet
    }

    #[test]
    fn the_length_leaves_out_padding_but_zero_means_all() {
        let end = |total: u16| {
            let packet = packet4(total, 0, b"abcdefgh");
            v4(&packet, 0, packet.len()).map(|ip| ip.end)
        };
        assert_eq!(end(22), Ok(22));
        assert_eq!(end(0), Ok(28));
        assert_eq!(end(60), Ok(28));
        assert_eq!(end(19), Err(Malformed));
    }

    #[test]
    fn extension_headers_are_walked() {
        let mut payload = vec![60, 0, 0, 0, 0, 0, 0, 0];
        payload.extend([51, 0, 0, 0, 0, 0, 0, 0]);
        payload.extend([TCP, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        let packet = packet6(0, &payload);
        let ip = v6(&packet, 0, packet.len()).unwrap();
        assert_eq!((ip.protocol, ip.payload, ip.fragment), (TCP, 68, None));
        let cut = v6(&packet[..60], 0, 60);
        assert_eq!(cut, Err(Malformed));
        let endless = packet6(60, &[60, 0, 0, 0, 0, 0, 0, 0].repeat(20));
        assert_eq!(v6(&endless, 0, endless.len()), Err(Malformed));
    }

    #[test]
    fn fragments_are_known_and_atomic_ones_are_none() {
        let packet = packet4(28, 0x2001, b"abcdefgh");
        let part = v4(&packet, 0, 28).unwrap().fragment.unwrap();
        assert_eq!((part.id, part.offset, part.more), (7, 8, true));
        let of = |place: u8| {
            let packet = packet6(44, &[TCP, 0, 0, place, 0, 0, 0, 9, 1, 2]);
            v6(&packet, 0, packet.len()).unwrap()
        };
        assert_eq!(
            (of(0).fragment, of(0).protocol, of(0).payload),
            (None, TCP, 48)
        );
        let part = of(0x11).fragment.unwrap();
        assert_eq!(
            (part.id, part.offset, part.more, part.header_end),
            (9, 16, true, 40)
        );
        assert_eq!(part.protocol_at, 6);
    }
}
