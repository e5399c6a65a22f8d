//! Content codings undone: gzip, deflate (with and without zlib's frame), br, zstd.
//!
//! In: the kept bytes of a body and its Content-Encoding. Out: the decoded bytes up to the limits
//! of limits.rs, and how it went. Damage gives what came out before it.

mod gzip;

use std::io::Read;

use crate::limits::{CODINGS_MAX, DECODED_BYTES_MAX, DECODED_RATIO_MAX};

/// Decoded bytes that even a tiny body may have.
const FREE_BYTES: usize = 64 << 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// There was nothing to undo.
    None,
    Whole,
    /// Damaged, cut, or a limit was hit: the bytes are a beginning.
    Partial,
    /// Nothing could be undone: the bytes are as sent.
    Failed,
}

impl Outcome {
    pub fn name(self) -> &'static str {
        match self {
            Outcome::None => "none",
            Outcome::Whole => "whole",
            Outcome::Partial => "partial",
            Outcome::Failed => "failed",
        }
    }
}

/// The body without its codings, or its first `wanted` bytes. `cut`: bytes of the body are missing
/// or not kept.
pub fn decode(
    kept: &[u8],
    encoding: Option<&str>,
    cut: bool,
    wanted: usize,
) -> (Outcome, Option<Vec<u8>>) {
    let codings: Vec<&str> = encoding
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|coding| !matches!(*coding, "" | "identity"))
        .collect();
    if codings.is_empty() || kept.is_empty() {
        return (Outcome::None, None);
    }
    if codings.len() > CODINGS_MAX {
        return (Outcome::Failed, None);
    }
    let bytes_max =
        DECODED_BYTES_MAX.min(FREE_BYTES.max(kept.len().saturating_mul(DECODED_RATIO_MAX)));
    let mut bytes: Option<Vec<u8>> = None;
    let mut whole = !cut;
    for (left, coding) in codings.iter().enumerate().rev() {
        let bytes_max = if left == 0 {
            bytes_max.min(wanted)
        } else {
            bytes_max
        };
        let Some((out, clean)) = undo(coding, bytes.as_deref().unwrap_or(kept), bytes_max) else {
            return (Outcome::Failed, None);
        };
        (bytes, whole) = (Some(out), whole && clean);
    }
    (
        if whole {
            Outcome::Whole
        } else {
            Outcome::Partial
        },
        bytes,
    )
}

/// One coding undone, and whether it ended as it should. None: it never began.
fn undo(coding: &str, bytes: &[u8], bytes_max: usize) -> Option<(Vec<u8>, bool)> {
    let read = |reader: &mut dyn Read| collect(reader, bytes_max);
    let found = match coding {
        "gzip" | "x-gzip" => match gzip::whole(bytes, bytes_max) {
            Some(whole) => (whole, true),
            None => read(&mut flate2::read::MultiGzDecoder::new(bytes)),
        },
        "deflate" => {
            let framed = read(&mut flate2::read::ZlibDecoder::new(bytes));
            // RFC 9110 §8.4.1.2: some send deflate without zlib's frame.
            if framed.0.is_empty() && !framed.1 {
                read(&mut flate2::read::DeflateDecoder::new(bytes))
            } else {
                framed
            }
        }
        "br" => read(&mut brotli_decompressor::Decompressor::new(bytes, 4096)),
        "zstd" => read(&mut zstd::stream::read::Decoder::with_buffer(bytes).ok()?),
        _ => return None,
    };
    (found.1 || !found.0.is_empty()).then_some(found)
}

/// What a decoder gives up to its end, an error or the limit; true: up to its end.
fn collect(reader: &mut dyn Read, bytes_max: usize) -> (Vec<u8>, bool) {
    let mut out = Vec::new();
    let mut chunk = [0; 16 << 10];
    loop {
        match reader.read(&mut chunk) {
            Ok(0) => return (out, true),
            Ok(bytes) => out.extend_from_slice(&chunk[..bytes.min(bytes_max - out.len())]),
            Err(_) => return (out, false),
        }
        if out.len() >= bytes_max {
            return (out, false);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    }

    #[test]
    fn what_is_cut_gives_its_beginning() {
        let sent = gzip(b"hello, hello, hello");
        let (outcome, bytes) = decode(&sent, Some("gzip"), false, usize::MAX);
        assert_eq!(
            (outcome, bytes.unwrap().as_slice()),
            (Outcome::Whole, &b"hello, hello, hello"[..])
        );
        let (outcome, bytes) = decode(&sent[..sent.len() - 9], Some("gzip"), true, usize::MAX);
        assert_eq!(outcome, Outcome::Partial);
        assert!(b"hello, hello, hello".starts_with(&bytes.unwrap()));
        assert_eq!(
            decode(b"hello", Some("gzip"), false, usize::MAX),
            (Outcome::Failed, None)
        );
        assert_eq!(
            decode(b"hello", Some("rot13"), false, usize::MAX),
            (Outcome::Failed, None)
        );
        assert_eq!(
            decode(b"hello", Some("identity"), false, usize::MAX),
            (Outcome::None, None)
        );
    }

    #[test]
    fn a_bomb_is_cut_at_the_ratio() {
        let (outcome, bytes) = decode(&gzip(&vec![0; 16 << 20]), Some("gzip"), false, usize::MAX);
        assert_eq!(outcome, Outcome::Partial);
        assert!(bytes.unwrap().len() < 8 << 20);
    }

    #[test]
    fn codings_are_undone_from_the_last() {
        let sent = gzip(&gzip(b"twice"));
        assert_eq!(
            decode(&sent, Some("gzip, gzip"), false, usize::MAX)
                .1
                .unwrap(),
            b"twice"
        );
    }

    #[test]
    fn only_what_is_wanted_is_undone_at_last() {
        let sent = gzip(&gzip(&b"twice ".repeat(1000)));
        let (outcome, bytes) = decode(&sent, Some("gzip, gzip"), false, 8);
        assert_eq!(outcome, Outcome::Partial);
        assert_eq!(bytes.unwrap(), b"twice tw");
    }
}
