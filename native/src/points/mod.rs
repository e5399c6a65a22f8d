//! A request as named points: every place where a client can put a value, decoded to its depth.
//!
//! In: target, headers, decoded body. Out: points (`collect::Point`): where, as in `query.id` or
//! `body.json.user.name`; the bytes as sent; the value after each chain of decoders, so one place
//! gives several points. Each budget that was hit is named: what lies beyond it was not looked at.
//!
//! Decides nothing: what a value means is asked in services/detect.

pub mod body;
pub mod clean;
pub mod collect;
pub mod decoders;
pub mod form;
pub mod graphql;
pub mod json;
pub mod layers;
pub mod multipart;
pub mod readings;
pub mod request;
pub mod xml;

/// (name, value) as they stand in a document; repeats and order are kept: which of two equal names
/// a server takes is its own affair, so both are looked at.
pub type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// A request of an application rarely has a hundred; a thousand keeps a hostile one affordable.
pub const PAIRS_MAX: usize = 1_000;

/// A letter, digit or underscore.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// As `bytes.strip` and `\s` of Python have it.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

fn trimmed(bytes: &[u8]) -> &[u8] {
    let from = bytes.iter().position(|&byte| !is_blank(byte));
    let to = bytes.iter().rposition(|&byte| !is_blank(byte));
    match (from, to) {
        (Some(from), Some(to)) => &bytes[from..=to],
        _ => &[],
    }
}

/// What stands before the first `mark` and what behind it; None: there is no mark.
fn parted(bytes: &[u8], mark: u8) -> (&[u8], Option<&[u8]>) {
    match memchr::memchr(mark, bytes) {
        Some(at) => (&bytes[..at], Some(&bytes[at + 1..])),
        None => (bytes, None),
    }
}
