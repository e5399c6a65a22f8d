//! Bytes that were used and come again: held to what is known of them, then dropped.

use super::Connection;
use crate::exchange::scene::Scene;
use crate::exchange::talk::Talk;
use crate::flow::recent::{Compared, Recent, compare};
use crate::schema::Anomaly;
use crate::tally::Drop;

impl Connection {
    /// Bytes that were used came again.
    pub(super) fn repeat(&mut self, side: usize, start: u64, bytes: &[u8], scene: &mut Scene) {
        // A keep-alive probe may have one byte of rubbish (RFC 1122 §4.2.3.6).
        let is_probe = bytes.len() == 1 && start + 1 == self.halves[side].next;
        let compared = if is_probe {
            Compared::default()
        } else {
            self.compare(side, start, bytes)
        };
        scene.tally.drop(Drop::Duplicate, compared.bytes);
        scene.tally.duplicate_unchecked += (bytes.len() - compared.bytes) as i64;
        if let Some(position) = compared.differs {
            scene.count("retransmission_conflict");
            self.talk
                .mark_at(side, position, Anomaly::RetransmissionConflict);
        }
    }

    /// Bytes of a body may stand in both: what is recent comes first.
    fn compare(&self, side: usize, start: u64, bytes: &[u8]) -> Compared {
        let recent = &self.recent[side];
        let mut out = recent.compare(start, bytes);
        let end = start + bytes.len() as u64;
        let outside = [
            (start, end.min(recent.start())),
            (start.max(recent.end()), end),
        ];
        for (at, body) in self.talk.plain_bodies(side) {
            for (from, until) in outside {
                if from < until {
                    let part = &bytes[(from - start) as usize..(until - start) as usize];
                    out.add(compare(at, body, from, part));
                }
            }
        }
        out
    }

    /// Nothing is open any more: what was said is over.
    pub(super) fn forget(&mut self) {
        if !self.talk.is_under_way() && !self.recent.iter().all(Recent::is_empty) {
            self.recent = Default::default();
        }
    }
}

/// Bytes were used: while they belong to something open, repeats are held to them. What is
/// kept as a body need not be kept twice.
pub(super) fn remember(recent: &mut Recent, talk: &Talk, side: usize, start: u64, bytes: &[u8]) {
    if bytes.is_empty() || !talk.may_repeat(side) {
        return;
    }
    let end = start + bytes.len() as u64;
    let body = talk.plain_bodies(side).next_back();
    let (from, until) = body.map_or((end, end), |(at, body)| {
        let body_end = at + body.len() as u64;
        (at.clamp(start, end), body_end.clamp(start, end))
    });
    for (position, part) in [
        (start, &bytes[..(from - start) as usize]),
        (until, &bytes[(until - start) as usize..]),
    ] {
        if !part.is_empty() {
            recent.push(position, part);
        }
    }
}
