//! The packets' clock: watermarks, timers of silent flows, ledger entries, the end of a site.

use super::{From, Reassembler};
use crate::avro::{write_boolean, write_long, write_string};
use crate::flow::wheel::TICK_US;
use crate::ledger;
use crate::schema::{Layer, WATERMARK_HEAD};

pub(super) const SECOND_US: i64 = 1_000_000;

impl Reassembler {
    /// Moves an agent's clock on, and with it the site's watermark.
    pub(super) fn advance(&mut self, from: &From, clock_us: i64) {
        let site = &mut self.sites[from.site as usize];
        if let Some(agent) = site.agents.get_mut(&from.agent) {
            if clock_us <= agent.clock_us {
                return;
            }
            agent.clock_us = clock_us;
        }
        let (behind, ahead) = site.advance(clock_us, &from.other_clocks, &self.limits);
        let second = site.progress.watermark_us.div_euclid(SECOND_US);
        if second <= site.progress.told_s {
            return;
        }
        self.count("agents_behind", behind as u64);
        self.count("agents_ahead", ahead as u64);
        self.sweep(from);
        self.sweep_quic(from, false);
        self.sites[from.site as usize].progress.told_s = second;
        self.tell(from.site, second * SECOND_US, false);
    }

    /// Runs the timers of flows that have no packets.
    fn sweep(&mut self, from: &From) {
        let site = &mut self.sites[from.site as usize];
        let tick_start_us = site.progress.watermark_us.div_euclid(TICK_US) * TICK_US;
        let mut entries = Vec::new();
        site.wheel.due(site.progress.watermark_us, &mut entries);
        let mut due = Vec::new();
        for (place, ticket) in entries {
            let Some(flow) = self
                .flows
                .at(place)
                .filter(|_| self.flows.ticket(place) == ticket)
            else {
                continue;
            };
            let at_us = flow.deadline(&self.limits);
            if at_us < tick_start_us {
                due.push((at_us, flow.touched, place));
            } else if let Some(flow) = self.flows.get(place) {
                flow.scheduled_tick = i64::MAX;
                self.schedule(place, at_us);
            }
        }
        due.sort_unstable();
        due.dedup();
        for (_, _, place) in due {
            let (over, deadline_us) = self.with_flow(place, &from.agent, false, |flow, scene| {
                flow.scheduled_tick = i64::MAX;
                (
                    flow.tick(tick_start_us - 1, scene),
                    flow.deadline(scene.limits),
                )
            });
            if over {
                self.end_flow(place, &from.agent);
            } else {
                self.schedule(place, deadline_us);
            }
        }
    }

    pub(super) fn schedule(&mut self, place: u32, deadline_us: i64) {
        let ticket = self.flows.ticket(place);
        let key = self.flows.key(place);
        let Some(flow) = self.flows.get(place) else {
            return;
        };
        if flow.scheduled_tick > deadline_us.div_euclid(TICK_US) {
            let wheel = &mut self.sites[key.site as usize].wheel;
            flow.scheduled_tick = wheel.schedule(deadline_us, (place, ticket));
        }
    }

    /// Tells readers how far the site is, and what was counted since.
    fn tell(&mut self, number: u32, at_us: i64, released: bool) {
        let site = &mut self.sites[number as usize];
        // What may still come: an exchange is held for its skew, then until it is unfinished.
        let margin_us = if released {
            0
        } else {
            self.limits.unfinished_us + self.limits.skew_us
        };
        let mut record = WATERMARK_HEAD.to_vec();
        write_string(&self.source, &mut record);
        write_long(i64::from(self.partitions), &mut record);
        write_string(&site.name, &mut record);
        write_long(at_us.saturating_sub(margin_us), &mut record);
        write_boolean(released, &mut record);
        self.outputs.push((None, record));
        let deltas = std::mem::take(&mut site.progress.tally).deltas();
        for (layer, deltas) in [Layer::Reassembly, Layer::Exchanges]
            .into_iter()
            .zip(deltas)
        {
            if deltas.is_zero() {
                continue;
            }
            site.progress.entries += 1;
            let id = format!(
                "{:?}/{}/{}/{}",
                layer, self.source, site.name, site.progress.entries
            )
            .to_lowercase();
            let place = ledger::Place {
                id: &id,
                at_us,
                site: &site.name,
                layer,
                source: &self.source,
            };
            self.ledger.push(ledger::record(place, &deltas));
        }
    }

    /// An agent's input is at its end; with the last of a site, everything held goes out.
    pub(super) fn end_agent(&mut self, from: &From) {
        let site = &mut self.sites[from.site as usize];
        if let Some(agent) = site.agents.get_mut(&from.agent) {
            agent.ended = true;
        }
        if site.agents.values().any(|agent| !agent.ended) {
            return;
        }
        for place in self.flows.places() {
            if self.flows.key(place).site == from.site {
                self.end_flow(place, &from.agent);
            }
        }
        self.sweep_quic(from, true);
        let at_us = self.sites[from.site as usize].progress.watermark_us;
        self.tell(from.site, at_us, true);
        let progress = &mut self.sites[from.site as usize].progress;
        (progress.watermark_us, progress.told_s) = (i64::MIN, i64::MIN);
    }
}
