//! Where TLS stands between a connection's bytes and the conversation.

use std::mem::take;

use super::Connection;
use crate::exchange::habits::Hidden;
use crate::exchange::scene::Scene;
use crate::exchange::talk::{Phase, Talk};
use crate::flow::run::Run;
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
        return tls.feed(talk, side, run, (heard, forced), scene);
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
    used + begun.feed(talk, side, &rest, (heard, forced), scene)
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
            Some(tls) => tls.gap(&mut self.talk, side, (from, until), scene),
            None => self.talk.gap(side, from, until, scene),
        }
    }
}
