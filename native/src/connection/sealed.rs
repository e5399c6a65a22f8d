//! Where TLS stands between a connection's bytes and the conversation.

use std::mem::take;

use super::Connection;
use crate::encrypted::{Flow, likely_client};
use crate::exchange::habits::Hidden;
use crate::exchange::scene::Scene;
use crate::exchange::talk::{Phase, Talk};
use crate::flow::run::Run;
use crate::schema::Transport;
use crate::tls::session::Tls;

/// Hands bytes over, through TLS where there is some. Gives how many were used.
pub(super) fn feed(
    talk: &mut Talk,
    tls: &mut Option<Box<Tls>>,
    side: usize,
    run: &Run,
    (heard, forced): (u64, bool),
    scene: &mut Scene,
) -> usize {
    if let Some(tls) = tls {
        return count(tls, side, run.at_us, scene, |tls, scene| {
            tls.feed(talk, side, run, (heard, forced), scene)
        });
    }
    let used = talk.feed(side, run, heard, forced, scene);
    if !take(&mut talk.tls_begins) {
        return used;
    }
    let rest = Run {
        start: run.start + used as u64,
        bytes: &run.bytes[used..],
        ..*run
    };
    let begun = tls.insert(begin(talk));
    scene.tls = Some(begun.said.clone());
    used + count(begun, side, run.at_us, scene, |tls, scene| {
        tls.feed(talk, side, &rest, (heard, forced), scene)
    })
}

/// Lets TLS work for a side, and counts what stayed closed of it.
fn count<T>(
    tls: &mut Tls,
    side: usize,
    at_us: i64,
    scene: &mut Scene,
    work: impl FnOnce(&mut Tls, &mut Scene) -> T,
) -> T {
    let before = scene.tally.encrypted();
    let result = work(tls, scene);
    let bytes = scene.tally.encrypted() - before;
    tls.untold.add(side, bytes, at_us);
    result
}

/// What the conversation held back are records; what is in them, it begins anew.
fn begin(talk: &mut Talk) -> Box<Tls> {
    let mut tls = Box::new(Tls::default());
    for (side, records) in talk.sides.iter_mut().zip(&mut tls.sides) {
        records.begin(take(&mut side.part), side.first);
        (side.kind, side.scanned, side.after_gap) = (None, 0, Hidden::Nothing);
        if side.phase != Phase::Closed {
            side.phase = Phase::Start;
        }
    }
    tls
}

impl Connection {
    /// Bytes of a side are lost.
    pub(super) fn miss(&mut self, side: usize, from: u64, until: u64, scene: &mut Scene) {
        match &mut self.tls {
            Some(tls) => count(tls, side, self.last_us, scene, |tls, scene| {
                tls.gap(&mut self.talk, side, (from, until), scene);
            }),
            None => self.talk.gap(side, from, until, scene),
        }
    }

    /// No more bytes come from this side.
    pub(super) fn close_tls(&mut self, side: usize, scene: &mut Scene) {
        if let Some(tls) = &mut self.tls {
            count(tls, side, self.last_us, scene, |tls, scene| {
                tls.close(&mut self.talk, side, scene);
            });
        }
    }

    /// Tells of bytes that stayed closed, when there is so much of them or when the flow is over.
    pub(super) fn tell_encrypted(&mut self, over: bool, scene: &mut Scene) {
        let Some(tls) = &mut self.tls else { return };
        let due = tls.is_given_up() && tls.untold.is_due(scene.limits.part_us);
        let last = over && tls.is_blind() && !tls.untold.is_nothing();
        if !(due || last) {
            return;
        }
        let client = tls.client().unwrap_or_else(|| likely_client(&scene.key));
        let flow = Flow {
            site: scene.site,
            source: scene.source,
            key: scene.key,
            transport: Transport::Tls,
            client,
            number: self.halves[client].start.unwrap_or(0) as u32,
            epoch: scene.epoch,
            said: &tls.said,
        };
        scene.encrypted.push(tls.untold.tell(&flow, over));
        scene.count("encrypted_records");
    }
}
