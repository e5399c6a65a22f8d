//! Packets to blocks.
//!
//! In:    frames of one agent, in the order in which they were captured.
//! Out:   blocks for the `packets` topic, and what became of every frame and byte.
//! Keeps: the packet clock, fragments under way, one open block a partition.
//!
//! What comes out depends on the frames and the settings only, never on how they were handed in.

pub mod blocks;
pub mod clock;
mod counts;
pub mod partition;
mod rooms;
pub mod subnet;

use std::collections::VecDeque;
use std::io;

use crate::block::{FLAG_CUT, FLAG_JOINED, FLAG_UDP, Packet};
use crate::capture::{Frame, Source};
use crate::decode::defrag::Defragmenter;
use crate::decode::link::Link;
use crate::decode::{self, Cause, Decoded, Fragment, Segment};
use crate::ledger::{self, Amount, Deltas, Place};
use crate::schema::{LAYER_SYMBOLS, Layer};
use blocks::{Block, Blocks, Origin};
use clock::{Clock, WITNESSES};
use counts::Counts;
use partition::Spread;
use subnet::Subnets;

/// How a Packer works; all of it is part of what a file agent's epoch is made of.
#[derive(Clone, Debug)]
pub struct Settings {
    pub origin: Origin,
    pub partitions: u32,
    pub block_bytes: usize,
    pub linger_us: i64,
    pub subnets: Subnets,
    pub vlan_in_flow: bool,
}

/// A frame held back until its time is believed.
#[derive(Debug)]
struct Doubted {
    at_us: i64,
    wire_bytes: u32,
    link: Option<Link>,
    bytes: Vec<u8>,
}

/// What is known of a packet besides its bytes.
#[derive(Clone, Copy)]
struct Taken {
    at_us: i64,
    wire_bytes: u32,
    flags: u16,
}

/// Partitions are numbered by 32 bits in a record; Kafka itself gets slow long before this.
const PARTITIONS_MAX: u32 = 4096;
/// The topic takes records of 4 MiB: a block, and the one frame that may not fit it before.
const BLOCK_BYTES_MAX: usize = 2 << 20;

#[derive(Debug)]
pub struct Packer {
    origin: Origin,
    clock: Clock,
    doubted: VecDeque<Doubted>,
    fragments: Defragmenter,
    subnets: Subnets,
    spread: Spread,
    blocks: Blocks,
    /// Frames entered, all told: the position in ledger ids.
    frames: i64,
    frames_told: i64,
    entries: u64,
    counts: Counts,
    /// Given to open blocks since the last ledger entry.
    packed: Amount,
    /// In open blocks at the last ledger entry.
    held_told: Amount,
    ended: bool,
}

impl Packer {
    /// Refuses settings that can't work with one sentence.
    pub fn new(settings: Settings) -> Result<Self, String> {
        check(&settings)?;
        let Settings {
            origin,
            partitions,
            block_bytes,
            linger_us,
            subnets,
            vlan_in_flow,
        } = settings;
        Ok(Packer {
            spread: Spread::of(&origin.site, partitions, vlan_in_flow),
            blocks: Blocks::new(origin.clone(), partitions, block_bytes, linger_us),
            origin,
            clock: Clock::default(),
            doubted: VecDeque::new(),
            fragments: Defragmenter::default(),
            subnets,
            frames: 0,
            frames_told: 0,
            entries: 0,
            counts: Counts::default(),
            packed: Amount::default(),
            held_told: Amount::default(),
            ended: false,
        })
    }

    /// Reads up to so many packets; `take` has the blocks that closed.
    pub fn read(&mut self, source: &mut impl Source, packets: usize) -> io::Result<()> {
        source.begin();
        for _ in 0..packets {
            let Some(frame) = source.next()? else { break };
            self.frame(&frame);
        }
        let losses = source.losses();
        self.frames += losses.entered.packets;
        self.counts.rest.merge(&losses);
        Ok(())
    }

    /// Takes one frame.
    #[inline]
    pub fn frame(&mut self, frame: &Frame) {
        self.frames += 1;
        let amount = Amount::one(frame.bytes.len());
        self.counts.entered += amount;
        if frame.filtered {
            self.counts.drop(Cause::Filter, amount);
        } else if self.doubted.is_empty() && self.clock.believes(frame.at_us) {
            self.accept(frame, true);
        } else {
            self.doubt(frame);
        }
    }

    /// Moves the clock of a live capture on, where no packet does.
    pub fn tick(&mut self, now_us: i64) {
        self.settle(1);
        self.advance(now_us);
    }

    /// Closes everything and says so to each partition; a second call does nothing.
    pub fn end(&mut self) {
        if self.ended {
            return;
        }
        self.settle(1);
        self.fragments.end(&mut self.counts.rest);
        self.blocks.end(self.clock.now_us());
        self.ended = true;
    }

    /// Blocks that have closed since the last call.
    pub fn take(&mut self) -> Vec<Block> {
        self.blocks.take()
    }

    /// LedgerEntry records of the layers capture and packing since the last call.
    pub fn ledger(&mut self) -> Vec<Vec<u8>> {
        let mut capture = std::mem::take(&mut self.counts).into_deltas();
        self.subnets.count(&mut capture);
        let held = self.blocks.held();
        let packing = Deltas {
            entered: std::mem::take(&mut self.packed),
            left: self.blocks.take_left(),
            held: held - std::mem::replace(&mut self.held_told, held),
            ..Deltas::default()
        };
        let layers = [(Layer::Capture, capture), (Layer::Packing, packing)];
        let told = layers.iter().filter(|(_, deltas)| !deltas.is_zero());
        let records = told
            .map(|(layer, deltas)| self.entry(*layer, deltas))
            .collect();
        self.frames_told = self.frames;
        self.entries += 1;
        records
    }

    /// The id is made of frames, so an agent that starts over and reports at the same places
    /// gives the same ids.
    fn entry(&self, layer: Layer, deltas: &Deltas) -> Vec<u8> {
        let Origin { site, agent, epoch } = &self.origin;
        let name = LAYER_SYMBOLS[layer as usize];
        let (from, to, ordinal) = (self.frames_told, self.frames, self.entries);
        let id = format!("{name}/{site}/{agent}/{epoch}/{from}-{to}/{ordinal}");
        let at_us = self.clock.now_us();
        ledger::record(
            Place {
                id: &id,
                at_us,
                site,
                layer,
                source: agent,
            },
            deltas,
        )
    }

    fn advance(&mut self, at_us: i64) {
        let has_begun = self.clock.has_begun();
        self.clock.advance(at_us);
        let now_us = self.clock.now_us();
        if !has_begun {
            self.blocks.begin(now_us);
        }
        self.blocks.advance(now_us);
        self.fragments.expire(now_us, &mut self.counts.rest);
    }

    /// Holds a frame back until the next few tell whether its time can be believed.
    #[cold]
    fn doubt(&mut self, frame: &Frame) {
        self.counts.rest.held += Amount::one(frame.bytes.len());
        self.doubted.push_back(Doubted {
            at_us: frame.at_us,
            wire_bytes: frame.wire_bytes,
            link: frame.link,
            bytes: frame.bytes.to_vec(),
        });
        if self.doubted.len() >= WITNESSES {
            self.settle(WITNESSES);
        }
    }

    /// Takes the frames that were held back, up to the first doubtful one that fewer witnesses
    /// than so many stand with.
    fn settle(&mut self, witnesses: usize) {
        while let Some(first) = self.doubted.front() {
            if !self.clock.believes(first.at_us) {
                if self.doubted.len() < witnesses {
                    return;
                }
                let times_us: Vec<i64> = self.doubted.iter().map(|frame| frame.at_us).collect();
                if let Some(at_us) = self.clock.judge(&times_us) {
                    self.advance(at_us);
                }
            }
            let Some(frame) = self.doubted.pop_front() else {
                return;
            };
            self.decide(&frame);
        }
    }

    fn decide(&mut self, doubted: &Doubted) {
        let Doubted {
            at_us,
            wire_bytes,
            link,
            ref bytes,
        } = *doubted;
        let amount = Amount::one(bytes.len());
        self.counts.rest.held = self.counts.rest.held - amount;
        let is_believed = self.clock.believes(at_us);
        if !is_believed {
            self.counts.rest.part("time_not_believed", amount);
        }
        let frame = Frame {
            at_us,
            wire_bytes,
            link,
            filtered: false,
            bytes,
        };
        self.accept(&frame, is_believed);
    }

    #[inline]
    fn accept(&mut self, frame: &Frame, is_believed: bool) {
        if is_believed {
            self.advance(frame.at_us);
        }
        let captured_bytes = frame.bytes.len();
        let is_cut = frame.wire_bytes as usize > captured_bytes;
        if is_cut {
            let bytes = i64::from(frame.wire_bytes) - captured_bytes as i64;
            self.counts.snapped += Amount { packets: 1, bytes };
        }
        let Some(link) = frame.link else {
            return self
                .counts
                .drop(Cause::UnknownLink, Amount::one(captured_bytes));
        };
        let flags = if is_cut { FLAG_CUT } else { 0 };
        let taken = Taken {
            at_us: frame.at_us,
            wire_bytes: frame.wire_bytes,
            flags,
        };
        self.pass_on(decode::frame(link, frame.bytes), frame.bytes, taken);
    }

    #[inline]
    fn pass_on(&mut self, decoded: Decoded, bytes: &[u8], taken: Taken) {
        match decoded {
            Decoded::Tcp(segment) => self.pack(&segment, bytes, bytes.len(), taken),
            Decoded::Quic(segment, kept) => {
                let flags = taken.flags | FLAG_UDP;
                self.pack(&segment, bytes, kept, Taken { flags, ..taken });
            }
            Decoded::Fragment(fragment) => self.join(&fragment, bytes.len(), taken),
            Decoded::Dropped(Cause::Malformed) if taken.flags & FLAG_CUT != 0 => {
                self.counts
                    .drop(Cause::CutHeaders, Amount::one(bytes.len()));
            }
            Decoded::Dropped(cause) => self.counts.drop(cause, Amount::one(bytes.len())),
        }
    }

    fn join(&mut self, fragment: &Fragment, captured_bytes: usize, taken: Taken) {
        let (clock_us, deltas) = (self.clock.now_us(), &mut self.counts.rest);
        if let Some(whole) = self
            .fragments
            .push(fragment, captured_bytes, clock_us, deltas)
        {
            // What is inside may be fragments again: each round has one IP header less to go.
            let decoded = decode::joined(&whole.datagram, whole.tags, whole.depth);
            let wire_bytes = whole.datagram.len() as u32;
            let taken = Taken {
                wire_bytes,
                flags: FLAG_JOINED,
                ..taken
            };
            self.pass_on(decoded, &whole.datagram, taken);
        }
    }

    #[inline]
    fn pack(&mut self, segment: &Segment, frame: &[u8], kept: usize, taken: Taken) {
        if !self.subnets.keep(segment, Amount::one(frame.len())) {
            return;
        }
        let (frame, closed) = frame.split_at(kept);
        if !closed.is_empty() {
            let bytes = closed.len() as i64;
            self.counts
                .drop(Cause::Encrypted, Amount { packets: 0, bytes });
        }
        let amount = Amount::one(kept);
        self.counts.left += amount;
        self.packed += amount;
        let packet = Packet {
            at_us: taken.at_us,
            clock_us: self.clock.now_us(),
            wire_bytes: taken.wire_bytes,
            ip_offset: segment.ip_offset,
            tcp_offset: segment.tcp_offset,
            vlan: segment.tags.vlan,
            vni: segment.tags.vni,
            flags: taken.flags,
            frame,
        };
        self.blocks.add(self.spread.partition(segment), &packet);
    }
}

fn check(settings: &Settings) -> Result<(), String> {
    let Settings {
        partitions,
        block_bytes,
        linger_us,
        ..
    } = settings;
    if !(1..=PARTITIONS_MAX).contains(partitions) {
        return Err(format!(
            "partitions is {partitions}, it must be 1 to {PARTITIONS_MAX}"
        ));
    }
    if *block_bytes > BLOCK_BYTES_MAX {
        return Err(format!(
            "block_bytes is {block_bytes}, it must not pass {BLOCK_BYTES_MAX}"
        ));
    }
    if *linger_us < 0 {
        return Err(format!("linger_us is {linger_us}, it must not be negative"));
    }
    Ok(())
}
