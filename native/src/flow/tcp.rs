//! One direction of a TCP connection: segments in any order, ordered bytes out.
//!
//! Positions are sequence numbers unwrapped to 64 bits, so the low 32 bits are what stood on the
//! wire. Where segments overlap, the copy that came first wins, as on most receivers. A hole is
//! waited for until its owner declares it lost; only the owner knows the watermark.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::blob::Blob;
use super::run::{Run, Waiting};
use crate::limits::ACKS_MAX;

/// What is further away than this from what was seen is damage: no window is larger (RFC 7323).
const WINDOW_MAX: u64 = 1 << 30;
/// What a waiting segment costs beyond its bytes; counted against the limit on waiting bytes.
const SEGMENT_COST: usize = 64;

/// The other side had received everything before `level` when it said so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    pub level: u64,
    pub now_us: i64,
}

/// What became of a segment's bytes that did not get into the queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    /// Seen before and already used.
    pub duplicate: usize,
    /// In front of where this direction was picked up.
    pub before_start: usize,
    /// Covered by waiting segments.
    pub overlap: usize,
    /// The covered bytes were other ones.
    pub conflict: bool,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Half {
    /// Any position is known; `next` can unwrap sequence numbers.
    begun: bool,
    /// Where the stream begins, once that is known.
    pub start: Option<u64>,
    /// All before it was used or declared lost.
    pub next: u64,
    pub queue: VecDeque<Waiting>,
    queued_bytes: usize,
    /// ACKs beyond `next`, rising.
    pub acks: Vec<Ack>,
    /// Where FIN or RST stands.
    pub end: Option<u64>,
    /// Nothing follows any more.
    pub closed: bool,
}

impl Half {
    /// A sequence number as the position nearest to what was seen.
    pub fn position(&mut self, seq: u32) -> u64 {
        if !self.begun {
            self.begun = true;
            self.next = (1 << 32) + u64::from(seq);
        }
        let distance = seq.wrapping_sub(self.next as u32) as i32;
        self.next.wrapping_add_signed(i64::from(distance))
    }

    /// The first byte's position is known now: from a SYN, or from the other side's first ACK.
    pub fn begin(&mut self, start: u64) {
        self.start = Some(start);
        self.next = start;
        while self
            .queue
            .front()
            .is_some_and(|waiting| waiting.end() <= start)
        {
            self.pop();
        }
        self.acks.retain(|ack| ack.level > start);
    }

    /// What waits here without an ACK came with a SYN: the other side's begins at `start`.
    pub fn learn_ack(&mut self, start: u64) {
        for waiting in &mut self.queue {
            waiting.ack.get_or_insert(start);
        }
    }

    pub fn in_order(&self, start: u64) -> bool {
        self.start.is_some() && self.next == start && self.queue.is_empty() && !self.closed
    }

    /// What is next in line is here.
    pub fn ready(&self) -> bool {
        self.start.is_some()
            && self
                .queue
                .front()
                .is_some_and(|waiting| waiting.start == self.next)
    }

    /// Waiting bytes, with the cost of their segments.
    pub fn queue_cost(&self) -> usize {
        self.queued_bytes + self.queue.len() * SEGMENT_COST
    }

    /// Waiting bytes.
    pub fn queued_bytes(&self) -> usize {
        self.queued_bytes
    }

    /// Bytes up to `position` were used.
    pub fn advance(&mut self, position: u64) {
        self.next = position;
        if !self.acks.is_empty() {
            self.acks.retain(|ack| ack.level > position);
        }
    }

    /// The first `bytes` of the front were used.
    pub fn consume(&mut self, bytes: usize) {
        let Some(front) = self.queue.front_mut() else {
            return;
        };
        front.start += bytes as u64;
        front.skip += bytes as u32;
        self.queued_bytes -= bytes;
        let (position, done) = (front.start, front.end() == front.start);
        if done {
            self.queue.pop_front();
            if self.queue.is_empty() {
                self.queue = VecDeque::new(); // an idle flow costs little
            }
        }
        self.advance(position);
    }

    /// The front goes, used or not. Gives its bytes that were not used.
    pub fn pop(&mut self) -> usize {
        let Some(front) = self.queue.pop_front() else {
            return 0;
        };
        let bytes = front.run().bytes.len();
        self.queued_bytes -= bytes;
        bytes
    }

    /// Further away than any window: a packet of an earlier connection, or damage.
    pub fn is_far(&self, start: u64) -> bool {
        self.start.is_some() && start.saturating_sub(self.next) > WINDOW_MAX
    }

    /// Puts a segment in line; `cut_bytes` behind it were sent and not captured.
    pub fn arrive(&mut self, run: Run, cut_bytes: u32) -> Refused {
        let mut refused = Refused::default();
        let (mut at, mut bytes) = (run.start, run.bytes);
        if let Some(start) = self.start {
            let early = start.saturating_sub(at).min(bytes.len() as u64) as usize;
            let used = self.next.saturating_sub(at).min(bytes.len() as u64) as usize;
            refused.before_start = early;
            refused.duplicate = used - early;
            (at, bytes) = (at + used as u64, &bytes[used..]);
        }
        self.fill(
            Run {
                start: at,
                bytes,
                ..run
            },
            0,
            &mut refused,
        );
        if cut_bytes > 0 {
            let end = run.start + run.bytes.len() as u64;
            let from = if self.start.is_some() {
                end.max(self.next)
            } else {
                end
            };
            let hole_bytes = (end + u64::from(cut_bytes)).saturating_sub(from) as u32;
            self.fill(
                Run {
                    start: from,
                    bytes: &[],
                    ..run
                },
                hole_bytes,
                &mut Refused::default(),
            );
        }
        refused
    }

    /// Puts into the queue what of the run is not covered by what waits there.
    fn fill(&mut self, run: Run, hole_bytes: u32, refused: &mut Refused) {
        let (mut at, mut bytes) = (run.start, run.bytes);
        let end = run.start + bytes.len() as u64 + u64::from(hole_bytes);
        let mut index = self.queue.partition_point(|waiting| waiting.end() <= at);
        while at < end {
            let next = self.queue.get(index);
            let covered = next.filter(|waiting| waiting.start <= at);
            let until = match (covered, next) {
                (Some(waiting), _) => waiting.end().min(end),
                (None, Some(waiting)) => waiting.start.min(end),
                (None, None) => end,
            };
            let (part, rest) = bytes.split_at(bytes.len().min((until - at) as usize));
            if let Some(waiting) = covered {
                refused.overlap += part.len();
                refused.conflict |= waiting.differs(at, part);
            } else {
                self.queued_bytes += part.len();
                let hole_bytes = if part.is_empty() {
                    (until - at) as u32
                } else {
                    0
                };
                let Run {
                    at_us, now_us, ack, ..
                } = run;
                let blob = Blob::of(part.to_vec());
                let waiting = Waiting {
                    start: at,
                    at_us,
                    now_us,
                    ack,
                    blob,
                    skip: 0,
                    hole_bytes,
                };
                self.queue.insert(index, waiting);
            }
            (at, bytes, index) = (until, rest, index + 1);
        }
    }

    /// The other side says that it has everything before `seq`. Gives the position, None where it
    /// cannot be true.
    pub fn acknowledged(&mut self, seq: u32, now_us: i64) -> Option<u64> {
        let level = self.position(seq);
        if self.start.is_some() && level <= self.next {
            let plausible = self.next - level < WINDOW_MAX;
            return plausible.then_some(level);
        }
        if level.saturating_sub(self.next) >= WINDOW_MAX {
            return None;
        }
        if self.acks.last().is_none_or(|last| level > last.level) && !self.closed {
            if self.acks.len() == ACKS_MAX {
                self.acks.pop();
            }
            self.acks.push(Ack { level, now_us });
        }
        Some(level)
    }

    /// Since when a hole stands in front of what waits, or of what the other side has received.
    pub fn hole_since(&self) -> Option<i64> {
        let acked = self.acks.first().map(|ack| ack.now_us);
        if self.closed {
            return None;
        }
        if self.start.is_none() {
            // Nobody knows where the stream begins: an earlier segment may still come.
            let arrived = self.queue.iter().map(|waiting| waiting.now_us).min();
            return acked.into_iter().chain(arrived).min();
        }
        if self
            .queue
            .front()
            .is_some_and(|waiting| waiting.start == self.next)
        {
            None
        } else {
            acked
        }
    }

    /// The hole in front, as it is to be declared. With `all`, up to what waits, covered by an ACK
    /// or not. None: there is no hole.
    pub fn hole(&self, all: bool) -> Option<(u64, u64)> {
        let front = self.queue.front().map(|waiting| waiting.start);
        let acked = if all {
            self.acks.last()
        } else {
            self.acks.first()
        }
        .map(|ack| ack.level);
        let until = match (front, acked) {
            (Some(front), _) if all || self.start.is_none() => front.min(acked.unwrap_or(front)),
            (Some(front), acked) => front.min(acked?),
            (None, acked) => acked?,
        };
        let from = if self.start.is_some() {
            self.next
        } else {
            until
        };
        (!self.closed && (until > from || self.start.is_none())).then_some((from, until))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(start: u64, bytes: &[u8]) -> Run<'_> {
        Run {
            start,
            at_us: 0,
            now_us: start as i64,
            ack: None,
            bytes,
        }
    }

    fn half(start: u64) -> Half {
        let mut half = Half::default();
        let start = half.position(start as u32);
        half.begin(start);
        half
    }

    const ONE: u64 = 1 << 32;

    fn drain(half: &mut Half) -> Vec<u8> {
        let mut out = Vec::new();
        while half.ready() {
            let bytes = half.queue[0].run().bytes.to_vec();
            half.consume(bytes.len());
            out.extend(bytes);
        }
        out
    }

    #[test]
    fn any_order_gives_the_same_bytes() {
        let mut half = half(0xffff_fffe);
        let base = half.next;
        assert_eq!(half.position(1), base + 3);
        half.arrive(run(base + 4, b"45"), 0);
        half.arrive(run(base + 1, b"12"), 0);
        assert!(!half.ready());
        half.arrive(run(base, b"01234567"), 0);
        assert_eq!(drain(&mut half), b"01234567");
        assert_eq!(half.queue_cost(), 0);
    }

    #[test]
    fn the_first_copy_wins_and_another_is_reported() {
        let mut half = half(100);
        half.arrive(run(ONE + 102, b"cd"), 0);
        let refused = half.arrive(run(ONE + 100, b"abXde"), 0);
        assert_eq!(
            refused,
            Refused {
                overlap: 2,
                conflict: true,
                ..Refused::default()
            }
        );
        assert_eq!(drain(&mut half), b"abcde");
        let refused = half.arrive(run(ONE + 98, b"yzabcdef"), 0);
        assert_eq!((refused.before_start, refused.duplicate), (2, 5));
        assert_eq!(drain(&mut half), b"f");
    }

    #[test]
    fn a_hole_ends_at_the_ack_or_at_what_waits() {
        let mut half = half(100);
        half.arrive(run(ONE + 110, b"later"), 0);
        assert_eq!((half.hole_since(), half.hole(false)), (None, None));
        assert_eq!(half.hole(true), Some((ONE + 100, ONE + 110)));
        half.acknowledged(104, 7);
        half.acknowledged(112, 9);
        assert_eq!(
            (half.hole_since(), half.hole(false)),
            (Some(7), Some((ONE + 100, ONE + 104)))
        );
        half.advance(ONE + 104);
        assert_eq!(
            (half.hole_since(), half.hole(false)),
            (Some(9), Some((ONE + 104, ONE + 110)))
        );
        assert_eq!(half.acknowledged(0xc000_0000, 9), None);
    }

    #[test]
    fn what_the_capture_cut_is_a_hole_at_once() {
        let mut half = half(100);
        half.arrive(run(ONE + 100, b"ab"), 3);
        half.arrive(run(ONE + 105, b"fg"), 0);
        half.consume(2);
        assert!(half.ready());
        assert_eq!(half.queue[0].hole_bytes, 3);
    }
}
