//! Flows of QUIC: datagrams in, EncryptedFlow records and state rows out. They pass no reader of
//! HTTP: all their bytes are counted as encrypted.

use std::sync::Arc;

use super::clock::SECOND_US;
use super::{From, Reassembler};
use crate::block::{FLAG_CUT, Packet};
use crate::encrypted::{self, Record, likely_client};
use crate::flow::key::FlowKey;
use crate::flow::table::Table;
use crate::quic::datagram::Datagram;
use crate::quic::flow::Flow;
use crate::quic::packet::{Shape, shape};
use crate::schema::Transport;
use crate::snapshot::{Row, flow_key, value};
use crate::tally::{Drop, Missing};

/// All of them, and which have rows to write.
#[derive(Default)]
pub(crate) struct Quic {
    pub flows: Table<Flow>,
    changed: Vec<u32>,
    buried: Vec<Vec<u8>>,
    /// Records since the last `take`.
    pub records: Vec<Record>,
}

impl Reassembler {
    /// One datagram. A packet with a short head says nothing by itself: it counts for the flow
    /// that is there.
    pub(super) fn datagram(&mut self, packet: &Packet, from: &From) {
        let Some(datagram) = Datagram::of(packet) else {
            self.count("bad_segments", 1);
            return;
        };
        let (key, side) = FlowKey::new(from.site, datagram.from, datagram.to);
        let progress = &mut self.sites[from.site as usize].progress;
        let now_us = progress.watermark_us.max(packet.clock_us);
        let there = datagram.payload.len();
        progress.tally.entered += there as i64;
        progress.tally.drop(Drop::Encrypted, there);
        let is_long = shape(datagram.payload, [0; 2]) == Some(Shape::Long);
        if is_long && packet.flags & FLAG_CUT != 0 {
            let cut = datagram.bytes.saturating_sub(there as u64);
            progress.tally.miss(Missing::SnapCut, cut);
        }
        let Some(place) = self.quic_place(key, is_long, from) else {
            self.count("quic_unknown", 1);
            return;
        };
        self.packets += 1;
        let touched = self.packets;
        self.quic.flows.touch(place);
        let Some(flow) = self.quic.flows.get(place) else {
            return;
        };
        (flow.touched, flow.last_us) = (touched, now_us);
        let kept = flow.take(side, &datagram, packet.at_us);
        let due = flow.untold.is_due(self.limits.part_us);
        if !std::mem::replace(&mut flow.changed, true) {
            self.quic.changed.push(place);
        }
        self.count("quic_hello_max", u64::from(!kept));
        if due {
            self.tell_quic(place, false, &from.agent);
        }
    }

    /// Where the flow stands; None: this opens none.
    fn quic_place(&mut self, key: FlowKey, is_long: bool, from: &From) -> Option<u32> {
        let until_us = self.sites[from.site as usize].progress.watermark_us;
        if let Some(place) = self.quic.flows.find(&key) {
            let flow = self.quic.flows.at(place)?;
            if flow.last_us + self.limits.quic_idle_us > until_us {
                return Some(place);
            }
            self.end_quic(place, &from.agent);
        }
        if !is_long {
            return None;
        }
        if self.quic.flows.len() >= self.limits.quic_flows_max as usize
            && let Some(oldest) = self.quic.flows.oldest()
        {
            self.count("quic_flows_max", 1);
            self.end_quic(oldest, &from.agent);
        }
        self.count("quic_flows", 1);
        Some(self.quic.flows.insert(key, Flow::default()))
    }

    /// Ends flows of a site that are silent for long, or all of them.
    pub(super) fn sweep_quic(&mut self, from: &From, all: bool) {
        // Whole seconds: in which order flows end must not depend on what moved the clock on.
        let watermark_us = self.sites[from.site as usize].progress.watermark_us;
        let until_us = watermark_us.div_euclid(SECOND_US) * SECOND_US;
        let mut next = self.quic.flows.oldest();
        while let Some(place) = next {
            next = self.quic.flows.newer(place);
            if self.quic.flows.key(place).site != from.site {
                continue;
            }
            let idle_us = self.limits.quic_idle_us;
            let is_over = |flow: &Flow| all || flow.last_us + idle_us < until_us;
            if !self.quic.flows.at(place).is_some_and(is_over) {
                return; // The others had datagrams later.
            }
            self.end_quic(place, &from.agent);
        }
    }

    fn end_quic(&mut self, place: u32, agent: &Arc<str>) {
        self.tell_quic(place, true, agent);
        let key = self.quic.flows.key(place);
        let site = &self.sites[key.site as usize].name;
        if self
            .quic
            .flows
            .remove(place)
            .is_some_and(|flow| flow.in_rows)
        {
            self.quic.buried.push(flow_key(b'q', site, &key));
        }
    }

    fn tell_quic(&mut self, place: u32, over: bool, agent: &Arc<str>) {
        let key = self.quic.flows.key(place);
        let Some(flow) = self.quic.flows.get(place) else {
            return;
        };
        let whose = encrypted::Flow {
            site: &self.sites[key.site as usize].name,
            source: agent,
            key,
            transport: Transport::Quic,
            client: flow.client.map_or_else(|| likely_client(&key), usize::from),
            number: flow.number(),
            epoch: 0,
            said: &flow.said,
        };
        self.quic.records.push(flow.untold.tell(&whose, over));
        self.count("encrypted_records", 1);
    }

    /// Rows that changed, tombstones first.
    pub(crate) fn quic_rows(&mut self, out: &mut Vec<Row>) {
        let buried = std::mem::take(&mut self.quic.buried);
        out.extend(buried.into_iter().map(|key| (key, None)));
        for place in std::mem::take(&mut self.quic.changed) {
            let key = self.quic.flows.key(place);
            let site = &self.sites[key.site as usize].name;
            if let Some(flow) = self.quic.flows.get(place).filter(|flow| flow.changed) {
                (flow.changed, flow.in_rows) = (false, true);
                out.push((flow_key(b'q', site, &key), Some(value(flow))));
            }
        }
    }
}
