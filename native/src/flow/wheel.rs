//! A timing wheel: which flow wants to be looked at when.
//!
//! It is coarse (one tick) and forgetful on purpose. A flow knows its own deadline to the
//! microsecond and checks it before each of its packets; the wheel only finds flows that have no
//! packets any more. An entry that came too early is put back, one of a flow that is gone is
//! skipped.

/// One tick. A flow without packets is looked at no later than this after its deadline.
pub const TICK_US: i64 = 131_072;
/// Ticks in a turn: 67 s. What lies further ahead is put at the turn's end and looked at again.
const TICKS: i64 = 512;

/// A flow's place in the table and its ticket there: places are used again, tickets are not.
pub type Entry = (u32, u64);

#[derive(Debug)]
pub struct Wheel {
    slots: Vec<Vec<Entry>>,
    /// The tick up to which (inclusive) slots were emptied; None: nothing was ever due.
    done: Option<i64>,
}

impl Default for Wheel {
    fn default() -> Self {
        Wheel {
            slots: vec![Vec::new(); TICKS as usize],
            done: None,
        }
    }
}

impl Wheel {
    /// Look at `entry` when the watermark passes `at_us`. Gives the tick it was put at.
    pub fn schedule(&mut self, at_us: i64, entry: Entry) -> i64 {
        let wanted = at_us.div_euclid(TICK_US);
        let tick = match self.done {
            None => wanted,
            Some(done) => wanted.clamp(done + 1, done + TICKS - 1),
        };
        self.slots[tick.rem_euclid(TICKS) as usize].push(entry);
        tick
    }

    /// All entries of ticks that ended by `now_us`.
    pub fn due(&mut self, now_us: i64, out: &mut Vec<Entry>) {
        let until = now_us.div_euclid(TICK_US) - 1;
        let from = match self.done {
            None => until - TICKS + 1,
            Some(done) => (done + 1).max(until - TICKS + 1),
        };
        for tick in from..=until {
            out.append(&mut self.slots[tick.rem_euclid(TICKS) as usize]);
        }
        self.done = Some(self.done.map_or(until, |done| done.max(until)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(wheel: &mut Wheel, now_us: i64) -> Vec<u32> {
        let mut out = Vec::new();
        wheel.due(now_us, &mut out);
        out.into_iter().map(|entry| entry.0).collect()
    }

    #[test]
    fn an_entry_comes_once_and_after_its_time() {
        let mut wheel = Wheel::default();
        let start = 1_000 * TICK_US;
        assert!(due(&mut wheel, start).is_empty());
        wheel.schedule(start + 5 * TICK_US, (1, 1));
        wheel.schedule(start + 5_000 * TICK_US, (2, 1));
        wheel.schedule(start - 5_000 * TICK_US, (3, 1));
        assert_eq!(due(&mut wheel, start + TICK_US), [3]);
        assert!(due(&mut wheel, start + 5 * TICK_US).is_empty());
        assert_eq!(due(&mut wheel, start + 6 * TICK_US), [1]);
        // The far one comes early, at the end of the turn, to be put back.
        assert_eq!(due(&mut wheel, start + 9_000 * TICK_US), [2]);
    }
}
