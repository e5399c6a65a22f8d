//! Handshake messages out of the bytes of handshake records, which cut them anywhere.

use serde::{Deserialize, Serialize};

pub const CLIENT_HELLO: u8 = 1;
pub const SERVER_HELLO: u8 = 2;
pub const END_OF_EARLY_DATA: u8 = 5;
pub const HELLO_RETRY_REQUEST: u8 = 6;
pub const ENCRYPTED_EXTENSIONS: u8 = 8;
pub const FINISHED: u8 = 20;
pub const KEY_UPDATE: u8 = 24;

const HEAD_BYTES: usize = 4;
/// Bytes kept of one message; a hello has at most a few kilobytes.
const MESSAGE_BYTES_MAX: usize = 64 << 10;

/// A whole message; its body is empty where nobody reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub kind: u8,
    pub body: Vec<u8>,
}

/// Reads one direction's messages.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Reader {
    part: Vec<u8>,
    /// Bytes left of a message that nobody reads.
    skip: u32,
    /// Bytes are missing: where the next message begins is unknown.
    pub lost: bool,
}

impl Reader {
    pub fn feed(&mut self, bytes: &[u8], found: &mut Vec<Message>) {
        if self.lost {
            return;
        }
        let passed = bytes.len().min(self.skip as usize);
        self.skip -= passed as u32;
        self.part.extend_from_slice(&bytes[passed..]);
        while let Some(&[kind, a, b, c]) = self.part.first_chunk::<HEAD_BYTES>() {
            let body_bytes = u32::from_be_bytes([0, a, b, c]) as usize;
            let end = HEAD_BYTES + body_bytes;
            let read = matches!(
                kind,
                CLIENT_HELLO
                    | SERVER_HELLO
                    | HELLO_RETRY_REQUEST
                    | ENCRYPTED_EXTENSIONS
                    | KEY_UPDATE
            ) && body_bytes <= MESSAGE_BYTES_MAX;
            if read && self.part.len() < end {
                return;
            }
            let there = end.min(self.part.len());
            let body = if read {
                self.part[HEAD_BYTES..end].to_vec()
            } else {
                Vec::new()
            };
            self.part.drain(..there);
            self.skip = (end - there) as u32;
            found.push(Message { kind, body });
        }
        if self.part.is_empty() {
            self.part = Vec::new();
        }
    }

    /// Starts anew: other keys, other messages.
    pub fn reset(&mut self) {
        *self = Reader::default();
    }

    /// A record with messages is missing.
    pub fn lose(&mut self) {
        *self = Reader {
            lost: true,
            ..Reader::default()
        };
    }

    /// A message is under way.
    pub fn is_inside(&self) -> bool {
        self.skip > 0 || !self.part.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_whatever_the_records() {
        let certificate = [&[11, 0, 1, 0][..], &[7; 256]].concat();
        let all = [
            &[1, 0, 0, 2, 8, 9][..],
            &certificate,
            &[20, 0, 0, 0],
            &[24, 0, 0, 1, 1],
        ]
        .concat();
        let whole = |kind, body: &[u8]| Message {
            kind,
            body: body.to_vec(),
        };
        let expected = [
            whole(1, &[8, 9]),
            whole(11, b""),
            whole(20, b""),
            whole(24, &[1]),
        ];
        for cut in 1..all.len() {
            let (mut reader, mut found) = (Reader::default(), Vec::new());
            all.chunks(cut)
                .for_each(|chunk| reader.feed(chunk, &mut found));
            assert_eq!(found, expected);
            assert!(!reader.is_inside());
        }
    }

    #[test]
    fn a_message_larger_than_any_hello_is_not_kept() {
        let (mut reader, mut found) = (Reader::default(), Vec::new());
        reader.feed(&[1, 255, 255, 255], &mut found);
        for _ in 0..100 {
            reader.feed(&[0; 10_000], &mut found);
        }
        assert!(reader.part.is_empty() && reader.is_inside());
        assert_eq!(found.len(), 1);
    }
}
