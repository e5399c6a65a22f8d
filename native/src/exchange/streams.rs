//! HTTP/2 as part of a conversation: frames of two directions, and what each stream's exchange
//! takes from them.

use serde::{Deserialize, Serialize};

use super::message::First;
use super::scene::Scene;
use super::talk::{Phase, Talk};
use crate::flow::run::Run;
use crate::http2::frame::{self, Frame, HEADER_BYTES, PREFACE, Unit};
use crate::http2::hpack::{self, Section};
use crate::http2::table::Table;

/// Where the reader of one direction's frames stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// A frame begins here, or has begun.
    #[default]
    Frame,
    /// In a DATA frame: bytes of the body that are left, then of padding.
    Data {
        stream: u32,
        left: u32,
        pad: u8,
        ends: bool,
    },
    /// In a frame that is passed over: bytes left.
    Skip(u32),
    /// Nobody knows where a frame begins.
    Lost,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Reader {
    pub place: Place,
    pub table: Table,
    /// The first frame was seen.
    pub(super) begun: bool,
    /// Whole frames in front of the part of a header block that is held back.
    pub(super) framed: u32,
}

/// Both directions of an HTTP/2 connection.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Http2 {
    pub readers: [Reader; 2],
}

/// A unit of frames as it stands in the stream.
pub(super) struct Taken {
    pub first: First,
    /// Behind its last byte: position and packet time.
    pub end: (u64, i64),
    pub bytes: usize,
}

impl Talk {
    /// From here on the connection is HTTP/2.
    pub(super) fn enter_http2(&mut self, scene: &mut Scene) {
        scene.count("http2_flows");
        let mut http2 = Box::new(Http2::default());
        for (side, reader) in self.sides.iter_mut().zip(&mut http2.readers) {
            if side.phase == Phase::Closed {
                continue;
            }
            if side.phase != Phase::Start {
                reader.place = Place::Lost;
            }
            (side.phase, side.kind, side.scanned) = (Phase::Http2, None, 0);
        }
        self.http2 = Some(http2);
    }

    pub(super) fn reader(&mut self, side: usize) -> &mut Reader {
        &mut self.http2.get_or_insert_default().readers[side]
    }

    /// Takes bytes from the front of `run`. None: they must wait for the other side.
    pub(super) fn frames(
        &mut self,
        side: usize,
        run: &Run,
        heard: u64,
        forced: bool,
        scene: &mut Scene,
    ) -> Option<usize> {
        if !self.is_client(side) && !forced && run.ack.is_some_and(|ack| ack > heard) {
            return None;
        }
        Some(match self.reader(side).place {
            Place::Frame => self.unit(side, run, scene),
            Place::Data { .. } => self.data(side, run, scene),
            Place::Skip(left) => {
                let taken = run.bytes.len().min(left as usize);
                self.skip(side, left as usize - taken);
                self.discard(taken, scene);
                taken
            }
            Place::Lost => {
                let boundary = frame::boundary(run.bytes);
                if boundary.is_some() {
                    self.reader(side).place = Place::Frame;
                }
                let taken = boundary.unwrap_or(run.bytes.len());
                self.discard(taken, scene);
                taken
            }
        })
    }

    pub(super) fn skip(&mut self, side: usize, left: usize) {
        self.reader(side).place = match left {
            0 => Place::Frame,
            left => Place::Skip(left as u32),
        };
    }

    /// A frame, or a header block, that begins or goes on.
    fn unit(&mut self, side: usize, run: &Run, scene: &mut Scene) -> usize {
        let mut part = std::mem::take(&mut self.sides[side].part);
        let old = part.len();
        if old == 0 {
            self.sides[side].first = First::of(run);
        } else {
            part.bytes.extend_from_slice(run.bytes);
        }
        let work = if old == 0 { run.bytes } else { &part.bytes };
        let first = self.sides[side].first;
        let mut framed = std::mem::take(&mut self.reader(side).framed) as usize;
        let bytes_max = scene.limits.head_bytes_max as usize;
        let taken = |bytes: usize| Taken {
            first,
            end: (run.start + (bytes - old.min(bytes)) as u64, run.at_us),
            bytes,
        };
        let bytes = match frame::unit(work, &mut framed, bytes_max) {
            Unit::More => {
                if old == 0 {
                    part.bytes.extend_from_slice(run.bytes);
                }
                self.sides[side].part = part;
                self.reader(side).framed = framed as u32;
                return run.bytes.len();
            }
            Unit::Bad => {
                self.lose_frames(side, scene);
                self.discard(work.len(), scene);
                return run.bytes.len();
            }
            Unit::TooLong => return self.pass_over(side, work, framed, old, scene),
            Unit::Preface => {
                self.client = Some(side as u8);
                self.begin_table(side);
                self.pass_framing(PREFACE.len(), scene);
                PREFACE.len()
            }
            Unit::Data { frame, pad } => self.data_begins(side, frame, pad, taken(0), scene),
            Unit::Whole(bytes) => {
                self.frame(side, &work[..bytes], &taken(bytes), scene);
                bytes
            }
        };
        self.reader(side).begun = true;
        self.discard(old.saturating_sub(bytes), scene);
        bytes.saturating_sub(old)
    }

    /// A header block longer than is held; the rest of the frame that is under way goes, too. Gives
    /// how many bytes behind the `old` ones are used.
    fn pass_over(
        &mut self,
        side: usize,
        work: &[u8],
        framed: usize,
        old: usize,
        scene: &mut Scene,
    ) -> usize {
        scene.count("head_bytes_max");
        let frame = Frame::read(&work[framed.min(work.len())..]);
        let end = framed + frame.map_or(0, |frame| HEADER_BYTES + frame.length);
        self.reader(side).table = Table::default();
        self.skip(side, end.saturating_sub(work.len()));
        let all = end.clamp(old, work.len());
        self.discard(all, scene);
        all - old
    }

    /// The sender's first bytes were seen: its table began empty.
    fn begin_table(&mut self, side: usize) {
        let reader = self.reader(side);
        if !reader.begun {
            reader.table = Table::at_start();
        }
    }

    fn frame(&mut self, side: usize, unit: &[u8], taken: &Taken, scene: &mut Scene) {
        let Some(frame) = Frame::read(unit) else {
            return;
        };
        match frame.kind {
            frame::HEADERS | frame::PUSH_PROMISE => {
                self.block(side, frame, unit, taken, scene);
                return;
            }
            frame::RST_STREAM => self.reset_stream(side, frame.stream, scene),
            frame::SETTINGS if !frame.is_ack() => self.begin_table(side),
            _ => {}
        }
        self.pass_framing(taken.bytes, scene);
    }

    fn block(&mut self, side: usize, frame: Frame, unit: &[u8], taken: &Taken, scene: &mut Scene) {
        let Some(mut block) = frame::block(unit) else {
            self.reader(side).table = Table::default();
            self.discard(taken.bytes, scene);
            return;
        };
        let mut promised = None;
        if let (frame::PUSH_PROMISE, Some(number)) = (frame.kind, block.first_chunk::<4>()) {
            promised = Some(u32::from_be_bytes(*number) & 0x7fff_ffff);
            block.drain(..4);
        }
        let bytes_max = scene.limits.head_bytes_max as usize;
        let section = hpack::decode(&block, &mut self.reader(side).table, bytes_max);
        if section.too_long {
            scene.count("head_bytes_max");
        }
        match promised {
            Some(stream) => self.promise(side, stream, &section, taken, scene),
            None => self.section(side, frame, &section, taken, scene),
        }
    }

    /// A header section of a stream: a request's, a response's, or trailers.
    fn section(
        &mut self,
        side: usize,
        frame: Frame,
        section: &Section,
        taken: &Taken,
        scene: &mut Scene,
    ) {
        let known = match self.is_client(side) {
            true => self.take_request(side, frame.stream, section, taken, scene),
            false => self.take_response(side, frame, section, taken, scene),
        };
        if !known {
            self.discard(taken.bytes, scene);
        }
        if frame.ends_stream() {
            self.end_stream(side, frame.stream, true, scene);
        }
    }

    fn data_begins(
        &mut self,
        side: usize,
        frame: Frame,
        pad: usize,
        taken: Taken,
        scene: &mut Scene,
    ) -> usize {
        // The padding's own length stands in front.
        let length_byte = usize::from(pad > 0);
        let padding = pad - length_byte;
        let bytes = HEADER_BYTES + length_byte;
        self.reader(side).place = Place::Data {
            stream: frame.stream,
            left: (frame.length - length_byte - padding) as u32,
            pad: padding as u8,
            ends: frame.ends_stream(),
        };
        self.frame_bytes(side, frame.stream, bytes, scene);
        if frame.length == length_byte {
            let run = Run {
                start: taken.end.0,
                at_us: taken.end.1,
                now_us: taken.first.now_us,
                ack: None,
                bytes: b"",
            };
            self.data(side, &run, scene);
        }
        bytes
    }

    /// Bytes that frame a message's body, or nobody's.
    fn frame_bytes(&mut self, side: usize, stream: u32, bytes: usize, scene: &mut Scene) {
        match self
            .message(side, stream)
            .filter(|(message, _)| !message.ended)
        {
            Some((message, _)) => {
                message.shares.framing += bytes as u64;
                scene.tally.leave(bytes);
                scene.tally.messages_held += bytes as i64;
            }
            None => self.discard(bytes, scene),
        }
    }

    fn data(&mut self, side: usize, run: &Run, scene: &mut Scene) -> usize {
        let Place::Data {
            stream,
            left,
            pad,
            ends,
        } = self.reader(side).place
        else {
            return 0;
        };
        let body = run.bytes.len().min(left as usize);
        let padding = (run.bytes.len() - body).min(usize::from(pad));
        let taken = body + padding;
        match self
            .message(side, stream)
            .filter(|(message, _)| !message.ended)
        {
            Some((message, _)) => {
                message.grow(&run.bytes[..body], scene.limits);
                message.shares.framing += padding as u64;
                if taken > 0 {
                    message.reach(run, taken);
                }
                scene.tally.leave(taken);
                scene.tally.messages_held += taken as i64;
            }
            None => self.discard(taken, scene),
        }
        let (left, pad) = (left - body as u32, pad - padding as u8);
        if left > 0 || pad > 0 {
            self.reader(side).place = Place::Data {
                stream,
                left,
                pad,
                ends,
            };
            return taken;
        }
        self.reader(side).place = Place::Frame;
        if ends {
            self.end_stream(side, stream, true, scene);
        }
        taken
    }
}
