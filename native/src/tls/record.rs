//! The record layer: five bytes that say what follows and how much of it (RFC 8446 §5.1).

pub const TLS_1_0: u16 = 0x0301;
pub const TLS_1_2: u16 = 0x0303;
pub const TLS_1_3: u16 = 0x0304;

pub const CHANGE_CIPHER_SPEC: u8 = 20;
pub const ALERT: u8 = 21;
pub const HANDSHAKE: u8 = 22;
pub const APPLICATION_DATA: u8 = 23;

pub const HEAD_BYTES: usize = 5;
/// 16 KiB of text and what suites add to it, at most (RFC 5246 §6.2.3).
pub const BODY_BYTES_MAX: usize = (16 << 10) + 2048;

/// A record's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub kind: u8,
    pub body_bytes: usize,
    pub bytes: [u8; HEAD_BYTES],
}

impl Head {
    /// Stands for one whose bytes are not all there.
    pub const INCOMPLETE: Head = Head {
        kind: APPLICATION_DATA,
        body_bytes: 0,
        bytes: [0; HEAD_BYTES],
    };

    /// None: these bytes are none.
    pub fn of(bytes: [u8; HEAD_BYTES]) -> Option<Self> {
        let body_bytes = usize::from(u16::from_be_bytes([bytes[3], bytes[4]]));
        let known = (CHANGE_CIPHER_SPEC..=APPLICATION_DATA).contains(&bytes[0]);
        // Records of the drafts of TLS 1.3 say 3.1, those of the RFC 3.3.
        let fits = bytes[1] == 3 && bytes[2] <= 4 && body_bytes <= BODY_BYTES_MAX;
        (known && fits).then_some(Head {
            kind: bytes[0],
            body_bytes,
            bytes,
        })
    }

    pub fn all_bytes(&self) -> usize {
        HEAD_BYTES + self.body_bytes
    }
}
