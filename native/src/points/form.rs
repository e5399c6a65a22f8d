//! Forms, queries and cookies.

use super::{PAIRS_MAX, Pairs, is_word, parted, trimmed};

/// How long a name is that a client encoded together with its = sign.
const ENCODED_NAME_MAX: usize = 64;

/// a=b&c=d; a piece without = is a value without a name.
///
/// Clients that encode a whole form send `a%3Db`, and lenient servers read it as a=b.
pub fn pairs(data: &[u8]) -> Pairs {
    let pieces = data.splitn(PAIRS_MAX + 1, |&byte| byte == b'&');
    pieces.filter(|piece| !piece.is_empty()).map(pair).collect()
}

fn pair(piece: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let (name, value) = match parted(piece, b'=') {
        (name, Some(value)) => (name, value),
        (_, None) => encoded_pair(piece).unwrap_or((b"", piece)),
    };
    (name.to_vec(), value.to_vec())
}

/// `a%3Db`, but not `a%3D` (the end of base64) nor `a%3D%3D`.
fn encoded_pair(piece: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = piece
        .iter()
        .position(|&byte| !(is_word(byte) || byte == b'.' || byte == b'-'))?;
    let value = equals_sign(&piece[end..])?;
    let is_pair = (1..=ENCODED_NAME_MAX).contains(&end) && !value.is_empty();
    (is_pair && equals_sign(value).is_none()).then_some((&piece[..end], value))
}

fn equals_sign(rest: &[u8]) -> Option<&[u8]> {
    rest.strip_prefix(b"%3d")
        .or_else(|| rest.strip_prefix(b"%3D"))
}

/// name=value; name=value.
pub fn cookies(data: &[u8]) -> Pairs {
    let pieces = data.splitn(PAIRS_MAX + 1, |&byte| byte == b';');
    let pairs = pieces.filter_map(|piece| match parted(trimmed(piece), b'=') {
        (_, Some(b"")) => None,
        (name, Some(value)) => Some((name.to_vec(), unquoted(value).to_vec())),
        (value, None) => Some((Vec::new(), value.to_vec())),
    });
    pairs.collect()
}

fn unquoted(mut value: &[u8]) -> &[u8] {
    while let [b'"', rest @ ..] = value {
        value = rest;
    }
    while let [rest @ .., b'"'] = value {
        value = rest;
    }
    value
}
