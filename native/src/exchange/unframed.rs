//! A request whose framing is damaged: nobody can say where its body ends.
//!
//! RFC 9112 §6.3 wants it refused and the connection closed; what its sender meant by the bytes
//! behind the head is not for the standard to say. A server that does not refuse it reads them as
//! a body or as the next request. So bytes right behind the head that prove themselves a request
//! are one: that is how requests are smuggled. Anything else is body, up to the end.
//!
//! Such a request is the only one that has not ended while its reader is lost.

use super::message::First;
use super::scene::Scene;
use super::talk::{Phase, Talk};
use crate::flow::run::Run;
use crate::http1::body::Decoder;
use crate::http1::framing::Framing;

impl Talk {
    /// Behind the head of such a request, and nothing is decided yet.
    pub(super) fn is_unframed(&self, side: usize) -> bool {
        let last = self
            .open
            .iter()
            .rev()
            .find_map(|open| open.request.as_ref());
        self.is_client(side)
            && self.sides[side].phase == Phase::Lost
            && last.is_some_and(|request| request.broken && !request.ended)
    }

    /// The bytes behind it are no request: they are its body, those held back first.
    pub(super) fn take_as_body(&mut self, side: usize, scene: &mut Scene) {
        let reader = &mut self.sides[side];
        let part = std::mem::take(&mut reader.part).bytes;
        let First {
            start,
            at_us,
            now_us,
            ack,
        } = reader.first;
        (reader.kind, reader.scanned) = (None, 0);
        reader.phase = Decoder::new(Framing::UntilClose).map_or(Phase::Lost, Phase::Body);
        let run = Run {
            start,
            at_us,
            now_us,
            ack,
            bytes: &part,
        };
        if !part.is_empty() {
            self.body(side, &run, scene);
        }
    }

    /// Another request follows, or nothing does: such a request ends without a body.
    pub(super) fn end_unframed(&mut self, side: usize, scene: &mut Scene) {
        if self.is_unframed(side) {
            self.sides[side].phase = Phase::Start;
            self.finish(side, false, scene);
        }
    }
}
