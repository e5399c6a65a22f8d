//! Where packets come from: capture files, network interfaces, UDP ports of tunnels.

pub mod bpf;
pub mod feed;
pub mod file;
pub mod interface;
pub mod listener;
pub mod pcap;
pub mod pcapng;
mod resolution;
mod ring;
mod socket;

use std::io;

use crate::decode::link::Link;
use crate::ledger::{Amount, Deltas};

/// The largest frame believed. Linux hands out at most 512 KiB (BIG TCP); what claims more is
/// damage, and believing it would let one flipped bit allocate gigabytes.
pub const FRAME_BYTES_MAX: usize = 1 << 20;

/// One frame as captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Microseconds since 1970; finer clocks are cut to it.
    pub at_us: i64,
    /// Length on the wire; at least the captured bytes.
    pub wire_bytes: u32,
    /// None: a link type that sidetap does not read.
    pub link: Option<Link>,
    /// The filter did not want it: it is counted, nothing else.
    pub filtered: bool,
    pub bytes: &'a [u8],
}

/// What a Packer reads from.
pub trait Source {
    /// The next frame; None: nothing now (what is live) or nothing more (a file).
    fn next(&mut self) -> io::Result<Option<Frame<'_>>>;

    /// A round of reading begins: `next` may wait once in it.
    fn begin(&mut self) {}

    /// What was lost on this side of `next` since the last call: damage, kernel drops.
    fn losses(&mut self) -> Deltas;
}

/// What a file format says of a frame; its bytes are the first that the feed has at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    pub at_us: i64,
    pub captured_bytes: usize,
    pub wire_bytes: u32,
    pub link: Option<Link>,
}

/// Why a file can't be read any further.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Damage {
    pub what: &'static str,
    /// Of a frame that was cut: bytes that are there.
    pub present: Amount,
    /// Packets and bytes that should be there and are not.
    pub absent: Amount,
}

impl Damage {
    /// A frame whose last bytes are not there.
    pub fn cut(present: usize, claimed: usize) -> Self {
        Damage {
            what: "the file ends inside a packet",
            present: Amount::one(present),
            absent: Amount {
                packets: 0,
                bytes: (claimed - present) as i64,
            },
        }
    }
}

/// What a file format finds next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Frame(Shape),
    End,
    Damaged(Damage),
}

impl Step {
    pub fn damaged(what: &'static str) -> Self {
        Step::Damaged(Damage {
            what,
            ..Damage::default()
        })
    }
}
