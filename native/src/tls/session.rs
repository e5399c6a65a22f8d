//! One connection's TLS: records of two directions, and what is known to open them with.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::cipher::Terms;
use super::handshake::Message;
use super::record::{
    ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, HANDSHAKE, HEAD_BYTES, Head, TLS_1_3,
};
pub use super::said::Said;
use super::secret::{Label, Random, Session};
pub use super::side::{Early, Epoch, Side};
use crate::encrypted::Untold;
use crate::exchange::message::First;
use crate::exchange::scene::Scene;
use crate::exchange::talk::Talk;
use crate::flow::run::Run;
use crate::tally::Drop;

/// Records in a row that do not open before a direction is given up. A refused flight of early
/// data, or a handshake whose secret is not known, is shorter.
const UNREAD_MAX: u8 = 64;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Tls {
    pub said: Arc<Said>,
    pub(super) client: Option<u8>,
    pub(super) client_random: Option<Random>,
    pub(super) server_random: Random,
    pub(super) terms: Option<Terms>,
    pub(super) session: Session,
    pub(super) early: Early,
    pub sides: [Side; 2],
    /// Bytes that stayed closed; rows before version 3 end in front of it.
    pub untold: Untold,
    /// Some text was opened.
    opened: bool,
    /// A direction was given up before it ended.
    closed: bool,
}

impl Tls {
    pub fn is_client(&self, side: usize) -> bool {
        self.client == Some(side as u8)
    }

    /// Something was said that nobody here could read.
    pub fn is_blind(&self) -> bool {
        self.closed || !self.opened
    }

    /// Some direction will not be read any more, though it goes on.
    pub fn is_given_up(&self) -> bool {
        self.closed
    }

    /// Who sent the hello.
    pub fn client(&self) -> Option<usize> {
        self.client.map(usize::from)
    }

    /// Bytes of records that are not whole.
    pub fn held(&self) -> usize {
        self.sides.iter().map(|side| side.part.len()).sum()
    }

    /// What this direction waits for may be a key.
    pub fn waits_for_key(&self, side: usize) -> bool {
        self.sides[side].waits_for_key
    }

    /// Works through ordered bytes and gives how many were used, as `Talk::feed` does.
    pub fn feed(
        &mut self,
        talk: &mut Talk,
        side: usize,
        run: &Run,
        (heard, forced): (u64, bool),
        scene: &mut Scene,
    ) -> usize {
        let mut used = 0;
        while used < run.bytes.len() {
            let here = Run {
                start: run.start + used as u64,
                bytes: &run.bytes[used..],
                ..*run
            };
            let reader = &mut self.sides[side];
            let taken = if reader.given_up {
                scene.tally.drop(Drop::Encrypted, here.bytes.len());
                Some(here.bytes.len())
            } else if reader.skip > 0 {
                let passed = here.bytes.len().min(reader.skip as usize);
                reader.skip -= passed as u32;
                scene.tally.drop(Drop::Encrypted, passed);
                Some(passed)
            } else if reader.lost.is_some() {
                self.search(talk, side, &here, (heard, forced), scene)
            } else {
                self.record(talk, side, &here, (heard, forced), scene)
            };
            match taken {
                Some(taken) => used += taken,
                None => break,
            }
        }
        used
    }

    /// A record begins, or goes on. None: it must wait.
    fn record(
        &mut self,
        talk: &mut Talk,
        side: usize,
        run: &Run,
        (heard, forced): (u64, bool),
        scene: &mut Scene,
    ) -> Option<usize> {
        let reader = &mut self.sides[side];
        let old = reader.part.len();
        if old == 0 {
            reader.first = First::of(run);
        }
        let mut head = [0; HEAD_BYTES];
        let bytes = reader.part.bytes.iter().chain(run.bytes);
        let there = head.iter_mut().zip(bytes).map(|(a, b)| *a = *b).count();
        let head = (there == HEAD_BYTES).then(|| Head::of(head));
        let Some(head) = head.unwrap_or(Some(Head::INCOMPLETE)) else {
            self.no_record(talk, side, scene);
            return Some(0);
        };
        let need = head.all_bytes().saturating_sub(old);
        if there < HEAD_BYTES || run.bytes.len() < need {
            reader.part.bytes.extend_from_slice(run.bytes);
            return Some(run.bytes.len());
        }
        if !forced && self.must_wait(talk, side, &head, heard, scene) {
            return None;
        }
        let reader = &mut self.sides[side];
        (reader.waits_for_key, reader.begun) = (false, true);
        let first = reader.first;
        if old == 0 {
            self.take_record(
                talk,
                side,
                &head,
                &run.bytes[HEAD_BYTES..need],
                first,
                scene,
            );
        } else {
            let mut whole = std::mem::take(&mut reader.part).bytes;
            whole.extend_from_slice(&run.bytes[..need]);
            self.take_record(talk, side, &head, &whole[HEAD_BYTES..], first, scene);
        }
        Some(need)
    }

    /// The record would be read too early: before what its sender had heard, or before its key.
    pub(super) fn must_wait(
        &mut self,
        talk: &Talk,
        side: usize,
        head: &Head,
        heard: u64,
        scene: &Scene,
    ) -> bool {
        let (is_client, sealed) = (self.is_client(side), self.is_sealed(side, head));
        let reader = &self.sides[side];
        let behind = reader.first.ack.is_some_and(|ack| ack > heard);
        let begun = reader.epoch == Epoch::Traffic;
        if behind && is_client && self.terms.is_none() {
            return true;
        }
        if behind && !is_client {
            let reads = self.terms.is_none_or(|terms| terms.version < TLS_1_3) || begun;
            if self.client_random.is_none() || (sealed && reads) {
                return true;
            }
        }
        if !sealed {
            return false;
        }
        if is_client && talk.may_switch() {
            return true;
        }
        self.fetch(scene);
        if is_client
            && self.early == Early::Offered
            && self.session.get(Label::ClientEarly).is_some()
        {
            // Whether the server takes it stands in its flight; a client does not wait for that.
            return true;
        }
        let lacks = scene.secrets.expected && self.client_random.is_some() && !self.has_key(side);
        self.sides[side].waits_for_key = lacks;
        lacks
    }

    /// Its text is not to be seen without a key.
    pub(super) fn is_sealed(&self, side: usize, head: &Head) -> bool {
        match self.terms {
            Some(terms) if terms.version < TLS_1_3 => self.sides[side].changed,
            _ => head.kind == APPLICATION_DATA,
        }
    }

    fn has_key(&self, side: usize) -> bool {
        let reader = &self.sides[side];
        if reader.keys.is_some() {
            return true;
        }
        match self.terms {
            Some(terms) if terms.version < TLS_1_3 => self.session.get(Label::Master).is_some(),
            _ => self
                .labels(side)
                .any(|(_, label)| self.session.get(label).is_some()),
        }
    }

    /// A whole record.
    fn take_record(
        &mut self,
        talk: &mut Talk,
        side: usize,
        head: &Head,
        body: &[u8],
        first: First,
        scene: &mut Scene,
    ) {
        if !self.is_sealed(side, head) {
            scene.tally.drop(Drop::Encrypted, head.all_bytes());
            match head.kind {
                HANDSHAKE => self.read_messages(side, body, scene),
                CHANGE_CIPHER_SPEC => self.change(side),
                _ => {}
            }
            return;
        }
        self.fetch(scene);
        match self.open(side, head, body, 0) {
            Some((_, kind, plain)) => {
                self.sides[side].unread = 0;
                self.take_text(talk, side, kind, &plain, (head, first), scene);
            }
            None => self.unread(talk, side, head, first, scene),
        }
    }

    /// What a record had inside.
    pub(super) fn take_text(
        &mut self,
        talk: &mut Talk,
        side: usize,
        kind: u8,
        plain: &[u8],
        (head, first): (&Head, First),
        scene: &mut Scene,
    ) {
        let text = if kind == APPLICATION_DATA {
            plain.len()
        } else {
            0
        };
        talk.pass_framing(head.all_bytes() - text, scene);
        match kind {
            HANDSHAKE => self.read_messages(side, plain, scene),
            CHANGE_CIPHER_SPEC => self.change(side),
            APPLICATION_DATA if !plain.is_empty() => {
                self.opened = true;
                let run = Run {
                    start: first.start,
                    at_us: first.at_us,
                    now_us: first.now_us,
                    ack: first.ack,
                    bytes: plain,
                };
                let used = talk.feed(side, &run, u64::MAX, true, scene);
                talk.discard(plain.len() - used, scene);
            }
            ALERT | APPLICATION_DATA => {}
            _ => {}
        }
    }

    /// A record that no key opens.
    fn unread(
        &mut self,
        talk: &mut Talk,
        side: usize,
        head: &Head,
        first: First,
        scene: &mut Scene,
    ) {
        scene.tally.drop(Drop::Encrypted, head.all_bytes());
        self.pass_record(talk, side, head, first, scene);
        let hopeless = self.session.is_empty() || self.is_beyond_us();
        let reader = &mut self.sides[side];
        reader.unread += 1;
        if hopeless || reader.unread > UNREAD_MAX {
            self.give_up(talk, side, scene);
        }
    }

    /// A record is there, or is known to have been there, and cannot be read.
    pub(super) fn pass_record(
        &mut self,
        talk: &mut Talk,
        side: usize,
        head: &Head,
        first: First,
        scene: &mut Scene,
    ) {
        let reader = &mut self.sides[side];
        let before_13 = self.terms.is_some_and(|terms| terms.version < TLS_1_3);
        let Some(keys) = reader
            .keys
            .as_ref()
            .filter(|_| before_13 || reader.traffic.is_some())
        else {
            return;
        };
        reader.seq += 1;
        let text = keys
            .overhead()
            .and_then(|overhead| head.body_bytes.checked_sub(overhead));
        let until = first.start + text.unwrap_or(0) as u64;
        if head.kind == APPLICATION_DATA {
            talk.gap(side, first.start, until, scene);
        }
    }

    /// Nothing more of this direction will be opened.
    pub(super) fn give_up(&mut self, talk: &mut Talk, side: usize, scene: &mut Scene) {
        self.closed = true;
        self.stop(talk, side, scene);
    }

    fn stop(&mut self, talk: &mut Talk, side: usize, scene: &mut Scene) {
        let reader = &mut self.sides[side];
        let part = std::mem::take(&mut reader.part).len();
        scene.tally.drop(Drop::Encrypted, part);
        let lost = reader.lost.take().map(|lost| lost.from);
        (reader.given_up, reader.waits_for_key) = (true, false);
        if let Some(from) = lost {
            talk.gap(side, from, from, scene);
        }
        if self.sides.iter().all(|side| side.given_up) {
            scene.count("encrypted_flows");
        }
    }

    /// These bytes are no record: behind records it is damage, else it was never TLS.
    fn no_record(&mut self, talk: &mut Talk, side: usize, scene: &mut Scene) {
        self.fetch(scene);
        if self.sides[side].keys.is_some() || !self.session.is_empty() {
            let from = self.sides[side].first.start;
            self.lose(side, from, scene);
        } else {
            self.give_up(talk, side, scene);
        }
    }

    /// No more bytes come from this side.
    pub fn close(&mut self, talk: &mut Talk, side: usize, scene: &mut Scene) {
        if !self.sides[side].given_up {
            self.stop(talk, side, scene);
        }
    }

    /// Handshake messages, of which some change what follows.
    fn read_messages(&mut self, side: usize, bytes: &[u8], scene: &mut Scene) {
        let mut found: Vec<Message> = Vec::new();
        self.sides[side].messages.feed(bytes, &mut found);
        let before = self.said.clone();
        for message in &found {
            self.advance(side, message);
        }
        if !Arc::ptr_eq(&before, &self.said) {
            scene.tls = Some(self.said.clone());
        }
    }
}
