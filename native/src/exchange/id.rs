//! Exchange ids: the same bytes on the wire give the same id, whoever saw them and whenever.
//!
//! SHA-256, its first 16 bytes as hex, over:
//!
//! | bytes | what |
//! |---|---|
//! | 1 | `q`: the number is the client's (request); `s`: the server's (orphan response); `e`: a flow of TLS; `u`: of QUIC |
//! | 2 + n | length of the site, big-endian, and the site |
//! | 18 + 18 | the smaller and the greater endpoint: 16 bytes of address (IPv4: 12 bytes ff, then 4), port big-endian |
//! | 4 | absolute TCP sequence number of the first byte, big-endian; QUIC: FNV-1a of the client's first connection id |
//! | 4 | HTTP/2 stream id, big-endian; 0 otherwise |
//! | 4 | epoch, big-endian: how often this flow's numbers were used before; nearly always 0 |

use sha2::{Digest, Sha256};

use crate::flow::key::FlowKey;

/// What is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Of {
    Request = b'q',
    OrphanResponse = b's',
    Tls = b'e',
    Quic = b'u',
}

/// What an id is made of.
#[derive(Clone, Copy, Debug)]
pub struct Identity<'a> {
    pub site: &'a str,
    pub key: &'a FlowKey,
    pub of: Of,
    pub seq: u32,
    pub stream: u32,
    pub epoch: u32,
}

/// The id as 32 hex digits.
pub fn id(of: &Identity) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update([of.of as u8]);
    hash.update((of.site.len() as u16).to_be_bytes());
    hash.update(of.site.as_bytes());
    hash.update(of.key.endpoints());
    hash.update(of.seq.to_be_bytes());
    hash.update(of.stream.to_be_bytes());
    hash.update(of.epoch.to_be_bytes());
    let digest = hash.finalize();
    let mut out = [0; 32];
    for (pair, byte) in out.chunks_exact_mut(2).zip(digest.iter()) {
        pair.copy_from_slice(&hex(*byte));
    }
    out
}

/// A byte as two lower-case hex digits.
pub fn hex(byte: u8) -> [u8; 2] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    [
        DIGITS[usize::from(byte >> 4)],
        DIGITS[usize::from(byte & 15)],
    ]
}
