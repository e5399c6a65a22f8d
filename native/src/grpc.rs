//! gRPC inside of a body: messages behind their lengths, and the fields of what is protobuf.
//!
//! In: a body without its content coding, its Content-Type and grpc-encoding. Out: messages, status
//! lines of gRPC-Web, fields by number. Nothing is known of the schema: what a field of bytes holds
//! is told by what it looks like.

use crate::content::{self, Outcome};
use crate::limits::DECODED_BYTES_MAX;

/// Messages of one body. Streams have more; those are data, not calls.
pub const MESSAGES_MAX: usize = 1_000;
/// Fields of one message, with those inside of it.
pub const FIELDS_MAX: usize = 1_000;
/// Messages inside of messages; protobuf itself stops at 100.
pub const DEPTH_MAX: usize = 10;
/// Flags and length.
const PREFIX_BYTES: usize = 5;
const COMPRESSED: u8 = 0x01;
/// Of gRPC-Web: these are trailers, written as header lines.
const TRAILERS: u8 = 0x80;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub bytes: Vec<u8>,
    pub is_trailers: bool,
    /// It stays as sent: its coding is not known, damaged or too large.
    pub compressed: bool,
    /// All of it is there.
    pub complete: bool,
}

/// Whether a body with this type has messages of gRPC; and whether it is gRPC-Web in base64.
pub fn kind(content_type: &[u8]) -> Option<bool> {
    let media = content_type.split(|&byte| byte == b';').next()?;
    let media = media.trim_ascii().to_ascii_lowercase();
    let rest = media.strip_prefix(b"application/grpc")?;
    let is_web_text = rest.starts_with(b"-web-text");
    let is_grpc = is_web_text || rest.is_empty() || rest[0] == b'+' || rest.starts_with(b"-web");
    is_grpc.then_some(is_web_text)
}

/// The messages of a body, up to the limits.
pub fn messages(body: &[u8], content_type: &[u8], encoding: Option<&str>) -> Vec<Message> {
    let Some(is_text) = kind(content_type) else {
        return Vec::new();
    };
    let plain = if is_text { base64(body) } else { Vec::new() };
    let mut rest = if is_text { &plain[..] } else { body };
    let (mut found, mut decoded) = (Vec::new(), 0);
    while let Some((prefix, behind)) = rest.split_first_chunk::<PREFIX_BYTES>() {
        let [flags, length @ ..] = *prefix;
        let is_known = flags & !(COMPRESSED | TRAILERS) == 0;
        if !is_known || found.len() == MESSAGES_MAX || decoded > DECODED_BYTES_MAX {
            break;
        }
        let length = u32::from_be_bytes(length) as usize;
        let bytes = &behind[..length.min(behind.len())];
        let complete = bytes.len() == length;
        let unpacked = (flags & COMPRESSED != 0)
            .then(|| content::decode(bytes, encoding, !complete, usize::MAX))
            .map(|(outcome, bytes)| bytes.filter(|_| outcome == Outcome::Whole));
        let message = Message {
            compressed: unpacked == Some(None) && !bytes.is_empty(),
            bytes: unpacked.flatten().unwrap_or_else(|| bytes.to_vec()),
            is_trailers: flags & TRAILERS != 0,
            complete,
        };
        decoded += message.bytes.len();
        found.push(message);
        rest = &behind[bytes.len()..];
    }
    found
}

/// RFC 4648, in pieces that may each end with padding; ends at what is none of it.
fn base64(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0u32, 0);
    for &byte in text {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => {
                (bits, count) = (0, 0);
                continue;
            }
            b'\r' | b'\n' => continue,
            _ => break,
        };
        (bits, count) = (bits << 6 | u32::from(value), count + 6);
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    out
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// Field numbers from the outermost message on.
    pub path: Vec<u32>,
    pub value: Value<'a>,
}

impl Field<'_> {
    fn is_bytes(&self) -> bool {
        matches!(self.value, Value::Bytes(_))
    }
}

/// The fields of a protobuf message that hold no message themselves; None: it is no protobuf.
///
/// Bytes that are text are a field as they are; if they also read as a message, its fields follow:
/// nobody can hide a text by making it read as something else.
pub fn fields(message: &[u8]) -> Option<Vec<Field<'_>>> {
    let mut found = Vec::new();
    read(message, &mut Vec::new(), &mut found).then_some(found)
}

/// False: these bytes are no message, and what was found of them is of no use.
fn read<'a>(message: &'a [u8], path: &mut Vec<u32>, found: &mut Vec<Field<'a>>) -> bool {
    let mut rest = message;
    while !rest.is_empty() {
        let Some((number, value)) = next(&mut rest) else {
            return false;
        };
        if found.len() == FIELDS_MAX {
            return true;
        }
        path.push(number);
        let before = found.len();
        let inner = match value {
            Value::Bytes(bytes) => bytes,
            Value::Number(_) => b"",
        };
        let is_text = is_text(inner);
        let reads = !inner.is_empty() && path.len() < DEPTH_MAX && read(inner, path, found);
        // Numbers alone are read into any text.
        let nested = reads && (!is_text || found[before..].iter().any(Field::is_bytes));
        if !nested {
            found.truncate(before);
        }
        if !nested || is_text {
            let path = path.clone();
            found.insert(before, Field { path, value });
        }
        path.pop();
    }
    true
}

/// Takes a field from the front. None: there is none that a writer would make.
fn next<'a>(rest: &mut &'a [u8]) -> Option<(u32, Value<'a>)> {
    let tag = varint(rest)?;
    let number = u32::try_from(tag >> 3).ok().filter(|&number| number > 0)?;
    let mut take = |bytes: u64| {
        let (taken, behind) = rest.split_at_checked(usize::try_from(bytes).ok()?)?;
        *rest = behind;
        Some(taken)
    };
    let value = match tag & 7 {
        0 => Value::Number(varint(rest)?),
        1 => Value::Number(u64::from_le_bytes(take(8)?.try_into().ok()?)),
        2 => {
            let length = varint(rest)?;
            let (taken, behind) = rest.split_at_checked(usize::try_from(length).ok()?)?;
            *rest = behind;
            Value::Bytes(taken)
        }
        5 => Value::Number(u64::from(u32::from_le_bytes(take(4)?.try_into().ok()?))),
        _ => return None,
    };
    (number < 1 << 29).then_some((number, value))
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..70).step_by(7) {
        let (&byte, behind) = rest.split_first()?;
        *rest = behind;
        value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

/// UTF-8 without control characters but those that texts have.
fn is_text(bytes: &[u8]) -> bool {
    let is_odd = |byte: &u8| *byte < 0x20 && !matches!(byte, b'\t' | b'\r' | b'\n');
    !bytes.is_empty() && !bytes.iter().any(is_odd) && std::str::from_utf8(bytes).is_ok()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn framed(flags: u8, bytes: &[u8]) -> Vec<u8> {
        [&[flags][..], &(bytes.len() as u32).to_be_bytes(), bytes].concat()
    }

    #[test]
    fn messages_stand_behind_their_lengths() {
        let body = [
            framed(0, b"one"),
            framed(0, b""),
            framed(0, b"three")[..8].to_vec(),
        ]
        .concat();
        let found = messages(&body, b"application/grpc+proto; a=b", None);
        let told: Vec<_> = found
            .iter()
            .map(|of| (&of.bytes[..], of.complete))
            .collect();
        assert_eq!(told, [(&b"one"[..], true), (b"", true), (b"thr", false)]);
        assert!(messages(&body, b"application/grpcweb", None).is_empty());
        assert!(messages(b"\x07\0\0\0\0", b"application/grpc", None).is_empty());
    }

    #[test]
    fn what_is_compressed_is_undone_or_says_so() {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        writer.write_all(b"hello").unwrap();
        let body = framed(1, &writer.finish().unwrap());
        let found = messages(&body, b"application/grpc", Some("gzip"));
        assert_eq!(
            (&found[0].bytes[..], found[0].compressed),
            (&b"hello"[..], false)
        );
        let found = messages(&body, b"application/grpc", Some("snappy"));
        assert!(found[0].compressed);
        let found = messages(&body, b"application/grpc", None);
        assert!(found[0].compressed);
    }

    #[test]
    fn grpc_web_has_trailers_and_may_be_text_in_pieces() {
        // "\0\0\0\0\2hi", then a trailer frame with "a:b", each padded by itself.
        let found = messages(
            b"AAAAAAJoaQ==gAAAAANhOmI=",
            b"application/grpc-web-text",
            None,
        );
        assert_eq!(found.len(), 2);
        assert_eq!(
            (&found[0].bytes[..], found[0].is_trailers),
            (&b"hi"[..], false)
        );
        assert_eq!(
            (&found[1].bytes[..], found[1].is_trailers),
            (&b"a:b"[..], true)
        );
    }

    #[test]
    fn fields_are_numbers_texts_and_messages() {
        // 1: 150, 2: "testing", 3: {1: "in"}, 4: fixed32 1, 5: bytes
        let message =
            b"\x08\x96\x01\x12\x07testing\x1a\x04\x0a\x02in\x25\x01\0\0\0\x2a\x02\xff\xfe";
        let found = fields(message).unwrap();
        let told: Vec<_> = found.iter().map(|of| (&of.path[..], of.value)).collect();
        assert_eq!(
            told,
            [
                (&[1][..], Value::Number(150)),
                (&[2], Value::Bytes(b"testing")),
                (&[3, 1], Value::Bytes(b"in")),
                (&[4], Value::Number(1)),
                (&[5], Value::Bytes(b"\xff\xfe")),
            ]
        );
        assert_eq!(fields(b"hello"), None);
        assert_eq!(fields(b"\x0a\x05hi"), None);
    }

    #[test]
    fn a_text_that_reads_as_a_message_is_both() {
        // "\n\x02hi" would be a message in control characters; this one is all text: 4: "\"ab".
        let found = fields(b"\x0a\x04\x22\x02ab").unwrap();
        assert_eq!(found.len(), 1);
        let found = fields(b"\x0a\x0b\x22\x09ab,cd,efg").unwrap();
        let values: Vec<_> = found.iter().map(|of| of.value).collect();
        assert_eq!(
            values,
            [
                Value::Bytes(b"\x22\x09ab,cd,efg"),
                Value::Bytes(b"ab,cd,efg")
            ]
        );
    }

    #[test]
    fn depth_and_number_are_bounded() {
        let mut deep = b"\x08\x01".to_vec();
        for _ in 0..50 {
            deep = [&[0x0a, deep.len() as u8][..], &deep].concat();
        }
        assert_eq!(fields(&deep).unwrap()[0].path.len(), DEPTH_MAX);
        assert_eq!(
            fields(&b"\x08\x01".repeat(5_000)).unwrap().len(),
            FIELDS_MAX
        );
        assert_eq!(
            messages(&[0; 50_000], b"application/grpc", None).len(),
            MESSAGES_MAX
        );
    }
}
