//! JA4: a fingerprint of the ClientHello. Source: FoxIO's JA4 technical details, BSD 3-Clause.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::extensions::{ALPN, SERVER_NAME};
use super::hello::{ClientHello, is_grease};

const HASH_DIGITS: usize = 12;
const COUNT_MAX: usize = 99;

/// `transport` is t for TCP, q for QUIC.
pub fn ja4(hello: &ClientHello, transport: char) -> String {
    let real = |values: &[u16]| -> Vec<u16> {
        values
            .iter()
            .copied()
            .filter(|&value| !is_grease(value))
            .collect()
    };
    let mut suites = real(&hello.suites);
    let mut kinds = real(&hello.extensions);
    let named = if kinds.contains(&SERVER_NAME) {
        'd'
    } else {
        'i'
    };
    let (suite_count, kind_count) = (suites.len().min(COUNT_MAX), kinds.len().min(COUNT_MAX));
    suites.sort_unstable();
    kinds.retain(|&kind| kind != SERVER_NAME && kind != ALPN);
    kinds.sort_unstable();
    let mut said = list(&kinds);
    let signatures = real(&hello.signatures);
    if !signatures.is_empty() {
        said += "_";
        said += &list(&signatures);
    }
    let said = if kinds.is_empty() {
        String::new()
    } else {
        said
    };
    format!(
        "{transport}{}{named}{suite_count:02}{kind_count:02}{}_{}_{}",
        version(hello.offered()),
        ends(hello.protocol.as_deref().unwrap_or_default()),
        digest(&list(&suites)),
        digest(&said),
    )
}

fn version(version: u16) -> &'static str {
    match version {
        0x0304 => "13",
        0x0303 => "12",
        0x0302 => "11",
        0x0301 => "10",
        0x0300 => "s3",
        0x0002 => "s2",
        _ => "00",
    }
}

/// First and last character of the protocol; of its hex digits where one is no letter or digit.
fn ends(protocol: &[u8]) -> String {
    let (Some(&first), Some(&last)) = (protocol.first(), protocol.last()) else {
        return "00".to_owned();
    };
    if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() {
        return [char::from(first), char::from(last)].iter().collect();
    }
    format!("{:x}{:x}", first >> 4, last & 15)
}

fn list(values: &[u16]) -> String {
    let digits: Vec<String> = values.iter().map(|value| format!("{value:04x}")).collect();
    digits.join(",")
}

fn digest(said: &str) -> String {
    if said.is_empty() {
        return "0".repeat(HASH_DIGITS);
    }
    let mut out = String::new();
    for byte in &Sha256::digest(said)[..HASH_DIGITS / 2] {
        // Writing to a string cannot fail.
        let _ = write!(out, "{byte:02x}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    #[test]
    fn the_example_of_the_specification() {
        let hello = ClientHello {
            version: 0x0303,
            versions: vec![0x0a0a, 0x0304, 0x0303],
            suites: vec![
                0x7a7a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8,
                0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035,
            ],
            extensions: vec![
                0xdada, 0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d, 0x0005,
                0x0023, 0x0012, 0x002b, 0xff01, 0x000b, 0x000a, 0x0015,
            ],
            signatures: vec![
                0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601,
            ],
            protocol: Some(b"h2".to_vec()),
            ..ClientHello::default()
        };
        assert_eq!(ja4(&hello, 't'), "t13d1516h2_8daaf6152771_e5627efa2ab1");
    }

    #[test]
    fn what_is_not_there_is_zeros() {
        let hello = ClientHello {
            version: 0x0301,
            ..ClientHello::default()
        };
        assert_eq!(
            ja4(&hello, 't'),
            format!("t10i000000_{0}_{0}", "0".repeat(12))
        );
        assert_eq!(ends(b"h2"), "h2");
        assert_eq!(ends(b"\xabcd\xef"), "af");
        assert_eq!(ends(b"x"), "xx");
    }
}
