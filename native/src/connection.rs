//! One TCP connection: two directions of bytes, and the conversation on top of them.
//!
//! Bytes are handed to the conversation in the order of cause and effect: what a server sent
//! waits until everything that it had acknowledged was read, or was declared lost.

mod repeats;
mod sealed;
mod timers;

use std::mem::take;

use serde::{Deserialize, Serialize};

use crate::exchange::scene::Scene;
use crate::exchange::talk::{Phase, Talk};
use crate::flow::recent::Recent;
use crate::flow::run::Run;
use crate::flow::segment::Segment;
use crate::flow::tcp::Half;
use crate::schema::Anomaly;
use crate::tally::{Drop, Missing};
use crate::tls::session::Tls;

/// How far behind what was seen a RST may stand; others are old, forged or damaged.
const RST_DISTANCE_MAX: u64 = 1 << 20;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Connection {
    pub halves: [Half; 2],
    pub talk: Talk,
    /// Around the conversation; it has a row of its own.
    #[serde(skip)]
    pub tls: Option<Box<Tls>>,
    /// How often this flow's sequence numbers were used before.
    pub epoch: u32,
    /// The clock of timers at the last packet.
    pub last_us: i64,
    /// Both directions ended; since then the flow is only remembered.
    pub closed_us: Option<i64>,
    /// A reset was seen: what is still on its way may come until the skew is over.
    pub reset_us: Option<i64>,
    /// Number of its last packet among all of the worker: the order of flows in the table.
    pub touched: u64,
    /// Names given to blobs.
    pub blob_ids: u32,
    /// What each side said of exchanges that are open; in rows it stands behind the rest.
    #[serde(skip)]
    pub recent: [Recent; 2],
    /// (blob, pieces) that stand in state rows.
    #[serde(skip)]
    pub saved: Vec<(u32, u32)>,
    /// It has a row.
    #[serde(skip)]
    pub in_rows: bool,
    /// Its row is not what it was.
    #[serde(skip)]
    pub changed: bool,
    #[serde(skip)]
    pub scheduled_tick: i64,
}

impl Connection {
    /// A SYN of another connection on the same ports.
    pub fn is_replaced_by(&mut self, side: usize, segment: &Segment) -> bool {
        let half = &self.halves[side];
        let Some(start) = half.start.filter(|_| segment.syn) else {
            return false;
        };
        // Nothing was used, and the beginning is only known by an ACK that covers what stands on
        // this SYN (RFC 7413).
        let data_bytes = segment.payload.len() as u32 + segment.cut_bytes;
        let guessed = half.next == start && data_bytes > 0;
        let first = segment.seq.wrapping_add(1);
        start as u32 != first && !(guessed && start as u32 == first.wrapping_add(data_bytes))
    }

    /// The sequence numbers of the next connection on these ports were used in this one.
    pub fn next_epoch(&self, side: usize, segment: &Segment) -> u32 {
        let half = &self.halves[side];
        let used = half.start.is_some_and(|start| {
            segment.seq.wrapping_sub(start as u32) <= half.next.wrapping_sub(start) as u32
        });
        if used { self.epoch + 1 } else { 0 }
    }

    /// One segment from `side`. The flow's timers up to the watermark have run.
    pub fn receive(
        &mut self,
        side: usize,
        segment: &Segment,
        at_us: i64,
        now_us: i64,
        scene: &mut Scene,
    ) {
        (self.last_us, self.changed) = (now_us, true);
        let mut start = self.halves[side].position(segment.seq);
        if segment.syn {
            start += 1;
            self.synchronise(side, start);
        }
        let ack = segment.ack.and_then(|ack| {
            if segment.rst {
                None
            } else {
                self.acknowledge(side, segment, start, ack, now_us)
            }
        });
        let end = start + segment.payload.len() as u64 + u64::from(segment.cut_bytes);
        if segment.rst {
            self.reset(side, start, now_us);
        } else if self.reset_us.is_some() && end > self.halves[side].next {
            // It goes on: nobody believed the reset, which may have been forged.
            self.reset_us = None;
        }
        if !segment.payload.is_empty() || segment.cut_bytes > 0 {
            let run = Run {
                start,
                at_us,
                now_us,
                ack,
                bytes: segment.payload,
            };
            self.take_payload(side, run, segment.cut_bytes, scene);
        }
        if segment.fin && !self.halves[side].closed {
            self.halves[side].end.get_or_insert(end);
        }
        self.pump(None, scene);
        self.limit(scene);
        self.tell_encrypted(false, scene);
        self.forget();
    }

    /// A SYN says where its direction begins; what the other's ACK said of that was a guess.
    fn synchronise(&mut self, side: usize, start: u64) {
        self.talk.picked_up = false;
        let half = &self.halves[side];
        let untouched = half.start == Some(half.next) && half.next >= start;
        if half.start.is_none() || untouched {
            self.begin(side, start);
            self.talk.miss_syn(side, false);
        }
    }

    fn begin(&mut self, side: usize, start: u64) {
        self.halves[side].begin(start);
        self.halves[1 - side].learn_ack(start);
        self.talk.learn_start(side, start);
    }

    /// Where the other direction stands, as this segment says.
    fn acknowledge(
        &mut self,
        side: usize,
        segment: &Segment,
        start: u64,
        ack: u32,
        now_us: i64,
    ) -> Option<u64> {
        let opening = segment.syn || self.halves[side].start == Some(start);
        let other = &mut self.halves[1 - side];
        let level = other.acknowledged(ack, now_us)?;
        // The first segment behind a SYN tells where the other direction begins.
        if opening
            && other.start.is_none()
            && other
                .queue
                .front()
                .is_none_or(|waiting| waiting.start >= level)
        {
            self.begin(1 - side, level);
            self.talk.miss_syn(1 - side, segment.syn);
        }
        Some(level)
    }

    fn take_payload(&mut self, side: usize, run: Run, cut_bytes: u32, scene: &mut Scene) {
        scene.tally.entered += run.bytes.len() as i64;
        let half = &mut self.halves[side];
        if half.closed {
            let again = half
                .next
                .saturating_sub(run.start)
                .min(run.bytes.len() as u64) as usize;
            self.repeat(side, run.start, &run.bytes[..again], scene);
            scene.tally.drop(Drop::AfterEnd, run.bytes.len() - again);
            return;
        }
        if half.is_far(run.start) {
            scene.tally.drop(Drop::OutOfWindow, run.bytes.len());
            return;
        }
        let mut run = run;
        if cut_bytes == 0 && half.in_order(run.start) {
            let heard = self.halves[1 - side].next;
            let used = sealed::feed(
                &mut self.talk,
                &mut self.tls,
                side,
                &run,
                (heard, false),
                scene,
            );
            self.halves[side].advance(run.start + used as u64);
            let bytes = &run.bytes[..used];
            repeats::remember(&mut self.recent[side], &self.talk, side, run.start, bytes);
            if used == run.bytes.len() {
                return;
            }
            run = Run {
                start: run.start + used as u64,
                bytes: &run.bytes[used..],
                ..run
            };
        }
        let refused = self.halves[side].arrive(run, cut_bytes);
        let again = &run.bytes[refused.before_start..][..refused.duplicate];
        self.repeat(side, run.start + refused.before_start as u64, again, scene);
        scene.tally.drop(Drop::BeforeStart, refused.before_start);
        scene.tally.drop(Drop::Overlap, refused.overlap);
        if refused.conflict {
            scene.count("overlap_conflict");
            self.talk.notice(side, Anomaly::OverlapConflict);
        }
    }

    fn reset(&mut self, side: usize, start: u64, now_us: i64) {
        let half = &mut self.halves[side];
        let forged = start < half.next || start - half.next > RST_DISTANCE_MAX;
        if half.start.is_some() && forged {
            return;
        }
        self.reset_us.get_or_insert(now_us);
        let answering = self.talk.answering.is_some() || !self.talk.open.is_empty();
        if let (true, Some(open)) = (answering, self.talk.open.back_mut()) {
            open.marks.add(Anomaly::Reset);
        }
    }

    /// Hands over whatever can be; `forced` is a side that waits no longer for the other.
    fn pump(&mut self, forced: Option<usize>, scene: &mut Scene) {
        let mut forced = forced;
        loop {
            let mut moved = false;
            for side in 0..2 {
                while self.halves[side].ready() {
                    if !self.hand_over(side, forced == Some(side), scene) {
                        break;
                    }
                    forced = forced.filter(|&waits| waits != side);
                    moved = true;
                }
                moved |= self.close_at_end(side, scene);
            }
            if !moved {
                return;
            }
        }
    }

    /// The front of a side's queue goes to the conversation. False: it waits.
    fn hand_over(&mut self, side: usize, forced: bool, scene: &mut Scene) -> bool {
        let heard = self.halves[1 - side].next;
        let half = &mut self.halves[side];
        let Some(front) = half.queue.front() else {
            return false;
        };
        if front.hole_bytes > 0 {
            let (from, until) = (front.start, front.start + u64::from(front.hole_bytes));
            half.pop();
            half.advance(until);
            scene.tally.miss(Missing::SnapCut, until - from);
            self.miss(side, from, until, scene);
            if let Some((_, marks)) = self.talk.current(side) {
                marks.add(Anomaly::TruncatedPackets);
            }
            return true;
        }
        let (talk, tls) = (&mut self.talk, &mut self.tls);
        let used = sealed::feed(talk, tls, side, &front.run(), (heard, forced), scene);
        if let Some(front) = self.halves[side].queue.front() {
            let used = &front.run().bytes[..used];
            repeats::remember(&mut self.recent[side], &self.talk, side, front.start, used);
        }
        self.halves[side].consume(used);
        used > 0
    }

    fn close_at_end(&mut self, side: usize, scene: &mut Scene) -> bool {
        let half = &mut self.halves[side];
        if half.closed || half.start.is_none() || half.end.is_none_or(|end| half.next < end) {
            return false;
        }
        self.close(side, self.reset_us.is_none(), scene);
        true
    }

    fn close(&mut self, side: usize, whole: bool, scene: &mut Scene) {
        let half = &mut self.halves[side];
        half.closed = true;
        half.acks.clear();
        while !half.queue.is_empty() {
            scene.tally.drop(Drop::AfterEnd, half.pop());
        }
        self.close_tls(side, scene);
        self.talk.close(side, whole, scene);
        if self.halves[0].closed && self.halves[1].closed {
            self.closed_us.get_or_insert(self.last_us);
            self.talk.sweep(scene);
            self.talk.conclude_unanswered(scene);
            self.tell_encrypted(true, scene);
        }
    }

    /// A bug gave the flow up: its bytes are counted, nothing of it is sent.
    pub fn abandon(&mut self, scene: &mut Scene) {
        for half in &mut self.halves {
            while !half.queue.is_empty() {
                scene.tally.drop(Drop::Bug, half.pop());
            }
        }
        for side in &mut self.talk.sides {
            scene.tally.drop(Drop::Bug, take(&mut side.part).len());
            side.phase = Phase::Closed;
        }
        for side in self.tls.iter_mut().flat_map(|tls| &mut tls.sides) {
            scene.tally.drop(Drop::Bug, take(&mut side.part).len());
        }
        scene.tally.discarded += self.talk.held() as i64;
        scene.tally.messages_held -= self.talk.held() as i64;
        self.talk = Talk::default();
    }

    /// Payload bytes that wait, in queues and as partial heads.
    pub fn held(&self) -> usize {
        let records = self.tls.as_ref().map_or(0, |tls| tls.held());
        let queues = self.halves[0].queued_bytes() + self.halves[1].queued_bytes();
        queues + records + self.talk.partial()
    }
}
