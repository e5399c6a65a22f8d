//! One layer of encoding off a value: each decoder is a function from bytes to bytes.
//!
//! In: a value, as it stood in its point or as another decoder left it. Out: what it says one
//! layer deeper, or None where this encoding is not there. Decoders are total and never guess on
//! plain text: base64, for one, must give printable text.

use super::{layers, readings};

pub type Decoder = fn(&[u8]) -> Option<Vec<u8>>;

/// Tried in this order on every value, each result again: docs/decisions/0022.
pub const DECODERS: [(&str, Decoder); 10] = [
    ("percent", percent),
    ("overlong", overlong),
    ("entities", entities),
    ("escapes", escapes),
    ("nulls", nulls),
    ("base64", base64_text),
    ("hex", hex_text),
    ("jwt", layers::jwt),
    ("utf-7", layers::utf7),
    ("gzip", layers::packed),
];

/// Seven bytes: shorter rows of letters are words, and random ones are printable too often.
const BASE64_DIGITS_MIN: usize = 10;
const HEX_DIGITS_MIN: usize = 16;
/// Where a longer row of digits shows whether it is text.
const BASE64_TRIED: usize = 16;

/// Whether any decoder or reading could find work; quick, for nearly all have none.
pub fn encoded(value: &[u8]) -> bool {
    value.iter().any(|&byte| byte >= 0x80 || begins_layer(byte))
        || readings::has_line_comment(value)
        || layers::begins(value)
        || base64_text(value).is_some()
        || hex_text(value).is_some()
}

/// All that any decoder and reading but base64 and hex begins with.
fn begins_layer(byte: u8) -> bool {
    matches!(byte, b'%' | b'&' | b'\\' | 0 | b'*') || readings::begins(byte)
}

/// %41 and %u0041, once.
pub fn percent(value: &[u8]) -> Option<Vec<u8>> {
    memchr::memchr(b'%', value)?;
    let wide = each(value, b'%', |rest| match rest {
        [_, b'u' | b'U', digits @ ..] => Some((6, utf8(hex_number(digits.get(..4)?)?))),
        _ => None,
    });
    let narrow = each(wide.as_deref().unwrap_or(value), b'%', |rest| {
        Some((3, vec![hex_number(rest.get(1..3)?)? as u8]))
    });
    narrow.or(wide)
}

/// Overlong UTF-8 (two- to four-byte forms of ASCII, which no encoder makes and lenient decoders
/// take) and the fullwidth forms of ASCII (U+FF01 to U+FF5E), which best-fit mappings fold.
pub fn overlong(value: &[u8]) -> Option<Vec<u8>> {
    if value.is_ascii() {
        return None;
    }
    let mut out = Vec::with_capacity(value.len());
    let mut at = 0;
    while let Some(&byte) = value.get(at) {
        let (length, plain) = ascii_of(&value[at..]).unwrap_or((1, byte));
        out.push(plain);
        at += length;
    }
    (out.len() != value.len()).then_some(out)
}

/// The length of an overlong or fullwidth form and the ASCII that it stands for.
fn ascii_of(rest: &[u8]) -> Option<(usize, u8)> {
    let low_bits = |a: u8, b: u8| (a & 1) << 6 | b & 0x3F;
    match *rest {
        [a @ (0xC0 | 0xC1), b @ 0x80..=0xBF, ..] => Some((2, low_bits(a, b))),
        [0xE0, a @ (0x80 | 0x81), b @ 0x80..=0xBF, ..] => Some((3, low_bits(a, b))),
        [0xF0, 0x80, a @ (0x80 | 0x81), b @ 0x80..=0xBF, ..] => Some((4, low_bits(a, b))),
        [0xEF, 0xBC, b @ 0x81..=0xBF, ..] => Some((3, b - 0x60)),
        [0xEF, 0xBD, b @ 0x80..=0x9E, ..] => Some((3, b - 0x20)),
        _ => None,
    }
}

/// HTML entities, named and numeric (WHATWG HTML §13.5). A name counts with its semicolon only:
/// `&copy=1` is a parameter.
pub fn entities(value: &[u8]) -> Option<Vec<u8>> {
    memchr::memchr_iter(b'&', value).find(|&at| is_entity(&value[at + 1..]))?;
    Some(htmlize::unescape_bytes_in(value, htmlize::Context::General).into_owned())
}

fn is_entity(rest: &[u8]) -> bool {
    match rest {
        [b'#', b'x' | b'X', digit, ..] => digit.is_ascii_hexdigit(),
        [b'#', digit, ..] => digit.is_ascii_digit(),
        _ => {
            let name = rest.iter().position(|byte| !byte.is_ascii_alphanumeric());
            name.is_some_and(|end| {
                (2..=32).contains(&end) && rest[0].is_ascii_alphabetic() && rest[end] == b';'
            })
        }
    }
}

/// \u0041, \u{41}, \x41 and \101 of JavaScript, JSON and shells.
pub fn escapes(value: &[u8]) -> Option<Vec<u8>> {
    each(value, b'\\', |rest| match rest {
        [_, b'u', b'{', digits @ ..] => {
            let end = digits.iter().take(7).position(|&byte| byte == b'}')?;
            Some((end + 4, utf8(hex_number(&digits[..end])?)))
        }
        [_, b'u', digits @ ..] => Some((6, utf8(hex_number(digits.get(..4)?)?))),
        [_, b'x', digits @ ..] => Some((4, utf8(hex_number(digits.get(..2)?)?))),
        [_, a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..] => {
            let code = u32::from(a - b'0') << 6 | u32::from(b - b'0') << 3 | u32::from(c - b'0');
            Some((4, utf8(code)))
        }
        _ => None,
    })
}

/// The value as one reads it who skips null bytes, or who takes UTF-16 for ASCII.
pub fn nulls(value: &[u8]) -> Option<Vec<u8>> {
    memchr::memchr(0, value)?;
    Some(value.iter().copied().filter(|&byte| byte != 0).collect())
}

/// Base64, standard or URL-safe, padded or not, that holds printable text.
pub fn base64_text(value: &[u8]) -> Option<Vec<u8>> {
    let digits = base64_digits(value)
        .or_else(|| base64_digits(super::parted(value.strip_prefix(b"data:")?, b',').1?))?;
    if digits.len() < BASE64_DIGITS_MIN {
        return None;
    }
    printable(unbase64(&digits[..digits.len().min(BASE64_TRIED)])?)?;
    printable(unbase64(&digits)?)
}

/// The value of each digit; None where something else stands in between. A + that a form made a
/// blank is a + again.
pub(super) fn base64_digits(value: &[u8]) -> Option<Vec<u8>> {
    if value.len() < BASE64_DIGITS_MIN {
        return None;
    }
    let mut digits = Vec::with_capacity(value.len());
    for &byte in value {
        digits.push(match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' | b' ' => 62,
            b'/' | b'_' => 63,
            b'=' | b'\r' | b'\n' => continue,
            _ => return None,
        });
    }
    Some(digits)
}

pub(super) fn unbase64(digits: &[u8]) -> Option<Vec<u8>> {
    if digits.len() % 4 == 1 {
        return None;
    }
    let mut out = Vec::with_capacity(digits.len() / 4 * 3 + 2);
    for four in digits.chunks(4) {
        let bits =
            four.iter().fold(0, |bits, &d| bits << 6 | u32::from(d)) << (6 * (4 - four.len()));
        out.extend_from_slice(&bits.to_be_bytes()[1..four.len()]);
    }
    Some(out)
}

/// A row of hex digits that holds printable text.
pub fn hex_text(value: &[u8]) -> Option<Vec<u8>> {
    let digits = value
        .strip_prefix(b"0x")
        .or(value.strip_prefix(b"\\x"))
        .unwrap_or(value);
    if digits.len() < HEX_DIGITS_MIN || digits.len() % 2 == 1 {
        return None;
    }
    let bytes = digits
        .chunks(2)
        .map(|two| hex_number(two).map(|code| code as u8));
    printable(bytes.collect::<Option<Vec<u8>>>()?)
}

fn printable(text: Vec<u8>) -> Option<Vec<u8>> {
    let readable = |byte: &u8| matches!(byte, 0x20..=0x7E | b'\t' | b'\r' | b'\n' | 0);
    (!text.is_empty() && text.iter().all(readable)).then_some(text)
}

/// Replaces what `decode` knows at a `mark`: (length, replacement). None: it knew nothing.
fn each(
    value: &[u8],
    mark: u8,
    decode: impl Fn(&[u8]) -> Option<(usize, Vec<u8>)>,
) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut done = 0;
    for at in memchr::memchr_iter(mark, value) {
        if at < done {
            continue;
        }
        if let Some((length, text)) = decode(&value[at..]) {
            out.extend_from_slice(&value[done..at]);
            out.extend_from_slice(&text);
            done = at + length;
        }
    }
    (done > 0).then(|| {
        out.extend_from_slice(&value[done..]);
        out
    })
}

/// One to six hex digits; None where they are others.
fn hex_number(digits: &[u8]) -> Option<u32> {
    let number = |sum: u32, &digit: &u8| Some(sum << 4 | char::from(digit).to_digit(16)?);
    (!digits.is_empty()).then(|| digits.iter().try_fold(0, number))?
}

/// A character, halves of surrogate pairs too: lenient decoders write them as three bytes.
fn utf8(code: u32) -> Vec<u8> {
    match char::from_u32(code.min(0x10_FFFF)) {
        Some(character) => character.to_string().into_bytes(),
        None => vec![
            0xE0 | (code >> 12) as u8,
            0x80 | (code >> 6 & 0x3F) as u8,
            0x80 | (code & 0x3F) as u8,
        ],
    }
}
