//! Cipher suites by number, as IANA's registry has them: which cipher, which MAC, which hash.

use super::digest::Hash;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    Des,
    TripleDes,
    Aes128,
    Aes256,
    Camellia128,
    Camellia256,
    Aria128,
    Aria256,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cipher {
    Null,
    Rc4,
    Cbc(Block),
    Gcm(Block),
    Ccm(Block),
    /// CCM with a tag of 8 bytes.
    Ccm8(Block),
    ChaCha20Poly1305,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suite {
    pub cipher: Cipher,
    /// Of the records' MAC; ciphers that authenticate have none.
    pub mac: Hash,
    /// Of the key schedule, from TLS 1.2 on.
    pub hash: Hash,
}

impl Block {
    pub fn key_bytes(self) -> usize {
        match self {
            Block::Des => 8,
            Block::TripleDes => 24,
            Block::Aes128 | Block::Camellia128 | Block::Aria128 => 16,
            Block::Aes256 | Block::Camellia256 | Block::Aria256 => 32,
        }
    }

    pub fn block_bytes(self) -> usize {
        match self {
            Block::Des | Block::TripleDes => 8,
            _ => 16,
        }
    }
}

impl Cipher {
    pub fn key_bytes(self) -> usize {
        match self {
            Cipher::Null => 0,
            Cipher::Rc4 => 16,
            Cipher::ChaCha20Poly1305 => 32,
            Cipher::Cbc(block) | Cipher::Gcm(block) | Cipher::Ccm(block) | Cipher::Ccm8(block) => {
                block.key_bytes()
            }
        }
    }

    /// Bytes of the tag; 0: the records have a MAC.
    pub fn tag_bytes(self) -> usize {
        match self {
            Cipher::Null | Cipher::Rc4 | Cipher::Cbc(_) => 0,
            Cipher::Ccm8(_) => 8,
            _ => 16,
        }
    }
}

const AES: [Block; 2] = [Block::Aes128, Block::Aes256];
const CAMELLIA: [Block; 2] = [Block::Camellia128, Block::Camellia256];
const ARIA: [Block; 2] = [Block::Aria128, Block::Aria256];

fn with_mac(cipher: Cipher, mac: Hash) -> Option<Suite> {
    let hash = match mac {
        Hash::Sha384 => Hash::Sha384,
        _ => Hash::Sha256,
    };
    Some(Suite { cipher, mac, hash })
}

/// Pairs of suites: a key of 128 bits with SHA-256, one of 256 with SHA-384.
fn pair(nth: u16, mode: fn(Block) -> Cipher, blocks: [Block; 2]) -> Option<Suite> {
    let large = nth % 2 == 1;
    let hash = if large { Hash::Sha384 } else { Hash::Sha256 };
    with_mac(mode(blocks[usize::from(large)]), hash)
}

fn sealed(cipher: Cipher, hash: Hash) -> Option<Suite> {
    with_mac(cipher, hash)
}

/// None: a suite whose records cannot be opened here (IDEA, SEED, export grades, GOST).
pub fn suite(number: u16) -> Option<Suite> {
    use Hash::{Md5, Sha1, Sha256};
    match number {
        0x0001 => with_mac(Cipher::Null, Md5),
        0x0002 | 0x002c..=0x002e | 0xc039 => with_mac(Cipher::Null, Sha1),
        0x003b | 0x00b0 | 0x00b4 | 0x00b8 | 0xc03a => with_mac(Cipher::Null, Sha256),
        0x00b1 | 0x00b5 | 0x00b9 | 0xc03b => with_mac(Cipher::Null, Hash::Sha384),
        0x0004 | 0x0018 => with_mac(Cipher::Rc4, Md5),
        0x0005 | 0x0066 | 0x008a | 0x008e | 0x0092 | 0xc033 => with_mac(Cipher::Rc4, Sha1),
        0x0009 | 0x000c | 0x000f | 0x0012 | 0x0015 | 0x001a => {
            with_mac(Cipher::Cbc(Block::Des), Sha1)
        }
        0x000a
        | 0x000d
        | 0x0010
        | 0x0013
        | 0x0016
        | 0x001b
        | 0x008b
        | 0x008f
        | 0x0093
        | 0xc01a..=0xc01c
        | 0xc034 => with_mac(Cipher::Cbc(Block::TripleDes), Sha1),
        0x002f..=0x0034 | 0x008c | 0x0090 | 0x0094 | 0xc01d..=0xc01f | 0xc035 => {
            with_mac(Cipher::Cbc(Block::Aes128), Sha1)
        }
        0x0035..=0x003a | 0x008d | 0x0091 | 0x0095 | 0xc020..=0xc022 | 0xc036 => {
            with_mac(Cipher::Cbc(Block::Aes256), Sha1)
        }
        0x003c | 0x003e..=0x0040 | 0x0067 | 0x006c => with_mac(Cipher::Cbc(Block::Aes128), Sha256),
        0x003d | 0x0068..=0x006b | 0x006d => with_mac(Cipher::Cbc(Block::Aes256), Sha256),
        0x0041..=0x0046 => with_mac(Cipher::Cbc(Block::Camellia128), Sha1),
        0x0084..=0x0089 => with_mac(Cipher::Cbc(Block::Camellia256), Sha1),
        0x00ba..=0x00bf => with_mac(Cipher::Cbc(Block::Camellia128), Sha256),
        0x00c0..=0x00c5 => with_mac(Cipher::Cbc(Block::Camellia256), Sha256),
        0x009c..=0x00ad => pair(number, Cipher::Gcm, AES),
        0x00ae..=0x00af | 0x00b2..=0x00b3 | 0x00b6..=0x00b7 => pair(number, Cipher::Cbc, AES),
        0x1301 => sealed(Cipher::Gcm(Block::Aes128), Sha256),
        0x1302 => sealed(Cipher::Gcm(Block::Aes256), Hash::Sha384),
        0x1303 | 0xcca8..=0xccae => sealed(Cipher::ChaCha20Poly1305, Sha256),
        0x1304 => sealed(Cipher::Ccm(Block::Aes128), Sha256),
        0x1305 => sealed(Cipher::Ccm8(Block::Aes128), Sha256),
        0xc001..=0xc0af => elliptic(number),
        _ => None,
    }
}

/// The block of the registry that RFC 4492 began.
fn elliptic(number: u16) -> Option<Suite> {
    use Hash::Sha1;
    match number {
        0xc001..=0xc019 => match (number - 0xc001) % 5 {
            0 => with_mac(Cipher::Null, Sha1),
            1 => with_mac(Cipher::Rc4, Sha1),
            2 => with_mac(Cipher::Cbc(Block::TripleDes), Sha1),
            3 => with_mac(Cipher::Cbc(Block::Aes128), Sha1),
            _ => with_mac(Cipher::Cbc(Block::Aes256), Sha1),
        },
        0xc023..=0xc02a => pair(number + 1, Cipher::Cbc, AES),
        0xc02b..=0xc032 => pair(number + 1, Cipher::Gcm, AES),
        0xc037..=0xc038 => pair(number + 1, Cipher::Cbc, AES),
        0xc03c..=0xc04f | 0xc064..=0xc069 | 0xc070..=0xc071 => pair(number, Cipher::Cbc, ARIA),
        0xc050..=0xc063 | 0xc06a..=0xc06f => pair(number, Cipher::Gcm, ARIA),
        0xc072..=0xc079 | 0xc094..=0xc09b => pair(number, Cipher::Cbc, CAMELLIA),
        0xc07a..=0xc093 => pair(number, Cipher::Gcm, CAMELLIA),
        0xc09c..=0xc0af => {
            let block = AES[usize::from(number % 2)];
            let short = matches!(number, 0xc0a0..=0xc0a3 | 0xc0a8..=0xc0ab | 0xc0ae..=0xc0af);
            let cipher = if short {
                Cipher::Ccm8(block)
            } else {
                Cipher::Ccm(block)
            };
            sealed(cipher, Hash::Sha256)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites_are_what_the_registry_says() {
        for (number, cipher, mac, hash) in [
            (0x002f, Cipher::Cbc(Block::Aes128), Hash::Sha1, Hash::Sha256),
            (
                0x009d,
                Cipher::Gcm(Block::Aes256),
                Hash::Sha384,
                Hash::Sha384,
            ),
            (0xc013, Cipher::Cbc(Block::Aes128), Hash::Sha1, Hash::Sha256),
            (
                0xc024,
                Cipher::Cbc(Block::Aes256),
                Hash::Sha384,
                Hash::Sha384,
            ),
            (
                0xc02f,
                Cipher::Gcm(Block::Aes128),
                Hash::Sha256,
                Hash::Sha256,
            ),
            (
                0xc030,
                Cipher::Gcm(Block::Aes256),
                Hash::Sha384,
                Hash::Sha384,
            ),
            (
                0xc077,
                Cipher::Cbc(Block::Camellia256),
                Hash::Sha384,
                Hash::Sha384,
            ),
            (
                0xc061,
                Cipher::Gcm(Block::Aria256),
                Hash::Sha384,
                Hash::Sha384,
            ),
            (
                0xc0ad,
                Cipher::Ccm(Block::Aes256),
                Hash::Sha256,
                Hash::Sha256,
            ),
            (
                0xc0ae,
                Cipher::Ccm8(Block::Aes128),
                Hash::Sha256,
                Hash::Sha256,
            ),
        ] {
            assert_eq!(
                suite(number),
                Some(Suite { cipher, mac, hash }),
                "{number:04x}"
            );
        }
        assert_eq!(suite(0x0007), None);
        assert_eq!(suite(0x0a0a), None);
    }
}
