//! The client's handshake out of CRYPTO frames, which may come in any order and more than once
//! (RFC 9000 §19.6). Browsers cut their ClientHello into many, over several packets.

use serde::{Deserialize, Serialize};

use super::packet::number;
use crate::tls::extensions::Fields;
use crate::tls::handshake::CLIENT_HELLO;

/// Kept of a handshake: hellos with keys that resist quantum computers have 2 KB.
pub const HELLO_BYTES_MAX: usize = 8 << 10;
/// Pieces that do not touch; browsers cut a hello into 20 at most.
const PIECES_MAX: usize = 64;
const HEAD_BYTES: usize = 4;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crypto {
    bytes: Vec<u8>,
    /// Ranges of `bytes` that are there: sorted, apart.
    pieces: Vec<(u32, u32)>,
}

impl Crypto {
    /// Takes the CRYPTO frames out of a packet's text. False: some were more than is kept.
    pub fn take(&mut self, frames: &[u8]) -> bool {
        let mut rest = Fields(frames);
        while let Some(frame) = next(&mut rest) {
            if let Some((offset, bytes)) = frame
                && !self.fill(offset, bytes)
            {
                return false;
            }
        }
        true
    }

    /// The body of the ClientHello, once all of it is there.
    pub fn hello(&self) -> Option<&[u8]> {
        let &(0, end) = self.pieces.first()? else {
            return None;
        };
        let &[kind, a, b, c] = self.bytes[..end as usize].first_chunk()?;
        let body_bytes = u32::from_be_bytes([0, a, b, c]) as usize;
        let body = self.bytes[..end as usize].get(HEAD_BYTES..HEAD_BYTES + body_bytes)?;
        (kind == CLIENT_HELLO).then_some(body)
    }

    fn fill(&mut self, offset: u64, bytes: &[u8]) -> bool {
        let end = offset.saturating_add(bytes.len() as u64);
        if end > HELLO_BYTES_MAX as u64 {
            return false;
        }
        let (start, end) = (offset as u32, end as u32);
        if self.bytes.len() < end as usize {
            self.bytes.resize(end as usize, 0);
        }
        self.bytes[start as usize..end as usize].copy_from_slice(bytes);
        let first = self.pieces.partition_point(|piece| piece.1 < start);
        let after = first + self.pieces[first..].partition_point(|piece| piece.0 <= end);
        let touched = &self.pieces[first..after];
        let from = touched.first().map_or(start, |piece| piece.0.min(start));
        let to = touched.last().map_or(end, |piece| piece.1.max(end));
        self.pieces.splice(first..after, [(from, to)]);
        self.pieces.len() <= PIECES_MAX
    }
}

/// A frame: None: it ends, or is none that an Initial packet may have (RFC 9000 §17.2.2).
fn next<'a>(fields: &mut Fields<'a>) -> Option<Option<(u64, &'a [u8])>> {
    const PADDING: u8 = 0;
    const PING: u8 = 1;
    const ACK: u8 = 2;
    const ACK_WITH_ECN: u8 = 3;
    const CRYPTO: u8 = 6;
    match fields.byte()? {
        PADDING | PING => {}
        kind @ (ACK | ACK_WITH_ECN) => {
            let (_largest, _delay) = (number(fields)?, number(fields)?);
            let ranges = number(fields)?.checked_mul(2)?.checked_add(1)?;
            let counts = if kind == ACK_WITH_ECN { 3 } else { 0 };
            for _ in 0..ranges.checked_add(counts)? {
                number(fields)?;
            }
        }
        CRYPTO => {
            let offset = number(fields)?;
            let bytes = usize::try_from(number(fields)?).ok()?;
            return Some(Some((offset, fields.take(bytes)?)));
        }
        _ => return None,
    }
    Some(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(offset: u16, bytes: &[u8]) -> Vec<u8> {
        let offset = (0x4000 | offset).to_be_bytes();
        let length = (0x4000 | bytes.len() as u16).to_be_bytes();
        [&[6][..], &offset, &length, bytes].concat()
    }

    const HELLO: &[u8] = b"\x01\0\0\x05hello";

    #[test]
    fn frames_come_in_any_order() {
        let (ping, ack) = (&[1u8, 0, 0][..], &[3u8, 9, 1, 1, 2, 3, 4, 5, 6, 7][..]);
        let text = [ping, &frame(6, &HELLO[6..]), ack, &frame(2, &HELLO[2..7])].concat();
        let mut crypto = Crypto::default();
        assert!(crypto.take(&text));
        assert_eq!(crypto.hello(), None);
        assert!(crypto.take(&frame(0, &HELLO[..3])));
        assert_eq!(crypto.hello(), Some(&b"hello"[..]));
    }

    #[test]
    fn what_no_hello_has_is_not_kept() {
        let mut crypto = Crypto::default();
        assert!(!crypto.take(&frame(HELLO_BYTES_MAX as u16, b"x")));
        assert!(crypto.bytes.is_empty());
        let apart = (0..=PIECES_MAX as u16).flat_map(|n| frame(2 * n, b"x"));
        assert!(!crypto.take(&apart.collect::<Vec<_>>()));
        let mut other = Crypto::default();
        assert!(other.take(&frame(0, b"\x02\0\0\x01x")));
        assert_eq!(other.hello(), None);
    }
}
