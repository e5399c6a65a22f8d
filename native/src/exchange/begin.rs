//! A message begins: what it is, whether it must wait, and where its head ends.

use super::message::First;
use super::scene::Scene;
use super::talk::{Kind, Phase, Talk};
use crate::flow::run::Run;
use crate::http1::head::head_end;
use crate::http1::start::{Start, answer, ask, classify, is_registered};
use crate::schema::Anomaly;
use crate::socks::{MESSAGES_MAX, is_message};
use crate::tally::Drop;

/// What the beginning of a message turned out to be.
enum Found {
    More,
    /// A head of so many bytes.
    Head(Kind, usize),
    /// Not HTTP, or not what may stand here.
    Junk(Drop),
    Http2,
    /// Records of TLS, not HTTP yet.
    Tls,
}

impl Talk {
    /// A message begins, or goes on before its head is whole. None: it must wait.
    pub(super) fn begin(
        &mut self,
        side: usize,
        run: &Run,
        heard: u64,
        forced: bool,
        scene: &mut Scene,
    ) -> Option<usize> {
        if self.is_client(side) && self.may_switch() && !forced {
            return None;
        }
        if self.is_overheard(side, run) {
            if self.is_unframed(side) {
                self.take_as_body(side, scene);
                return Some(0);
            }
            self.give_up_part(side, scene);
        }
        if self.sides[side].part.is_empty() {
            let blank = run
                .bytes
                .iter()
                .take_while(|byte| matches!(byte, b'\r' | b'\n'))
                .count();
            if blank > 0 {
                self.pass_framing(blank, scene);
                return Some(blank);
            }
            self.sides[side].first = First::of(run);
        }
        let mut part = std::mem::take(&mut self.sides[side].part);
        let old = part.len();
        let work = if old == 0 {
            run.bytes
        } else {
            part.bytes.extend_from_slice(run.bytes);
            &part.bytes
        };
        let found = self.judge(side, work, scene);
        let first = self.sides[side].first;
        if old == 0 && self.sides[side].kind == Some(Kind::Request) {
            self.note_request(side, first.ack);
        }
        let answers = match found {
            Found::Head(kind, _) => kind == Kind::Response,
            Found::Junk(_) => self.must_answer(side),
            Found::More | Found::Http2 | Found::Tls => false,
        };
        // What looks like another protocol may be the answer to a line that is not here yet.
        let waits = answers || (matches!(found, Found::Junk(_)) && self.is_fresh(side));
        if waits && !forced && first.ack.is_some_and(|ack| ack > heard) {
            part.bytes.truncate(old);
            self.sides[side].part = part;
            self.sides[side].scanned = old as u32;
            return None;
        }
        if answers {
            self.settle_simple(1 - side, scene);
        }
        if matches!(found, Found::Junk(_)) && self.is_unframed(side) {
            part.bytes.truncate(old);
            self.sides[side].part = part;
            self.take_as_body(side, scene);
            return Some(0);
        }
        if matches!(found, Found::Junk(_)) && old > 0 && self.sides[side].phase == Phase::Lost {
            // Together they begin nothing; the new ones alone may.
            part.bytes.truncate(old);
            self.sides[side].part = part;
            self.give_up_part(side, scene);
            return Some(0);
        }
        match found {
            Found::More => {
                if old == 0 {
                    part.bytes.extend_from_slice(run.bytes);
                }
                self.sides[side].part = part;
                Some(run.bytes.len())
            }
            Found::Head(kind, bytes) if bytes < old => {
                // The line ended before bytes that were held back with it: they come first.
                let start = first.start + bytes as u64;
                self.head(
                    side,
                    kind,
                    &work[..bytes],
                    first,
                    (start, first.at_us),
                    scene,
                );
                let held = Run {
                    start,
                    bytes: &part.bytes[bytes..old],
                    ..*run
                };
                self.feed(side, &held, heard, true, scene);
                Some(0)
            }
            Found::Head(kind, bytes) => {
                let end = (run.start + (bytes - old) as u64, run.at_us);
                self.head(side, kind, &work[..bytes], first, end, scene);
                Some(bytes - old)
            }
            Found::Http2 => {
                part.bytes.truncate(old);
                self.sides[side].part = part;
                self.enter_http2(scene);
                Some(0)
            }
            Found::Tls => {
                part.bytes.truncate(old);
                self.sides[side].part = part;
                self.tls_begins = true;
                None
            }
            Found::Junk(cause) => Some(self.junk(side, cause, run, old, scene)),
        }
    }

    /// Behind a hole: what is held back as the beginning of a line was the end of something, for
    /// its sender has heard of more before it went on.
    fn is_overheard(&self, side: usize, run: &Run) -> bool {
        let reader = &self.sides[side];
        reader.phase == Phase::Lost
            && reader.kind.is_none()
            && !reader.part.is_empty()
            && run.ack > reader.first.ack
    }

    /// What is held back behind a hole begins no message.
    fn give_up_part(&mut self, side: usize, scene: &mut Scene) {
        let reader = &mut self.sides[side];
        reader.scanned = 0;
        let bytes = std::mem::take(&mut reader.part).len();
        if self.client.is_some() {
            self.discard(bytes, scene);
        } else {
            scene.tally.drop(Drop::NotHttp, bytes);
        }
    }

    fn judge(&mut self, side: usize, work: &[u8], scene: &mut Scene) -> Found {
        let line_bytes_max = scene.limits.line_bytes_max as usize;
        let kind = match self.sides[side].kind {
            Some(kind) => kind,
            None => match self.start(side, work, line_bytes_max) {
                Start::Http2 if self.client.is_none() => return Found::Http2,
                start => match self.kind(side, start, work) {
                    Ok(Some(kind)) => kind,
                    Ok(None) => return Found::More,
                    Err(Drop::Encrypted) if scene.tls.is_none() && self.may_begin_tls(side) => {
                        return Found::Tls;
                    }
                    Err(cause) => return Found::Junk(cause),
                },
            },
        };
        let reader = &mut self.sides[side];
        reader.kind = Some(kind);
        if kind == Kind::Simple
            && let Some(bytes) = simple_end(work)
        {
            return Found::Head(kind, bytes);
        }
        if kind == Kind::Doubtful {
            let long = work.len() > line_bytes_max;
            return if long {
                Found::Junk(Drop::NotHttp)
            } else {
                Found::More
            };
        }
        if let Some(bytes) = head_end(work, reader.scanned as usize) {
            return Found::Head(kind, bytes);
        }
        if work.len() > scene.limits.head_bytes_max as usize {
            scene.count("head_bytes_max");
            return Found::Head(kind, work.len());
        }
        reader.scanned = work.len() as u32;
        Found::More
    }

    /// Nothing else is known of either direction.
    fn may_begin_tls(&self, side: usize) -> bool {
        let other = self.sides[1 - side].phase;
        self.open.is_empty() && matches!(other, Phase::Start | Phase::Lost | Phase::Closed)
    }

    /// A server's side, or the one across from a request line that stands alone.
    pub(super) fn must_answer(&self, side: usize) -> bool {
        let other = &self.sides[1 - side];
        self.is_server(side)
            || (self.client.is_none() && other.kind == Some(Kind::Simple) && !other.part.is_empty())
    }

    /// Nothing is decided of this side, and nothing was lost in front of it.
    fn is_fresh(&self, side: usize) -> bool {
        self.client.is_none() && self.sides[side].phase == Phase::Start
    }

    fn start(&self, side: usize, work: &[u8], line_bytes_max: usize) -> Start {
        if self.must_answer(side) {
            answer(work, self.sides[side].phase == Phase::Lost)
        } else if self.is_client(side) && self.sides[side].phase == Phase::Start {
            ask(work, line_bytes_max)
        } else {
            classify(work, line_bytes_max)
        }
    }

    /// What may begin on this side, given what is known of the flow.
    fn kind(&self, side: usize, start: Start, work: &[u8]) -> Result<Option<Kind>, Drop> {
        let lost = self.sides[side].phase == Phase::Lost;
        // Behind a SYN that nobody saw this may be the end of what stood on it.
        let doubtful = lost || self.sides[side].after_gap.is_possible();
        match start {
            Start::More => Ok(None),
            Start::Request if !self.is_server(side) && (!doubtful || is_registered(work)) => {
                Ok(Some(Kind::Request))
            }
            Start::Simple if !self.is_server(side) && !lost => Ok(Some(Kind::Simple)),
            Start::Line if self.is_client(side) && !lost => Ok(Some(Kind::Simple)),
            Start::Line if self.client.is_none() && !lost => Ok(Some(Kind::Doubtful)),
            Start::Response if !self.is_client(side) => Ok(Some(Kind::Response)),
            Start::Tls if self.client.is_none() => Err(Drop::Encrypted),
            _ => Err(Drop::NotHttp),
        }
    }

    pub(super) fn head(
        &mut self,
        side: usize,
        kind: Kind,
        bytes: &[u8],
        first: First,
        end: (u64, i64),
        scene: &mut Scene,
    ) {
        let too_long = bytes.len() > scene.limits.head_bytes_max as usize;
        self.end_unframed(side, scene);
        let reader = &mut self.sides[side];
        (reader.kind, reader.scanned, reader.phase) = (None, 0, Phase::Start);
        let decoder = match kind {
            Kind::Request | Kind::Simple | Kind::Doubtful => {
                self.open_request(side, bytes, first, end, scene)
            }
            Kind::Response => match self.open_response(side, bytes, first, end, scene) {
                Some(decoder) => decoder,
                None => return,
            },
        };
        if too_long {
            self.mark(side, Anomaly::HeadLimit);
            self.lose_track(side, scene);
        } else if let Some(decoder) = decoder {
            let is_unframed = kind != Kind::Response && decoder.ends_at_close();
            self.sides[side].phase = if is_unframed {
                Phase::Lost
            } else {
                Phase::Body(decoder)
            };
        } else {
            self.note_response_end(side, first.ack);
            self.finish(side, true, scene);
        }
    }

    pub(super) fn mark(&mut self, side: usize, anomaly: Anomaly) {
        if let Some((_, marks)) = self.current(side) {
            marks.add(anomaly);
        }
    }

    /// These bytes are no message; `old` ones of them were held back. Gives how many are used.
    fn junk(
        &mut self,
        side: usize,
        cause: Drop,
        run: &Run,
        old: usize,
        scene: &mut Scene,
    ) -> usize {
        (self.sides[side].kind, self.sides[side].scanned) = (None, 0);
        let at_start = self.sides[side].phase == Phase::Start;
        if self.is_server(side) && at_start && old == 0 && self.open_headless(side, First::of(run))
        {
            return 0;
        }
        let all = old + run.bytes.len();
        if self.client.is_some() {
            self.discard(all, scene);
            self.lose_place(side);
            return run.bytes.len();
        }
        scene.tally.drop(cause, all);
        let socks = at_start && old == 0 && self.sides[side].socks < MESSAGES_MAX;
        if socks && is_message(run.bytes) {
            self.sides[side].socks += 1;
            return run.bytes.len();
        }
        // In mid-stream this may be the inside of a message; from the start on it is another protocol.
        if at_start {
            self.sides[side].phase = Phase::Opaque(cause);
            let other = &mut self.sides[1 - side];
            if other.kind == Some(Kind::Doubtful) {
                other.phase = Phase::Opaque(cause);
                scene
                    .tally
                    .drop(cause, std::mem::take(&mut other.part).len());
            }
            if cause != Drop::NotHttp {
                self.sides[1 - side].phase = Phase::Opaque(cause);
                scene
                    .tally
                    .drop(cause, std::mem::take(&mut self.sides[1 - side].part).len());
                scene.count("encrypted_flows");
            }
        }
        run.bytes.len()
    }

    /// Bytes of an HTTP stream that belong to no message.
    pub fn discard(&mut self, bytes: usize, scene: &mut Scene) {
        scene.tally.leave(bytes);
        scene.tally.discarded += bytes as i64;
    }
}

/// Where a request of one line ends. None: fields follow, or nobody knows yet.
fn simple_end(work: &[u8]) -> Option<usize> {
    let end = memchr::memchr(b'\n', work)? + 1;
    match &work[end..] {
        [] | [b'\r'] => None,
        [b'\n', ..] => Some(end + 1),
        [b'\r', b'\n', ..] => Some(end + 2),
        behind => {
            let line = &behind[..memchr::memchr(b'\n', behind)?];
            (!line.contains(&b':')).then_some(end)
        }
    }
}
