//! permessage-deflate (RFC 7692): what was agreed, and a message inflated.

use flate2::{Decompress, FlushDecompress, Status};

/// How far back a message may refer, into those before it.
pub const WINDOW_BYTES: usize = 32 << 10;
/// What the sender left out behind each message (§7.2.1).
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];
const CHUNK_BYTES: usize = 16 << 10;

/// What one side does with its messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Deflate {
    #[default]
    Off,
    /// A message may refer to those before it.
    Takeover,
    /// Each message stands alone.
    Alone,
}

/// What the server's Sec-WebSocket-Extensions fields say of client and server.
pub fn agreed<'a>(fields: impl Iterator<Item = &'a [u8]>) -> [Deflate; 2] {
    let mut found = [Deflate::Off; 2];
    for extension in fields.flat_map(|field| field.split(|&byte| byte == b',')) {
        let mut words = extension
            .split(|&byte| byte == b';')
            .map(<[u8]>::trim_ascii);
        let is_deflate = |name: &[u8]| name.eq_ignore_ascii_case(b"permessage-deflate");
        if !words.next().is_some_and(is_deflate) {
            continue;
        }
        found = [Deflate::Takeover; 2];
        for word in words {
            match word.to_ascii_lowercase().as_slice() {
                b"client_no_context_takeover" => found[0] = Deflate::Alone,
                b"server_no_context_takeover" => found[1] = Deflate::Alone,
                _ => {}
            }
        }
    }
    found
}

/// A message without its compression; `window` is the end of what the sender said before. None: it
/// refers to what is not there, is damaged, or has more than `bytes_max`.
///
/// The window goes in front as a stored block, so that nothing but its bytes is state.
pub fn inflate(window: &[u8], sent: &[u8], bytes_max: usize) -> Option<Vec<u8>> {
    let mut decoder = Decompress::new(false);
    let mut out = Vec::with_capacity(window.len() + sent.len() * 3 + CHUNK_BYTES);
    let limit = window.len() + bytes_max;
    if !window.is_empty() {
        let length = u16::try_from(window.len()).ok()?;
        let ([a, b], [c, d]) = (length.to_le_bytes(), (!length).to_le_bytes());
        run(&mut decoder, &[0, a, b, c, d], &mut out, limit)?;
        run(&mut decoder, window, &mut out, limit)?;
    }
    if run(&mut decoder, sent, &mut out, limit)? != Status::StreamEnd {
        run(&mut decoder, &TAIL, &mut out, limit)?;
    }
    out.drain(..window.len());
    Some(out)
}

fn run(
    decoder: &mut Decompress,
    bytes: &[u8],
    out: &mut Vec<u8>,
    bytes_max: usize,
) -> Option<Status> {
    let begin = decoder.total_in();
    loop {
        let used = (decoder.total_in() - begin) as usize;
        if out.capacity() == out.len() {
            out.reserve(CHUNK_BYTES);
        }
        let before = (used, out.len());
        let status = decoder
            .decompress_vec(&bytes[used..], out, FlushDecompress::Sync)
            .ok()?;
        let used = (decoder.total_in() - begin) as usize;
        if out.len() > bytes_max {
            return None;
        }
        let is_full = out.capacity() == out.len();
        let stands = before == (used, out.len());
        if status == Status::StreamEnd || (used == bytes.len() && !is_full) || stands && !is_full {
            return Some(status);
        }
    }
}

#[cfg(test)]
mod tests {
    use flate2::{Compress, Compression, FlushCompress};

    use super::*;

    /// Messages of one sender, as RFC 7692 §7.2.1 has them.
    fn sent(messages: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut encoder = Compress::new(Compression::best(), false);
        let each = |message: &&[u8]| {
            let mut out = Vec::with_capacity(message.len() + 1024);
            encoder
                .compress_vec(message, &mut out, FlushCompress::Sync)
                .unwrap();
            out.truncate(out.len() - TAIL.len());
            out
        };
        messages.iter().map(each).collect()
    }

    #[test]
    fn the_examples_of_the_standard() {
        let hello = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
        assert_eq!(inflate(b"", &hello, 99).unwrap(), b"Hello");
        assert_eq!(
            inflate(b"Hello", &[0xf2, 0x00, 0x11, 0x00, 0x00], 99).unwrap(),
            b"Hello"
        );
        let stored = [
            0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00,
        ];
        assert_eq!(inflate(b"", &stored, 99).unwrap(), b"Hello");
        let last_block = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00];
        assert_eq!(inflate(b"", &last_block, 99).unwrap(), b"Hello");
    }

    #[test]
    fn a_message_needs_what_it_refers_to() {
        let text = b"the same words again, and the same words again";
        let sent = sent(&[text, text]);
        assert_eq!(inflate(b"", &sent[0], 99).unwrap(), text);
        assert_eq!(inflate(text, &sent[1], 99).unwrap(), text);
        assert_eq!(inflate(b"", &sent[1], 99), None);
    }

    #[test]
    fn a_bomb_ends_at_the_limit() {
        let sent = sent(&[&vec![0; 4 << 20]]);
        assert_eq!(inflate(b"", &sent[0], 1 << 20), None);
        assert_eq!(inflate(b"", &sent[0], 4 << 20).unwrap().len(), 4 << 20);
    }

    #[test]
    fn what_the_server_agreed_to() {
        let of = |field: &'static [u8]| agreed([field].into_iter());
        assert_eq!(of(b"x-other"), [Deflate::Off; 2]);
        assert_eq!(of(b"permessage-deflate"), [Deflate::Takeover; 2]);
        assert_eq!(
            of(b"x, Permessage-Deflate; server_no_context_takeover; client_max_window_bits=9"),
            [Deflate::Takeover, Deflate::Alone]
        );
    }
}
