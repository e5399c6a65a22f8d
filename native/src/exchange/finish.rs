//! A message ends, and with it perhaps its exchange, or HTTP on this connection.

use super::habits::Hidden;
use super::message::{Open, Shares};
use super::record;
use super::scene::Scene;
use super::talk::{Phase, Talk};
use crate::schema::Anomaly;
use crate::tally::Drop;

impl Talk {
    /// The message from this side is over.
    pub fn finish(&mut self, side: usize, complete: bool, scene: &mut Scene) {
        let ahead = std::mem::take(&mut self.sides[side].ahead);
        let Some((message, marks)) = self.current(side) else {
            return;
        };
        marks.add_all(&ahead);
        if message.ended {
            return;
        }
        message.ended = true;
        message.complete = complete && message.missing_bytes == 0 && !message.broken;
        if !message.complete {
            marks.add(Anomaly::Incomplete);
        }
        let whole = complete.then_some((message.start, message.end));
        if self.is_server(side) {
            if let Some((start, end)) = whole {
                self.note_overlap(start, end);
                self.habits.answer(end);
            }
            self.switch(scene);
            self.answering = None;
        }
        self.sweep(scene);
    }

    /// A response that ended may have changed the protocol.
    fn switch(&mut self, scene: &mut Scene) {
        let Some(open) = self
            .open
            .iter_mut()
            .find(|open| Some(open.serial) == self.answering)
        else {
            return;
        };
        let status = open.response.as_ref().map_or(0, |response| response.status);
        let connect = open
            .request
            .as_ref()
            .is_some_and(|request| request.connect_method);
        if status == 101 {
            open.marks.add(Anomaly::SwitchedProtocol);
            scene.count("switched_protocol");
            if open.to_http2 {
                self.upgrade(scene);
                return;
            }
            let upgrades = open.response.iter().flat_map(|of| of.fields(b"upgrade"));
            if upgrades
                .flat_map(|field| field.split(|&byte| byte == b','))
                .any(|name| name.trim_ascii().eq_ignore_ascii_case(b"websocket"))
            {
                self.enter_socket(scene);
                return;
            }
            self.sides
                .iter_mut()
                .for_each(|side| side.phase = Phase::Opaque(Drop::Switched));
        } else if connect && (200..300).contains(&status) {
            // What is inside may be HTTP again, from either side.
            self.client = None;
            self.sides
                .iter_mut()
                .for_each(|side| side.phase = Phase::Start);
        }
    }

    /// Exchanges that are over go out and away.
    pub fn sweep(&mut self, scene: &mut Scene) {
        while let Some(index) = self.open.iter().position(Open::is_over) {
            self.conclude(index, scene);
        }
    }

    /// Nothing more will come of this exchange.
    pub(super) fn conclude(&mut self, index: usize, scene: &mut Scene) {
        let Some(mut open) = self.open.remove(index) else {
            return;
        };
        if open.is_unanswered() {
            open.marks.add(Anomaly::Unpaired);
        }
        if open.is_early() {
            open.marks.add(Anomaly::EarlyResponse);
        }
        if !open.emitted || open.response.is_some() {
            record::emit(&mut open, true, scene);
        }
        for message in open.messages() {
            let Shares {
                head,
                body,
                framing,
            } = message.shares;
            scene.tally.messages_held -= message.shares.total() as i64;
            scene.tally.head += head as i64;
            scene.tally.body += body as i64;
            scene.tally.framing += framing as i64;
        }
        if self.open.is_empty() {
            self.open = Default::default(); // an idle flow costs little
        }
    }

    /// Requests in front of `index` will not be answered any more: a later one was.
    pub(super) fn close_unanswered(&mut self, index: usize, scene: &mut Scene) {
        let serial = self.open[index].serial;
        while let Some(at) = self
            .open
            .iter()
            .position(|open| open.serial < serial && open.is_unanswered())
        {
            self.conclude(at, scene);
        }
        // What stands in front of it now are orphans under way: it goes before them, for `front`.
        if let Some(at) = self.open.iter().position(|open| open.serial == serial)
            && let Some(open) = self.open.remove(at)
        {
            self.open.push_front(open);
        }
    }

    pub(super) fn limit_unanswered(&mut self, scene: &mut Scene) {
        if self.open.len() <= scene.limits.unanswered_max as usize {
            return;
        }
        scene.count("unanswered_max");
        let Some(oldest) = self.open.iter().position(Open::is_unanswered) else {
            return;
        };
        self.conclude(oldest, scene);
        // The server answers it all the same: from here on, a place in the row proves nothing.
        if let Some(next) = self.open.iter_mut().find(|open| open.is_unanswered()) {
            next.after_gap.raise(Hidden::Perhaps);
        }
    }

    /// Nobody can answer what is open: the server's stream, or the flow, is at its end.
    pub fn conclude_unanswered(&mut self, scene: &mut Scene) {
        while let Some(at) = self.open.iter().position(|open| {
            open.is_unanswered() && open.request.as_ref().is_some_and(|request| request.ended)
        }) {
            self.conclude(at, scene);
        }
    }

    /// The flow is at its end: everything goes out.
    pub fn end(&mut self, scene: &mut Scene) {
        while !self.open.is_empty() {
            self.conclude(0, scene);
        }
        self.end_socket(scene);
    }
}
