//! Secrets of TLS sessions, as lines of an NSS key log give them.
//!
//! `LABEL client_random secret`, the last two in hex. Nothing here can be printed: a session's
//! secrets open all that was said in it.

use std::collections::{HashMap, VecDeque};
use std::fmt;

use serde::{Deserialize, Serialize};

/// Bytes that must not be seen.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret(Vec<u8>);

impl Secret {
    pub fn of(bytes: Vec<u8>) -> Self {
        Secret(bytes)
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("Secret(hidden)")
    }
}

pub type Random = [u8; 32];

/// What a secret opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// The master secret of TLS 1.2 and before.
    Master,
    ClientEarly,
    ClientHandshake,
    ServerHandshake,
    ClientTraffic,
    ServerTraffic,
}

impl Label {
    /// None: a secret that opens no record (exporters), or of another kind.
    pub fn of(name: &str) -> Option<Self> {
        Some(match name {
            "CLIENT_RANDOM" => Label::Master,
            "CLIENT_EARLY_TRAFFIC_SECRET" => Label::ClientEarly,
            "CLIENT_HANDSHAKE_TRAFFIC_SECRET" => Label::ClientHandshake,
            "SERVER_HANDSHAKE_TRAFFIC_SECRET" => Label::ServerHandshake,
            "CLIENT_TRAFFIC_SECRET_0" => Label::ClientTraffic,
            "SERVER_TRAFFIC_SECRET_0" => Label::ServerTraffic,
            _ => return None,
        })
    }
}

/// The secrets of one session, as far as they are known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    known: [Secret; 6],
}

impl Session {
    pub fn get(&self, label: Label) -> Option<&Secret> {
        Some(&self.known[label as usize]).filter(|secret| !secret.is_empty())
    }

    pub fn set(&mut self, label: Label, secret: Secret) {
        self.known[label as usize] = secret;
    }

    pub fn is_empty(&self) -> bool {
        self.known.iter().all(Secret::is_empty)
    }

    /// TLS 1.3 is what these are for.
    pub fn is_of_13(&self) -> bool {
        self.known[1..].iter().any(|secret| !secret.is_empty())
    }
}

/// Sessions whose secrets are kept; about 500 bytes each. The oldest gives way.
pub const SESSIONS_MAX: usize = 100_000;
/// SHA-384 gives the longest secret.
const SECRET_BYTES_MAX: usize = 48;

/// All secrets that were given.
#[derive(Debug, Default)]
pub struct Secrets {
    sessions: HashMap<Random, Session>,
    order: VecDeque<Random>,
    /// Keys are given while traffic comes: one that is missing may still be on its way.
    pub expected: bool,
}

impl Secrets {
    pub fn get(&self, random: &Random) -> Option<&Session> {
        self.sessions.get(random)
    }

    /// False: the secret opens no record, or is none.
    pub fn learn(&mut self, random: &[u8], label: &str, secret: &[u8]) -> bool {
        let (Ok(random), Some(label)) = (Random::try_from(random), Label::of(label)) else {
            return false;
        };
        if secret.is_empty() || secret.len() > SECRET_BYTES_MAX {
            return false;
        }
        if !self.sessions.contains_key(&random) {
            if self.sessions.len() == SESSIONS_MAX
                && let Some(oldest) = self.order.pop_front()
            {
                self.sessions.remove(&oldest);
            }
            self.order.push_back(random);
        }
        let session = self.sessions.entry(random).or_default();
        session.set(label, Secret::of(secret.to_vec()));
        true
    }
}

/// A line of a key log as (client random, label, secret). None: a comment, or no such line.
pub fn line(text: &str) -> Option<(Random, &str, Vec<u8>)> {
    let mut words = text.split_ascii_whitespace();
    let (label, random, secret) = (words.next()?, words.next()?, words.next()?);
    Label::of(label)?;
    let secret = unhex(secret).filter(|secret| secret.len() <= SECRET_BYTES_MAX)?;
    Some((unhex(random)?.try_into().ok()?, label, secret))
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let pairs = text.as_bytes().chunks(2);
    let byte = |pair: &[u8]| match *pair {
        [high, low] => Some(digit(high)? << 4 | digit(low)?),
        _ => None,
    };
    pairs.map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_are_none_are_left_out() {
        let random = "ab".repeat(32);
        let good = format!("CLIENT_RANDOM {random} 0102\r\n");
        assert_eq!(line(&good), Some(([0xab; 32], "CLIENT_RANDOM", vec![1, 2])));
        for bad in [
            "# comment".to_owned(),
            format!("EXPORTER_SECRET {random} 0102"),
            format!("CLIENT_RANDOM {random}"),
            format!("CLIENT_RANDOM {random} 010"),
            format!("CLIENT_RANDOM {} 01", &random[2..]),
            format!("CLIENT_RANDOM {random} {}", "00".repeat(49)),
            "CLIENT_RANDOM \u{e9}\u{e9} 01".to_owned(),
        ] {
            assert_eq!(line(&bad), None, "{bad}");
        }
    }

    #[test]
    fn a_secret_is_never_printed() {
        let mut secrets = Secrets::default();
        assert!(secrets.learn(&[1; 32], "CLIENT_RANDOM", &[0xee; 48]));
        assert!(!secrets.learn(&[1; 31], "CLIENT_RANDOM", &[0xee; 48]));
        assert!(!secrets.learn(&[1; 32], "CLIENT_RANDOM", b""));
        let printed = format!("{secrets:?}").to_lowercase();
        assert!(printed.contains("hidden"));
        assert!(!printed.contains("238") && !printed.contains("ee, ee"));
    }

    #[test]
    fn the_oldest_session_gives_way() {
        let mut secrets = Secrets::default();
        let random = |n: usize| {
            let mut random = [0; 32];
            random[..8].copy_from_slice(&(n as u64).to_be_bytes());
            random
        };
        for n in 0..=SESSIONS_MAX {
            secrets.learn(&random(n), "CLIENT_RANDOM", &[1]);
        }
        assert!(secrets.get(&random(0)).is_none());
        assert!(secrets.get(&random(1)).is_some());
        assert!(secrets.get(&random(SESSIONS_MAX)).is_some());
    }
}
