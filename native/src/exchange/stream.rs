//! One HTTP/2 stream as an exchange: it opens, takes trailers, ends, or is reset.

use super::message::{Message, Open};
use super::scene::Scene;
use super::streams::{Place, Taken};
use super::talk::Talk;
use crate::flow::blob::Blob;
use crate::http1::head::Head;
use crate::http1::marks::Marks;
use crate::http2::frame::Frame;
use crate::http2::head::{self, VERSION};
use crate::http2::hpack::Section;
use crate::limits::Limits;
use crate::schema::{Anomaly, Pairing};

/// Stream of the request that asked for the change of protocol (RFC 7540 §3.2).
const UPGRADE_STREAM: u32 = 1;

impl Talk {
    fn stream(&self, stream: u32) -> Option<usize> {
        let has = |open: &Open| open.stream == stream && stream > 0;
        self.open.iter().rposition(has)
    }

    /// The message that this side sends on a stream.
    pub(super) fn message(
        &mut self,
        side: usize,
        stream: u32,
    ) -> Option<(&mut Message, &mut Marks)> {
        let is_client = self.is_client(side);
        let at = self.stream(stream)?;
        let open = &mut self.open[at];
        let message = match is_client {
            true => open.request.as_mut(),
            false => open.response.as_mut(),
        };
        Some((message?, &mut open.marks))
    }

    /// The message whose DATA frame is under way.
    pub(super) fn data_message(&mut self, side: usize) -> Option<(&mut Message, &mut Marks)> {
        match self.http2.as_ref()?.readers[side].place {
            Place::Data { stream, .. } => self.message(side, stream),
            _ => None,
        }
    }

    /// A section from the client. False: it belongs to no message.
    pub(super) fn take_request(
        &mut self,
        side: usize,
        stream: u32,
        section: &Section,
        taken: &Taken,
        scene: &mut Scene,
    ) -> bool {
        if let Some(at) = self.stream(stream) {
            let open = &mut self.open[at];
            return match &mut open.request {
                Some(request) if !request.ended => {
                    take_trailers(request, &mut open.marks, section, taken, scene);
                    true
                }
                _ => false,
            };
        }
        if !head::is_request(section) {
            return false;
        }
        let head = head::request(section, scene.limits.headers_max as usize);
        let ahead = std::mem::take(&mut self.sides[side].ahead);
        let open = self.open_stream(stream, head, true, taken, scene);
        open.marks.add_all(&ahead);
        self.limit_streams(scene);
        true
    }

    /// A section from the server, or from a side that tells with it who it is.
    pub(super) fn take_response(
        &mut self,
        side: usize,
        frame: Frame,
        section: &Section,
        taken: &Taken,
        scene: &mut Scene,
    ) -> bool {
        let status = head::status(section);
        if self.client.is_none() {
            if head::is_request(section) {
                self.client = Some(side as u8);
                return self.take_request(side, frame.stream, section, taken, scene);
            }
            if status == 0 {
                return false;
            }
            self.client = Some(1 - side as u8);
        }
        let at = self.stream(frame.stream);
        if let Some(open) = at.map(|at| &mut self.open[at])
            && let Some(response) = &mut open.response
        {
            if !response.ended {
                take_trailers(response, &mut open.marks, section, taken, scene);
            }
            return !response.ended;
        }
        if (100..200).contains(&status) {
            self.pass_framing(taken.bytes, scene);
            return true;
        }
        // Without its status a section that ends a stream is taken for trailers.
        if status == 0 && (at.is_none() || frame.ends_stream()) {
            return false;
        }
        let head = head::response(section, scene.limits.headers_max as usize);
        let ahead = std::mem::take(&mut self.sides[side].ahead);
        let open = match at {
            Some(at) => self.answer_stream(at, head, taken, scene),
            None => {
                scene.count("orphan_responses");
                let open = self.open_stream(frame.stream, head, false, taken, scene);
                open.marks.add(Anomaly::OrphanResponse);
                open
            }
        };
        open.marks.add_all(&ahead);
        self.limit_streams(scene);
        true
    }

    fn answer_stream(
        &mut self,
        at: usize,
        head: Head,
        taken: &Taken,
        scene: &mut Scene,
    ) -> &mut Open {
        self.take_over(taken.bytes, scene);
        let open = &mut self.open[at];
        open.marks.add_all(&head.marks);
        open.set_pairing(Pairing::Position);
        open.response = Some(message(head, taken));
        open
    }

    fn open_stream(
        &mut self,
        stream: u32,
        head: Head,
        asks: bool,
        taken: &Taken,
        scene: &mut Scene,
    ) -> &mut Open {
        self.take_over(taken.bytes, scene);
        let mut open = self.fresh(taken.first, &head, scene);
        open.stream = stream;
        open.host.clone_from(&head.host);
        open.marks.add_all(&head.marks);
        let place = if asks {
            &mut open.request
        } else {
            &mut open.response
        };
        *place = Some(message(head, taken));
        let at = self.open.len();
        self.open.push_back(open);
        &mut self.open[at]
    }

    /// The server asks in the client's name: the request is its promise.
    pub(super) fn promise(
        &mut self,
        side: usize,
        stream: u32,
        section: &Section,
        taken: &Taken,
        scene: &mut Scene,
    ) {
        scene.count("http2_pushes");
        self.client.get_or_insert(1 - side as u8);
        if self.stream(stream).is_some() || stream == 0 || !head::is_request(section) {
            self.discard(taken.bytes, scene);
            return;
        }
        let head = head::request(section, scene.limits.headers_max as usize);
        let open = self.open_stream(stream, head, true, taken, scene);
        if let Some(request) = &mut open.request {
            (request.ended, request.complete) = (true, true);
        }
        self.limit_streams(scene);
    }

    /// After a 101 the first stream carries the answer to the request that asked for it.
    pub(super) fn upgrade(&mut self, scene: &mut Scene) {
        let asked = self
            .open
            .iter()
            .find(|open| Some(open.serial) == self.answering);
        let Some((request, open)) =
            asked.and_then(|open| open.request.as_ref().map(|of| (of, open)))
        else {
            self.enter_http2(scene);
            return;
        };
        let mut request = request.clone();
        let host = open.host.clone();
        let since_us = open.since_us;
        // Its bytes are counted where they stand: in the exchange with the 101.
        request.shares = Default::default();
        request.head = Blob::of(request.head.bytes);
        request.body = Blob::default();
        request.trailers = Blob::default();
        let first = super::message::First {
            start: request.start,
            at_us: request.at_us,
            now_us: since_us,
            ack: request.ack,
        };
        let mut open = self.fresh(
            first,
            &Head {
                version: VERSION,
                ..Head::of_09_response()
            },
            scene,
        );
        open.stream = UPGRADE_STREAM;
        request.ended = true;
        (open.host, open.request) = (host, Some(request));
        self.open.push_back(open);
        self.enter_http2(scene);
    }

    /// A side said its last on a stream; `whole`: in order.
    pub(super) fn end_stream(&mut self, side: usize, stream: u32, whole: bool, scene: &mut Scene) {
        let is_client = self.is_client(side);
        let Some(at) = self.stream(stream) else {
            return;
        };
        let open = &mut self.open[at];
        end(open, is_client, whole);
        // The end of a request that stood in a hole is over when it was answered.
        let broken = open.request.as_ref().is_some_and(|request| request.broken);
        if !is_client && broken {
            end(open, true, false);
        }
        self.sweep(scene);
    }

    /// A side gives a stream up. What the server sent before it heard of it is still to come, or
    /// stands behind in the capture (RFC 9113, 5.1): then its end or the deadline concludes.
    pub(super) fn reset_stream(&mut self, side: usize, stream: u32, scene: &mut Scene) {
        let is_client = self.is_client(side);
        let Some(at) = self.stream(stream) else {
            return;
        };
        let open = &mut self.open[at];
        open.marks.add(Anomaly::Reset);
        end(open, true, false);
        if is_client {
            self.sweep(scene);
            return;
        }
        self.conclude_given_up(at, scene);
    }

    /// Nothing more is waited for on a stream that its client gave up.
    pub(super) fn conclude_given_up(&mut self, at: usize, scene: &mut Scene) {
        end(&mut self.open[at], false, false);
        self.conclude(at, scene);
    }

    fn limit_streams(&mut self, scene: &mut Scene) {
        if self.open.len() > scene.limits.streams_max as usize {
            scene.count("streams_max");
            self.conclude(0, scene);
        }
    }

    /// Nothing follows from this side.
    pub(super) fn close_streams(&mut self, side: usize, scene: &mut Scene) {
        let part = std::mem::take(&mut self.sides[side].part).len();
        self.discard(part, scene);
        let is_client = self.is_client(side);
        for open in self.open.iter_mut().filter(|open| open.stream > 0) {
            end(open, is_client, false);
        }
        self.sweep(scene);
    }
}

fn message(head: Head, taken: &Taken) -> Message {
    Message::new(&taken.first, taken.end.0, taken.end.1, head, taken.bytes)
}

/// A message of the exchange ends, if it is there and had not.
fn end(open: &mut Open, is_request: bool, whole: bool) {
    let message = if is_request {
        &mut open.request
    } else {
        &mut open.response
    };
    let Some(message) = message.as_mut().filter(|message| !message.ended) else {
        return;
    };
    message.ended = true;
    message.complete = whole && message.missing_bytes == 0 && !message.broken;
    if !message.complete {
        open.marks.add(Anomaly::Incomplete);
    }
}

fn take_trailers(
    message: &mut Message,
    marks: &mut Marks,
    section: &Section,
    taken: &Taken,
    scene: &mut Scene,
) {
    let Limits { headers_max, .. } = *scene.limits;
    let mut avro = Vec::new();
    let (_, noted) = head::headers(section, headers_max as usize, &mut avro);
    message.trailers = Blob::of(avro);
    marks.add_all(&noted);
    message.shares.framing += taken.bytes as u64;
    (message.end, message.end_us) = taken.end;
    scene.tally.leave(taken.bytes);
    scene.tally.messages_held += taken.bytes as i64;
}
