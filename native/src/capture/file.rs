//! A capture file, whatever its format; where it is damaged, and what that cost.

use std::fmt;
use std::io;

use crate::capture::bpf::Program;
use crate::capture::feed::Feed;
use crate::capture::pcap::{self, Pcap};
use crate::capture::pcapng::{self, Pcapng};
use crate::capture::{Damage, FRAME_BYTES_MAX, Frame, Shape, Source, Step};
use crate::ledger::{Amount, Deltas};

/// Why a file can't be opened.
#[derive(Debug)]
pub enum Refused {
    System(io::Error),
    /// It is no capture, or none that sidetap reads: one sentence.
    Unreadable(String),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Refused::System(error)
    }
}

enum Format {
    Pcap(Pcap),
    Pcapng(Box<Pcapng>),
}

/// A capture file being read.
pub struct CaptureFile {
    feed: Feed,
    format: Format,
    filter: Option<Program>,
    /// Found while opening, not handed out yet.
    first: Option<Step>,
    /// Bytes of the frame handed out last: they are at the front of the feed until the next call.
    handed_out: usize,
    frames: u64,
    damage: Option<String>,
    done: bool,
    losses: Deltas,
}

impl CaptureFile {
    pub fn open(path: &str, filter: Option<Program>) -> Result<Self, Refused> {
        let name = if path == "-" { "standard input" } else { path };
        CaptureFile::of(Feed::open(path)?, name, filter)
    }

    /// `name` is for sentences.
    pub fn of(mut feed: Feed, name: &str, filter: Option<Program>) -> Result<Self, Refused> {
        let format = format(&mut feed)?.ok_or_else(|| refusal(&feed, name))?;
        let mut file = CaptureFile {
            feed,
            format,
            filter,
            first: None,
            handed_out: 0,
            frames: 0,
            damage: None,
            done: false,
            losses: Deltas::default(),
        };
        file.first = Some(file.step()?);
        match file.unreadable_link() {
            Some(number) => Err(Refused::Unreadable(format!(
                "{name} has link type {number}, which sidetap does not read"
            ))),
            None => Ok(file),
        }
    }

    /// Nothing more will come.
    pub fn done(&self) -> bool {
        self.done
    }

    /// Where and why the file could not be read to its end.
    pub fn damage(&self) -> Option<&str> {
        self.damage.as_deref()
    }

    /// Number of the first interface's link type, as the file has it; 0 where it names none.
    pub fn link_number(&self) -> u32 {
        match &self.format {
            Format::Pcap(pcap) => pcap.link_number,
            Format::Pcapng(pcapng) => pcapng.link_number(),
        }
    }

    /// Lines of TLS key logs in the file so far, since the last call. They are secret.
    pub fn take_secrets(&mut self) -> Vec<u8> {
        match &mut self.format {
            Format::Pcap(_) => Vec::new(),
            Format::Pcapng(pcapng) => pcapng.take_secrets(),
        }
    }

    fn unreadable_link(&self) -> Option<u32> {
        match &self.format {
            Format::Pcap(pcap) if pcap.link.is_none() => Some(pcap.link_number),
            Format::Pcap(_) => None,
            Format::Pcapng(pcapng) => pcapng.unreadable_link(),
        }
    }

    #[inline]
    fn step(&mut self) -> io::Result<Step> {
        match &mut self.format {
            Format::Pcap(pcap) => pcap_step(pcap, &mut self.feed),
            Format::Pcapng(pcapng) => pcapng.next(&mut self.feed),
        }
    }

    #[cold]
    fn end(&mut self, damage: Option<Damage>) -> io::Result<()> {
        self.done = true;
        let broken = self.feed.damage().map(str::to_owned);
        if damage.is_none() && broken.is_none() {
            return Ok(());
        }
        let damage = damage.unwrap_or_default();
        let at = self.feed.consumed();
        let what = broken.as_deref().unwrap_or(damage.what);
        self.damage = Some(format!(
            "{what}: at byte {at}, after {} packets",
            self.frames
        ));
        self.losses.entered += damage.present;
        if damage.present != Amount::default() {
            self.losses.drop("cut_packet", damage.present);
        }
        // What lies behind a damage can't be told apart into packets; its bytes are known.
        let unread = self.feed.skip(u64::MAX)? as i64 - damage.present.bytes;
        let unread = Amount {
            packets: 0,
            bytes: unread.max(0),
        };
        let mut missing = damage.absent;
        missing += unread;
        self.losses.miss("damage", missing);
        Ok(())
    }
}

impl Source for CaptureFile {
    #[inline]
    fn next(&mut self) -> io::Result<Option<Frame<'_>>> {
        if self.done {
            return Ok(None);
        }
        self.feed.consume(std::mem::take(&mut self.handed_out));
        let step = match self.first.take() {
            Some(step) => step,
            None => self.step()?,
        };
        match step {
            Step::Frame(Shape {
                at_us,
                captured_bytes,
                wire_bytes,
                link,
            }) => {
                self.frames += 1;
                self.handed_out = captured_bytes;
                let bytes = &self.feed.ahead()[..captured_bytes];
                let wire_bytes = wire_bytes.max(captured_bytes as u32);
                let filter = self.filter.as_ref();
                let filtered = filter.is_some_and(|filter| !filter.accepts(bytes, wire_bytes));
                Ok(Some(Frame {
                    at_us,
                    wire_bytes,
                    link,
                    filtered,
                    bytes,
                }))
            }
            Step::End => self.end(None).map(|()| None),
            Step::Damaged(damage) => self.end(Some(damage)).map(|()| None),
        }
    }

    fn losses(&mut self) -> Deltas {
        if let Format::Pcapng(pcapng) = &mut self.format {
            let packets = pcapng.take_kernel_drops() as i64;
            if packets > 0 {
                self.losses.miss("kernel", Amount { packets, bytes: 0 });
            }
        }
        std::mem::take(&mut self.losses)
    }
}

/// Which format it is; a pcap's file header is consumed. None: none of ours.
fn format(feed: &mut Feed) -> io::Result<Option<Format>> {
    if !feed.fill(4)? {
        return Ok(None);
    }
    if feed.ahead().starts_with(&pcapng::SECTION.to_be_bytes()) {
        return Ok(Some(Format::Pcapng(Box::default())));
    }
    if !feed.fill(pcap::FILE_HEAD_BYTES)? {
        return Ok(None);
    }
    let found = feed.ahead().first_chunk().and_then(Pcap::of);
    if found.is_some() {
        feed.consume(pcap::FILE_HEAD_BYTES);
    }
    Ok(found.map(Format::Pcap))
}

fn refusal(feed: &Feed, name: &str) -> Refused {
    let begin = &feed.ahead()[..feed.ahead().len().min(64)];
    let printable = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    Refused::Unreadable(if let Some(damage) = feed.damage() {
        format!("{name} is no capture: {damage}")
    } else if begin.is_empty() {
        format!("{name} is empty: not even a capture's file header is there")
    } else if begin
        .first_chunk()
        .is_some_and(|magic| pcap::is_magic(*magic))
    {
        format!("{name} ends inside its file header")
    } else if begin.iter().all(printable) {
        format!("{name} is a text file, not a capture")
    } else {
        format!("{name} is no capture: it begins neither as pcap nor as pcapng")
    })
}

#[inline]
fn pcap_step(pcap: &Pcap, feed: &mut Feed) -> io::Result<Step> {
    if !feed.fill(pcap.head_bytes)? {
        let damaged = Step::damaged("the file ends inside a packet's head");
        return Ok(if feed.ahead().is_empty() {
            Step::End
        } else {
            damaged
        });
    }
    let head = pcap.head(feed.ahead());
    if head.captured_bytes > FRAME_BYTES_MAX {
        return Ok(Step::damaged("a packet of more than 1 MiB"));
    }
    feed.consume(pcap.head_bytes);
    if !feed.fill(head.captured_bytes)? {
        return Ok(Step::Damaged(Damage::cut(
            feed.ahead().len(),
            head.captured_bytes,
        )));
    }
    Ok(Step::Frame(Shape {
        at_us: head.at_us,
        captured_bytes: head.captured_bytes,
        wire_bytes: head.wire_bytes,
        link: pcap.link,
    }))
}

impl fmt::Debug for CaptureFile {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        write!(out, "CaptureFile after {} packets", self.frames)
    }
}
