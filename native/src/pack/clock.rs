//! The agent's packet clock: the greatest packet time so far, but for times nobody can believe.
//!
//! One packet dated 2100 must not push every timer to the end of the century. So a time more than
//! an hour ahead of the clock is doubted: its packet is held back until a few more have come, and
//! the clock jumps there only if most of them are not an hour before it. A time that stays
//! unbelieved is kept with its packet, it just does not move the clock. Times in the past are
//! ordinary lateness.

/// A jump that needs no confirmation; longer pauses are rare in captures, so waiting for a few
/// packets costs nothing.
pub const JUMP_US_MAX: i64 = 3_600_000_000;
/// Packets that decide together on a jump, the doubted one among them: three damaged ones in a
/// row are outvoted.
pub const WITNESSES: usize = 8;

#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    now_us: Option<i64>,
}

impl Clock {
    /// 0 before the first packet.
    #[inline]
    pub fn now_us(&self) -> i64 {
        self.now_us.unwrap_or(0)
    }

    /// Whether there was a time yet.
    pub fn has_begun(&self) -> bool {
        self.now_us.is_some()
    }

    /// Whether the clock may move there without a doubt.
    #[inline]
    pub fn believes(&self, at_us: i64) -> bool {
        self.now_us
            .is_some_and(|now_us| at_us <= now_us.saturating_add(JUMP_US_MAX))
    }

    /// Moves forward, never back.
    #[inline]
    pub fn advance(&mut self, at_us: i64) {
        self.now_us = Some(self.now_us.map_or(at_us, |now_us| now_us.max(at_us)));
    }

    /// Where to jump, by the times of a doubted packet and those behind it. A clock that has not
    /// begun does so with the first of them that wins; a jump needs a second packet in favour.
    pub fn judge(&self, times_us: &[i64]) -> Option<i64> {
        let wins = |at_us: &i64| {
            let near_us = at_us.saturating_sub(JUMP_US_MAX);
            let votes = times_us.iter().filter(|time_us| **time_us >= near_us);
            votes.count() * 2 > times_us.len()
        };
        let candidates = match self.now_us {
            None => times_us,
            Some(_) if times_us.len() < 2 => &[],
            Some(_) => &times_us[..1],
        };
        candidates.iter().copied().find(wins)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000_000_000;
    const ABSURD: i64 = 4_102_444_800_000_000;

    fn judged(now_us: Option<i64>, times_us: &[i64]) -> Option<i64> {
        Clock { now_us }.judge(times_us)
    }

    #[test]
    fn the_first_packets_vote_on_where_it_begins() {
        assert_eq!(judged(None, &[ABSURD, NOW + 5, NOW]), Some(NOW + 5));
        assert_eq!(judged(None, &[ABSURD, NOW]), Some(NOW));
        assert_eq!(judged(None, &[ABSURD]), Some(ABSURD));
        assert_eq!(judged(None, &[]), None);
    }

    #[test]
    fn a_jump_needs_most_of_the_witnesses() {
        let later = NOW + 10 * JUMP_US_MAX;
        assert_eq!(judged(Some(NOW), &[ABSURD, NOW + 1, NOW + 2]), None);
        assert_eq!(judged(Some(NOW), &[later, ABSURD, later + 1]), Some(later));
        assert_eq!(judged(Some(NOW), &[later, later * 2]), Some(later));
        assert_eq!(
            judged(Some(NOW), &[ABSURD]),
            None,
            "one alone is no majority"
        );
    }

    #[test]
    fn extremes_do_not_overflow() {
        let clock = Clock {
            now_us: Some(i64::MAX),
        };
        assert!(clock.believes(i64::MAX));
        assert_eq!(judged(None, &[i64::MIN, i64::MAX]), Some(i64::MIN));
        assert_eq!(judged(Some(0), &[i64::MAX, i64::MIN]), None);
    }
}
