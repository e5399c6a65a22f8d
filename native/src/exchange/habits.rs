//! How the two sides of a connection take turns: what it proves behind a hole.

use serde::{Deserialize, Serialize};

use super::message::First;
use super::talk::{Phase, Talk};

/// So many requests that waited for the answer before them: this client does not pipeline. Those
/// that do send one or two alone, to see whether the server can.
const WAITS_BELIEVED: u8 = 2;

/// The smallest request with a version: "GET / HTTP/1.0", and a blank line of bare LF.
const REQUEST_BYTES_MIN: u64 = 16;

/// Messages that nobody saw in front of one. Older versions knew the first two, as a boolean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Hidden {
    #[default]
    Nothing,
    /// There may be some.
    Perhaps,
    /// A message began where the hole did.
    Surely,
}

impl Hidden {
    pub fn is_possible(self) -> bool {
        self != Hidden::Nothing
    }

    /// More is known to be lost.
    pub fn raise(&mut self, to: Hidden) {
        *self = (*self).max(to);
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Habits {
    /// What each side had received, by its ACK, with the last bytes of it that were used whole.
    spoken: [u64; 2],
    /// The ACK of the last request, or the last byte of a whole response behind it: who asks with no
    /// more than that did not wait.
    asked: u64,
    /// Requests that moved the ACK on.
    waits: u8,
}

impl Habits {
    /// Bytes of a side were used whole.
    pub fn speak(&mut self, side: usize, ack: Option<u64>) {
        self.spoken[side] = self.spoken[side].max(ack.unwrap_or(0));
    }

    /// A request began. True: its client had heard nothing since the one before, or no whole
    /// response, so did not wait.
    pub fn ask(&mut self, ack: Option<u64>, after_gap: Hidden) -> bool {
        let (Some(ack), before) = (ack, self.asked) else {
            return false;
        };
        self.asked = before.max(ack);
        // Behind a hole it may have waited for another answer, or for none.
        if before > 0 && ack > before && after_gap == Hidden::Nothing {
            self.waits = self.waits.saturating_add(1);
        }
        before > 0 && ack <= before
    }

    /// A whole response ended.
    pub fn answer(&mut self, end: u64) {
        self.asked = self.asked.max(end.saturating_sub(1));
    }

    /// What was lost in front of a request at `position` was answered before this side's next
    /// bytes: it went on speaking after it had received that, or the client always waits.
    pub fn is_answered(&self, side: usize, position: u64) -> bool {
        self.spoken[side] >= position || self.waits >= WAITS_BELIEVED
    }
}

impl Talk {
    /// A side's stream begins at `start`: that is what the other had received when it spoke with
    /// its SYN, which has no ACK to say so.
    pub fn learn_start(&mut self, side: usize, start: u64) {
        self.habits.speak(1 - side, Some(start));
        let other = &mut self.sides[1 - side];
        let fill = |ack: &mut Option<u64>| {
            ack.get_or_insert(start);
        };
        if !other.part.is_empty() {
            fill(&mut other.first.ack);
        }
        let is_client = self.is_client(1 - side);
        for open in self.open.iter_mut().filter(|_| is_client) {
            open.request
                .iter_mut()
                .for_each(|request| fill(&mut request.ack));
        }
    }

    /// A request begins with this run. If a hole in front of it hides another, and the server said
    /// nothing in between, its client did not wait.
    pub(super) fn note_request(&mut self, side: usize, ack: Option<u64>) {
        let heard = self.habits.spoken[side];
        let silent = ack.is_some_and(|ack| ack <= heard);
        self.pipelined |= self.damaged && self.sides[side].after_gap.is_possible() && silent;
    }

    /// A hole of so many bytes stands where a message of this side would begin.
    pub(super) fn hidden_in(&self, side: usize, bytes: u64) -> Hidden {
        let reader = &self.sides[side];
        let at_boundary = reader.phase == Phase::Start && reader.part.is_empty();
        if at_boundary && self.is_client(side) && bytes >= REQUEST_BYTES_MIN {
            Hidden::Surely
        } else {
            Hidden::Perhaps
        }
    }

    /// A response stands from `start` to `end`. What was asked by a client that had heard more of it
    /// than nothing and less than all did not wait for it.
    pub(super) fn note_overlap(&mut self, start: u64, end: u64) {
        let mut acks = self
            .open
            .iter()
            .filter_map(|open| open.request.as_ref()?.ack);
        self.pipelined |= acks.any(|ack| start < ack && ack < end);
    }

    /// Nobody saw the SYN of this side, and bytes on it are lost with it (RFC 7413).
    pub fn miss_syn(&mut self, side: usize, is_missed: bool) {
        let reader = &mut self.sides[side];
        if reader.part.is_empty() && reader.first == First::default() {
            reader.after_gap = if is_missed {
                Hidden::Perhaps
            } else {
                Hidden::Nothing
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_lost_is_answered_when_the_server_went_on_behind_it() {
        let mut habits = Habits::default();
        habits.speak(1, Some(300));
        habits.speak(1, Some(200));
        assert!(habits.is_answered(1, 300));
        assert!(!habits.is_answered(1, 301));
    }

    #[test]
    fn a_client_that_waits_goes_on_waiting() {
        let mut habits = Habits::default();
        for ack in [10, 10, 20] {
            habits.ask(Some(ack), Hidden::Nothing);
        }
        assert!(!habits.is_answered(1, 99));
        habits.ask(Some(30), Hidden::Perhaps);
        assert!(!habits.is_answered(1, 99));
        habits.ask(Some(40), Hidden::Nothing);
        assert!(habits.is_answered(1, 99));
    }
}
