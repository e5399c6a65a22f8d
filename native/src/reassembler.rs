//! Blocks of one `packets` partition to exchanges, with the state of all its flows.
//!
//! In: PacketBlock records in the order of their offsets. Out: Exchange and Watermark records,
//! ledger entries, state rows. Timers run on the packets' clock before each packet, so nothing
//! depends on how blocks were cut, batches taken or flows spread over partitions.

mod clock;
mod quic;

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::avro::Damage;
use crate::block::{self, FLAG_UDP, Packet, Packets};
use crate::connection::Connection;
use crate::encrypted::Record;
use crate::exchange::scene::{Counts, Output, Scene};
use crate::flow::key::FlowKey;
use crate::flow::segment::Segment;
use crate::flow::table::Table;
use crate::limits::Limits;
use crate::schema::BlockKind;
use crate::site::{Site, Turn};
use crate::snapshot::Rows;
use crate::tally::Missing;
use crate::tls::secret::Secrets;

/// What was done since the last `take`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Batch {
    pub outputs: Vec<Output>,
    /// EncryptedFlow records.
    pub encrypted: Vec<Record>,
    /// State rows; None: a tombstone.
    pub rows: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    pub ledger: Vec<Vec<u8>>,
    pub counts: Counts,
}

pub struct Reassembler {
    pub(crate) source: String,
    pub(crate) limits: Limits,
    pub(crate) sites: Vec<Site>,
    pub(crate) site_numbers: HashMap<String, u32>,
    pub(crate) flows: Table<Connection>,
    pub(crate) quic: quic::Quic,
    /// Packets seen: the order of flows in the table.
    pub(crate) packets: u64,
    pub(crate) rows: Rows,
    /// Of TLS sessions; who takes over is told them anew.
    pub secrets: Secrets,
    /// Partitions that the agents spread over, as the last block says.
    partitions: i32,
    outputs: Vec<Output>,
    ledger: Vec<Vec<u8>>,
    counts: Counts,
    /// The flow a packet is being worked into.
    current: Option<u32>,
}

/// Who sent the packets of a block.
struct From {
    site: u32,
    agent: Arc<str>,
    other_clocks: Vec<i64>,
}

impl Reassembler {
    pub fn new(source: &str, limits: Limits) -> Self {
        Reassembler {
            source: source.to_owned(),
            limits,
            sites: Vec::new(),
            site_numbers: HashMap::new(),
            flows: Table::default(),
            quic: quic::Quic::default(),
            packets: 0,
            rows: Rows::default(),
            secrets: Secrets::default(),
            partitions: 1,
            outputs: Vec::new(),
            ledger: Vec::new(),
            counts: Counts::new(),
            current: None,
        }
    }

    /// Works one record in; what cannot be read changes nothing.
    pub fn feed(&mut self, record: &[u8]) -> Result<(), Damage> {
        let (block, data) = readable(record)?;
        self.partitions = block.partitions;
        let number = self.site_number(block.site);
        let site = &mut self.sites[number as usize];
        site.changed = true;
        let agent = match site.agents.get_key_value(block.agent) {
            Some((name, _)) => name.clone(),
            None => block.agent.into(),
        };
        match site
            .agents
            .entry(agent.clone())
            .or_default()
            .turn(block.epoch, block.sequence)
        {
            Turn::Repeat => {
                self.count("blocks_repeated", 1);
                return Ok(());
            }
            Turn::New { lost: 0 } => {}
            Turn::New { lost } => {
                site.progress.tally.miss(Missing::BlocksLost, lost);
                self.count("blocks_lost", lost);
            }
        }
        self.count("blocks", 1);
        let other_clocks = self.sites[number as usize].other_clocks(&agent);
        let from = From {
            site: number,
            agent,
            other_clocks,
        };
        let mut packets = Packets::new(data);
        while !self.guarded(&mut packets, &from) {}
        self.advance(&from, block.clock_us);
        if block.kind == BlockKind::End {
            self.end_agent(&from);
        }
        Ok(())
    }

    pub fn take(&mut self) -> Batch {
        let rows = self.changed_rows();
        Batch {
            outputs: std::mem::take(&mut self.outputs),
            encrypted: std::mem::take(&mut self.quic.records),
            rows,
            ledger: std::mem::take(&mut self.ledger),
            counts: std::mem::take(&mut self.counts),
        }
    }

    /// Works packets in until they are used up; False: a panic gave up the flow of one of them.
    fn guarded(&mut self, packets: &mut Packets, from: &From) -> bool {
        let work = || {
            for packet in packets.by_ref().flatten() {
                self.packet(&packet, from);
            }
        };
        if catch_unwind(AssertUnwindSafe(work)).is_ok() {
            return true;
        }
        self.count("bugs", 1);
        if let Some(place) = self.current.take() {
            self.with_flow(place, &from.agent, false, |flow, scene| flow.abandon(scene));
            self.remove(place);
        }
        false
    }

    fn packet(&mut self, packet: &Packet, from: &From) {
        self.advance(from, packet.clock_us);
        if packet.flags & FLAG_UDP != 0 {
            self.datagram(packet, from);
            return;
        }
        let Some(segment) = Segment::of(packet) else {
            self.count("bad_segments", 1);
            return;
        };
        let (key, side) = FlowKey::new(from.site, segment.from, segment.to);
        let watermark_us = self.sites[from.site as usize].progress.watermark_us;
        let now_us = watermark_us.max(packet.clock_us);
        let Some(place) = self.place(key, side, &segment, watermark_us, &from.agent) else {
            return;
        };
        self.packets += 1;
        self.current = Some(place);
        self.flows.touch(place);
        let late = packet.at_us < watermark_us - self.limits.skew_us;
        let labels = (packet.vlan, packet.vni);
        let touched = self.packets;
        let deadline_us = self.with_labels(place, &from.agent, late, labels, |flow, scene| {
            flow.touched = touched;
            flow.receive(side, &segment, packet.at_us, now_us, scene);
            flow.deadline(scene.limits)
        });
        self.current = None;
        self.schedule(place, deadline_us);
    }

    /// The segment's flow, its timers up to the watermark run; None: it opens none.
    fn place(
        &mut self,
        key: FlowKey,
        side: usize,
        segment: &Segment,
        watermark_us: i64,
        agent: &Arc<str>,
    ) -> Option<u32> {
        let mut epoch = 0;
        if let Some(place) = self.flows.find(&key) {
            let over = self.with_flow(place, agent, false, |flow, scene| {
                flow.deadline(scene.limits) <= watermark_us && flow.tick(watermark_us, scene)
            });
            let flow = self.flows.get(place)?;
            if !over && !flow.is_replaced_by(side, segment) {
                return Some(place);
            }
            if !over {
                epoch = flow.next_epoch(side, segment);
                self.count("ports_reused", 1);
            }
            self.end_flow(place, agent);
        }
        if segment.payload.is_empty() && !segment.syn && segment.cut_bytes == 0 {
            return None;
        }
        if self.flows.len() >= self.limits.flows_max as usize
            && let Some(oldest) = self.flows.oldest()
        {
            self.count("flows_max", 1);
            self.end_flow(oldest, agent);
        }
        self.count("flows_opened", 1);
        let mut flow = Connection {
            epoch,
            scheduled_tick: i64::MAX,
            ..Connection::default()
        };
        flow.talk.picked_up = !segment.syn;
        Some(self.flows.insert(key, flow))
    }

    fn end_flow(&mut self, place: u32, agent: &Arc<str>) {
        self.current = Some(place);
        self.with_flow(place, agent, false, |flow, scene| flow.end(scene));
        self.current = None;
        self.remove(place);
    }

    fn remove(&mut self, place: u32) {
        let key = self.flows.key(place);
        let site = self.sites[key.site as usize].name.clone();
        if let Some(flow) = self.flows.remove(place) {
            self.rows.bury(&site, &key, &flow);
        }
    }

    fn with_flow<T>(
        &mut self,
        place: u32,
        agent: &Arc<str>,
        late: bool,
        work: impl FnOnce(&mut Connection, &mut Scene) -> T,
    ) -> T
    where
        T: Default,
    {
        self.with_labels(place, agent, late, (None, None), work)
    }

    /// Lets a flow work, and measures what it holds before and after.
    fn with_labels<T>(
        &mut self,
        place: u32,
        agent: &Arc<str>,
        late: bool,
        (vlan, vni): (Option<u16>, Option<u32>),
        work: impl FnOnce(&mut Connection, &mut Scene) -> T,
    ) -> T
    where
        T: Default,
    {
        let key = self.flows.key(place);
        let Some(flow) = self.flows.get(place) else {
            return T::default();
        };
        let site = &mut self.sites[key.site as usize];
        let (held, was_changed) = (flow.held() as i64, flow.changed);
        let mut scene = Scene {
            limits: &self.limits,
            tally: &mut site.progress.tally,
            outputs: &mut self.outputs,
            encrypted: &mut self.quic.records,
            counts: &mut self.counts,
            site: &site.name,
            key,
            epoch: flow.epoch,
            source: agent,
            vlan,
            vni,
            late,
            secrets: &self.secrets,
            tls: flow.tls.as_ref().map(|tls| tls.said.clone()),
        };
        let result = work(flow, &mut scene);
        site.progress.tally.held += flow.held() as i64 - held;
        if flow.changed && !was_changed {
            self.rows.changed.push(place);
        }
        result
    }

    fn site_number(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.site_numbers.get(name) {
            return number;
        }
        let number = self.sites.len() as u32;
        self.sites.push(Site::new(name));
        self.site_numbers.insert(name.to_owned(), number);
        number
    }

    pub(crate) fn add_site(&mut self, name: &str) -> &mut Site {
        let number = self.site_number(name);
        &mut self.sites[number as usize]
    }

    fn count(&mut self, event: &'static str, times: u64) {
        if times > 0 {
            *self.counts.entry(event).or_default() += times;
        }
    }
}

/// A block all of whose packets can be read: it is worked in whole or not at all.
fn readable(record: &[u8]) -> Result<(block::Head<'_>, &[u8]), Damage> {
    let (head, data) = block::read(record)?;
    let mut count = 0;
    for packet in Packets::new(data) {
        packet?;
        count += 1;
    }
    if count == head.packets {
        Ok((head, data))
    } else {
        Err("another number of packets than it says")
    }
}
