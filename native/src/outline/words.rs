//! What one value is: its kind, its format in JSON Schema's words, what it may give away.

use super::personal;

/// JSON kinds as services/discovery/shape.py names them, by bit.
pub const KINDS: [&str; 7] = [
    "nulls", "booleans", "integers", "numbers", "strings", "objects", "arrays",
];
pub const NULL: u8 = 1;
pub const BOOLEAN: u8 = 1 << 1;
pub const INTEGER: u8 = 1 << 2;
pub const NUMBER: u8 = 1 << 3;
pub const STRING: u8 = 1 << 4;
pub const OBJECT: u8 = 1 << 5;
pub const ARRAY: u8 = 1 << 6;

/// Formats of strings by bit, in the order of their names; the first: none.
pub const FORMATS: [&str; 7] = ["", "date", "date-time", "email", "ipv4", "uri", "uuid"];
const NONE: u16 = 1;
const DATE: u16 = 1 << 1;
const DATE_TIME: u16 = 1 << 2;
const EMAIL: u16 = 1 << 3;
const IPV4: u16 = 1 << 4;
const URI: u16 = 1 << 5;
const UUID: u16 = 1 << 6;

/// Kinds of sensitive values by bit.
pub const SENSITIVE: [&str; 8] = [
    "card",
    "email",
    "iban",
    "mac",
    "national_id",
    "phone",
    "secret",
    "token",
];
pub const CARD: u16 = 1;
pub const E_MAIL: u16 = 1 << 1;
pub const IBAN: u16 = 1 << 2;
pub const MAC: u16 = 1 << 3;
pub const NATIONAL_ID: u16 = 1 << 4;
pub const PHONE: u16 = 1 << 5;
pub const SECRET: u16 = 1 << 6;
pub const TOKEN: u16 = 1 << 7;
/// Those that other numbers are by chance.
pub const DOUBTFUL: [u16; 2] = [CARD, NATIONAL_ID];

/// Longer texts have no format that matters.
const FORMAT_BYTES_MAX: usize = 2_048;
const NAME_BYTES_MAX: usize = 64;
/// 64 bits have nineteen digits and a sign.
const INTEGER_DIGITS_MAX: usize = 19;

#[derive(Clone, Copy, Default)]
pub struct Word {
    pub kind: u8,
    pub formats: u16,
    pub sensitive: u16,
}

impl Word {
    pub fn of(kind: u8) -> Self {
        Word {
            kind,
            ..Word::default()
        }
    }
}

pub fn of_integer(text: &str) -> Word {
    Word {
        sensitive: personal::of_digits(text),
        ..Word::of(INTEGER)
    }
}

pub fn of_string(text: &str) -> Word {
    let formats = format(text);
    let sensitive = match formats {
        EMAIL => E_MAIL,
        NONE => personal::of_text(text),
        _ => 0,
    };
    Word {
        kind: STRING,
        formats,
        sensitive,
    }
}

/// A text that may mean a number or a boolean.
pub fn of_text(text: &str) -> Word {
    match text {
        "true" | "false" => return Word::of(BOOLEAN),
        _ if is_integer(text) => return of_integer(text),
        _ if is_number(text) => return Word::of(NUMBER),
        _ => {}
    }
    of_string(text)
}

fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    all_digits(digits)
        && digits.len() <= INTEGER_DIGITS_MAX
        && (digits.len() == 1 || digits[0] != b'0')
}

fn is_number(text: &str) -> bool {
    let Some((whole, rest)) = text.split_once('.') else {
        return false;
    };
    let (fraction, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    let unsigned = |text: &str| text.strip_prefix(['+', '-']).unwrap_or(text).to_owned();
    all_digits(whole.strip_prefix('-').unwrap_or(whole).as_bytes())
        && all_digits(fraction.as_bytes())
        && exponent.is_none_or(|text| all_digits(unsigned(text).as_bytes()))
}

pub fn all_digits(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit)
}

/// Whether a property's name is surely a value: what is less plain is for Python to say.
pub fn is_value_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    bytes.len() > NAME_BYTES_MAX
        || all_digits(bytes.strip_prefix(b"-").unwrap_or(bytes))
        || is_uuid(bytes)
        || (bytes.contains(&b'@') && is_email(name))
}

fn format(text: &str) -> u16 {
    let bytes = text.as_bytes();
    if !(6..=FORMAT_BYTES_MAX).contains(&bytes.len()) {
        return NONE;
    }
    if bytes[4] == b'-' && is_day(bytes) {
        return match bytes.len() {
            10 => DATE,
            _ if is_moment(&bytes[10..]) => DATE_TIME,
            _ => NONE,
        };
    }
    if is_uuid(bytes) {
        return UUID;
    }
    if text.starts_with("http://") || text.starts_with("https://") {
        return URI;
    }
    if bytes.contains(&b'@') && is_email(text) {
        return EMAIL;
    }
    if bytes.len() <= 15 && is_ipv4(text) {
        return IPV4;
    }
    NONE
}

/// The beginning: YYYY-MM-DD.
fn is_day(bytes: &[u8]) -> bool {
    bytes.len() >= 10
        && all_digits(&bytes[..4])
        && bytes[7] == b'-'
        && all_digits(&bytes[5..7])
        && all_digits(&bytes[8..10])
        && bytes[5] <= b'1'
        && bytes[8] <= b'3'
}

/// What follows the day: T, hours and minutes, then seconds with a fraction and a zone, or not.
fn is_moment(rest: &[u8]) -> bool {
    if rest.len() < 6
        || !matches!(rest[0], b'T' | b't' | b' ')
        || rest[3] != b':'
        || !all_digits(&rest[1..3])
        || !all_digits(&rest[4..6])
    {
        return false;
    }
    let mut rest = &rest[6..];
    if rest.len() >= 3 && rest[0] == b':' && all_digits(&rest[1..3]) {
        rest = &rest[3..];
        if rest.first() == Some(&b'.') {
            let end = rest[1..]
                .iter()
                .position(|b| !b.is_ascii_digit())
                .map_or(rest.len(), |at| at + 1);
            if end == 1 {
                return false;
            }
            rest = &rest[end..];
        }
    }
    match rest {
        [] | [b'Z' | b'z'] => true,
        [b'+' | b'-', zone @ ..] => match zone.len() {
            4 => all_digits(zone),
            5 => zone[2] == b':' && all_digits(&zone[..2]) && all_digits(&zone[3..]),
            _ => false,
        },
        _ => false,
    }
}

pub fn is_uuid(bytes: &[u8]) -> bool {
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => *b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

/// RFC 5321 as people use it: dot-atoms, and a domain with a dot in it.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    !local.is_empty()
        && local.chars().all(|c| word(c) || ".+%".contains(c))
        && domain.contains('.')
        && domain
            .split('.')
            .all(|label| !label.is_empty() && label.chars().all(word))
}

fn is_ipv4(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    parts.len() == 4
        && parts
            .iter()
            .all(|part| part.len() <= 3 && all_digits(part.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_named() {
        for (text, name) in [
            ("2026-11-23", "date"),
            ("2026-11-23T08:00", "date-time"),
            ("2026-11-23T08:00:00.125Z", "date-time"),
            ("2026-11-23 08:00:00+0100", "date-time"),
            ("2026-11-23T08:00:00.Z", ""),
            ("2026-11-23T", ""),
            ("2026-91-23", ""),
            ("f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "uuid"),
            ("https://a.example/", "uri"),
            ("ann.b+c@shop.example", "email"),
            ("ann@shop", ""),
            ("@shop.example", ""),
            ("a@b@c.example", ""),
            ("192.0.2.1", "ipv4"),
            ("1.2.3.4.5", ""),
            ("soon", ""),
        ] {
            let bit = format(text);
            assert_eq!(FORMATS[bit.trailing_zeros() as usize], name, "{text}");
        }
    }

    #[test]
    fn names_that_are_surely_values() {
        for name in [
            "17",
            "-4",
            "a@b.example",
            "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
        ] {
            assert!(is_value_name(name), "{name}");
        }
        for name in ["", "a", "2fa", "@id", "-", "user@"] {
            assert!(!is_value_name(name), "{name}");
        }
    }
}
