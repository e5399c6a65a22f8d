//! Holes in encrypted streams. Inside one record a hole costs that record; else the next record
//! is looked for, and proves itself by opening under one of the numbers that may be its own.

use serde::{Deserialize, Serialize};

use super::record::{APPLICATION_DATA, HANDSHAKE, HEAD_BYTES, Head};
use super::session::{Epoch, Tls};
use crate::exchange::message::First;
use crate::exchange::scene::Scene;
use crate::exchange::talk::Talk;
use crate::flow::blob::Blob;
use crate::flow::run::Run;
use crate::tally::Drop;

/// Record numbers tried for one record behind a hole: so many records were lost, at most.
const RECORDS_TRIED_MAX: u64 = 256;
/// Bytes looked through for a record; two of the largest ones.
const SEARCHED_BYTES_MAX: u64 = 64 << 10;
/// A record with less in it says nothing.
const RECORD_BYTES_MIN: u64 = HEAD_BYTES as u64 + 17;

/// Nobody knows where the next record begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// Where the first record stood that is lost.
    pub from: u64,
    /// Bytes seen since.
    searched: u64,
}

impl Tls {
    /// The bytes from `from` to `until` are lost.
    pub fn gap(
        &mut self,
        talk: &mut Talk,
        side: usize,
        (from, until): (u64, u64),
        scene: &mut Scene,
    ) {
        let reader = &mut self.sides[side];
        if reader.given_up || reader.lost.is_some() {
            return;
        }
        if !reader.begun && reader.part.is_empty() {
            return; // Where the capture begins, a record may.
        }
        let bytes = until - from;
        if u64::from(reader.skip) > 0 && bytes > 0 && bytes <= u64::from(reader.skip) {
            reader.skip -= bytes as u32;
            return;
        }
        let have = reader.part.len();
        let head = reader
            .part
            .bytes
            .first_chunk()
            .and_then(|head| Head::of(*head));
        if let Some(head) = head.filter(|_| bytes > 0)
            && have as u64 + bytes <= head.all_bytes() as u64
        {
            let first = reader.first;
            scene
                .tally
                .drop(Drop::Encrypted, std::mem::take(&mut reader.part).len());
            reader.skip = head.all_bytes() as u32 - have as u32 - bytes as u32;
            if self.is_sealed(side, &head) {
                self.pass_record(talk, side, &head, first, scene);
            }
            if head.kind == HANDSHAKE || self.sides[side].epoch < Epoch::Traffic {
                self.sides[side].messages.lose();
            }
            return;
        }
        let from = if have > 0 { reader.first.start } else { from };
        self.lose(side, from, scene);
        if self.sides[side].keys.is_none() && self.session.is_empty() {
            self.give_up_unless_expected(talk, side, scene);
        }
    }

    fn give_up_unless_expected(&mut self, talk: &mut Talk, side: usize, scene: &mut Scene) {
        self.fetch(scene);
        if self.session.is_empty() && !scene.secrets.expected {
            self.give_up(talk, side, scene);
        }
    }

    /// Where the next record begins is not known any more.
    pub(super) fn lose(&mut self, side: usize, from: u64, scene: &mut Scene) {
        let reader = &mut self.sides[side];
        scene
            .tally
            .drop(Drop::Encrypted, std::mem::take(&mut reader.part).len());
        reader.messages.lose();
        reader.skip = 0;
        reader.lost = Some(Lost { from, searched: 0 });
    }

    /// Looks for a record that opens. None: bytes must wait.
    pub(super) fn search(
        &mut self,
        talk: &mut Talk,
        side: usize,
        run: &Run,
        (heard, forced): (u64, bool),
        scene: &mut Scene,
    ) -> Option<usize> {
        let is_client = self.is_client(side);
        if !forced && !is_client && run.ack.is_some_and(|ack| ack > heard) {
            return None;
        }
        self.fetch(scene);
        let reader = &mut self.sides[side];
        if reader.part.is_empty() {
            reader.first = First::of(run);
        }
        let mut bytes = std::mem::take(&mut reader.part).bytes;
        bytes.extend_from_slice(run.bytes);
        let (mut at, all) = (0, run.bytes.len());
        while at + HEAD_BYTES <= bytes.len() {
            let head = bytes[at..].first_chunk().and_then(|head| Head::of(*head));
            let Some(head) = head.filter(|head| self.is_likely(side, head)) else {
                at += 1;
                continue;
            };
            let Some(body) = bytes.get(at + HEAD_BYTES..at + head.all_bytes()) else {
                break;
            };
            if let Some(found) = self.recover(side, &head, body, at) {
                scene.tally.drop(Drop::Encrypted, at);
                self.resume(talk, side, (&head, at), found, scene);
                let rest = Run {
                    start: self.sides[side].first.start + (at + head.all_bytes()) as u64,
                    bytes: &bytes[at + head.all_bytes()..],
                    ..*run
                };
                self.feed(talk, side, &rest, (u64::MAX, true), scene);
                return Some(all);
            }
            at += 1;
        }
        scene.tally.drop(Drop::Encrypted, at);
        let reader = &mut self.sides[side];
        reader.part = Blob::of(bytes.split_off(at));
        reader.first.start += at as u64;
        let lost = reader.lost.as_mut()?;
        lost.searched += all as u64;
        if lost.searched > SEARCHED_BYTES_MAX {
            scene.count("tls_records_lost");
            self.give_up(talk, side, scene);
        }
        Some(all)
    }

    /// A head that this direction's records may have.
    fn is_likely(&self, side: usize, head: &Head) -> bool {
        let version = self.terms.map_or(3, |terms| (terms.version as u8).min(3));
        let fits = head.bytes[2] == version || self.terms.is_some_and(|terms| terms.draft > 0);
        let sealed = self.is_sealed(side, head) || self.terms.is_none();
        sealed && fits && head.kind == APPLICATION_DATA && head.body_bytes > 0
    }

    /// The record at `at` in what was searched opens: its number, content and how much is lost.
    fn recover(
        &mut self,
        side: usize,
        head: &Head,
        body: &[u8],
        at: usize,
    ) -> Option<(u8, Vec<u8>, Option<u64>)> {
        let reader = &self.sides[side];
        let lost = reader.lost?;
        let wire = (reader.first.start + at as u64).saturating_sub(lost.from);
        let (before, epoch) = (reader.seq, reader.epoch);
        let generation = reader.traffic.clone();
        let skipped = (wire / RECORD_BYTES_MIN + 1).min(RECORDS_TRIED_MAX);
        let (seq, kind, plain) = self.open(side, head, body, skipped)?;
        let reader = &self.sides[side];
        let same = reader.epoch == epoch && reader.traffic == generation && seq > before;
        let overhead = reader
            .keys
            .as_ref()
            .filter(|_| same)
            .and_then(|keys| keys.overhead());
        let text = overhead
            .and_then(|overhead| wire.checked_sub((seq - before) * (HEAD_BYTES + overhead) as u64));
        Some((kind, plain, text))
    }

    /// Goes on with the record that was found.
    fn resume(
        &mut self,
        talk: &mut Talk,
        side: usize,
        (head, at): (&Head, usize),
        (kind, plain, text): (u8, Vec<u8>, Option<u64>),
        scene: &mut Scene,
    ) {
        let reader = &mut self.sides[side];
        let from = reader
            .lost
            .take()
            .map_or(reader.first.start, |lost| lost.from);
        (reader.unread, reader.messages) = (0, Default::default());
        let first = First {
            start: reader.first.start + at as u64,
            ..reader.first
        };
        if text != Some(0) {
            talk.gap(side, from, from + text.unwrap_or(0), scene);
        }
        self.take_text(talk, side, kind, &plain, (head, first), scene);
    }
}
