//! A WebSocket as part of a conversation: frames of two directions become messages, and messages
//! parts of the exchange that asked for it.

use serde::{Deserialize, Serialize};

use super::message::{Growing, Open};
use super::scene::Scene;
use super::talk::{Phase, Talk};
use crate::flow::blob::Blob;
use crate::flow::run::Run;
use crate::schema::Anomaly;
use crate::websocket::deflate::{Deflate, agreed};
use crate::websocket::frame::{self, Begin, HEADER_BYTES_MAX, Header, opcode};

/// Where the reader of one direction's frames stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Place {
    /// A frame begins here, or has begun.
    #[default]
    Frame,
    /// In a payload: its frame, and the bytes of it that are to come.
    Payload(Header, u64),
    /// Nobody knows where a frame begins.
    Lost,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Reader {
    place: Place,
    pub(super) deflate: Deflate,
    /// The end of what this side said, as far as its next message may refer to it.
    pub(super) window: Blob,
    /// The message under way.
    message: Option<Growing>,
    /// A control frame under way, which may stand inside a message.
    control: Option<Growing>,
}

impl Reader {
    fn blobs(&mut self) -> impl Iterator<Item = &mut Blob> {
        let growing = self.message.iter_mut().chain(&mut self.control);
        let payloads = growing.map(|message| &mut message.payload);
        payloads.chain([&mut self.window])
    }
}

/// Both directions of a WebSocket.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Socket {
    /// The exchange that asked for it; its shares, holes and marks are those of the part under way.
    pub open: Open,
    pub readers: [Reader; 2],
    /// The messages of the part under way, as its record has them.
    pub(super) ended: Blob,
    pub(super) messages: u32,
    /// The number of the part under way.
    pub(super) part: u32,
    /// The clock of timers when its first message ended.
    pub(super) since_us: i64,
    /// The clock of timers at the last bytes.
    pub(super) now_us: i64,
}

impl Socket {
    /// Behind this handshake, which goes out by itself.
    fn after(handshake: &Open) -> Self {
        let mut open = handshake.clone();
        open.marks = Default::default();
        for message in open.messages() {
            message.restart();
        }
        let response = open.response.as_ref();
        let extensions = response.map(|response| response.fields(b"sec-websocket-extensions"));
        let mut readers = [Reader::default(), Reader::default()];
        let client = usize::from(open.client_side);
        for (side, deflate) in agreed(extensions.unwrap_or_default().into_iter())
            .into_iter()
            .enumerate()
        {
            readers[client ^ side].deflate = deflate;
        }
        Socket {
            open,
            readers,
            ended: Blob::default(),
            messages: 0,
            part: 1,
            since_us: 0,
            now_us: 0,
        }
    }

    pub fn blobs(&mut self) -> impl Iterator<Item = &mut Blob> {
        let heads = self.open.messages().map(|message| &mut message.head);
        let readers = self.readers.iter_mut().flat_map(Reader::blobs);
        heads.chain(readers).chain([&mut self.ended])
    }
}

impl Talk {
    /// The exchange under way was answered with a change to WebSocket.
    pub(super) fn enter_socket(&mut self, scene: &mut Scene) {
        scene.count("websockets");
        let answered = |open: &&Open| Some(open.serial) == self.answering;
        let Some(handshake) = self.open.iter().find(answered) else {
            return;
        };
        self.socket = Some(Box::new(Socket::after(handshake)));
        for side in 0..2 {
            if self.sides[side].phase == Phase::Closed {
                continue;
            }
            if self.sides[side].phase != Phase::Start {
                self.lose_frame(side);
            }
            let all = std::mem::take(&mut self.sides[side].part).len();
            self.discard(all, scene);
            let reader = &mut self.sides[side];
            (reader.phase, reader.kind, reader.scanned) = (Phase::Socket, None, 0);
        }
    }

    fn reader_of(&mut self, side: usize) -> Option<&mut Reader> {
        Some(&mut self.socket.as_mut()?.readers[side])
    }

    /// Takes bytes from the front of `run`; gives how many.
    pub(super) fn socket(&mut self, side: usize, run: &Run, scene: &mut Scene) -> usize {
        if let Some(socket) = &mut self.socket {
            socket.now_us = run.now_us;
        }
        match self.reader_of(side).map(|reader| reader.place) {
            Some(Place::Frame) => self.frame_begins(side, run, scene),
            Some(Place::Payload(header, left)) => self.payload(side, header, left, run, scene),
            Some(Place::Lost) | None => {
                let masked = self.is_client(side);
                let found = self.reader_of(side).is_some_and(|reader| {
                    frame::chains(run.bytes, reader.deflate != Deflate::Off, masked)
                });
                if let (true, Some(reader)) = (found, self.reader_of(side)) {
                    reader.place = Place::Frame;
                    return 0;
                }
                self.discard(run.bytes.len(), scene);
                run.bytes.len()
            }
        }
    }

    /// A frame begins, or goes on before its header is whole.
    fn frame_begins(&mut self, side: usize, run: &Run, scene: &mut Scene) -> usize {
        let mut part = std::mem::take(&mut self.sides[side].part);
        let old = part.len();
        let added = run
            .bytes
            .len()
            .min(HEADER_BYTES_MAX - old.min(HEADER_BYTES_MAX));
        let work = if old == 0 {
            run.bytes
        } else {
            part.bytes.extend_from_slice(&run.bytes[..added]);
            &part.bytes
        };
        let deflate = self.reader_of(side).map(|reader| reader.deflate);
        match frame::begin(work, deflate.is_some_and(|of| of != Deflate::Off)) {
            Begin::More => {
                if old == 0 {
                    part.bytes.extend_from_slice(run.bytes);
                }
                self.sides[side].part = part;
                run.bytes.len()
            }
            Begin::Bad => {
                scene.count("bad_frames");
                self.discard(old + run.bytes.len(), scene);
                self.mark_socket(Anomaly::BadFrame);
                self.cut_message(side, scene);
                run.bytes.len()
            }
            Begin::Frame(header, bytes) => {
                self.open_frame(side, header, run.at_us, scene);
                if let Some(message) = self.socket_message(side) {
                    message.shares.framing += bytes as u64;
                }
                self.take_over(bytes, scene);
                if header.length == 0 {
                    self.end_frame(side, header, scene);
                }
                bytes - old
            }
        }
    }

    fn open_frame(&mut self, side: usize, header: Header, at_us: i64, scene: &mut Scene) {
        let masked = self.is_client(side);
        let Some(reader) = self.reader_of(side) else {
            return;
        };
        reader.place = Place::Payload(header, header.length);
        let mut bad = header.mask.is_some() != masked;
        let mut unended = None;
        if header.is_control() {
            reader.control = Some(Growing::new(header.opcode, false, at_us));
        } else if header.opcode == opcode::CONTINUATION {
            bad |= reader.message.is_none();
            reader.message.get_or_insert_with(|| Growing {
                broken: true,
                ..Growing::new(header.opcode, false, at_us)
            });
        } else {
            let fresh = Growing::new(header.opcode, header.compressed, at_us);
            unended = reader.message.replace(fresh);
        }
        if let Some(message) = unended {
            bad = true;
            self.end_message(side, message, false, scene);
        }
        if bad {
            self.mark_socket(Anomaly::BadFrame);
        }
    }

    fn payload(
        &mut self,
        side: usize,
        header: Header,
        left: u64,
        run: &Run,
        scene: &mut Scene,
    ) -> usize {
        let taken = left.min(run.bytes.len() as u64) as usize;
        let turned = ((header.length - left) % 4) as u8;
        let kept_max = scene.limits.body_kept_bytes_max as usize;
        if let Some(growing) = self.growing(side, header) {
            growing.grow(
                &run.bytes[..taken],
                header.mask.unwrap_or_default(),
                turned,
                kept_max,
            );
        }
        if let Some(message) = self.socket_message(side) {
            message.shares.body += taken as u64;
        }
        self.take_over(taken, scene);
        self.frame_goes_on(side, header, left - taken as u64, scene);
        taken
    }

    fn frame_goes_on(&mut self, side: usize, header: Header, left: u64, scene: &mut Scene) {
        if left == 0 {
            self.end_frame(side, header, scene);
        } else if let Some(reader) = self.reader_of(side) {
            reader.place = Place::Payload(header, left);
        }
    }

    fn end_frame(&mut self, side: usize, header: Header, scene: &mut Scene) {
        let Some(reader) = self.reader_of(side) else {
            return;
        };
        reader.place = Place::Frame;
        let ended = match (header.is_control(), header.fin) {
            (true, _) => reader.control.take(),
            (false, true) => reader.message.take(),
            (false, false) => None,
        };
        if let Some(message) = ended {
            self.end_message(side, message, true, scene);
            self.limit_part(scene);
        }
    }

    fn growing(&mut self, side: usize, header: Header) -> Option<&mut Growing> {
        let reader = self.reader_of(side)?;
        match header.is_control() {
            true => reader.control.as_mut(),
            false => reader.message.as_mut(),
        }
    }

    /// Bytes of frames are lost; 0: nobody knows how many.
    pub(super) fn gap_in_socket(&mut self, side: usize, bytes: u64, scene: &mut Scene) {
        self.mark_socket(Anomaly::GapInBody);
        let place = self.reader_of(side).map(|reader| reader.place);
        let Some(Place::Payload(header, left)) = place else {
            self.cut_message(side, scene);
            return;
        };
        let lost = if bytes == 0 { left } else { bytes.min(left) };
        if let Some(growing) = self.growing(side, header) {
            growing.missing_bytes += lost;
        }
        if let Some(message) = self.socket_message(side) {
            message.lose(lost, scene.limits);
            message.complete = false;
        }
        if bytes == 0 || bytes > left {
            self.cut_message(side, scene);
        } else {
            self.frame_goes_on(side, header, left - lost, scene);
        }
    }

    /// Where the next frame begins is not known; what is under way ends here.
    fn cut_message(&mut self, side: usize, scene: &mut Scene) {
        let part = std::mem::take(&mut self.sides[side].part).len();
        self.discard(part, scene);
        let under_way = self.lose_frame(side);
        for message in under_way.into_iter().flatten() {
            self.end_message(side, message, false, scene);
        }
    }

    /// Gives the messages that were under way.
    fn lose_frame(&mut self, side: usize) -> [Option<Growing>; 2] {
        let Some(reader) = self.reader_of(side) else {
            return [None, None];
        };
        (reader.place, reader.window) = (Place::Lost, Blob::default());
        [reader.control.take(), reader.message.take()]
    }

    /// Nothing follows from this side; behind the last one the last part goes out.
    pub(super) fn close_socket(&mut self, side: usize, scene: &mut Scene) {
        self.cut_message(side, scene);
        if self.sides[1 - side].phase == Phase::Closed {
            self.end_socket(scene);
        }
    }

    pub(super) fn mark_socket(&mut self, anomaly: Anomaly) {
        if let Some(socket) = &mut self.socket {
            socket.open.marks.add(anomaly);
        }
    }
}
