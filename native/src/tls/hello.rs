//! ClientHello and ServerHello (RFC 8446 §4.1, RFC 5246 §7.4.1), read leniently: what is there.

use super::extensions::{
    ALPN, EARLY_DATA, ENCRYPT_THEN_MAC, Fields, SERVER_NAME, SIGNATURE_ALGORITHMS,
    SUPPORTED_VERSIONS, extensions, first_protocol, numbers, server_name,
};
use super::record::{TLS_1_0, TLS_1_3};
use super::secret::Random;

/// Of a ServerHello that is a HelloRetryRequest (RFC 8446 §4.1.3).
const RETRY: Random = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];
/// Versions of the drafts of TLS 1.3 are this and their number.
const DRAFT: u16 = 0x7f00;
/// Drafts before this one had another ServerHello.
const DRAFT_WITH_SESSION: u8 = 22;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientHello {
    pub version: u16,
    pub random: Random,
    pub suites: Vec<u16>,
    /// Kinds, in order.
    pub extensions: Vec<u16>,
    pub server_name: Option<Vec<u8>>,
    pub protocol: Option<Vec<u8>>,
    pub signatures: Vec<u16>,
    pub versions: Vec<u16>,
}

impl ClientHello {
    pub fn read(body: &[u8]) -> Option<Self> {
        let mut fields = Fields(body);
        let mut hello = ClientHello {
            version: fields.number()?,
            random: fields.take(32)?.try_into().ok()?,
            ..ClientHello::default()
        };
        fields.short()?;
        hello.suites = numbers(fields.long()?);
        fields.short()?;
        for (kind, body) in extensions(fields.long().unwrap_or_default()) {
            hello.extensions.push(kind);
            match kind {
                SERVER_NAME => hello.server_name = server_name(body).map(<[u8]>::to_vec),
                ALPN => hello.protocol = first_protocol(body).map(<[u8]>::to_vec),
                SIGNATURE_ALGORITHMS => {
                    hello.signatures = Fields(body).long().map(numbers).unwrap_or_default();
                }
                SUPPORTED_VERSIONS => {
                    hello.versions = Fields(body).short().map(numbers).unwrap_or_default();
                }
                _ => {}
            }
        }
        Some(hello)
    }

    pub fn offers_early_data(&self) -> bool {
        self.extensions.contains(&EARLY_DATA)
    }

    /// The highest version offered.
    pub fn offered(&self) -> u16 {
        let versions = self.versions.iter().copied();
        let known = versions.filter(|version| !is_grease(*version) && version >> 8 == 3);
        known.max().unwrap_or(self.version)
    }
}

/// Values that stand for nothing (RFC 8701).
pub fn is_grease(value: u16) -> bool {
    value & 0x0f0f == 0x0a0a && value >> 8 == value & 0xff
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerHello {
    /// 0x0300 to 0x0304.
    pub version: u16,
    /// Of TLS 1.3; 0: none.
    pub draft: u8,
    pub random: Random,
    pub suite: u16,
    pub compressed: bool,
    pub mac_last: bool,
    pub protocol: Option<Vec<u8>>,
    /// It asks for another ClientHello.
    pub retry: bool,
}

impl ServerHello {
    pub fn read(body: &[u8]) -> Option<Self> {
        let mut fields = Fields(body);
        let mut hello = ServerHello {
            version: fields.number()?,
            random: fields.take(32)?.try_into().ok()?,
            ..ServerHello::default()
        };
        hello.retry = hello.random == RETRY;
        let old = draft(hello.version).is_some_and(|draft| draft < DRAFT_WITH_SESSION);
        if !old {
            fields.short()?;
        }
        hello.suite = fields.number()?;
        if !old {
            hello.compressed = fields.byte()? != 0;
        }
        let mut version = hello.version;
        for (kind, body) in extensions(fields.long().unwrap_or_default()) {
            match kind {
                SUPPORTED_VERSIONS => version = Fields(body).number().unwrap_or(version),
                ENCRYPT_THEN_MAC => hello.mac_last = true,
                ALPN => hello.protocol = first_protocol(body).map(<[u8]>::to_vec),
                _ => {}
            }
        }
        if let Some(draft) = draft(version) {
            (hello.version, hello.draft) = (TLS_1_3, draft);
        } else {
            hello.version = version;
        }
        (TLS_1_0 - 1..=TLS_1_3)
            .contains(&hello.version)
            .then_some(hello)
    }
}

fn draft(version: u16) -> Option<u8> {
    (version & 0xff00 == DRAFT).then_some(version as u8)
}

/// What EncryptedExtensions say: the protocol chosen, whether early data was taken.
pub fn encrypted_extensions(body: &[u8]) -> (Option<Vec<u8>>, bool) {
    let (mut protocol, mut early) = (None, false);
    for (kind, body) in extensions(Fields(body).long().unwrap_or_default()) {
        match kind {
            ALPN => protocol = first_protocol(body).map(<[u8]>::to_vec),
            EARLY_DATA => early = true,
            _ => {}
        }
    }
    (protocol, early)
}
