//! The HTTP conversation of one flow: two readers, and the exchanges that are not over.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::habits::{Habits, Hidden};
use super::message::{First, Message, Open};
use super::pairing::{self, Answer};
use super::record;
use super::scene::Scene;
use super::socket::Socket;
use super::streams::Http2;
use crate::flow::blob::Blob;
use crate::http1::body::Decoder;
use crate::http1::framing::{self, Framing};
use crate::http1::head::{self, Head, Method};
use crate::http1::marks::Marks;
use crate::limits::Limits;
use crate::schema::{Anomaly, Pairing};
use crate::tally::Drop;

/// Where the reader of one direction stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// A message begins here.
    Start,
    /// In a body; which message, the side decides.
    Body(Decoder),
    /// Behind the last chunk.
    Trailers,
    /// Bytes are missing: waiting for a message that proves itself.
    Lost,
    /// No HTTP/1 any more, ever.
    Opaque(Drop),
    /// Frames, as `Talk::http2` has them.
    Http2,
    Closed,
    /// Frames, as `Talk::socket` has them.
    Socket,
}

/// What a partial head is, as far as its first line is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    Request,
    /// A request line without a version: whether fields follow, what comes next tells.
    Simple,
    /// Such a line where nothing is known of the flow: only an answer in HTTP makes it a request.
    Doubtful,
    Response,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Side {
    pub phase: Phase,
    /// A head or trailer section that is not whole yet.
    pub part: Blob,
    pub first: First,
    pub kind: Option<Kind>,
    /// Bytes of `part` searched for its end.
    pub scanned: u32,
    /// What is lost in front of the next message.
    pub after_gap: Hidden,
    /// SOCKS messages seen in front of anything else.
    pub socks: u8,
    /// What was noticed of bytes that no message has used yet.
    pub ahead: Marks,
}

impl Default for Side {
    fn default() -> Self {
        Side {
            phase: Phase::Start,
            part: Blob::default(),
            first: First::default(),
            kind: None,
            scanned: 0,
            after_gap: Hidden::Nothing,
            socks: 0,
            ahead: Marks::default(),
        }
    }
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Talk {
    pub sides: [Side; 2],
    /// Which side asks; None: no HTTP was seen yet.
    pub client: Option<u8>,
    pub open: VecDeque<Open>,
    serials: u32,
    /// The exchange whose response is under way.
    pub answering: Option<u32>,
    /// Where an interim response began that belongs to the next one.
    pub(super) interim: Option<(u64, Option<u64>)>,
    pub damaged: bool,
    pub(super) pipelined: bool,
    pub http2: Option<Box<Http2>>,
    /// Behind the rest of the flow's row, which older versions wrote without it.
    #[serde(skip)]
    pub socket: Option<Box<Socket>>,
    /// The same.
    #[serde(skip)]
    pub habits: Habits,
    /// Nobody saw how the connection began: there may be requests from before. In rows it stands behind
    /// the rest.
    #[serde(skip)]
    pub picked_up: bool,
    /// A side begins with TLS: whoever feeds this must open it first.
    #[serde(skip)]
    pub tls_begins: bool,
}

impl Talk {
    pub fn is_client(&self, side: usize) -> bool {
        self.client == Some(side as u8)
    }

    pub fn is_server(&self, side: usize) -> bool {
        self.client == Some(1 - side as u8)
    }

    /// Bytes of messages that are not over: the measure of `held` in the layer of exchanges.
    pub fn held(&self) -> u64 {
        let of = |message: &Option<Message>| {
            message.as_ref().map_or(0, |message| message.shares.total())
        };
        let socket = self.socket.iter().map(|socket| &socket.open);
        self.open
            .iter()
            .chain(socket)
            .map(|open| of(&open.request) + of(&open.response))
            .sum()
    }

    /// Bytes of heads that are not whole; they still belong to reassembly.
    pub fn partial(&self) -> usize {
        self.sides[0].part.len() + self.sides[1].part.len()
    }

    /// When the next exchange goes out unfinished, or the part under way.
    pub fn deadline(&self, limits: &Limits) -> Option<i64> {
        let waiting = self.open.iter().filter(|open| !open.emitted);
        waiting
            .map(|open| open.since_us + limits.unfinished_us)
            .chain(self.part_deadline(limits.part_us))
            .min()
    }

    /// Sends out what is unfinished since then.
    pub fn tick(&mut self, until_us: i64, scene: &mut Scene) {
        let part = self.part_deadline(scene.limits.part_us);
        if part.is_some_and(|at_us| at_us <= until_us) {
            self.emit_part(false, scene);
        }
        let mut index = 0;
        while let Some(open) = self.open.get_mut(index) {
            index += 1;
            if open.emitted || open.since_us + scene.limits.unfinished_us > until_us {
                continue;
            }
            if open.marks.has(Anomaly::Reset) {
                index -= 1;
                self.conclude_given_up(index, scene);
            } else {
                record::emit(open, false, scene);
                scene.count("unfinished");
            }
        }
    }

    /// A request's head is whole, or all of it that will ever be seen.
    pub fn open_request(
        &mut self,
        side: usize,
        bytes: &[u8],
        first: First,
        end: (u64, i64),
        scene: &mut Scene,
    ) -> Option<Decoder> {
        self.client = Some(side as u8);
        let mut head = head::request(bytes, scene.limits.headers_max as usize);
        let framing = framing::of_request(&mut head);
        let after_gap = std::mem::take(&mut self.sides[side].after_gap);
        self.pipelined |= self.habits.ask(first.ack, after_gap);
        let upgrade = head.fields.upgrade || head.method == Method::Connect;
        let mut open = self.fresh(first, &head, scene);
        open.after_gap = after_gap;
        open.may_switch = upgrade;
        open.host = std::mem::take(&mut head.host);
        open.marks.add_all(&head.marks);
        open.marks
            .add_all(&std::mem::take(&mut self.sides[side].ahead));
        open.request = Some(Message::new(&first, end.0, end.1, head, bytes.len()));
        self.take_over(bytes.len(), scene);
        // Most connections have one exchange at a time; four of them would be 3 KB.
        if self.open.capacity() == 0 {
            self.open.reserve_exact(1);
        }
        self.open.push_back(open);
        self.limit_unanswered(scene);
        if framing == Framing::UntilClose {
            // Only a damaged length does that to a request.
            self.damage(side, Anomaly::Incomplete);
        }
        Decoder::new(framing)
    }

    /// A response's head is whole. None: it was an interim one and is left out.
    pub fn open_response(
        &mut self,
        side: usize,
        bytes: &[u8],
        first: First,
        end: (u64, i64),
        scene: &mut Scene,
    ) -> Option<Option<Decoder>> {
        self.client = Some(1 - side as u8);
        let mut head = head::response(bytes, scene.limits.headers_max as usize);
        if matches!(head.status, 100 | 102..=199) {
            self.note_interim(side, head.status, first);
            self.interim.get_or_insert((first.start, first.ack));
            self.pass_framing(bytes.len(), scene);
            return None;
        }
        let (start, ack) = self.interim.take().unwrap_or((first.start, first.ack));
        self.note_overlap(start, end.0);
        let answer = Answer {
            start,
            ack: first.ack.or(ack),
            after_gap: self.sides[side].after_gap.is_possible(),
            pipelined: self.pipelined,
            picked_up: self.picked_up,
            habits: self.habits,
            side,
            undamaged: !self.damaged,
        };
        let paired = pairing::pair(&self.open, answer);
        let method = match paired {
            Some((index, _)) => self.open[index]
                .request
                .as_ref()
                .map_or(Method::Other, Message::method),
            None => Method::Other,
        };
        let framing = framing::of_response(&mut head, method);
        let mut marks = std::mem::take(&mut head.marks);
        let to_http2 = head.fields.upgrades_to_http2;
        marks.add_all(&std::mem::take(&mut self.sides[side].ahead));
        self.take_over(bytes.len(), scene);
        let message = |head: Head| Message::new(&first, end.0, end.1, head, bytes.len());
        let open = match paired {
            Some((index, pairing)) => {
                self.sides[side].after_gap = Hidden::Nothing;
                self.close_unanswered(index, scene);
                let open = self.open.front_mut()?;
                open.set_pairing(pairing);
                open.response = Some(message(head));
                open
            }
            None => {
                let mut open = self.fresh(first, &head, scene);
                open.response = Some(message(head));
                open.marks.add(Anomaly::OrphanResponse);
                // Whose it is nobody knows, so neither whose the next one is.
                self.sides[side].after_gap.raise(Hidden::Perhaps);
                scene.count("orphan_responses");
                self.open.push_back(open);
                self.open.back_mut()?
            }
        };
        open.marks.add_all(&marks);
        open.to_http2 = to_http2;
        self.answering = Some(open.serial);
        Some(Decoder::new(framing))
    }

    /// The response of HTTP/0.9 has no head: all bytes are its body.
    pub fn open_headless(&mut self, side: usize, first: First) -> bool {
        let Some(index) = self.open.iter().position(Open::is_unanswered) else {
            return false;
        };
        let open = &mut self.open[index];
        if open.version != 0 {
            return false;
        }
        let head = Head::of_09_response();
        open.response = Some(Message::new(&first, first.start, first.at_us, head, 0));
        open.set_pairing(Pairing::Position);
        open.marks.add(Anomaly::Http09);
        self.answering = Some(open.serial);
        self.sides[side].phase =
            Decoder::new(Framing::UntilClose).map_or(Phase::Start, Phase::Body);
        true
    }

    pub(super) fn fresh(&mut self, first: First, head: &Head, scene: &Scene) -> Open {
        self.serials += 1;
        let mut open = Open {
            serial: self.serials,
            client_side: self.client.unwrap_or(0),
            source: scene.source.clone(),
            vlan: scene.vlan,
            vni: scene.vni,
            request: None,
            response: None,
            marks: Default::default(),
            pairing: Pairing::None as u8,
            host: String::new(),
            version: head.version,
            since_us: first.now_us,
            emitted: false,
            after_gap: Hidden::Nothing,
            may_switch: false,
            to_http2: false,
            stream: 0,
        };
        if scene.late {
            open.marks.add(Anomaly::Late);
        }
        open
    }

    /// Head bytes go from reassembly into a message.
    pub(super) fn take_over(&mut self, bytes: usize, scene: &mut Scene) {
        scene.tally.leave(bytes);
        scene.tally.messages_held += bytes as i64;
    }

    /// Stream bytes that stand in no record by design: interim responses, blank lines.
    pub fn pass_framing(&mut self, bytes: usize, scene: &mut Scene) {
        scene.tally.leave(bytes);
        scene.tally.framing += bytes as i64;
    }

    /// The message whose body comes from this side.
    pub fn current(&mut self, side: usize) -> Option<(&mut Message, &mut Marks)> {
        if self.http2.is_some() {
            return self.data_message(side);
        }
        if self.is_client(side) {
            let open = self
                .open
                .iter_mut()
                .rev()
                .find(|open| open.request.is_some())?;
            return Some((open.request.as_mut()?, &mut open.marks));
        }
        let serial = self.answering?;
        let open = self.open.iter_mut().find(|open| open.serial == serial)?;
        Some((open.response.as_mut()?, &mut open.marks))
    }

    /// Something was noticed of bytes from this side that are not used yet.
    pub fn notice(&mut self, side: usize, anomaly: Anomaly) {
        self.sides[side].ahead.add(anomaly);
    }

    /// A CONNECT or Upgrade is unanswered: what the client sends now may be another protocol.
    pub fn may_switch(&self) -> bool {
        self.open
            .back()
            .is_some_and(|open| open.may_switch && open.is_unanswered())
    }
}
