//! Bytes that only grow, and how much of them is already in state rows.
//!
//! A flow's row names its blobs; their bytes stand in piece rows, one for what each `take` found
//! new. So a large body is written once, however often its flow changes.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blob {
    /// Counts up in its flow from 1; 0: not in any row yet.
    pub id: u32,
    /// Piece rows written.
    pub pieces: u32,
    /// Bytes in those rows.
    pub saved: u32,
    #[serde(skip)]
    pub bytes: Vec<u8>,
}

impl Blob {
    pub fn of(bytes: Vec<u8>) -> Self {
        Blob {
            bytes,
            ..Blob::default()
        }
    }

    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The next piece to write, if bytes came since the last; `fresh_id` names a new blob.
    /// Gives (piece number, its first byte).
    pub fn next_piece(&mut self, fresh_id: &mut u32) -> Option<(u32, usize)> {
        if self.bytes.len() == self.saved as usize {
            return None;
        }
        if self.id == 0 {
            *fresh_id += 1;
            self.id = *fresh_id;
        }
        let piece = (self.pieces, self.saved as usize);
        self.pieces += 1;
        self.saved = self.bytes.len() as u32;
        Some(piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_holds_what_is_new() {
        let (mut blob, mut ids) = (Blob::default(), 4);
        assert_eq!(blob.next_piece(&mut ids), None);
        blob.bytes.extend(b"abc");
        assert_eq!(blob.next_piece(&mut ids), Some((0, 0)));
        blob.bytes.extend(b"de");
        assert_eq!(blob.next_piece(&mut ids), Some((1, 3)));
        assert_eq!(blob.next_piece(&mut ids), None);
        assert_eq!((blob.id, ids), (5, 5));
    }
}
