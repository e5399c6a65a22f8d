//! What an interpreter makes of a value that is already plain: scanned, but not decoded again.

use super::decoders::Decoder;
use super::is_word;

pub const READINGS: [(&str, Decoder); 2] =
    [("sql comments", sql_comments), ("shell noise", shell_noise)];

/// What the noise of a shell begins with.
pub fn begins(byte: u8) -> bool {
    matches!(byte, b'\'' | b'"' | b'`' | b'$' | b'\\')
}

/// Comments inside SQL are white space to the server; those of MySQL with ! are code.
pub fn sql_comments(value: &[u8]) -> Option<Vec<u8>> {
    let blocks = memchr::memmem::find(value, b"/*").map(|_| without_blocks(value));
    let has_line = has_line_comment(value);
    let out = match blocks {
        Some(out) if has_line => without_lines(&out),
        Some(out) => out,
        None if has_line => without_lines(value),
        None => return None,
    };
    (out != value).then_some(out)
}

/// Whether a line may end in a comment.
pub fn has_line_comment(value: &[u8]) -> bool {
    memchr::memchr(b'\n', value).is_some()
        && (memchr::memchr(b'#', value).is_some() || memchr::memmem::find(value, b"--").is_some())
}

fn without_blocks(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    let mut at = 0;
    // Where a search has found no further end: asked once, so that the work stays linear.
    let mut ends_searched = false;
    while let Some(begin) = memchr::memmem::find(&value[at..], b"/*").map(|found| at + found) {
        out.extend_from_slice(&value[at..begin]);
        let is_code = value.get(begin + 2) == Some(&b'!');
        let mut text = begin + 2;
        if is_code {
            let digits = value[begin + 3..]
                .iter()
                .take(6)
                .take_while(|b| b.is_ascii_digit());
            text = begin + 3 + digits.count();
        }
        let end = if ends_searched {
            None
        } else {
            memchr::memmem::find(&value[text..], b"*/")
        };
        if let Some(length) = end {
            out.push(b' ');
            out.extend_from_slice(if is_code {
                &value[text..text + length]
            } else {
                &[]
            });
            out.push(b' ');
            at = text + length + 2;
            continue;
        }
        ends_searched = true;
        if is_code {
            out.extend_from_slice(b"  ");
            at = text;
        } else {
            out.extend_from_slice(b"/*");
            at = begin + 2;
        }
    }
    out.extend_from_slice(&value[at..]);
    out
}

/// `--` and `#` to the end of their line, where there is one.
fn without_lines(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    let mut at = 0;
    while at < value.len() {
        let begins = value[at] == b'#' || value[at..].starts_with(b"--");
        match memchr::memchr(b'\n', &value[at..]).filter(|_| begins) {
            Some(length) => {
                out.push(b' ');
                at += length + 1;
            }
            None if begins => break,
            None => {
                out.push(value[at]);
                at += 1;
            }
        }
    }
    out.extend_from_slice(&value[at..]);
    out
}

/// c'a't, c\at and cat$IFS/etc as a shell reads them.
pub fn shell_noise(value: &[u8]) -> Option<Vec<u8>> {
    if !value.iter().any(|&byte| begins(byte)) {
        return None;
    }
    let mut plain = Vec::with_capacity(value.len());
    let mut at = 0;
    while at < value.len() {
        let before = at.checked_sub(1).map(|last| value[last]);
        match noise(before, &value[at..]) {
            Some((length, text)) => {
                plain.extend_from_slice(text);
                at += length;
            }
            None => {
                plain.push(value[at]);
                at += 1;
            }
        }
    }
    let out = unquoted(&plain);
    (out != value).then_some(out)
}

/// How many bytes here say nothing to a shell, and what it reads instead.
fn noise(before: Option<u8>, rest: &[u8]) -> Option<(usize, &'static [u8])> {
    let goes_on = |byte: u8| is_word(byte) || byte == b'/';
    match *rest {
        [b'$', ..] => field_separator(rest).or_else(|| match *rest {
            [_, b'@' | b'*' | b'?' | b'!' | b'_' | b'-', next, ..] if goes_on(next) => {
                Some((2, &b""[..]))
            }
            [_, b'@' | b'*', ..] => Some((2, b"")),
            [_, b'{', b'@' | b'*', b'}', ..] => Some((4, b"")),
            _ => None,
        }),
        [a @ (b'\'' | b'"' | b'`'), b, next, ..]
            if a == b && is_word(next) && before.is_some_and(is_word) =>
        {
            Some((2, b""))
        }
        [b'\\', next, ..] if next.is_ascii_lowercase() || next == b'/' => Some((1, b"")),
        _ => None,
    }
}

/// $IFS, ${IFS} and $IFS$9.
fn field_separator(rest: &[u8]) -> Option<(usize, &'static [u8])> {
    let mut length = 1 + usize::from(rest.get(1) == Some(&b'{'));
    length += rest[length..].starts_with(b"IFS").then_some(3)?;
    length += usize::from(rest.get(length) == Some(&b'}'));
    if let [b'$', b'0'..=b'9', ..] = rest[length..] {
        length += 2;
    }
    Some((length, b" "))
}

/// Up to three word signs between quotes in front of more: 'c'at.
fn unquoted(value: &[u8]) -> Vec<u8> {
    let is_quote = |byte: Option<&u8>| matches!(byte, Some(b'\'' | b'"'));
    let mut out = Vec::with_capacity(value.len());
    let mut at = 0;
    while at < value.len() {
        if is_quote(value.get(at)) {
            let inside = value[at + 1..]
                .iter()
                .take(4)
                .take_while(|&&b| is_word(b))
                .count();
            let end = at + 1 + inside;
            let goes_on = value.get(end + 1).is_some_and(|&b| is_word(b) || b == b'/');
            if inside <= 3 && is_quote(value.get(end)) && goes_on {
                out.extend_from_slice(&value[at + 1..end]);
                at = end + 1;
                continue;
            }
        }
        out.push(value[at]);
        at += 1;
    }
    out
}
