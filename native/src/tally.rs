//! The ledger of a worker while it counts: plain numbers, made into records once a second.
//!
//! Two layers. Reassembly counts TCP payload bytes; exchanges counts bytes of HTTP streams. Both
//! count bytes only: one packet may share its bytes among several fates.

use serde::{Deserialize, Serialize};

use crate::ledger::{Amount, Deltas};

/// Why payload bytes do not reach HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub enum Drop {
    /// Seen and used before, and compared with that.
    Duplicate,
    /// Covered by bytes that wait.
    Overlap,
    /// In front of where the flow was picked up.
    BeforeStart,
    /// Behind FIN or RST.
    AfterEnd,
    /// Further ahead than any receiver would take.
    OutOfWindow,
    NotHttp,
    Encrypted,
    /// Behind a 101 or a CONNECT that was granted.
    Switched,
    /// A panic was caught: the flow was given up.
    Bug,
}

const DROPS: [&str; 9] = [
    "duplicate",
    "overlap",
    "before_start",
    "after_end",
    "out_of_window",
    "not_http",
    "encrypted",
    "switched",
    "bug",
];

/// What nobody saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Missing {
    /// Holes in streams.
    Gap,
    /// Cut off by the capture.
    SnapCut,
    /// Blocks of an agent that never came; packets counts blocks.
    BlocksLost,
}

const MISSING: [&str; 3] = ["gap", "snap_cut", "blocks_lost"];

/// Numbers since the last ledger entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    pub entered: i64,
    pub left: i64,
    dropped: [i64; DROPS.len()],
    /// Change of the bytes that wait in flows.
    pub held: i64,
    missing: [i64; MISSING.len()],
    /// Stream bytes that belong to no message.
    pub discarded: i64,
    pub head: i64,
    pub body: i64,
    pub framing: i64,
    /// Change of the bytes of messages under way.
    pub messages_held: i64,
    /// Seen and used before, too long ago to be compared. Rows of version 1 end in front of it.
    pub duplicate_unchecked: i64,
}

impl Tally {
    pub fn drop(&mut self, cause: Drop, bytes: usize) {
        self.dropped[cause as usize] += bytes as i64;
    }

    /// Bytes that stayed closed, since the last ledger entry.
    pub fn encrypted(&self) -> u64 {
        self.dropped[Drop::Encrypted as usize] as u64
    }

    pub fn miss(&mut self, cause: Missing, amount: u64) {
        self.missing[cause as usize] += amount as i64;
    }

    /// Stream bytes go from TCP to HTTP.
    pub fn leave(&mut self, bytes: usize) {
        self.left += bytes as i64;
    }

    /// The two layers as ledger deltas: reassembly, exchanges.
    pub fn deltas(&self) -> [Deltas; 2] {
        let mut reassembly = Deltas {
            entered: bytes(self.entered),
            left: bytes(self.left),
            held: bytes(self.held),
            ..Deltas::default()
        };
        for (name, count) in named(&DROPS, &self.dropped) {
            reassembly.drop(name, bytes(count));
        }
        for (name, count) in named(&["duplicate_unchecked"], &[self.duplicate_unchecked]) {
            reassembly.drop(name, bytes(count));
        }
        for (name, count) in named(&MISSING, &self.missing) {
            let blocks = Amount {
                packets: count,
                bytes: 0,
            };
            reassembly.miss(
                name,
                if name == MISSING[2] {
                    blocks
                } else {
                    bytes(count)
                },
            );
        }
        let mut exchanges = Deltas {
            entered: bytes(self.left),
            left: bytes(self.head + self.body + self.framing),
            held: bytes(self.messages_held),
            ..Deltas::default()
        };
        for (name, count) in named(&["discarded"], &[self.discarded]) {
            exchanges.drop(name, bytes(count));
        }
        let parts = [self.head, self.body, self.framing];
        for (name, count) in named(&["head", "body", "framing"], &parts) {
            exchanges.parts.insert(name.to_owned(), bytes(count));
        }
        [reassembly, exchanges]
    }
}

fn bytes(bytes: i64) -> Amount {
    Amount { packets: 0, bytes }
}

/// Pairs of a name and a number that is not 0.
fn named<'a>(
    names: &'a [&'static str],
    numbers: &'a [i64],
) -> impl Iterator<Item = (&'static str, i64)> + 'a {
    names
        .iter()
        .copied()
        .zip(numbers.iter().copied())
        .filter(|(_, number)| *number != 0)
}
