//! One direction's keys, and opening a record with them. A record opens only if its tag or MAC
//! proves keys and number right.

use std::fmt;

use aes::{Aes128, Aes256};
use aes_gcm::AesGcm;
use aes_gcm::aead::consts::{U8, U12, U16};
use aes_gcm::aead::{AeadInPlace, KeyInit, Nonce};
use aria::{Aria128, Aria256};
use camellia::{Camellia128, Camellia256};
use ccm::Ccm;
use chacha20poly1305::ChaCha20Poly1305;
use serde::{Deserialize, Serialize};

use super::cbc::{self, Rc4};
use super::record::{TLS_1_0, TLS_1_2, TLS_1_3};
use super::schedule::{Prf, expand_label};
use super::secret::{Random, Secret};
use super::suite::{Block, Cipher, Suite, suite};

const NONCE_BYTES: usize = 12;
/// Of the nonce, in GCM and CCM before TLS 1.3: what the key block gives, what the record brings.
const SALT_BYTES: usize = 4;
const EXPLICIT_BYTES: usize = 8;
/// Drafts of TLS 1.3 authenticate the record's head from this one on.
const DRAFT_WITH_HEAD: u8 = 25;
/// Drafts before this one derived keys with another prefix.
const DRAFT_WITH_PREFIX: u8 = 20;

/// What both directions of a session share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// 0x0301 to 0x0304.
    pub version: u16,
    pub suite: u16,
    /// The MAC stands behind the encryption.
    pub mac_last: bool,
    /// Number of the draft of TLS 1.3; 0: the RFC.
    pub draft: u8,
}

impl Terms {
    pub fn suite(&self) -> Option<Suite> {
        suite(self.suite)
    }

    fn is_before(&self, draft: u8) -> bool {
        self.draft > 0 && self.draft < draft
    }

    /// The traffic secret behind a KeyUpdate.
    pub fn next_secret(&self, secret: &Secret) -> Option<Secret> {
        let hash = self.suite()?.hash;
        let old = self.is_before(DRAFT_WITH_PREFIX);
        let label = if old {
            "application traffic secret"
        } else {
            "traffic upd"
        };
        let next = expand_label(hash, secret.bytes(), label, old, hash.bytes());
        Some(Secret::of(next))
    }
}

/// Keys of one direction.
#[derive(Clone, Serialize, Deserialize)]
pub struct Keys {
    terms: Terms,
    key: Secret,
    mac: Secret,
    iv: Secret,
    rc4: Option<Rc4>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        write!(out, "Keys of {:04x}", self.terms.suite)
    }
}

impl Keys {
    /// Of TLS 1.3, from a traffic secret.
    pub fn of_traffic(terms: Terms, secret: &Secret) -> Option<Self> {
        let Suite { cipher, hash, .. } = terms.suite()?;
        let old = terms.is_before(DRAFT_WITH_PREFIX);
        let expand =
            |label, bytes| Secret::of(expand_label(hash, secret.bytes(), label, old, bytes));
        (secret.bytes().len() == hash.bytes() && cipher.tag_bytes() > 0).then(|| Keys {
            terms,
            key: expand("key", cipher.key_bytes()),
            mac: Secret::default(),
            iv: expand("iv", NONCE_BYTES),
            rc4: None,
        })
    }

    /// Of TLS 1.2 and before, from the master secret (RFC 5246 §6.3).
    pub fn of_master(
        terms: Terms,
        master: &Secret,
        client: &Random,
        server: &Random,
        of_client: bool,
    ) -> Option<Self> {
        let Suite { cipher, mac, hash } = terms.suite()?;
        let prf = if terms.version >= TLS_1_2 {
            Prf::One(hash)
        } else {
            Prf::Both
        };
        let iv_bytes = match cipher {
            Cipher::ChaCha20Poly1305 => NONCE_BYTES,
            Cipher::Cbc(block) if terms.version == TLS_1_0 => block.block_bytes(),
            Cipher::Cbc(_) | Cipher::Null | Cipher::Rc4 => 0,
            _ => SALT_BYTES,
        };
        let mac_bytes = if cipher.tag_bytes() > 0 {
            0
        } else {
            mac.bytes()
        };
        let sizes = [mac_bytes, cipher.key_bytes(), iv_bytes];
        let all = 2 * sizes.iter().sum::<usize>();
        let seeds: [&[u8]; 2] = [server, client];
        let block = prf.expand(master.bytes(), "key expansion", seeds, all);
        let mut rest = &block[..];
        let [mac, key, iv] = sizes.map(|bytes| {
            let (both, after) = rest.split_at(2 * bytes);
            rest = after;
            let (client, server) = both.split_at(bytes);
            Secret::of(if of_client { client } else { server }.to_vec())
        });
        let rc4 = (cipher == Cipher::Rc4).then(|| Rc4::new(key.bytes()));
        Some(Keys {
            terms,
            key,
            mac,
            iv,
            rc4,
        })
    }

    /// Bytes of a record's body that are not plaintext. None: that depends on its padding.
    pub fn overhead(&self) -> Option<usize> {
        let Suite { cipher, mac, .. } = self.terms.suite()?;
        Some(match cipher {
            Cipher::Cbc(_) => return None,
            Cipher::Null | Cipher::Rc4 => mac.bytes(),
            _ if self.terms.version == TLS_1_3 => cipher.tag_bytes() + 1,
            Cipher::ChaCha20Poly1305 => cipher.tag_bytes(),
            _ => EXPLICIT_BYTES + cipher.tag_bytes(),
        })
    }

    /// A record can be opened though those before it were not.
    pub fn can_skip(&self) -> bool {
        self.rc4.is_none()
    }

    /// The content type and plaintext of record number `seq`. None: these are not its keys, or
    /// it is damaged.
    pub fn open(&mut self, seq: u64, head: &[u8; 5], body: &[u8]) -> Option<(u8, Vec<u8>)> {
        let Suite { cipher, .. } = self.terms.suite()?;
        if self.terms.version == TLS_1_3 {
            let aad: &[u8] = if self.terms.is_before(DRAFT_WITH_HEAD) {
                b""
            } else {
                head
            };
            let plain = self.unseal(cipher, self.nonce(seq)?, aad, body)?;
            // Zeros behind the content type are padding.
            let end = plain.iter().rposition(|&byte| byte != 0)?;
            let mut plain = plain;
            let kind = plain[end];
            plain.truncate(end);
            return Some((kind, plain));
        }
        if cipher.tag_bytes() == 0 {
            return Some((head[0], self.authenticated(cipher, seq, head, body)?));
        }
        let (nonce, sealed) = match cipher {
            Cipher::ChaCha20Poly1305 => (self.nonce(seq)?, body),
            _ => {
                let (explicit, sealed) = body.split_at_checked(EXPLICIT_BYTES)?;
                (
                    <[u8; 12]>::try_from([self.iv.bytes(), explicit].concat()).ok()?,
                    sealed,
                )
            }
        };
        let bytes = sealed.len().checked_sub(cipher.tag_bytes())?;
        let aad = mac_head(seq, head, bytes);
        Some((head[0], self.unseal(cipher, nonce, &aad, sealed)?))
    }

    fn nonce(&self, seq: u64) -> Option<[u8; NONCE_BYTES]> {
        let mut nonce: [u8; NONCE_BYTES] = self.iv.bytes().try_into().ok()?;
        nonce[4..]
            .iter_mut()
            .zip(seq.to_be_bytes())
            .for_each(|(a, b)| *a ^= b);
        Some(nonce)
    }

    fn unseal(&self, cipher: Cipher, nonce: [u8; 12], aad: &[u8], body: &[u8]) -> Option<Vec<u8>> {
        let key = self.key.bytes();
        match cipher {
            Cipher::ChaCha20Poly1305 => aead::<ChaCha20Poly1305>(key, nonce, aad, body),
            Cipher::Gcm(block) => match block {
                Block::Aes128 => aead::<AesGcm<Aes128, U12>>(key, nonce, aad, body),
                Block::Aes256 => aead::<AesGcm<Aes256, U12>>(key, nonce, aad, body),
                Block::Camellia128 => aead::<AesGcm<Camellia128, U12>>(key, nonce, aad, body),
                Block::Camellia256 => aead::<AesGcm<Camellia256, U12>>(key, nonce, aad, body),
                Block::Aria128 => aead::<AesGcm<Aria128, U12>>(key, nonce, aad, body),
                Block::Aria256 => aead::<AesGcm<Aria256, U12>>(key, nonce, aad, body),
                Block::Des | Block::TripleDes => None,
            },
            Cipher::Ccm(Block::Aes128) => aead::<Ccm<Aes128, U16, U12>>(key, nonce, aad, body),
            Cipher::Ccm(_) => aead::<Ccm<Aes256, U16, U12>>(key, nonce, aad, body),
            Cipher::Ccm8(Block::Aes128) => aead::<Ccm<Aes128, U8, U12>>(key, nonce, aad, body),
            Cipher::Ccm8(_) => aead::<Ccm<Aes256, U8, U12>>(key, nonce, aad, body),
            Cipher::Null | Cipher::Rc4 | Cipher::Cbc(_) => None,
        }
    }

    /// Records with a MAC.
    fn authenticated(
        &mut self,
        cipher: Cipher,
        seq: u64,
        head: &[u8; 5],
        body: &[u8],
    ) -> Option<Vec<u8>> {
        let hash = self.terms.suite()?.mac;
        let mut work = body;
        if self.terms.mac_last && matches!(cipher, Cipher::Cbc(_)) {
            let (sealed, mac) = work.split_at_checked(work.len().checked_sub(hash.bytes())?)?;
            let said = mac_head(seq, head, sealed.len());
            (hash.hmac(self.mac.bytes(), &[&said, sealed]) == mac).then_some(())?;
            work = sealed;
        }
        let mut plain = match cipher {
            Cipher::Cbc(block) => self.unchained(block, work)?,
            _ => {
                let mut plain = work.to_vec();
                self.rc4.iter_mut().for_each(|rc4| rc4.apply(&mut plain));
                plain
            }
        };
        if matches!(cipher, Cipher::Cbc(_)) {
            plain.truncate(cbc::unpadded(&plain)?);
        }
        if self.terms.mac_last && matches!(cipher, Cipher::Cbc(_)) {
            return Some(plain);
        }
        let mac = plain.split_off(plain.len().checked_sub(hash.bytes())?);
        let said = mac_head(seq, head, plain.len());
        (hash.hmac(self.mac.bytes(), &[&said, &plain]) == mac).then_some(plain)
    }

    /// CBC: in TLS 1.0 a record goes on from the last block of the one before it.
    fn unchained(&mut self, block: Block, body: &[u8]) -> Option<Vec<u8>> {
        let size = block.block_bytes();
        if self.terms.version > TLS_1_0 {
            let (iv, sealed) = body.split_at_checked(size)?;
            let mut plain = sealed.to_vec();
            cbc::decrypt(block, self.key.bytes(), iv, &mut plain)?;
            return Some(plain);
        }
        let last = body.get(body.len().checked_sub(size)?..)?.to_vec();
        let iv = std::mem::replace(&mut self.iv, Secret::of(last));
        let mut plain = body.to_vec();
        cbc::decrypt(block, self.key.bytes(), iv.bytes(), &mut plain)?;
        Some(plain)
    }
}

fn aead<A: AeadInPlace + KeyInit>(
    key: &[u8],
    nonce: [u8; NONCE_BYTES],
    aad: &[u8],
    body: &[u8],
) -> Option<Vec<u8>> {
    let cipher = A::new_from_slice(key).ok()?;
    let mut plain = body.to_vec();
    let nonce = Nonce::<A>::from_exact_iter(nonce)?;
    cipher.decrypt_in_place(&nonce, aad, &mut plain).ok()?;
    Some(plain)
}

/// What a MAC or tag covers in front of the text.
fn mac_head(seq: u64, head: &[u8; 5], bytes: usize) -> [u8; 13] {
    let mut out = [0; 13];
    out[..8].copy_from_slice(&seq.to_be_bytes());
    out[8..11].copy_from_slice(&head[..3]);
    out[11..].copy_from_slice(&(bytes as u16).to_be_bytes());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chacha() {
        use chacha20poly1305::aead::Aead;
        let key = [7u8; 32];
        let cipher = ChaCha20Poly1305::new_from_slice(&key).unwrap();
        let sealed = cipher.encrypt(&[1u8; 12].into(), &b"hello"[..]).unwrap();
        assert_eq!(
            aead::<ChaCha20Poly1305>(&key, [1; 12], b"", &sealed).unwrap(),
            b"hello"
        );
    }
}
