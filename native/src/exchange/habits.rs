//! How the two sides of a connection take turns: what it proves behind a hole.

use serde::{Deserialize, Serialize};

use super::message::First;
use super::talk::Talk;

/// So many requests that waited for the answer before them: this client does not pipeline. Those
/// that do send one or two alone, to see whether the server can.
const WAITS_BELIEVED: u8 = 3;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Habits {
    /// What each side had received, by its ACK, with the last bytes of it that were used whole.
    spoken: [u64; 2],
    /// The ACK of the last request.
    asked: u64,
    /// Requests that moved the ACK on.
    waits: u8,
}

impl Habits {
    /// Bytes of a side were used whole.
    pub fn speak(&mut self, side: usize, ack: Option<u64>) {
        self.spoken[side] = self.spoken[side].max(ack.unwrap_or(0));
    }

    /// A request began.
    pub fn ask(&mut self, ack: Option<u64>) {
        let Some(ack) = ack else { return };
        if self.asked > 0 && ack > self.asked {
            self.waits = self.waits.saturating_add(1);
        }
        self.asked = self.asked.max(ack);
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

    /// Nobody saw the SYN of this side, and bytes on it are lost with it (RFC 7413).
    pub fn miss_syn(&mut self, side: usize, is_missed: bool) {
        let reader = &mut self.sides[side];
        if reader.part.is_empty() && reader.first == First::default() {
            reader.after_gap = is_missed;
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
        for ack in [10, 10, 20, 30] {
            habits.ask(Some(ack));
        }
        assert!(!habits.is_answered(1, 99));
        habits.ask(Some(40));
        assert!(habits.is_answered(1, 99));
    }
}
