//! The agent's packet clock: the greatest packet time so far, but for times nobody can believe.
//!
//! One packet dated 2100 must not push every timer to the end of the century. So a time more than
//! an hour ahead of the clock is doubted: the next packets are held back until there are a few,
//! and the clock jumps only if most of them are there too. It then goes to the earliest of those.
//! A time that stays unbelieved is kept with its packet, it just does not move the clock. Times
//! in the past are ordinary lateness.

/// A jump that needs no confirmation; longer pauses are rare in captures, so waiting for a few
/// packets costs nothing.
pub const JUMP_US_MAX: i64 = 3_600_000_000;
/// Packets that decide together on a jump: a majority outvotes three damaged ones.
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

    /// Decides by the times of up to WITNESSES packets in a row: Some, where the clock should
    /// jump to. Before the first packet even one witness must do; a jump needs two.
    pub fn judge(&self, times_us: &[i64]) -> Option<i64> {
        let mut sorted = times_us.to_vec();
        sorted.sort_unstable();
        let median_us = *sorted.get(sorted.len().saturating_sub(1) / 2)?;
        if self.has_begun() && (sorted.len() < 2 || self.believes(median_us)) {
            return None;
        }
        let near_us = median_us.saturating_sub(JUMP_US_MAX);
        sorted.into_iter().find(|at_us| *at_us >= near_us)
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
    fn the_first_packets_vote_on_where_it_starts() {
        assert_eq!(judged(None, &[ABSURD, NOW + 5, NOW]), Some(NOW));
        assert_eq!(judged(None, &[0, NOW, NOW + 1, NOW + 2]), Some(NOW));
        assert_eq!(judged(None, &[ABSURD, NOW]), Some(NOW));
        assert_eq!(judged(None, &[NOW]), Some(NOW));
        assert_eq!(judged(None, &[]), None);
    }

    #[test]
    fn a_jump_needs_most_of_the_witnesses() {
        let later = NOW + 10 * JUMP_US_MAX;
        assert_eq!(judged(Some(NOW), &[ABSURD, NOW + 1, NOW + 2]), None);
        assert_eq!(
            judged(Some(NOW), &[later + 9, later, ABSURD, later + 1]),
            Some(later)
        );
        assert_eq!(
            judged(Some(NOW), &[ABSURD]),
            None,
            "one alone is no majority"
        );
    }

    #[test]
    fn extremes_do_not_overflow() {
        assert_eq!(judged(Some(i64::MAX), &[i64::MAX, i64::MIN]), None);
        assert_eq!(
            judged(None, &[i64::MIN, i64::MIN, i64::MAX]),
            Some(i64::MIN)
        );
    }
}
