//! A body on its way: bytes in, body bytes out, without the transfer coding.

use serde::{Deserialize, Serialize};

use super::framing::Framing;
use super::marks::Marks;
use crate::schema::Anomaly;

/// Longest chunk line (size and extensions) believed; servers stop at 4 to 16 KiB.
const CHUNK_LINE_BYTES_MAX: u32 = 16 << 10;

/// Where a chunked body stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Chunk {
    /// In the size line: value, digits read, bytes of the line, and where in it.
    Size {
        value: u64,
        digits: u8,
        bytes: u32,
        place: Place,
    },
    Data {
        left: u64,
    },
    /// Behind the data: a line end is due.
    DataEnd,
}

/// Where in a size line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Place {
    Digits,
    Blanks,
    Extension,
}

const SIZE: Chunk = Chunk::Size {
    value: 0,
    digits: 0,
    bytes: 0,
    place: Place::Digits,
};

/// What is left of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decoder(Form);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Form {
    Length { left: u64 },
    Chunked(Chunk),
    UntilClose,
}

/// What the next bytes are.
#[derive(Debug, PartialEq, Eq)]
pub enum Part {
    /// So many bytes of the body.
    Body(usize),
    /// So many bytes of framing.
    Framing(usize),
    /// The body ends here.
    End,
    /// So many bytes of framing: the last chunk; a trailer section follows.
    Trailers(usize),
    /// This is no chunk; the rest cannot be framed.
    Bad,
}

impl Decoder {
    /// None: there is no body.
    pub fn new(framing: Framing) -> Option<Self> {
        Some(Decoder(match framing {
            Framing::None | Framing::Length(0) => return None,
            Framing::Length(left) => Form::Length { left },
            Framing::Chunked => Form::Chunked(SIZE),
            Framing::UntilClose => Form::UntilClose,
        }))
    }

    /// The end of the connection is the end of the body.
    pub fn ends_at_close(&self) -> bool {
        self.0 == Form::UntilClose
    }

    /// Takes the first part of `bytes`, which are not empty.
    pub fn take(&mut self, bytes: &[u8], marks: &mut Marks) -> Part {
        match &mut self.0 {
            Form::UntilClose => Part::Body(bytes.len()),
            Form::Length { left: 0 } => Part::End,
            Form::Length { left } => {
                let taken = bytes
                    .len()
                    .min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= taken as u64;
                Part::Body(taken)
            }
            Form::Chunked(chunk) => chunk.take(bytes, marks),
        }
    }

    /// All bytes that the framing promises have come.
    pub fn is_done(&self) -> bool {
        self.0 == Form::Length { left: 0 }
    }

    /// So many bytes are lost. Gives how many of them were of the body, or None: where the next
    /// message begins is not known any more.
    pub fn skip(&mut self, bytes: u64) -> Option<u64> {
        match &mut self.0 {
            Form::UntilClose => Some(bytes),
            Form::Length { left } | Form::Chunked(Chunk::Data { left }) => {
                *left = left.checked_sub(bytes)?;
                Some(bytes)
            }
            Form::Chunked(_) => None,
        }
    }

    /// Bytes that were promised and are still to come, where that is known.
    pub fn promised(&self) -> u64 {
        match self.0 {
            Form::Length { left } | Form::Chunked(Chunk::Data { left }) => left,
            _ => 0,
        }
    }
}

impl Chunk {
    fn take(&mut self, bytes: &[u8], marks: &mut Marks) -> Part {
        match self {
            Chunk::Data { left: 0 } => {
                *self = Chunk::DataEnd;
                self.take(bytes, marks)
            }
            Chunk::Data { left } => {
                let taken = bytes
                    .len()
                    .min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= taken as u64;
                Part::Body(taken)
            }
            Chunk::DataEnd => match bytes {
                [b'\r', b'\n', ..] => self.go(SIZE, 2),
                [b'\r'] => Part::Framing(1),
                [b'\n', ..] => self.go(SIZE, 1),
                _ => Part::Bad,
            },
            Chunk::Size { .. } => self.size(bytes, marks),
        }
    }

    fn go(&mut self, next: Chunk, used: usize) -> Part {
        *self = next;
        Part::Framing(used)
    }

    /// RFC 9112 §7.1: hex digits, perhaps blanks, perhaps a semicolon and anything up to the
    /// line's end.
    fn size(&mut self, input: &[u8], marks: &mut Marks) -> Part {
        let Chunk::Size {
            value,
            digits,
            bytes,
            place,
        } = self
        else {
            return Part::Bad;
        };
        for (at, &byte) in input.iter().enumerate() {
            *bytes += 1;
            if *bytes > CHUNK_LINE_BYTES_MAX {
                return Part::Bad;
            }
            match (*place, byte, (byte as char).to_digit(16)) {
                (_, b'\n', _) if *digits == 0 => return Part::Bad,
                (_, b'\n', _) if *value == 0 => return Part::Trailers(at + 1),
                (_, b'\n', _) => {
                    let left = *value;
                    return self.go(Chunk::Data { left }, at + 1);
                }
                (Place::Extension, ..) => {}
                (_, b';', _) if *digits > 0 => {
                    *place = Place::Extension;
                    marks.add(Anomaly::ChunkExtension);
                }
                (_, b'\r' | b' ' | b'\t', _) if *digits > 0 => *place = Place::Blanks,
                (Place::Digits, _, Some(digit)) if *value >> 58 == 0 => {
                    *value = *value << 4 | u64::from(digit);
                    *digits = digits.saturating_add(1);
                }
                _ => return Part::Bad,
            }
        }
        Part::Framing(input.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The body of a chunked message fed in steps; Err: so many bytes were used before the damage.
    fn dechunk(bytes: &[u8], step: usize) -> Result<(Vec<u8>, usize), usize> {
        let mut decoder = Decoder::new(Framing::Chunked).unwrap();
        let (mut out, mut marks, mut used) = (Vec::new(), Marks::default(), 0);
        while used < bytes.len() {
            let end = bytes.len().min(used + step);
            match decoder.take(&bytes[used..end], &mut marks) {
                Part::Body(taken) => {
                    out.extend_from_slice(&bytes[used..used + taken]);
                    used += taken;
                }
                Part::Framing(taken) => used += taken,
                Part::Trailers(taken) => return Ok((out, used + taken)),
                Part::Bad => return Err(used),
                Part::End => unreachable!("a chunked body ends with its trailers"),
            }
        }
        Ok((out, used))
    }

    #[test]
    fn chunks_are_the_same_in_any_step() {
        let sent = b"5;name=\"v\"\r\nhello\r\n006 \r\n world\n1\n!\r\n0;last\r\n";
        for step in 1..sent.len() {
            assert_eq!(
                dechunk(sent, step),
                Ok((b"hello world!".to_vec(), sent.len()))
            );
        }
    }

    #[test]
    fn what_is_no_chunk_is_bad() {
        for sent in [
            &b"x\r\n"[..],
            b"\r\n",
            b"-5\r\n",
            b"5\r\nhello!!",
            b"fffffffffffffffff\r\n",
            b"5 x\r\n",
        ] {
            assert!(dechunk(sent, 1).is_err(), "{}", sent.escape_ascii());
            assert!(dechunk(sent, 100).is_err(), "{}", sent.escape_ascii());
        }
        let long = [&b"5;"[..], &vec![b'x'; 20 << 10]].concat();
        assert!(dechunk(&long, 100).is_err());
    }

    #[test]
    fn a_hole_inside_known_bytes_is_skipped() {
        let mut length = Decoder::new(Framing::Length(10)).unwrap();
        assert_eq!(length.skip(4), Some(4));
        assert_eq!(length.promised(), 6);
        assert_eq!(length.skip(7), None);
        let mut chunked = Decoder::new(Framing::Chunked).unwrap();
        assert_eq!(chunked.skip(1), None);
        assert_eq!(
            chunked.take(b"5\r\n", &mut Marks::default()),
            Part::Framing(3)
        );
        assert_eq!(chunked.skip(5), Some(5));
        assert_eq!(Decoder::new(Framing::Length(0)), None);
    }
}
