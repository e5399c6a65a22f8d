//! Frames (RFC 9113 §4 and §6): where they begin and end, and how a beginning is proved.

/// What a client says first.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
pub const HEADER_BYTES: usize = 9;

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PUSH_PROMISE: u8 = 5;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
const PRIORITY: u8 = 32;

/// Frames that prove a boundary where no end of a segment does.
const PROOF_FRAMES: usize = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    pub length: usize,
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
}

/// What stands in front.
#[derive(Debug, PartialEq, Eq)]
pub enum Unit {
    /// Too few bytes to tell.
    More,
    /// No frame that may stand here.
    Bad,
    /// More bytes than are held for one header block.
    TooLong,
    Preface,
    /// A DATA frame's header, and its padding's length where it has one.
    Data {
        frame: Frame,
        pad: usize,
    },
    /// A frame of so many bytes; a header block with all its CONTINUATION frames.
    Whole(usize),
}

impl Frame {
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let header = bytes.first_chunk::<HEADER_BYTES>()?;
        let [a, b, c, kind, flags, stream @ ..] = *header;
        Some(Frame {
            length: u32::from_be_bytes([0, a, b, c]) as usize,
            kind,
            flags,
            stream: u32::from_be_bytes(stream) & 0x7fff_ffff,
        })
    }

    pub fn ends_stream(&self) -> bool {
        self.flags & END_STREAM != 0
    }

    pub fn is_ack(&self) -> bool {
        self.flags & ACK != 0
    }

    /// Its length and stream are such as its kind has; kinds that are not known are let be.
    fn is_allowed(&self) -> bool {
        let of_stream = self.stream != 0;
        match self.kind {
            DATA | CONTINUATION => of_stream,
            HEADERS => of_stream && self.length > 0,
            2 => of_stream && self.length == 5,
            RST_STREAM => of_stream && self.length == 4,
            SETTINGS if self.is_ack() => !of_stream && self.length == 0,
            SETTINGS => !of_stream && self.length.is_multiple_of(6),
            PUSH_PROMISE => of_stream && self.length >= 5,
            6 => !of_stream && self.length == 8,
            7 => !of_stream && self.length >= 8,
            8 => self.length == 4,
            _ => true,
        }
    }

    /// A kind that is known, and no flag beyond its own.
    fn is_likely(&self) -> bool {
        const FLAGS: [u8; 10] = [9, 45, 0, 0, 1, 12, 1, 0, 0, 4];
        let flags = FLAGS.get(usize::from(self.kind));
        flags.is_some_and(|flags| self.flags & !flags == 0) && self.is_allowed()
    }

    fn opens_block(&self) -> bool {
        matches!(self.kind, HEADERS | PUSH_PROMISE) && self.flags & END_HEADERS == 0
    }
}

/// What begins in front of `work`; `at` is how far earlier calls saw whole frames of a block.
pub fn unit(work: &[u8], at: &mut usize, bytes_max: usize) -> Unit {
    if work.len() < PREFACE.len() && PREFACE.starts_with(work) {
        return Unit::More;
    }
    if work.starts_with(PREFACE) {
        return Unit::Preface;
    }
    let Some(first) = Frame::read(work) else {
        return Unit::More;
    };
    loop {
        let Some(frame) = Frame::read(&work[(*at).min(work.len())..]) else {
            return if work.len() > bytes_max {
                Unit::TooLong
            } else {
                Unit::More
            };
        };
        let continues = *at > 0;
        let fits = !continues || (frame.kind == CONTINUATION && frame.stream == first.stream);
        if !fits || !frame.is_allowed() {
            return Unit::Bad;
        }
        if frame.kind == DATA {
            return data(frame, work);
        }
        let end = *at + HEADER_BYTES + frame.length;
        if end > bytes_max {
            return Unit::TooLong;
        }
        if end > work.len() {
            return Unit::More;
        }
        let goes_on = if continues {
            frame.flags & END_HEADERS == 0
        } else {
            frame.opens_block()
        };
        if !goes_on {
            return Unit::Whole(end);
        }
        *at = end;
    }
}

fn data(frame: Frame, work: &[u8]) -> Unit {
    if frame.flags & PADDED == 0 {
        return Unit::Data { frame, pad: 0 };
    }
    match work.get(HEADER_BYTES) {
        _ if frame.length == 0 => Unit::Bad,
        None => Unit::More,
        Some(&pad) if usize::from(pad) < frame.length => Unit::Data {
            frame,
            pad: usize::from(pad) + 1,
        },
        Some(_) => Unit::Bad,
    }
}

/// The header block in a unit of frames, without padding, priority and frame headers; of a
/// promise, the number of its stream stands in front. None: its lengths contradict each other.
pub fn block(unit: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(unit.len());
    let mut rest = unit;
    while let Some(frame) = Frame::read(rest) {
        let (body, after) = rest[HEADER_BYTES..].split_at_checked(frame.length)?;
        rest = after;
        let mut body = body;
        if frame.kind != CONTINUATION && frame.flags & PADDED != 0 {
            let (&pad, behind) = body.split_first()?;
            body = behind.get(..behind.len().checked_sub(usize::from(pad))?)?;
        }
        if frame.kind == HEADERS && frame.flags & PRIORITY != 0 {
            body = body.get(5..)?;
        }
        out.extend_from_slice(body);
    }
    Some(out)
}

/// Frames begin here: they follow each other to the end of `bytes`, or often enough.
pub fn is_proven(bytes: &[u8]) -> bool {
    let mut at = 0;
    for count in 0..PROOF_FRAMES {
        if at == bytes.len() {
            return count > 0;
        }
        let Some(frame) = bytes.get(at..).and_then(Frame::read) else {
            return count > 1;
        };
        let orphan = count == 0 && frame.kind == CONTINUATION;
        if !frame.is_likely() || orphan || bytes[at + 5] & 0x80 != 0 {
            return false;
        }
        at += HEADER_BYTES + frame.length;
        if at > bytes.len() {
            return count > 0;
        }
    }
    true
}

/// The first place in `bytes` where frames are proved to begin.
pub fn boundary(bytes: &[u8]) -> Option<usize> {
    (0..bytes.len()).find(|&at| is_proven(&bytes[at..]))
}

/// Could these few bytes become the first frame of a connection?
pub fn may_begin(bytes: &[u8]) -> bool {
    const LENGTH_HIGH_MAX: u8 = 0x40; // frames are 16 KiB at most until both sides agreed on more
    bytes.len() < HEADER_BYTES
        && bytes.first() == Some(&0)
        && bytes.get(1).is_none_or(|&high| high <= LENGTH_HIGH_MAX)
        && bytes.get(3).is_none_or(|&kind| kind <= CONTINUATION)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, stream: u8, body: &[u8]) -> Vec<u8> {
        let length = (body.len() as u32).to_be_bytes();
        [&length[1..], &[kind, flags, 0, 0, 0, stream], body].concat()
    }

    #[test]
    fn a_block_is_one_with_what_continues_it() {
        let whole = [
            frame(HEADERS, PADDED | PRIORITY, 1, b"\x02\0\0\0\0\x10ab\0\0"),
            frame(CONTINUATION, 0, 1, b"c"),
            frame(CONTINUATION, END_HEADERS, 1, b"d"),
        ]
        .concat();
        for cut in 0..whole.len() {
            assert_eq!(unit(&whole[..cut], &mut 0, 1000), Unit::More);
        }
        assert_eq!(unit(&whole, &mut 0, 1000), Unit::Whole(whole.len()));
        assert_eq!(unit(&whole, &mut 0, 30), Unit::TooLong);
        assert_eq!(block(&whole).unwrap(), b"abcd");
        let other = [frame(HEADERS, 0, 1, b"ab"), frame(CONTINUATION, 4, 3, b"c")].concat();
        assert_eq!(unit(&other, &mut 0, 1000), Unit::Bad);
    }

    #[test]
    fn a_boundary_is_proved_or_not_believed() {
        let ping = frame(6, 0, 0, b"12345678");
        assert!(is_proven(&ping));
        assert!(!is_proven(&ping[..12]));
        assert!(!is_proven(&[0; 40]));
        assert!(is_proven(
            &[&ping[..], &frame(DATA, 0, 1, b"hello")[..10]].concat()
        ));
        assert!(!is_proven(&[&ping[..], b"HTTP/1.1 200"].concat()));
        let behind = [&b"the end of a body"[..], &ping].concat();
        assert_eq!(boundary(&behind), Some(17));
        assert_eq!(boundary(b"the end of a body"), None);
    }
}
