//! A stream of bytes with a bounded window: plain, gzip or zstd, file or standard input.
//!
//! Files are read, not mapped: a mapped file that somebody truncates raises SIGBUS.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};

use flate2::bufread::MultiGzDecoder;

/// The window; larger reads than this bring nothing (measured: 64 KiB to 1 MiB are equal).
const WINDOW_BYTES: usize = 256 * 1024;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Bytes to come, some of them at hand.
pub struct Feed {
    input: Box<dyn Read + Send + Sync>,
    window: Vec<u8>,
    start: usize,
    end: usize,
    consumed: u64,
    packed: Option<&'static str>,
    damage: Option<String>,
}

impl Feed {
    /// Opens a path, or standard input for "-".
    pub fn open(path: &str) -> io::Result<Self> {
        if path == "-" {
            Feed::of(Box::new(io::stdin()))
        } else {
            Feed::of(Box::new(File::open(path)?))
        }
    }

    /// Takes any reader; looks at its first bytes for a compression.
    pub fn of(mut input: Box<dyn Read + Send + Sync>) -> io::Result<Self> {
        let mut magic = Vec::with_capacity(4);
        input.as_mut().take(4).read_to_end(&mut magic)?;
        let packed = if magic.starts_with(&GZIP_MAGIC) {
            Some("gzip")
        } else if magic.starts_with(&ZSTD_MAGIC) {
            Some("zstd")
        } else {
            None
        };
        let whole = Cursor::new(magic).chain(input);
        let input: Box<dyn Read + Send + Sync> = match packed {
            Some("gzip") => Box::new(MultiGzDecoder::new(BufReader::new(whole))),
            Some(_) => Box::new(zstd::stream::read::Decoder::new(whole)?),
            None => Box::new(whole),
        };
        let window = vec![0; WINDOW_BYTES];
        Ok(Feed {
            input,
            window,
            start: 0,
            end: 0,
            consumed: 0,
            packed,
            damage: None,
        })
    }

    /// Bytes at hand, at least as many as the last successful `fill` asked for.
    #[inline]
    pub fn ahead(&self) -> &[u8] {
        &self.window[self.start..self.end]
    }

    /// Brings so many bytes at hand; false: the stream ends before (all that is left is at hand).
    /// A broken compression ends the stream too: `damage` says so.
    #[inline]
    pub fn fill(&mut self, bytes: usize) -> io::Result<bool> {
        if self.end - self.start >= bytes {
            return Ok(true);
        }
        self.refill(bytes)
    }

    /// Steps over bytes that are at hand.
    #[inline]
    pub fn consume(&mut self, bytes: usize) {
        debug_assert!(bytes <= self.end - self.start);
        self.start += bytes;
        self.consumed += bytes as u64;
    }

    /// Steps over bytes, at hand or not; how many there were.
    pub fn skip(&mut self, bytes: u64) -> io::Result<u64> {
        let mut left = bytes;
        while left > 0 && self.fill(1)? {
            let step = left.min((self.end - self.start) as u64);
            self.consume(step as usize);
            left -= step;
        }
        Ok(bytes - left)
    }

    /// Bytes consumed so far, counted behind the decompression.
    pub fn consumed(&self) -> u64 {
        self.consumed
    }

    /// What is wrong with the compression, if anything.
    pub fn damage(&self) -> Option<&str> {
        self.damage.as_deref()
    }

    #[cold]
    fn refill(&mut self, bytes: usize) -> io::Result<bool> {
        self.window.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if bytes > self.window.len() {
            self.window.resize(bytes, 0);
        }
        while self.end < bytes && self.damage.is_none() {
            match self.input.read(&mut self.window[self.end..]) {
                Ok(0) => return Ok(false),
                Ok(count) => self.end += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => self.broken(error)?,
            }
        }
        Ok(self.end >= bytes)
    }

    /// An error of the system is the caller's; one of the decoder is damage of the file.
    fn broken(&mut self, error: io::Error) -> io::Result<()> {
        match self.packed {
            Some(name) if error.raw_os_error().is_none() => {
                self.damage = Some(format!("the {name} stream is cut or damaged ({error})"));
                Ok(())
            }
            _ => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn feed(bytes: &[u8]) -> Feed {
        Feed::of(Box::new(Cursor::new(bytes.to_vec()))).unwrap()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn all(feed: &mut Feed) -> Vec<u8> {
        let mut out = Vec::new();
        while feed.fill(1).unwrap() {
            let some = feed.ahead().len().min(1000);
            out.extend_from_slice(&feed.ahead()[..some]);
            feed.consume(some);
        }
        out
    }

    #[test]
    fn each_compression_gives_the_same_bytes() {
        let bytes: Vec<u8> = (0..600_000u32).map(|n| (n % 251) as u8).collect();
        assert_eq!(all(&mut feed(&bytes)), bytes);
        assert_eq!(all(&mut feed(&gzip(&bytes))), bytes);
        assert_eq!(
            all(&mut feed(&zstd::encode_all(&bytes[..], 1).unwrap())),
            bytes
        );
        // Rotated captures are often put together with cat: gzip members one behind the other.
        let members = [gzip(&bytes[..1000]), gzip(&bytes[1000..])].concat();
        assert_eq!(all(&mut feed(&members)), bytes);
    }

    #[test]
    fn a_cut_compression_is_damage_not_an_error() {
        let bytes: Vec<u8> = (0..60_000u32).map(|n| (n * n % 251) as u8).collect();
        for packed in [gzip(&bytes), zstd::encode_all(&bytes[..], 1).unwrap()] {
            let mut cut = feed(&packed[..packed.len() / 2]);
            let read = all(&mut cut);
            assert!(bytes.starts_with(&read));
            assert!(cut.damage().unwrap().contains("cut or damaged"));
        }
    }

    #[test]
    fn skipping_tells_how_much_there_was() {
        let mut feed = feed(&[7; 300_000]);
        assert_eq!(feed.skip(299_999).unwrap(), 299_999);
        assert_eq!(feed.skip(10).unwrap(), 1);
        assert_eq!(feed.consumed(), 300_000);
    }
}
