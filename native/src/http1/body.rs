//! A body on its way: bytes in, body bytes out, without the transfer coding.

use memchr::memchr;
use serde::{Deserialize, Serialize};

use super::framing::Framing;
use super::marks::Marks;
use crate::schema::Anomaly;

/// Longest chunk line (size and extensions) believed; servers stop at 4 to 16 KiB.
const CHUNK_LINE_BYTES_MAX: u32 = 16 << 10;

/// Where a chunked body stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Chunk {
    /// In the size line: value, digits read, bytes of the line, and whether the digits ended.
    Size {
        value: u64,
        digits: u8,
        bytes: u32,
        ended: bool,
    },
    Data {
        left: u64,
    },
    /// Behind the data: a line end is due.
    DataEnd,
}

const SIZE: Chunk = Chunk::Size {
    value: 0,
    digits: 0,
    bytes: 0,
    ended: false,
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

    /// RFC 9112 §7.1: hex digits, then anything up to the line's end.
    fn size(&mut self, input: &[u8], marks: &mut Marks) -> Part {
        let Chunk::Size {
            value,
            digits,
            bytes,
            ended,
        } = self
        else {
            return Part::Bad;
        };
        let mut used = 0;
        while let (Some(&byte), false) = (input.get(used), *ended) {
            match (byte as char).to_digit(16) {
                Some(_) if *value >> 58 != 0 => return Part::Bad,
                Some(digit) => {
                    (*value, *digits) =
                        (*value << 4 | u64::from(digit), (*digits).saturating_add(1))
                }
                None => *ended = true,
            }
            used += usize::from(!*ended);
        }
        let rest = &input[used..];
        let line_end = memchr(b'\n', rest);
        let line = &rest[..line_end.unwrap_or(rest.len())];
        if *ended && *digits == 0 {
            return Part::Bad;
        }
        if line
            .iter()
            .any(|&byte| !matches!(byte, b'\r' | b' ' | b'\t'))
        {
            if !line.trim_ascii_start().starts_with(b";") && *bytes == 0 {
                return Part::Bad;
            }
            marks.add(Anomaly::ChunkExtension);
        }
        *bytes += line.len() as u32;
        if *bytes > CHUNK_LINE_BYTES_MAX {
            return Part::Bad;
        }
        match (line_end, *value) {
            (None, _) => Part::Framing(input.len()),
            (Some(end), 0) => Part::Trailers(used + end + 1),
            (Some(end), left) => self.go(Chunk::Data { left }, used + end + 1),
        }
    }
}
