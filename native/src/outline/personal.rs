//! Values that must not get into wrong hands, by their form and their check digits.
//!
//! Whatever says more than a form, the words around it, is for services/discovery/sensitive.py.

use super::words::{CARD, IBAN, MAC, NATIONAL_ID, PHONE, SECRET, TOKEN, all_digits};

/// Longer texts are prose or data; looking through them is detection's business.
const BYTES_MAX: usize = 4_096;
/// ISO/IEC 7812 and ISO 13616: the longest card number, the longest IBAN, with separators.
const CARD_DIGITS: std::ops::RangeInclusive<usize> = 13..=19;
const IBAN_BYTES: std::ops::RangeInclusive<usize> = 15..=34;
/// Key prefixes that their issuers document, with how many letters and digits follow at least.
const KEY_PREFIXES: [(&str, usize); 11] = [
    ("AKIA", 16),
    ("ASIA", 16),
    ("AIza", 30),
    ("ghp_", 30),
    ("gho_", 30),
    ("ghs_", 30),
    ("github_pat_", 40),
    ("sk_live_", 16),
    ("rk_live_", 16),
    ("glpat-", 20),
    ("xoxb-", 20),
];

/// Of an integer.
pub fn of_digits(text: &str) -> u16 {
    let digits = text.as_bytes();
    if CARD_DIGITS.contains(&digits.len()) && is_card(digits) {
        return CARD;
    }
    0
}

/// Of a string without a format.
pub fn of_text(text: &str) -> u16 {
    let bytes = text.as_bytes();
    if !(8..=BYTES_MAX).contains(&bytes.len()) {
        return 0;
    }
    if text.starts_with("eyJ") && is_jwt(text) {
        return TOKEN;
    }
    if is_key(text) {
        return SECRET;
    }
    if bytes.len() > 40 || !bytes.is_ascii() {
        return 0;
    }
    match bytes[0] {
        b'+' if is_phone(&text[1..]) => return PHONE,
        b'0'..=b'9'
            if grouped(bytes).is_some_and(|d| CARD_DIGITS.contains(&d.len()) && is_card(&d)) =>
        {
            return CARD;
        }
        _ => {}
    }
    if is_mac(bytes) {
        return MAC;
    }
    if bytes[0].is_ascii_alphabetic() && is_iban(bytes) {
        return IBAN;
    }
    if is_national_id(bytes) {
        NATIONAL_ID
    } else {
        0
    }
}

/// Digits in groups with one kind of separator; None: something else is in it.
fn grouped(bytes: &[u8]) -> Option<Vec<u8>> {
    let separator = bytes.iter().find(|b| !b.is_ascii_digit());
    if separator.is_some_and(|b| !matches!(b, b' ' | b'-')) {
        return None;
    }
    let digits: Vec<u8> = bytes
        .iter()
        .copied()
        .filter(|b| Some(b) != separator)
        .collect();
    all_digits(&digits).then_some(digits)
}

/// A number range that card schemes issue from, and the Luhn digit (ISO/IEC 7812-1, annex B).
fn is_card(digits: &[u8]) -> bool {
    let first = |count: usize| {
        digits[..count]
            .iter()
            .fold(0_u32, |n, d| n * 10 + u32::from(d - b'0'))
    };
    let length = digits.len();
    let issued = match first(2) {
        40..=49 => matches!(length, 13 | 16 | 19),
        51..=55 => length == 16,
        22..=27 => length == 16 && (2221..=2720).contains(&first(4)),
        34 | 37 => length == 15,
        30 | 36 | 38 | 39 => length == 14,
        35 => length == 16 && (3528..=3589).contains(&first(4)),
        60 | 64 | 65 => length == 16,
        62 => (16..=19).contains(&length),
        _ => false,
    };
    issued && luhn(digits) && digits.iter().any(|d| *d != digits[0])
}

fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(i, digit)| {
            let n = u32::from(digit - b'0') << (i & 1);
            n / 10 + n % 10
        })
        .sum();
    sum.is_multiple_of(10)
}

/// ISO 13616: country, two check digits, letters and digits; modulo 97 it leaves 1.
fn is_iban(bytes: &[u8]) -> bool {
    let compact: Vec<u8> = bytes.iter().copied().filter(|b| *b != b' ').collect();
    if !IBAN_BYTES.contains(&compact.len())
        || !compact[..2].iter().all(u8::is_ascii_uppercase)
        || !all_digits(&compact[2..4])
    {
        return false;
    }
    let mut rest = 0_u32;
    for byte in compact[4..].iter().chain(&compact[..4]) {
        rest = match byte {
            b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
            b'A'..=b'Z' => (rest * 100 + u32::from(byte - b'A') + 10) % 97,
            _ => return false,
        };
    }
    rest == 1
}

/// E.164 behind its plus: eight to fifteen digits, with the separators that people write.
fn is_phone(rest: &str) -> bool {
    let digits = rest.bytes().filter(u8::is_ascii_digit).count();
    (8..=15).contains(&digits)
        && rest
            .bytes()
            .all(|b| b.is_ascii_digit() || b" -().".contains(&b))
}

fn is_mac(bytes: &[u8]) -> bool {
    bytes.len() == 17
        && bytes.iter().enumerate().all(|(i, b)| match i % 3 {
            2 => *b == bytes[2] && matches!(b, b':' | b'-'),
            _ => b.is_ascii_hexdigit(),
        })
}

/// RFC 7519, as it is written: three parts of base64url.
fn is_jwt(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    parts.len() == 3 && parts.iter().all(|part| part.bytes().all(word)) && parts[1].len() > 2
}

fn is_key(text: &str) -> bool {
    if text.starts_with("-----BEGIN ") && text.contains("PRIVATE KEY-----") {
        return true;
    }
    KEY_PREFIXES.iter().any(|(prefix, least)| {
        text.strip_prefix(prefix).is_some_and(|rest| {
            rest.len() >= *least
                && rest
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
        })
    })
}

/// Numbers that states give to people, in the forms that are written with their check digits.
fn is_national_id(bytes: &[u8]) -> bool {
    match bytes.len() {
        9 => is_dni(bytes),
        11 => is_us_ssn(bytes) || is_personnummer(bytes) || is_hetu(bytes),
        14 => is_cpf(bytes),
        16 => is_codice_fiscale(bytes),
        _ => false,
    }
}

fn number(digits: &[u8]) -> u32 {
    digits
        .iter()
        .fold(0, |n, digit| n * 10 + u32::from(digit - b'0'))
}

/// Spain: eight digits, a letter by the rest modulo 23 (Real Decreto 1553/2005).
fn is_dni(bytes: &[u8]) -> bool {
    all_digits(&bytes[..8])
        && bytes[8] == b"TRWAGMYFPDXBNJZSQVHLCKE"[(number(&bytes[..8]) % 23) as usize]
}

/// United States: 123-45-6789, ranges by the Social Security Administration (2011).
fn is_us_ssn(bytes: &[u8]) -> bool {
    if bytes[3] != b'-' || bytes[6] != b'-' {
        return false;
    }
    let (area, group, serial) = (&bytes[..3], &bytes[4..6], &bytes[7..]);
    [area, group, serial].iter().all(|part| all_digits(part))
        && !matches!(number(area), 0 | 666 | 900..)
        && number(group) != 0
        && number(serial) != 0
}

/// Sweden: YYMMDD-NNNN or YYMMDD+NNNN with the Luhn digit.
fn is_personnummer(bytes: &[u8]) -> bool {
    let digits = [&bytes[..6], &bytes[7..]].concat();
    matches!(bytes[6], b'-' | b'+')
        && all_digits(&digits)
        && (1..=12).contains(&number(&digits[2..4]))
        && (1..=31).contains(&number(&digits[4..6]))
        && luhn(&digits)
}

/// Finland: DDMMYY, a sign for the century, NNN and a letter by the rest modulo 31.
fn is_hetu(bytes: &[u8]) -> bool {
    if !b"-+ABCDEFYXWVU".contains(&bytes[6]) {
        return false;
    }
    let digits = [&bytes[..6], &bytes[7..10]].concat();
    all_digits(&digits)
        && bytes[10] == b"0123456789ABCDEFHJKLMNPRSTUVWXY"[(number(&digits) % 31) as usize]
}

/// Brazil: 123.456.789-09, two check digits modulo 11.
fn is_cpf(bytes: &[u8]) -> bool {
    if (bytes[3], bytes[7], bytes[11]) != (b'.', b'.', b'-') {
        return false;
    }
    let digits = [&bytes[..3], &bytes[4..7], &bytes[8..11], &bytes[12..]].concat();
    let check = |count: usize| {
        let weights = (2..=count as u32 + 1).rev();
        let sum: u32 = digits[..count]
            .iter()
            .zip(weights)
            .map(|(digit, weight)| u32::from(digit - b'0') * weight)
            .sum();
        b'0' + (sum * 10 % 11 % 10) as u8
    };
    all_digits(&digits)
        && digits.iter().any(|d| *d != digits[0])
        && digits[9] == check(9)
        && digits[10] == check(10)
}

/// Italy: sixteen characters, the last by sums over odd and even places (D.M. 23 December 1976).
fn is_codice_fiscale(bytes: &[u8]) -> bool {
    const ODD: [u32; 26] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24,
        23,
    ];
    let formed = bytes.iter().enumerate().all(|(i, b)| match i {
        6 | 7 | 9 | 10 | 12..=14 => b.is_ascii_digit(),
        _ => b.is_ascii_uppercase(),
    });
    if !formed {
        return false;
    }
    let value = |b: u8| if b.is_ascii_digit() { b - b'0' } else { b - b'A' } as usize;
    let sum: u32 = bytes[..15]
        .iter()
        .enumerate()
        .map(|(i, b)| match i % 2 {
            0 => ODD[value(*b)],
            _ => value(*b) as u32,
        })
        .sum();
    u32::from(bytes[15] - b'A') == sum % 26
}

#[cfg(test)]
mod tests {
    use super::super::words::SENSITIVE;
    use super::*;

    #[test]
    fn forms_and_check_digits_tell() {
        for (text, name) in [
            ("4111 1111 1111 1111", "card"),
            ("4111111111111111", "card"),
            ("378282246310005", "card"),
            ("DE89370400440532013000", "iban"),
            ("GB82 WEST 1234 5698 7654 32", "iban"),
            ("+49 (30) 901820", "phone"),
            ("02:00:5e:10:00:01", "mac"),
            ("12345678Z", "national_id"),
            ("078-05-1120", "national_id"),
            ("811228-9874", "national_id"),
            ("131052-308T", "national_id"),
            ("529.982.247-25", "national_id"),
            ("RSSMRA85T10A562S", "national_id"),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "token"),
            ("AKIAIOSFODNN7EXAMPLE", "secret"),
        ] {
            let bits = of_text(text);
            assert_eq!(bits.count_ones(), 1, "{text}");
            assert_eq!(SENSITIVE[bits.trailing_zeros() as usize], name, "{text}");
        }
    }

    #[test]
    fn near_misses_are_nothing() {
        for text in [
            "4111 1111 1111 1112",
            "4111-1111 1111 1111",
            "0000000000000000",
            "1700000000000000",
            "DE89370400440532013001",
            "+49",
            "+tag-12345678",
            "02:00:5e:10:00-01",
            "12345678A",
            "078-00-1120",
            "811328-9874",
            "131052-308A",
            "529.982.247-26",
            "111.111.111-11",
            "RSSMRA85T10A562T",
            "eyJ.a",
            "AKIA-SHORT",
            "an ordinary sentence",
            "2026.11.23-x",
        ] {
            assert_eq!(of_text(text), 0, "{text}");
        }
        assert_eq!(of_digits("1700000000000"), 0, "milliseconds");
        assert_eq!(of_digits("4111111111111111"), CARD);
    }
}
