//! What a handshake said of a session, for people.

use serde::{Deserialize, Serialize};

use super::hello::ClientHello;
use super::ja4::ja4;
use crate::avro::{write_long, write_string};

/// Of a name as it goes into records; real ones have at most 255 bytes.
const NAME_BYTES_MAX: usize = 255;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    pub server_name: Option<String>,
    pub protocol: Option<String>,
    pub version: Option<String>,
    pub ja4: Option<String>,
}

impl Said {
    /// What a client says; `transport` as in JA4.
    pub fn of_client(hello: &ClientHello, transport: char) -> Self {
        Said {
            server_name: hello.server_name.as_deref().map(name),
            protocol: hello.protocol.as_deref().map(name),
            version: Some(version(hello.offered())),
            ja4: Some(ja4(hello, transport)),
        }
    }

    /// Its fields as records have them.
    pub fn write(&self, out: &mut Vec<u8>) {
        for text in [&self.server_name, &self.protocol, &self.version, &self.ja4] {
            write_long(i64::from(text.is_some()), out);
            if let Some(text) = text {
                write_string(text, out);
            }
        }
    }
}

/// A name from the wire as text.
pub(super) fn name(bytes: &[u8]) -> String {
    let cut = &bytes[..bytes.len().min(NAME_BYTES_MAX)];
    String::from_utf8_lossy(cut).into_owned()
}

/// As people write it.
pub(super) fn version(number: u16) -> String {
    match number {
        0x0300 => "SSL 3.0".to_owned(),
        0x0301..=0x0304 => format!("1.{}", number - 0x0301),
        _ => format!("{number:04x}"),
    }
}
