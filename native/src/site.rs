//! A site's agents and its watermark.
//!
//! Every agent's blocks count up, so repeats and holes show. The watermark is the smallest clock
//! of the agents that take part; it never goes back until the site is released.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::flow::wheel::Wheel;
use crate::limits::{EPOCHS_MAX, Limits};
use crate::tally::Tally;

/// What a block's number says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It was here before.
    Repeat,
    /// It is new; so many are missing in front of it.
    New { lost: u64 },
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Agent {
    /// (epoch, last sequence), the latest last.
    epochs: VecDeque<(String, i64)>,
    pub clock_us: i64,
    /// Its input is at its end.
    pub ended: bool,
    #[serde(skip)]
    pub changed: bool,
}

impl Agent {
    pub fn turn(&mut self, epoch: &str, sequence: i64) -> Turn {
        self.changed = true;
        if let Some((_, last)) = self.epochs.iter_mut().find(|(known, _)| known == epoch) {
            if sequence <= *last {
                return Turn::Repeat;
            }
            let lost = (sequence - *last - 1) as u64;
            *last = sequence;
            return Turn::New { lost };
        }
        if self.epochs.len() == EPOCHS_MAX {
            self.epochs.pop_front();
        }
        self.epochs.push_back((epoch.to_owned(), sequence));
        // A new run has a new clock; a file may be of another day.
        self.clock_us = i64::MIN;
        self.ended = false;
        Turn::New {
            lost: sequence.max(0) as u64,
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Progress {
    pub watermark_us: i64,
    /// The last second of packet time that was told to readers.
    pub told_s: i64,
    /// Ledger entries written.
    pub entries: u64,
    pub tally: Tally,
}

impl Default for Progress {
    fn default() -> Self {
        Progress {
            watermark_us: i64::MIN,
            told_s: i64::MIN,
            entries: 0,
            tally: Tally::default(),
        }
    }
}

#[derive(Debug)]
pub struct Site {
    pub name: Arc<str>,
    pub agents: BTreeMap<Arc<str>, Agent>,
    pub progress: Progress,
    pub wheel: Wheel,
    pub changed: bool,
}

impl Site {
    pub fn new(name: &str) -> Self {
        Site {
            name: name.into(),
            agents: BTreeMap::new(),
            progress: Progress::default(),
            wheel: Wheel::default(),
            changed: true,
        }
    }

    /// Clocks of the agents that are running, but for one.
    pub fn other_clocks(&self, but: &str) -> Vec<i64> {
        let running = self
            .agents
            .iter()
            .filter(|(name, agent)| !agent.ended && ***name != *but);
        running
            .map(|(_, agent)| agent.clock_us)
            .filter(|&clock| clock > i64::MIN)
            .collect()
    }

    /// Moves the watermark on. Gives the number of agents held out: behind, ahead.
    pub fn advance(&mut self, clock_us: i64, others: &[i64], limits: &Limits) -> (usize, usize) {
        let (level_us, held_out) = level(clock_us, others, limits);
        self.progress.watermark_us = self.progress.watermark_us.max(level_us);
        held_out
    }
}

/// The smallest clock of those that take part, and how many do not: behind, ahead.
fn level(clock_us: i64, others: &[i64], limits: &Limits) -> (i64, (usize, usize)) {
    if others.is_empty() {
        return (clock_us, (0, 0));
    }
    let mut clocks = others.to_vec();
    clocks.push(clock_us);
    clocks.sort_unstable();
    let mut ahead = 0;
    while let [.., second, first] = clocks[..] {
        if first.saturating_sub(second) <= limits.ahead_us {
            break;
        }
        clocks.pop();
        ahead += 1;
    }
    let most = clocks.last().copied().unwrap_or(clock_us);
    let behind = clocks
        .iter()
        .filter(|&&clock| clock < most - limits.behind_us)
        .count();
    (clocks[behind], (behind, ahead))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_and_holes_show() {
        let mut agent = Agent::default();
        assert_eq!(agent.turn("a", 0), Turn::New { lost: 0 });
        assert_eq!(agent.turn("a", 0), Turn::Repeat);
        assert_eq!(agent.turn("a", 3), Turn::New { lost: 2 });
        assert_eq!(agent.turn("b", 0), Turn::New { lost: 0 });
        assert_eq!(agent.turn("a", 3), Turn::Repeat);
    }

    #[test]
    fn the_watermark_is_the_smallest_clock_that_takes_part() {
        let limits = Limits {
            behind_us: 30,
            ahead_us: 1000,
            ..Limits::default()
        };
        assert_eq!(level(100, &[], &limits), (100, (0, 0)));
        assert_eq!(level(100, &[90, 120], &limits), (90, (0, 0)));
        assert_eq!(level(100, &[60, 120], &limits), (100, (1, 0)));
        assert_eq!(level(100, &[5_000, 110], &limits), (100, (0, 1)));
    }
}
