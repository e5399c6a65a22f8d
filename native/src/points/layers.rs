//! Layers that are formats of their own: JSON web tokens, UTF-7, gzip and zlib, also in base64.
//!
//! In and out as in decoders.rs. Each is known by its first bytes or signs, so that values without
//! one cost a look.

use std::io::Read;

use flate2::read::{MultiGzDecoder, ZlibDecoder};
use memchr::{memchr, memchr_iter};

use super::collect::VALUE_BYTES_MAX;
use super::decoders::{base64_digits, unbase64};

const PIECE_BYTES: usize = 4_096;

/// Whether one of these layers could be there; what gzip packs has bytes that are no ASCII anyway.
pub fn begins(value: &[u8]) -> bool {
    token(value).is_some()
        || packed_in_base64(value)
        || has_utf7(value)
        || matches!(value, [0x78, 0x01 | 0x5E, ..])
}

/// Header and payload of a JSON web token (RFC 7519, compact form) as one JSON document, whatever
/// its signature. `Bearer` and the like may stand in front.
pub fn jwt(value: &[u8]) -> Option<Vec<u8>> {
    let mut parts = token(value)?.splitn(3, |&byte| byte == b'.');
    let (header, payload) = (object(parts.next()?)?, object(parts.next()?)?);
    parts.next()?;
    Some(
        [
            &b"{\"header\":"[..],
            &header,
            b",\"payload\":",
            &payload,
            b"}",
        ]
        .concat(),
    )
}

/// The word that begins as `{"` does in base64, behind one other word at most.
fn token(value: &[u8]) -> Option<&[u8]> {
    let word = match memchr(b' ', &value[..value.len().min(16)]) {
        Some(blank) => &value[blank + 1..],
        None => value,
    };
    word.starts_with(b"eyJ").then_some(word)
}

fn object(part: &[u8]) -> Option<Vec<u8>> {
    let text = unbase64(&base64_digits(part)?)?;
    (text.first() == Some(&b'{') && text.trim_ascii_end().last() == Some(&b'}')).then_some(text)
}

/// `+ADw-script+AD4-` (RFC 2152), where every run stands for ASCII: others are no hidden markup,
/// and what base64 has behind a + is hardly ever one.
pub fn utf7(value: &[u8]) -> Option<Vec<u8>> {
    if !has_utf7(value) {
        return None;
    }
    let mut out = Vec::with_capacity(value.len());
    let mut done = 0;
    for at in memchr_iter(b'+', value) {
        if at < done {
            continue;
        }
        if let Some((length, text)) = utf7_run(&value[at + 1..]) {
            out.extend_from_slice(&value[done..at]);
            out.extend_from_slice(&text);
            done = at + 1 + length;
        }
    }
    (done > 0).then(|| [&out[..], &value[done..]].concat())
}

/// All of ASCII begins with A to H behind an A.
fn has_utf7(value: &[u8]) -> bool {
    memchr_iter(b'+', value)
        .any(|at| matches!(value[at + 1..], [b'A', b'A'..=b'H', digit, ..] if digit.is_ascii_alphanumeric() || digit == b'+'))
}

/// How long a run is, with the dash that ends it, and its text.
fn utf7_run(rest: &[u8]) -> Option<(usize, Vec<u8>)> {
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let length = rest.iter().take_while(|byte| is_digit(byte)).count();
    let digits = base64_digits_of_any(&rest[..length])?;
    // What is left of the last digit are zero bits.
    let left = digits.len() * 6 % 16;
    if left >= 6 || digits.last()? & ((1 << left) - 1) != 0 {
        return None;
    }
    let bytes = unbase64(&digits)?;
    let text: Option<Vec<u8>> = bytes
        .chunks_exact(2)
        .map(|unit| (unit[0] == 0 && is_printable(unit[1])).then_some(unit[1]))
        .collect();
    let dash = usize::from(rest.get(length) == Some(&b'-'));
    Some((length + dash, text?))
}

fn is_printable(byte: u8) -> bool {
    matches!(byte, 0x20..=0x7E | b'\t' | b'\r' | b'\n')
}

/// Also of rows that are too short for a value.
fn base64_digits_of_any(row: &[u8]) -> Option<Vec<u8>> {
    const FILL: &[u8] = b"==========";
    base64_digits(&[row, FILL].concat())
}

/// What gzip or zlib packed, as it is or in base64, where it is text; of a long one the beginning.
pub fn packed(value: &[u8]) -> Option<Vec<u8>> {
    if packed_in_base64(value) {
        return inflated(&unbase64(&base64_digits(value)?)?);
    }
    inflated(value)
}

/// The magic numbers of RFC 1952 and RFC 1950 (78 01, 78 9C, 78 DA) in base64.
fn packed_in_base64(value: &[u8]) -> bool {
    matches!(
        value,
        [b'H', b'4', b's', b'I', ..]
            | [b'e', b'A', b'E'..=b'H', _, ..]
            | [b'e', b'J', b'w'..=b'z', _, ..]
            | [b'e', b'N', b'o'..=b'r', _, ..]
    )
}

fn inflated(bytes: &[u8]) -> Option<Vec<u8>> {
    match bytes {
        [0x1F, 0x8B, 8, ..] => text_of(MultiGzDecoder::new(bytes)),
        [0x78, 0x01 | 0x5E | 0x9C | 0xDA, ..] => text_of(ZlibDecoder::new(bytes)),
        _ => None,
    }
}

/// What comes out before damage and before the first piece that is no text; one byte more than is
/// looked at, so that the collector can say that there was more. All that is long is given, so
/// that it is paid for.
fn text_of(mut packed: impl Read) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut piece = [0; PIECE_BYTES];
    while out.len() <= VALUE_BYTES_MAX {
        let Ok(length @ 1..) = packed.read(&mut piece) else {
            break;
        };
        let is_text = |byte: &u8| !matches!(byte, 0..=8 | 0x0E..=0x1F | 0x7F);
        if !piece[..length].iter().all(is_text) {
            break;
        }
        out.extend_from_slice(&piece[..length]);
    }
    out.truncate(VALUE_BYTES_MAX + 1);
    (!out.is_empty()).then_some(out)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    }

    #[test]
    fn a_bomb_gives_its_beginning() {
        let bomb = gzip(&vec![b'a'; 50 * VALUE_BYTES_MAX]);
        assert_eq!(packed(&bomb).unwrap().len(), VALUE_BYTES_MAX + 1);
    }

    #[test]
    fn damage_gives_what_came_before_it_and_a_picture_nothing() {
        let text: Vec<u8> = (0..60_000_u32)
            .flat_map(|n| n.to_string().into_bytes())
            .collect();
        let sent = gzip(&text);
        let found = packed(&sent[..sent.len() / 2]).unwrap();
        assert!(!found.is_empty() && text.starts_with(&found));
        assert_eq!(packed(&gzip(b"\x89PNG\r\n\x1a\n\0\0")), None);
        assert_eq!(packed(b"\x1f\x8b\x08 nothing behind"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for front in [&b""[..], b"+ADw", b"eyJ", b"H4sI", b"\x1f\x8b\x08", b"x\x9c", b"Bearer eyJ"] {
                let value = [front, &bytes].concat();
                let _ = (begins(&value), jwt(&value), utf7(&value), packed(&value));
            }
        }
    }
}
