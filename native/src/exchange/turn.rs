//! One turn of the conversation: ordered bytes of one side, a hole in them, or their end.

use super::habits::Hidden;
use super::message::First;
use super::scene::Scene;
use super::talk::{Kind, Phase, Talk};
use crate::flow::blob::Blob;
use crate::flow::run::Run;
use crate::http1::body::{Decoder, Part};
use crate::http1::framing::Framing;
use crate::http1::head::{headers, trailer_end};
use crate::http1::start::is_cut_request;
use crate::schema::Anomaly;
use crate::tally::Drop;

impl Talk {
    /// Works through ordered bytes and gives how many were used. Fewer than all: the rest waits
    /// for the other side, which was used up to `heard` only; `forced` ends such waiting.
    pub fn feed(
        &mut self,
        side: usize,
        run: &Run,
        heard: u64,
        forced: bool,
        scene: &mut Scene,
    ) -> usize {
        let mut used = 0;
        while used < run.bytes.len() {
            let here = Run {
                start: run.start + used as u64,
                bytes: &run.bytes[used..],
                ..*run
            };
            used += match self.sides[side].phase {
                Phase::Start | Phase::Lost => match self.begin(side, &here, heard, forced, scene) {
                    Some(taken) => taken,
                    None => break,
                },
                Phase::Body(_) => self.body(side, &here, scene),
                Phase::Trailers => self.trailers(side, &here, scene),
                Phase::Http2 => match self.frames(side, &here, heard, forced, scene) {
                    Some(taken) => taken,
                    None => break,
                },
                Phase::Socket => self.socket(side, &here, scene),
                Phase::Opaque(cause) => {
                    scene.tally.drop(cause, here.bytes.len());
                    here.bytes.len()
                }
                Phase::Closed => {
                    scene.tally.drop(Drop::AfterEnd, here.bytes.len());
                    here.bytes.len()
                }
            };
        }
        if used == run.bytes.len() {
            self.habits.speak(side, run.ack);
        }
        used
    }

    pub(super) fn body(&mut self, side: usize, run: &Run, scene: &mut Scene) -> usize {
        let Phase::Body(mut decoder) = self.sides[side].phase else {
            return 0;
        };
        let Some((message, marks)) = self.current(side) else {
            self.sides[side].phase = Phase::Lost;
            return 0;
        };
        let part = decoder.take(run.bytes, marks);
        let taken = match part {
            Part::Body(taken) => {
                message.grow(&run.bytes[..taken], scene.limits);
                taken
            }
            Part::Framing(taken) | Part::Trailers(taken) => {
                message.shares.framing += taken as u64;
                taken
            }
            Part::End | Part::Bad => 0,
        };
        message.reach(run, taken);
        scene.tally.leave(taken);
        scene.tally.messages_held += taken as i64;
        self.sides[side].phase = Phase::Body(decoder);
        self.note_body(side, taken);
        match part {
            Part::Trailers(_) => self.sides[side].phase = Phase::Trailers,
            Part::Bad => {
                self.damage(side, Anomaly::BadChunk);
                match Decoder::new(Framing::UntilClose).filter(|_| self.is_server(side)) {
                    // Nothing can be framed behind it; whoever reads it takes it as it is.
                    Some(rest) => self.sides[side].phase = Phase::Body(rest),
                    None => self.lose_track(side, scene),
                }
            }
            _ if part == Part::End || decoder.is_done() => {
                self.sides[side].phase = Phase::Start;
                self.note_response_end(side, run.ack);
                self.finish(side, true, scene);
            }
            _ => {}
        }
        taken
    }

    fn trailers(&mut self, side: usize, run: &Run, scene: &mut Scene) -> usize {
        let reader = &mut self.sides[side];
        let old = reader.part.len();
        reader.part.bytes.extend_from_slice(run.bytes);
        let end = trailer_end(&reader.part.bytes, reader.scanned as usize);
        let Some(end) = end else {
            reader.scanned = reader.part.len() as u32;
            if reader.part.len() > scene.limits.head_bytes_max as usize {
                scene.count("head_bytes_max");
                let all = std::mem::take(&mut reader.part).len();
                self.discard(all, scene);
                self.mark(side, Anomaly::HeadLimit);
                self.lose_track(side, scene);
            }
            return run.bytes.len();
        };
        let section = std::mem::take(&mut reader.part).bytes;
        (reader.scanned, reader.phase) = (0, Phase::Start);
        let headers_max = scene.limits.headers_max as usize;
        if let Some((message, marks)) = self.current(side) {
            if end > 2 {
                headers(
                    &section[..end],
                    headers_max,
                    &mut message.trailers.bytes,
                    marks,
                );
            }
            message.shares.framing += end as u64;
            message.reach(run, end - old);
            scene.tally.leave(end);
            scene.tally.messages_held += end as i64;
        }
        self.note_response_end(side, run.ack);
        self.finish(side, true, scene);
        end - old
    }

    /// The framing of the message under way is damaged.
    pub(super) fn damage(&mut self, side: usize, anomaly: Anomaly) {
        if let Some((message, marks)) = self.current(side) {
            message.broken = true;
            marks.add(anomaly);
        }
    }

    /// Where the next message begins is not known any more; the one under way ends here.
    pub(super) fn lose_track(&mut self, side: usize, scene: &mut Scene) {
        self.lose_place(side);
        self.finish(side, false, scene);
    }

    /// Messages may be missing from here on. An interim response in front of that need not be
    /// one of the next final response's.
    pub(super) fn lose_place(&mut self, side: usize) {
        let reader = &mut self.sides[side];
        reader.phase = Phase::Lost;
        reader.after_gap.raise(Hidden::Perhaps);
        if self.is_server(side) {
            self.interim = None;
        }
    }

    /// The bytes from `from` to `until` are lost; with `from` = `until` nobody knows how many.
    pub fn gap(&mut self, side: usize, from: u64, until: u64, scene: &mut Scene) {
        let bytes = until - from;
        self.damaged |= bytes > 0;
        match self.sides[side].phase {
            Phase::Body(mut decoder) => {
                let inside = if bytes == 0 {
                    None
                } else {
                    decoder.skip(bytes)
                };
                self.mark(side, Anomaly::GapInBody);
                let lost = inside.unwrap_or(decoder.promised());
                if let Some((message, _)) = self.current(side) {
                    message.lose(lost, scene.limits);
                    message.end = until;
                }
                self.sides[side].phase = Phase::Body(decoder);
                if inside.is_none() {
                    self.lose_track(side, scene);
                } else if decoder.is_done() {
                    self.sides[side].phase = Phase::Start;
                    self.finish(side, true, scene);
                }
            }
            Phase::Start | Phase::Lost => {
                let hidden = self.hidden_in(side, bytes);
                self.settle(side, Some(bytes), scene);
                self.end_unframed(side, scene);
                self.lose_place(side);
                self.sides[side].after_gap.raise(hidden);
            }
            Phase::Trailers => {
                let all = std::mem::take(&mut self.sides[side].part).len();
                self.discard(all, scene);
                self.lose_track(side, scene);
            }
            Phase::Http2 => self.gap_in_frames(side, bytes, scene),
            Phase::Socket => self.gap_in_socket(side, bytes, scene),
            Phase::Opaque(_) | Phase::Closed => {}
        }
    }

    /// A partial head gets no more bytes: it is what it is. `lost`: so many bytes behind it
    /// are missing.
    pub fn settle(&mut self, side: usize, lost: Option<u64>, scene: &mut Scene) {
        self.settle_as(side, lost, false, scene);
    }

    fn settle_as(&mut self, side: usize, lost: Option<u64>, answered: bool, scene: &mut Scene) {
        let reader = &mut self.sides[side];
        if reader.phase == Phase::Trailers {
            return;
        }
        let part = std::mem::take(&mut reader.part).bytes;
        let (kind, first) = (reader.kind.take(), reader.first);
        reader.scanned = 0;
        let cut = lost.is_some() && reader.phase == Phase::Start && is_cut_request(&part);
        let Some(kind) = kind.or(cut.then_some(Kind::Request)) else {
            if self.is_unframed(side) {
                self.sides[side].part = Blob::of(part);
                self.take_as_body(side, scene);
                self.finish(side, false, scene);
            } else if lost.is_none() && !part.is_empty() && self.is_plain_answer(side, first) {
                let run = Run {
                    start: first.start,
                    at_us: first.at_us,
                    now_us: first.now_us,
                    ack: first.ack,
                    bytes: &part,
                };
                self.body(side, &run, scene);
            } else if self.client.is_some() {
                self.discard(part.len(), scene);
            } else {
                scene.tally.drop(Drop::NotHttp, part.len());
            }
            return;
        };
        self.end_unframed(side, scene);
        let end = (first.start + part.len() as u64, first.at_us);
        if kind == Kind::Doubtful && self.client.is_none() && !answered {
            scene.tally.drop(Drop::NotHttp, part.len());
            return;
        }
        if matches!(kind, Kind::Simple | Kind::Doubtful) && lost.is_none() {
            self.head(side, kind, &part, first, end, scene);
            return;
        }
        match kind {
            Kind::Response => self
                .open_response(side, &part, first, end, scene)
                .map(|_| ()),
            _ => self
                .open_request(side, &part, first, end, scene)
                .map(|_| ()),
        };
        let anomaly = if lost.is_some() {
            Anomaly::GapInHead
        } else {
            Anomaly::Incomplete
        };
        if let Some((message, marks)) = self.current(side) {
            message.head_missing_bytes = lost.unwrap_or(0);
            marks.add(anomaly);
        }
        self.finish(side, false, scene);
    }

    /// These bytes answer a request of HTTP/0.9; then their body is begun.
    fn is_plain_answer(&mut self, side: usize, first: First) -> bool {
        self.is_server(side)
            && self.sides[side].phase == Phase::Start
            && self.open_headless(side, first)
    }

    /// The other side answers: a request line that stands alone is all there will be of it.
    pub fn settle_simple(&mut self, side: usize, scene: &mut Scene) {
        let alone = matches!(self.sides[side].kind, Some(Kind::Simple | Kind::Doubtful));
        if alone && !self.sides[side].part.is_empty() {
            self.settle_as(side, None, true, scene);
        }
    }

    /// Nothing follows from this side; `whole`: it said so itself, with FIN.
    pub fn close(&mut self, side: usize, whole: bool, scene: &mut Scene) {
        if matches!(self.sides[side].phase, Phase::Start | Phase::Lost) {
            if !self.sides[side].part.is_empty() && self.must_answer(side) {
                self.settle_simple(1 - side, scene);
            }
            self.settle(side, None, scene);
            self.end_unframed(side, scene);
        }
        match self.sides[side].phase {
            Phase::Start | Phase::Lost => {}
            Phase::Trailers => {
                let all = std::mem::take(&mut self.sides[side].part).len();
                self.discard(all, scene);
                self.finish(side, false, scene);
            }
            Phase::Body(decoder) => self.finish(side, whole && decoder.ends_at_close(), scene),
            Phase::Http2 => self.close_streams(side, scene),
            Phase::Socket => self.close_socket(side, scene),
            Phase::Opaque(_) | Phase::Closed => {}
        }
        self.sides[side].phase = Phase::Closed;
        if self.is_server(side) {
            self.conclude_unanswered(scene);
        }
    }
}
