//! One datagram under way: its pieces, its holes, and what it is once it is whole.

use super::{Fragment, Tags};
use crate::ledger::{Amount, Deltas};

/// Separate pieces of one datagram: 64 KiB in fragments of 1280 bytes are 52.
pub const PIECES_MAX: usize = 256;
/// What IP's length fields can say.
pub const DATAGRAM_BYTES_MAX: usize = 65_535;

/// A datagram under way.
#[derive(Debug)]
pub struct Datagram {
    /// Tells it from others that used the same key before.
    pub serial: u64,
    header: Vec<u8>,
    payload: Vec<u8>,
    /// Ranges of `payload` that are there: sorted, apart.
    pieces: Vec<(usize, usize)>,
    /// Payload bytes of the whole; known from the last fragment.
    whole: Option<usize>,
    /// Frames and captured bytes.
    pub held: Amount,
    /// Captured bytes of those that are not payload.
    around: i64,
    /// Payload bytes that were there before.
    overlap: i64,
}

/// A datagram that is whole.
#[derive(Debug, PartialEq, Eq)]
pub struct Joined {
    /// Begins with the IP header; lengths, fragment fields and checksum are those of the whole.
    pub datagram: Vec<u8>,
    pub tags: Tags,
    pub depth: usize,
}

/// Fragments that can't belong to one datagram, or too many pieces.
pub struct Unfit;

impl Datagram {
    pub fn new(serial: u64) -> Self {
        Datagram {
            serial,
            header: Vec::new(),
            payload: Vec::new(),
            pieces: Vec::new(),
            whole: None,
            held: Amount::default(),
            around: 0,
            overlap: 0,
        }
    }

    /// Payload bytes in memory.
    pub fn bytes(&self) -> usize {
        self.payload.len()
    }

    /// Takes a fragment of a frame with so many captured bytes.
    pub fn add(&mut self, fragment: &Fragment, captured_bytes: usize) -> Result<(), Unfit> {
        self.held += Amount::one(captured_bytes);
        self.around += (captured_bytes - fragment.payload.len()) as i64;
        let (start, end) = (
            fragment.part.offset,
            fragment.part.offset + fragment.payload.len(),
        );
        let whole = if fragment.part.more {
            self.whole
        } else {
            Some(end)
        };
        let is_beyond = whole.is_some_and(|whole| whole < end.max(self.payload.len()));
        if is_beyond || self.whole.is_some_and(|known| Some(known) != whole) {
            return Err(Unfit);
        }
        self.whole = whole;
        if start == 0 && self.header.is_empty() {
            self.header.extend_from_slice(fragment.header);
            if let Some(protocol) = self.header.get_mut(fragment.protocol_at) {
                *protocol = fragment.protocol;
            }
        }
        self.fill(start, fragment.payload);
        let is_too_long = self.header.len() + self.payload.len() > DATAGRAM_BYTES_MAX;
        if is_too_long || self.pieces.len() > PIECES_MAX {
            Err(Unfit)
        } else {
            Ok(())
        }
    }

    /// Copies bytes into the holes that they cover.
    fn fill(&mut self, start: usize, bytes: &[u8]) {
        let end = start + bytes.len();
        if self.payload.len() < end {
            self.payload.resize(end, 0);
        }
        // The pieces that touch [start, end], and what they make together with it.
        let first = self.pieces.partition_point(|piece| piece.1 < start);
        let after = first + self.pieces[first..].partition_point(|piece| piece.0 <= end);
        let mut hole = start;
        let mut grown = (start, end);
        for &(from, to) in &self.pieces[first..after] {
            if hole < from {
                self.payload[hole..from].copy_from_slice(&bytes[hole - start..from - start]);
            }
            self.overlap += to.min(end).saturating_sub(from.max(start)) as i64;
            hole = hole.max(to);
            grown = (grown.0.min(from), grown.1.max(to));
        }
        if hole < end {
            self.payload[hole..end].copy_from_slice(&bytes[hole - start..]);
        }
        self.pieces.splice(first..after, [grown]);
    }

    pub fn is_whole(&self) -> bool {
        self.whole.is_some_and(|whole| self.pieces == [(0, whole)])
    }

    /// The frames that were held become one packet; what each fragment repeated is dropped.
    pub fn join(self, last: &Fragment, deltas: &mut Deltas) -> Joined {
        let mut datagram = self.header;
        let header_bytes = datagram.len();
        datagram.extend_from_slice(&self.payload);
        write_lengths(&mut datagram, header_bytes);
        deltas.held = deltas.held - self.held;
        let repeated = self.around - header_bytes as i64;
        let overhead = Amount {
            packets: self.held.packets - 1,
            bytes: repeated,
        };
        deltas.drop("fragment_headers", overhead);
        if self.overlap > 0 {
            deltas.drop(
                "fragment_overlap",
                Amount {
                    packets: 0,
                    bytes: self.overlap,
                },
            );
        }
        Joined {
            datagram,
            tags: last.tags,
            depth: last.depth,
        }
    }
}

/// Makes the header of the first fragment that of the whole datagram.
fn write_lengths(datagram: &mut [u8], header_bytes: usize) {
    if datagram[0] >> 4 == 4 {
        let total = (datagram.len() as u16).to_be_bytes();
        datagram[2..4].copy_from_slice(&total);
        datagram[6..8].fill(0);
        datagram[10..12].fill(0);
        let sum = checksum(&datagram[..header_bytes]).to_be_bytes();
        datagram[10..12].copy_from_slice(&sum);
    } else {
        let length = ((datagram.len() - 40) as u16).to_be_bytes();
        datagram[4..6].copy_from_slice(&length);
    }
}

/// RFC 1071, over an even number of bytes.
pub fn checksum(bytes: &[u8]) -> u16 {
    let words = bytes
        .chunks_exact(2)
        .map(|two| u32::from(u16::from_be_bytes([two[0], two[1]])));
    let sum: u32 = words.sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    !((folded & 0xffff) + (folded >> 16)) as u16
}
