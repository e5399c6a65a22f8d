//! What happens to a connection without a packet: waiting that ends, exchanges that go out
//! unfinished, the end of the flow.

use super::Connection;
use crate::exchange::scene::Scene;
use crate::limits::Limits;
use crate::tally::Missing;

impl Connection {
    /// More bytes wait than a hole is worth: it is declared.
    pub(super) fn limit(&mut self, scene: &mut Scene) {
        while self.halves[0].queue_cost() + self.halves[1].queue_cost()
            > scene.limits.out_of_order_bytes_max as usize
        {
            scene.count("out_of_order_bytes_max");
            let side = usize::from(self.halves[1].queue_cost() > self.halves[0].queue_cost());
            if !self.force(side, true, scene) {
                return;
            }
        }
    }

    /// Goes on without what a side waits for: a hole in front of it, or the other side. False:
    /// there was nothing to go on with.
    fn force(&mut self, side: usize, all: bool, scene: &mut Scene) -> bool {
        let half = &mut self.halves[side];
        if half.ready() {
            let before = half.next;
            self.pump(Some(side), scene);
            return self.halves[side].next != before || self.halves[side].closed;
        }
        let Some((from, until)) = half.hole(all) else {
            return false;
        };
        let lost_fin = half.start.is_some() && until == from + 1 && half.queue.is_empty();
        if half.start.is_none() {
            half.begin(until);
        } else {
            half.advance(until);
        }
        if lost_fin {
            // One acknowledged byte and nothing behind it: a FIN that nobody saw.
            half.end.get_or_insert(until);
        } else {
            scene.count("gaps");
            scene.tally.miss(Missing::Gap, until - from);
            self.miss(side, from, until, scene);
        }
        self.pump(None, scene);
        true
    }

    /// When a side stops waiting, and which. At one instant a hole comes before a side that waits
    /// for what is behind it.
    fn waits(&self, limits: &Limits) -> Option<(i64, bool, usize)> {
        let of = |side: usize| {
            let half = &self.halves[side];
            if let Some(since_us) = half.hole_since() {
                return Some((since_us + limits.skew_us, false, side));
            }
            let front = half.queue.front().filter(|_| half.ready())?;
            let switching = self.talk.is_client(side) && self.talk.may_switch();
            let for_key = self.tls.as_ref().is_some_and(|tls| tls.waits_for_key(side));
            let patience_us = if for_key {
                limits.key_wait_us
            } else if switching {
                limits.unfinished_us
            } else {
                limits.skew_us
            };
            Some((front.now_us + patience_us, true, side))
        };
        of(0).into_iter().chain(of(1)).min()
    }

    /// The next time something happens without a packet.
    pub fn deadline(&self, limits: &Limits) -> i64 {
        let waits = self.waits(limits).map(|(at, ..)| at);
        let talk = self.talk.deadline(limits);
        let reset = self
            .reset_us
            .filter(|_| self.closed_us.is_none())
            .map(|at| at + limits.skew_us);
        let gone = match self.closed_us {
            Some(at) => at.max(self.last_us) + limits.linger_us,
            None => self.last_us + limits.idle_us,
        };
        [waits, talk, reset]
            .into_iter()
            .flatten()
            .fold(gone, i64::min)
    }

    /// Runs the timers up to `until_us`, in their order. True: the flow is over.
    pub fn tick(&mut self, until_us: i64, scene: &mut Scene) -> bool {
        let over = self.run_timers(until_us, scene);
        self.forget();
        over
    }

    fn run_timers(&mut self, until_us: i64, scene: &mut Scene) -> bool {
        loop {
            let at = self.deadline(scene.limits);
            if at > until_us {
                return false;
            }
            self.changed = true;
            let waits = self.waits(scene.limits);
            if let Some((.., side)) = waits.filter(|(when, ..)| *when == at) {
                if !self.force(side, false, scene) {
                    return true;
                }
            } else if self.talk.deadline(scene.limits) == Some(at) {
                self.talk.tick(at, scene);
            } else if self
                .reset_us
                .is_some_and(|when| when + scene.limits.skew_us == at)
                && self.closed_us.is_none()
            {
                self.close_both(scene);
            } else {
                return true;
            }
        }
    }

    fn close_both(&mut self, scene: &mut Scene) {
        for side in 0..2 {
            if !self.halves[side].closed {
                self.close(side, false, scene);
            }
        }
    }

    /// The flow ends here: nothing is waited for any more, everything goes out.
    pub fn end(&mut self, scene: &mut Scene) {
        self.pump(None, scene);
        while let Some(side) = self.waiting_longest() {
            if !self.force(side, true, scene) {
                break;
            }
        }
        self.close_both(scene);
        self.talk.end(scene);
    }

    /// The side with bytes or ACKs outstanding that waits longest; one with a hole comes first,
    /// because the other may wait for just that.
    fn waiting_longest(&self) -> Option<usize> {
        let of = |side: usize| {
            let half = &self.halves[side];
            if half.closed || (half.queue.is_empty() && half.hole(true).is_none()) {
                return None;
            }
            let arrived = half.queue.front().map(|front| front.now_us);
            Some((half.ready(), arrived.or(half.hole_since())?, side))
        };
        let first = of(0).into_iter().chain(of(1)).min();
        first.map(|(.., side)| side)
    }
}
