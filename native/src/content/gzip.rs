//! Gzip undone in one call over the whole buffer, by libdeflate.
//!
//! In: a body. Out: what it holds, if it is one member without options that ends with the body and
//! fits; None leaves it to the decoder of streams, which also knows damage, bombs and members one
//! behind the other. Measured on pages of 2 to 200 KiB: half of the stream decoder's time.

use std::cell::RefCell;
use std::ptr::NonNull;

use libdeflate_sys as deflate;

/// Magic, method and flags of a plain member (RFC 1952 §2.3).
const PLAIN: [u8; 4] = [0x1f, 0x8b, 8, 0];
const HEAD_BYTES: usize = 10;
const TAIL_BYTES: usize = 8;

/// libdeflate's working memory, some 12 KiB.
struct Decompressor(NonNull<deflate::libdeflate_decompressor>);

impl Decompressor {
    fn new() -> Option<Self> {
        // SAFETY: takes nothing, gives memory of its own or null.
        NonNull::new(unsafe { deflate::libdeflate_alloc_decompressor() }).map(Decompressor)
    }
}

impl std::ops::Drop for Decompressor {
    fn drop(&mut self) {
        // SAFETY: it was allocated in `new`, and is freed once.
        unsafe { deflate::libdeflate_free_decompressor(self.0.as_ptr()) };
    }
}

thread_local! {
    static DECOMPRESSOR: RefCell<Option<Decompressor>> = RefCell::new(Decompressor::new());
}

/// The whole of a plain member of less than `bytes_max`; None: ask the decoder of streams.
pub fn whole(sent: &[u8], bytes_max: usize) -> Option<Vec<u8>> {
    if sent.len() < HEAD_BYTES + TAIL_BYTES || sent[..4] != PLAIN {
        return None;
    }
    // How long it says it is, modulo 2^32; a lie does not fit, or leaves a rest.
    let said = u32::from_le_bytes(sent[sent.len() - 4..].try_into().ok()?) as usize;
    if said >= bytes_max {
        return None;
    }
    let mut out: Vec<u8> = Vec::with_capacity(said);
    DECOMPRESSOR.with_borrow_mut(|found| -> Option<()> {
        let decompressor = found.as_mut()?;
        let (mut read, mut written) = (0, 0);
        // SAFETY: both buffers live through the call, with the lengths given; libdeflate writes
        // at most `said` bytes and says how many.
        let result = unsafe {
            deflate::libdeflate_gzip_decompress_ex(
                decompressor.0.as_ptr(),
                sent.as_ptr().cast(),
                sent.len(),
                out.as_mut_ptr().cast(),
                said,
                &mut read,
                &mut written,
            )
        };
        let done = result == deflate::libdeflate_result_LIBDEFLATE_SUCCESS;
        if !done || read != sent.len() || written > said {
            return None;
        }
        // SAFETY: libdeflate wrote so many bytes, within the capacity.
        unsafe { out.set_len(written) };
        Some(())
    })?;
    Some(out)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use proptest::prelude::*;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    }

    #[test]
    fn several_members_and_a_rest_are_left() {
        let one = gzip(b"hello");
        assert_eq!(whole(&one, 100).as_deref(), Some(&b"hello"[..]));
        assert_eq!(whole(&[&one[..], &one[..]].concat(), 100), None);
        assert_eq!(whole(&[&one[..], b"rest"].concat(), 100), None);
        assert_eq!(whole(&one[..one.len() - 1], 100), None);
        assert_eq!(whole(&one, 5), None);
        assert_eq!(whole(&gzip(b""), 5).as_deref(), Some(&b""[..]));
    }

    proptest! {
        #[test]
        fn what_it_reads_the_decoder_of_streams_reads_too(
            bytes in proptest::collection::vec(any::<u8>(), 0..2_000),
            repeats in 1..20_usize,
            change in proptest::option::of((any::<proptest::sample::Index>(), any::<u8>())),
        ) {
            let mut sent = gzip(&bytes.repeat(repeats));
            if let Some((place, byte)) = change {
                let place = place.index(sent.len());
                sent[place] = byte;
            }
            if let Some(found) = whole(&sent, 1 << 20) {
                let mut same = Vec::new();
                flate2::read::MultiGzDecoder::new(&sent[..]).read_to_end(&mut same).unwrap();
                prop_assert_eq!(found, same);
            } else {
                prop_assert!(change.is_some());
            }
        }
    }
}
