//! Heads of QUIC packets (RFC 9000 §17, RFC 9369 §3.2), read leniently: what is there.

use crate::tls::extensions::Fields;

pub const V1: u32 = 1;
pub const V2: u32 = 0x6b33_43cf;

/// In both known versions; a packet that names a longer one is none of theirs.
const CONNECTION_ID_BYTES_MAX: u8 = 20;
/// The first bit of a long head; the second is set in every packet.
const LONG: u8 = 0x80;
const FIXED: u8 = 0x40;
/// Where HTTP/3 is, and what else hides in QUIC; a short head says nothing by itself.
const PORT: u16 = 443;

/// What a UDP payload looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// It begins with a long head of a known version.
    Long,
    /// It may be a packet of a connection that is open.
    Short,
}

/// The shape of a payload between two ports. None: it is no QUIC that can be told.
#[inline]
pub fn shape(payload: &[u8], ports: [u16; 2]) -> Option<Shape> {
    let &first = payload.first()?;
    if first & FIXED == 0 {
        return None;
    }
    if first & LONG == 0 {
        return ports.contains(&PORT).then_some(Shape::Short);
    }
    let mut fields = Fields(&payload[1..]);
    let version = version(&mut fields)?;
    let fits = |id: &[u8]| id.len() <= usize::from(CONNECTION_ID_BYTES_MAX);
    let known = matches!(version, V1 | V2) && fits(fields.short()?) && fits(fields.short()?);
    known.then_some(Shape::Long)
}

/// A packet with a long head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Long<'a> {
    pub version: u32,
    pub is_initial: bool,
    /// Destination connection id.
    pub to: &'a [u8],
    /// From its first byte to its last.
    pub bytes: &'a [u8],
    /// Where its number stands, under protection.
    pub number_at: usize,
}

/// Packets with long heads, one behind the other in a datagram (RFC 9000 §12.2), up to the first
/// that does not fit.
pub fn packets(datagram: &[u8]) -> impl Iterator<Item = Long<'_>> {
    let mut rest = datagram;
    std::iter::from_fn(move || {
        let found = long(rest)?;
        rest = &rest[found.bytes.len()..];
        Some(found)
    })
}

fn long(bytes: &[u8]) -> Option<Long<'_>> {
    let mut fields = Fields(bytes);
    let first = fields.byte()?;
    if shape(bytes, [0; 2]) != Some(Shape::Long) {
        return None;
    }
    let version = version(&mut fields)?;
    let to = fields.short()?;
    fields.short()?;
    let kind = kind(first, version);
    if kind == RETRY {
        return None; // It has no length, and nothing follows it.
    }
    if kind == INITIAL {
        let token_bytes = usize::try_from(number(&mut fields)?).ok()?;
        fields.take(token_bytes)?;
    }
    let length = usize::try_from(number(&mut fields)?).ok()?;
    let number_at = bytes.len() - fields.0.len();
    fields.take(length)?;
    Some(Long {
        version,
        is_initial: kind == INITIAL,
        to,
        bytes: &bytes[..number_at + length],
        number_at,
    })
}

/// Kinds as version 1 numbers them.
const INITIAL: u8 = 0;
const RETRY: u8 = 3;

/// Version 2 has each kind one further on.
fn kind(first: u8, version: u32) -> u8 {
    let kind = first >> 4 & 3;
    if version == V2 {
        kind.wrapping_sub(1) & 3
    } else {
        kind
    }
}

fn version(fields: &mut Fields) -> Option<u32> {
    Some(u32::from_be_bytes(fields.take(4)?.try_into().ok()?))
}

/// A number of variable length (RFC 9000 §16).
pub fn number(fields: &mut Fields) -> Option<u64> {
    let first = fields.byte()?;
    let more = (1usize << (first >> 6)) - 1;
    let start = u64::from(first & 0x3f);
    let rest = fields.take(more)?;
    Some(
        rest.iter()
            .fold(start, |all, byte| all << 8 | u64::from(*byte)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9000, appendix A.1.
    #[test]
    fn numbers_of_the_specification() {
        let cases: [(&[u8], u64); 4] = [
            (
                &[0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c],
                151_288_809_941_952_652,
            ),
            (&[0x9d, 0x7f, 0x3e, 0x7d], 494_878_333),
            (&[0x7b, 0xbd], 15_293),
            (&[0x40, 0x25], 37),
        ];
        for (bytes, expected) in cases {
            assert_eq!(number(&mut Fields(bytes)), Some(expected));
            assert_eq!(number(&mut Fields(&bytes[..bytes.len() - 1])), None);
        }
    }

    fn initial(version: u32, kind: u8) -> Vec<u8> {
        let head = [&[0xc0 | kind << 4][..], &version.to_be_bytes()].concat();
        [&head[..], b"\x02ab\x00", b"\x01t", b"\x05", b"12345"].concat()
    }

    #[test]
    fn shapes_are_told_by_the_first_bytes() {
        assert_eq!(shape(&initial(V1, 0), [9, 9]), Some(Shape::Long));
        assert_eq!(shape(&initial(V2, 1), [9, 9]), Some(Shape::Long));
        assert_eq!(shape(&initial(0, 0), [443, 9]), None);
        assert_eq!(shape(b"\x40rest", [443, 9]), Some(Shape::Short));
        assert_eq!(shape(b"\x40rest", [9, 53]), None);
        assert_eq!(shape(b"\x80\0\0\0\x01\0\0", [443, 9]), None);
        assert_eq!(shape(b"\xc0\0\0\0\x01\x15", [443, 9]), None);
        assert_eq!(shape(b"", [443, 443]), None);
    }

    #[test]
    fn packets_share_a_datagram() {
        let (first, second) = (initial(V1, 0), initial(V2, 1));
        let mut handshake = first.clone();
        handshake[0] |= 0x20;
        handshake.drain(9..11); // No token.
        let all = [&first[..], &handshake, &second, b"padding"].concat();
        let found: Vec<_> = packets(&all).collect();
        let initials: Vec<bool> = found.iter().map(|packet| packet.is_initial).collect();
        assert_eq!(initials, [true, false, true]);
        assert_eq!(found[0].bytes, first);
        assert_eq!(&found[0].bytes[found[0].number_at..], b"12345");
        assert_eq!(found[2].to, b"ab");
        assert_eq!(packets(&initial(V1, 3)).count(), 0);
        assert_eq!(packets(&first[..first.len() - 1]).count(), 0);
    }
}
