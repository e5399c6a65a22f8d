//! What one direction said lately, kept to be compared with what is sent again.
//!
//! A sender that repeats itself with other bytes shows one thing to the server and another to
//! whoever watches (Ptacek and Newsham, 1998). The bytes of messages under way are kept, the last
//! 64 KiB of them at least and twice that at most; they go when the exchange is over.

use serde::{Deserialize, Serialize};

use super::blob::Blob;
use crate::limits::RECENT_BYTES;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Recent {
    /// Position of the first byte of `older`.
    start: u64,
    older: Blob,
    newer: Blob,
}

/// What comparing a repeat gave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Bytes that were compared.
    pub bytes: usize,
    /// The position of the first that differs.
    pub differs: Option<u64>,
}

impl Recent {
    /// Bytes were used. Behind a hole it begins anew.
    pub fn push(&mut self, start: u64, bytes: &[u8]) {
        if start != self.end() {
            *self = Recent {
                start,
                ..Recent::default()
            };
        }
        if self.newer.len() + bytes.len() > RECENT_BYTES && !self.newer.is_empty() {
            self.start += self.older.len() as u64;
            self.older = std::mem::take(&mut self.newer);
        }
        self.newer.bytes.extend_from_slice(bytes);
    }

    /// Holds a repeat of bytes that were used, as far as they are still known.
    pub fn compare(&self, start: u64, bytes: &[u8]) -> Compared {
        let newer_start = self.start + self.older.len() as u64;
        let mut out = compare(self.start, &self.older.bytes, start, bytes);
        out.add(compare(newer_start, &self.newer.bytes, start, bytes));
        out
    }

    pub fn start(&self) -> u64 {
        self.start
    }

    pub fn end(&self) -> u64 {
        self.start + (self.older.len() + self.newer.len()) as u64
    }

    pub fn is_empty(&self) -> bool {
        self.newer.is_empty()
    }

    pub fn blobs(&mut self) -> [&mut Blob; 2] {
        [&mut self.older, &mut self.newer]
    }
}

impl Compared {
    pub fn add(&mut self, other: Compared) {
        self.bytes += other.bytes;
        self.differs = self.differs.or(other.differs);
    }
}

/// Holds `again`, which begins at `start`, to what is known from `kept_start` on.
pub fn compare(kept_start: u64, kept: &[u8], start: u64, again: &[u8]) -> Compared {
    let from = start.max(kept_start);
    let until = (start + again.len() as u64).min(kept_start + kept.len() as u64);
    if from >= until {
        return Compared::default();
    }
    let bytes = (until - from) as usize;
    let first = &kept[(from - kept_start) as usize..][..bytes];
    let again = &again[(from - start) as usize..][..bytes];
    let same = || first.iter().zip(again).take_while(|(a, b)| a == b).count();
    Compared {
        bytes,
        differs: (first != again).then(|| from + same() as u64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeat_is_held_to_what_is_known() {
        let mut recent = Recent::default();
        recent.push(100, b"abc");
        recent.push(103, b"def");
        let same = |bytes, differs| Compared { bytes, differs };
        assert_eq!(recent.compare(98, b"??abcdef??"), same(6, None));
        assert_eq!(recent.compare(101, b"bXd"), same(3, Some(102)));
        assert_eq!(recent.compare(90, b"abc"), same(0, None));
        recent.push(200, b"new");
        assert_eq!(recent.compare(103, b"def"), same(0, None));
    }

    #[test]
    fn it_keeps_so_many_bytes_and_no_more() {
        let (mut recent, segment) = (Recent::default(), [7; 1_000]);
        for number in 0..1_000 {
            recent.push(number * 1_000, &segment);
            let kept = recent.blobs().map(|blob| blob.len()).iter().sum::<usize>();
            assert!(kept <= 2 * RECENT_BYTES);
            assert!(kept >= RECENT_BYTES.min(1_000 * (number as usize + 1)) - 1_000);
        }
        assert_eq!(recent.compare(999_000, &[8; 1]).differs, Some(999_000));
        assert_eq!(recent.compare(0, &segment).bytes, 0);
    }
}
