//! Records of suites with a MAC: stream ciphers and blocks in CBC mode, RFC 5246 §6.2.3.1 and
//! §6.2.3.2; MAC before encryption, or behind it (RFC 7366).

use aes::{Aes128, Aes256};
use aria::{Aria128, Aria256};
use camellia::{Camellia128, Camellia256};
use cbc::Decryptor;
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockCipher, BlockDecryptMut, KeyInit, KeyIvInit};
use des::{Des, TdesEde3};
use serde::{Deserialize, Serialize};

use super::suite::Block;

/// Decrypts whole blocks in place. None: lengths do not fit.
pub fn decrypt(block: Block, key: &[u8], iv: &[u8], bytes: &mut [u8]) -> Option<()> {
    match block {
        Block::Des => run::<Des>(key, iv, bytes),
        Block::TripleDes => run::<TdesEde3>(key, iv, bytes),
        Block::Aes128 => run::<Aes128>(key, iv, bytes),
        Block::Aes256 => run::<Aes256>(key, iv, bytes),
        Block::Camellia128 => run::<Camellia128>(key, iv, bytes),
        Block::Camellia256 => run::<Camellia256>(key, iv, bytes),
        Block::Aria128 => run::<Aria128>(key, iv, bytes),
        Block::Aria256 => run::<Aria256>(key, iv, bytes),
    }
}

fn run<C: BlockDecryptMut + BlockCipher + KeyInit>(
    key: &[u8],
    iv: &[u8],
    bytes: &mut [u8],
) -> Option<()> {
    let decryptor = Decryptor::<C>::new_from_slices(key, iv).ok()?;
    decryptor.decrypt_padded_mut::<NoPadding>(bytes).ok()?;
    Some(())
}

/// Bytes in front of the padding of TLS, whose every byte says how many precede it.
pub fn unpadded(bytes: &[u8]) -> Option<usize> {
    let (&pad, before) = bytes.split_last()?;
    let end = before.len().checked_sub(usize::from(pad))?;
    before[end..].iter().all(|&byte| byte == pad).then_some(end)
}

/// RC4 with its place in the key stream, which a record moves on.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Rc4 {
    state: Vec<u8>,
    i: u8,
    j: u8,
}

impl Rc4 {
    pub fn new(key: &[u8]) -> Self {
        let mut state: Vec<u8> = (0..=255).collect();
        let mut j = 0u8;
        for (i, &byte) in (0..=255u8).zip(key.iter().cycle()) {
            j = j.wrapping_add(state[usize::from(i)]).wrapping_add(byte);
            state.swap(usize::from(i), usize::from(j));
        }
        Rc4 { state, i: 0, j: 0 }
    }

    pub fn apply(&mut self, bytes: &mut [u8]) {
        if self.state.len() != 256 {
            return;
        }
        for byte in bytes {
            self.i = self.i.wrapping_add(1);
            self.j = self.j.wrapping_add(self.state[usize::from(self.i)]);
            self.state.swap(usize::from(self.i), usize::from(self.j));
            let at = self.state[usize::from(self.i)].wrapping_add(self.state[usize::from(self.j)]);
            *byte ^= self.state[usize::from(at)];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6229's neighbour, the vector of RC4's first description.
    #[test]
    fn rc4_is_rc4() {
        let mut bytes = *b"Plaintext";
        Rc4::new(b"Key").apply(&mut bytes);
        assert_eq!(
            bytes,
            [0xbb, 0xf3, 0x16, 0xe8, 0xd9, 0x40, 0xaf, 0x0a, 0xd3]
        );
    }

    #[test]
    fn padding_that_is_none_is_refused() {
        assert_eq!(unpadded(b"ab\x01\x01"), Some(2));
        assert_eq!(unpadded(b"ab\x00"), Some(2));
        assert_eq!(unpadded(b"ab\x02\x01\x02"), None);
        assert_eq!(unpadded(b"\x05\x05"), None);
        assert_eq!(unpadded(b""), None);
    }
}
