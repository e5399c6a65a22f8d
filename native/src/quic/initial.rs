//! Opening a client's Initial packets. Their keys are made of a public salt and the connection id
//! that the client chose for its server (RFC 9001 §5.2), so whoever sees the packet has them.

use aes::Aes128;
use aes::cipher::{BlockEncrypt, generic_array::GenericArray};
use aes_gcm::aead::{AeadInPlace, KeyInit, Nonce, Tag};
use aes_gcm::{AesGcm, aead::consts::U12};

use super::packet::{Long, V2};
use crate::tls::schedule::{Hash, expand_label};

type Aes128Gcm = AesGcm<Aes128, U12>;

const SALT_V1: [u8; 20] = [
    0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad,
    0xcc, 0xbb, 0x7f, 0x0a,
];
const SALT_V2: [u8; 20] = [
    0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93, 0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb,
    0xf9, 0xbd, 0x2e, 0xd9,
];
const TAG_BYTES: usize = 16;
const SAMPLE_BYTES: usize = 16;
/// The sample for the head's protection stands where a number of the greatest length would end.
const NUMBER_BYTES_MAX: usize = 4;

/// Keys of the client's Initial packets.
pub struct Keys {
    key: Vec<u8>,
    iv: Vec<u8>,
    head: Vec<u8>,
}

impl Keys {
    /// Of a version and of the destination that the client's first packet names.
    pub fn of_client(version: u32, to: &[u8]) -> Self {
        let (salt, labels) = match version {
            V2 => (SALT_V2, ["quicv2 key", "quicv2 iv", "quicv2 hp"]),
            _ => (SALT_V1, ["quic key", "quic iv", "quic hp"]),
        };
        let expand =
            |secret: &[u8], label, bytes| expand_label(Hash::Sha256, secret, label, false, bytes);
        let secret = Hash::Sha256.hmac(&salt, &[to]);
        let client = expand(&secret, "client in", 32);
        let [key, iv, head] = labels;
        Keys {
            key: expand(&client, key, 16),
            iv: expand(&client, iv, 12),
            head: expand(&client, head, 16),
        }
    }

    /// The frames of an Initial packet. None: it is damaged, or other keys sealed it.
    pub fn open(&self, packet: &Long) -> Option<Vec<u8>> {
        let sample_at = packet.number_at + NUMBER_BYTES_MAX;
        let sample = packet.bytes.get(sample_at..sample_at + SAMPLE_BYTES)?;
        let mask = self.mask(sample)?;
        let first = packet.bytes[0] ^ mask[0] & 0x0f;
        let number_bytes = usize::from(first & 3) + 1;
        let (head, sealed) = packet.bytes.split_at(packet.number_at + number_bytes);
        let mut head = head.to_vec();
        head[0] = first;
        let mut nonce = self.iv.clone();
        let numbers = head[packet.number_at..].iter_mut().zip(&mask[1..]);
        let ends = nonce.len() - number_bytes;
        for ((number, mask), nonce) in numbers.zip(&mut nonce[ends..]) {
            *number ^= mask;
            *nonce ^= *number;
        }
        let (text, tag) = sealed.split_at(sealed.len().checked_sub(TAG_BYTES)?);
        let mut text = text.to_vec();
        let cipher = Aes128Gcm::new_from_slice(&self.key).ok()?;
        let nonce = Nonce::<Aes128Gcm>::from_slice(&nonce);
        let tag = Tag::<Aes128Gcm>::from_slice(tag);
        cipher
            .decrypt_in_place_detached(nonce, &head, &mut text, tag)
            .ok()?;
        Some(text)
    }

    /// What a head is protected with (RFC 9001 §5.4.3).
    fn mask(&self, sample: &[u8]) -> Option<[u8; 16]> {
        let mut block = GenericArray::clone_from_slice(sample);
        Aes128::new_from_slice(&self.head)
            .ok()?
            .encrypt_block(&mut block);
        Some(block.into())
    }
}

#[cfg(test)]
mod tests {
    use super::super::packet::{V1, packets};
    use super::*;

    fn unhex(text: &str) -> Vec<u8> {
        let text: String = text.split_whitespace().collect();
        (0..text.len() / 2)
            .map(|n| u8::from_str_radix(&text[2 * n..2 * n + 2], 16).unwrap())
            .collect()
    }

    const TO: [u8; 8] = [0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08];

    /// RFC 9001, appendix A.1, and RFC 9369, appendix A.1.
    #[test]
    fn keys_of_the_specifications() {
        for (version, key, iv, head) in [
            (
                V1,
                "1f369613dd76d5467730efcbe3b1a22d",
                "fa044b2f42a3fd3b46fb255c",
                "9f50449e04a0e810283a1e9933adedd2",
            ),
            (
                V2,
                "8b1a0bc121284290a29e0971b5cd045d",
                "91f73e2351d8fa91660e909f",
                "45b95e15235d6f45a6b19cbcb0294ba9",
            ),
        ] {
            let keys = Keys::of_client(version, &TO);
            assert_eq!(keys.key, unhex(key));
            assert_eq!(keys.iv, unhex(iv));
            assert_eq!(keys.head, unhex(head));
        }
    }

    /// RFC 9001, appendix A.2: sealed here, it is what stands there, and it opens.
    #[test]
    fn the_packet_of_the_specification() {
        let frames = unhex(
            "060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e868
             04fe3a47f06a2b69484c00000413011302010000c000000010000e00000b6578
             616d706c652e636f6dff01000100000a00080006001d00170018001000070005
             04616c706e000500050100000000003300260024001d00209370b2c9caa47fba
             baf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b000302030400
             0d0010000e0403050306030203080408050806002d00020101001c0002400100
             3900320408ffffffffffffffff05048000ffff07048000ffff08011001048000
             75300901100f088394c8f03e51570806048000ffff",
        );
        let frames = [frames, vec![0; 917]].concat();
        let head = unhex("c300000001088394c8f03e5157080000449e00000002");
        let keys = Keys::of_client(V1, &TO);
        let mut nonce = keys.iv.clone();
        nonce[11] ^= 2;
        let mut sealed = frames.clone();
        let cipher = Aes128Gcm::new_from_slice(&keys.key).unwrap();
        let tag = cipher
            .encrypt_in_place_detached(Nonce::<Aes128Gcm>::from_slice(&nonce), &head, &mut sealed)
            .unwrap();
        let mut packet = [&head[..], &sealed, &tag].concat();
        let mask = keys.mask(&packet[22..38]).unwrap();
        packet[0] ^= mask[0] & 0x0f;
        (18..22).for_each(|at| packet[at] ^= mask[at - 17]);
        assert_eq!(
            packet[..38],
            unhex("c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11d242b123dc9b")
        );
        assert_eq!(packet[1184..], unhex("e221af44860018ab0856972e194cd934"));
        let found = packets(&packet).next().unwrap();
        assert_eq!(keys.open(&found), Some(frames));
        packet[100] ^= 1;
        assert_eq!(keys.open(&packets(&packet).next().unwrap()), None);
        let other = Keys::of_client(V1, b"another");
        assert_eq!(other.open(&packets(&packet).next().unwrap()), None);
    }
}
