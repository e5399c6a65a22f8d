//! Frames (RFC 6455 §5.2): what stands in front of a payload, and where a frame must begin.

use serde::{Deserialize, Serialize};

/// Two bytes, eight of length, four of mask.
pub const HEADER_BYTES_MAX: usize = 14;
/// What a control frame may carry (§5.5).
const CONTROL_BYTES_MAX: u64 = 125;

/// Opcodes (§11.8).
pub mod opcode {
    pub const CONTINUATION: u8 = 0;
    pub const TEXT: u8 = 1;
    pub const BINARY: u8 = 2;
    pub const CLOSE: u8 = 8;
    pub const PONG: u8 = 10;
}

/// What stands in front of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The message ends with this frame.
    pub fin: bool,
    /// The message that begins here is compressed (RFC 7692 §6).
    pub compressed: bool,
    pub opcode: u8,
    pub mask: Option<[u8; 4]>,
    /// Bytes of the payload.
    pub length: u64,
}

impl Header {
    pub fn is_control(&self) -> bool {
        self.opcode >= opcode::CLOSE
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// More bytes are needed.
    More,
    /// No frame that a receiver would take.
    Bad,
    /// A header of so many bytes.
    Frame(Header, usize),
}

/// Reads the header in front of `bytes`; `deflate`: messages may be compressed. A length that
/// could have been shorter is taken, as most receivers do.
pub fn begin(bytes: &[u8], deflate: bool) -> Begin {
    let Some(&[first, second]) = bytes.first_chunk::<2>() else {
        return Begin::More;
    };
    let (reserved, opcode) = (first & 0x70, first & 0x0f);
    let may_compress = deflate && matches!(opcode, opcode::TEXT | opcode::BINARY);
    let known = opcode <= opcode::BINARY || (opcode::CLOSE..=opcode::PONG).contains(&opcode);
    if !known || !(reserved == 0 || reserved == 0x40 && may_compress) {
        return Begin::Bad;
    }
    let length_bytes = match second & 0x7f {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    let mask_bytes = if second & 0x80 != 0 { 4 } else { 0 };
    let Some(rest) = bytes.get(2..2 + length_bytes + mask_bytes) else {
        return Begin::More;
    };
    let (long, mask) = rest.split_at(length_bytes);
    let length = long.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte));
    let header = Header {
        fin: first & 0x80 != 0,
        compressed: reserved != 0,
        opcode,
        mask: mask.first_chunk().copied(),
        length: if length_bytes == 0 {
            u64::from(second & 0x7f)
        } else {
            length
        },
    };
    let is_whole_control = header.fin && header.length <= CONTROL_BYTES_MAX;
    if header.length >> 63 != 0 || header.is_control() && !is_whole_control {
        return Begin::Bad;
    }
    Begin::Frame(header, 2 + length_bytes + mask_bytes)
}

/// Whether frames, masked or not as this side's are, follow each other up to the end of `bytes`:
/// behind a hole this is taken for a place where a frame begins.
pub fn chains(bytes: &[u8], deflate: bool, masked: bool) -> bool {
    let mut rest = bytes;
    while let Begin::Frame(header, header_bytes) = begin(rest, deflate) {
        let bytes = usize::try_from(header.length).unwrap_or(usize::MAX);
        let frame_bytes = header_bytes.saturating_add(bytes);
        if header.mask.is_some() != masked || frame_bytes > rest.len() {
            return false;
        }
        rest = &rest[frame_bytes..];
        if rest.is_empty() {
            return true;
        }
    }
    false
}

/// Adds payload bytes to `out`; `turned` of them came before (§5.3).
pub fn unmask(bytes: &[u8], mask: [u8; 4], turned: u8, out: &mut Vec<u8>) {
    let mut key = mask;
    key.rotate_left(usize::from(turned % 4));
    let (words, rest) = bytes.as_chunks::<4>();
    let word = u32::from_ne_bytes(key);
    for chunk in words {
        out.extend_from_slice(&(u32::from_ne_bytes(*chunk) ^ word).to_ne_bytes());
    }
    out.extend(rest.iter().zip(key).map(|(byte, key)| byte ^ key));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_standard() {
        let masked = [
            0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58,
        ];
        let Begin::Frame(header, bytes) = begin(&masked, false) else {
            panic!("no frame")
        };
        assert_eq!((header.length, bytes, header.opcode), (5, 6, opcode::TEXT));
        let mut out = Vec::new();
        unmask(&masked[6..8], header.mask.unwrap(), 0, &mut out);
        unmask(&masked[8..], header.mask.unwrap(), 2, &mut out);
        assert_eq!(out, b"Hello");
        let long = [0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0];
        let Begin::Frame(header, 10) = begin(&long, false) else {
            panic!("no frame")
        };
        assert_eq!(header.length, 65_536);
        assert_eq!(begin(&long[..9], false), Begin::More);
        assert_eq!(begin(&long[..1], false), Begin::More);
    }

    #[test]
    fn what_no_receiver_takes() {
        for bytes in [
            &[0x83, 0][..],       // an opcode that is reserved
            &[0xc1, 0],           // compressed, and nobody agreed to it
            &[0x91, 0],           // another reserved bit
            &[0x09, 0],           // a control frame in pieces
            &[0x89, 126, 0, 126], // a long one
            &[0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0],
        ] {
            assert_eq!(begin(bytes, false), Begin::Bad, "{bytes:x?}");
        }
        assert_eq!(begin(&[0xc0, 0], true), Begin::Bad);
        assert!(matches!(begin(&[0xc1, 0], true), Begin::Frame(..)));
    }

    #[test]
    fn frames_that_reach_the_end_prove_their_beginning() {
        let two = [0x81, 1, b'a', 0x8a, 0];
        assert!(chains(&two, false, false));
        assert!(!chains(&two, false, true));
        assert!(!chains(&two[1..], false, false));
        assert!(!chains(&two[..4], false, false));
        assert!(!chains(b"", false, false));
    }
}
