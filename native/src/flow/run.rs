//! Pieces of a TCP stream: as they are handed over, and while they wait.

use serde::{Deserialize, Serialize};

use super::blob::Blob;

/// Ordered bytes and where they come from.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    pub start: u64,
    /// Packet time.
    pub at_us: i64,
    /// The clock of timers when the packet came.
    pub now_us: i64,
    /// Position in the other direction up to which the sender had received.
    pub ack: Option<u64>,
    pub bytes: &'a [u8],
}

/// A segment, or a part of one, that waits.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Waiting {
    pub start: u64,
    pub at_us: i64,
    pub now_us: i64,
    pub ack: Option<u64>,
    pub(super) blob: Blob,
    /// Bytes of `blob` in front that were used already.
    pub(super) skip: u32,
    /// Without bytes: so many that the capture cut off, known to be missing.
    pub hole_bytes: u32,
}

impl Waiting {
    pub fn end(&self) -> u64 {
        self.start + (self.blob.len() as u64 - u64::from(self.skip)) + u64::from(self.hole_bytes)
    }

    pub fn run(&self) -> Run<'_> {
        let bytes = &self.blob.bytes[self.skip as usize..];
        Run {
            start: self.start,
            at_us: self.at_us,
            now_us: self.now_us,
            ack: self.ack,
            bytes,
        }
    }

    pub fn blob(&mut self) -> &mut Blob {
        &mut self.blob
    }

    /// Other bytes stand here at `at`.
    pub fn differs(&self, at: u64, bytes: &[u8]) -> bool {
        let from = (at - self.start) as usize + self.skip as usize;
        let kept = self.blob.bytes.get(from..).unwrap_or_default();
        kept.iter().zip(bytes).any(|(a, b)| a != b)
    }
}
