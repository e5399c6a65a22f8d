//! What one side says at a time when it should not: a 100 that nobody asked for, a request's body
//! that goes on behind its response.

use super::message::First;
use super::talk::Talk;
use crate::schema::Anomaly;

impl Talk {
    /// An interim response begins. RFC 9110 §10.1.1: a server sends 100 to those that expect it.
    pub(super) fn note_interim(&mut self, side: usize, status: u16, first: First) {
        if status != 100 || self.damaged || self.sides[side].after_gap.is_possible() {
            return;
        }
        let asked = self.open.iter_mut().find(|open| open.is_unanswered());
        let Some(open) = asked.filter(|open| !open.after_gap.is_possible()) else {
            return;
        };
        let unexpected = open.request.as_ref().is_some_and(|request| {
            let heard = first.ack.is_some_and(|ack| ack > request.start);
            heard && request.fields(b"expect").is_empty()
        });
        if unexpected {
            open.marks.add(Anomaly::Unexpected100);
        }
    }

    /// The last byte of a response was sent when `ack` of the request had arrived.
    pub(super) fn note_response_end(&mut self, side: usize, ack: Option<u64>) {
        let (true, Some(ack)) = (self.is_server(side), ack) else {
            return;
        };
        let answering = self.answering;
        let open = self
            .open
            .iter_mut()
            .find(|open| Some(open.serial) == answering);
        if let Some(open) = open
            && let Some(request) = open.request.as_ref().filter(|request| !request.broken)
            && request.end > ack
        {
            open.marks.add(Anomaly::BodyAfterResponse);
        }
    }

    /// So much more of a body, or of its framing, came from this side.
    pub(super) fn note_body(&mut self, side: usize, bytes: usize) {
        if bytes == 0 || !self.is_client(side) {
            return;
        }
        // The request under way is the last one.
        let last = self
            .open
            .iter_mut()
            .rev()
            .find(|open| open.request.is_some());
        // What is behind a damaged length may not be meant as a body.
        if let Some(open) = last
            && !open.request.as_ref().is_some_and(|request| request.broken)
            && open
                .response
                .as_ref()
                .is_some_and(|response| response.ended)
        {
            open.marks.add(Anomaly::BodyAfterResponse);
        }
    }
}
