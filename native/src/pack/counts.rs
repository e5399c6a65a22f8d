//! What the capture layer counts, without a look-up for each frame.

use crate::decode::Cause;
use crate::ledger::{Amount, Deltas};

/// Counters of the capture layer that are touched for every frame.
#[derive(Debug, Default)]
pub struct Counts {
    pub entered: Amount,
    pub left: Amount,
    dropped: [Amount; Cause::ALL.len()],
    /// Frames that the capture cut, and the bytes that it cut off.
    pub snapped: Amount,
    /// What happens to few frames.
    pub rest: Deltas,
}

impl Counts {
    #[inline]
    pub fn drop(&mut self, cause: Cause, amount: Amount) {
        self.dropped[cause as usize] += amount;
    }

    pub fn into_deltas(self) -> Deltas {
        let mut deltas = self.rest;
        deltas.entered += self.entered;
        deltas.left += self.left;
        for (cause, amount) in Cause::ALL.into_iter().zip(self.dropped) {
            if !amount.is_zero() {
                deltas.drop(cause.name(), amount);
            }
        }
        if !self.snapped.is_zero() {
            deltas.miss("snap_length", self.snapped);
        }
        deltas
    }
}
