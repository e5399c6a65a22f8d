//! One flow of QUIC: how much was sent, and what the client's hello says.

use serde::{Deserialize, Serialize};

use super::crypto::Crypto;
use super::datagram::Datagram;
use super::initial::Keys;
use super::packet::packets;
use crate::encrypted::Untold;
use crate::tls::hello::ClientHello;
use crate::tls::session::Said;

/// Initial packets of one flow that are tried: a hello is in one to three, and each may be repeated.
const TRIES_MAX: u8 = 16;

/// What is known of a flow.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Flow {
    pub untold: Untold,
    /// Who sent a hello.
    pub client: Option<u8>,
    pub said: Said,
    crypto: Crypto,
    /// The destination that the client's first packet named: its keys are made of it.
    to: Vec<u8>,
    tries: u8,
    /// The clock at its last datagram.
    pub last_us: i64,
    /// Number of its last datagram among all packets of the worker.
    pub touched: u64,
    #[serde(skip)]
    pub in_rows: bool,
    #[serde(skip)]
    pub changed: bool,
}

impl Flow {
    /// One datagram from a side, at a packet time. False: its hello is more than is kept.
    pub fn take(&mut self, side: usize, datagram: &Datagram, at_us: i64) -> bool {
        self.untold.add(side, datagram.bytes, at_us);
        let is_servers = self.client == Some(1 - side as u8);
        if is_servers || self.said.ja4.is_some() || self.tries >= TRIES_MAX {
            return true;
        }
        for packet in packets(datagram.payload).filter(|packet| packet.is_initial) {
            self.tries += 1;
            if self.tries > TRIES_MAX {
                return true;
            }
            // A server that answers names its own id, and the keys stay those of the first; one
            // that asks to come again (RFC 9000 §8.1.2) has keys made anew.
            let first = (!self.to.is_empty()).then(|| self.to.clone());
            let opened = [first.as_deref(), Some(packet.to)]
                .into_iter()
                .flatten()
                .find_map(|to| {
                    let frames = Keys::of_client(packet.version, to).open(&packet)?;
                    Some((to.to_vec(), frames))
                });
            let Some((to, frames)) = opened else { continue };
            (self.to, self.client) = (to, Some(side as u8));
            if !self.crypto.take(&frames) {
                self.tries = TRIES_MAX;
                self.crypto = Crypto::default();
                return false;
            }
            self.hear();
        }
        true
    }

    /// Reads the hello, if all of it is there.
    fn hear(&mut self) {
        if let Some(hello) = self.crypto.hello().and_then(ClientHello::read) {
            self.said = Said::of_client(&hello, 'q');
            self.crypto = Crypto::default();
        }
    }

    /// What tells this flow from another between the same ends: made of the client's first id.
    pub fn number(&self) -> u32 {
        // FNV-1a, 32 bits.
        let fnv = |hash: u32, byte: &u8| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
        self.to.iter().fold(0x811c_9dc5, fnv)
    }
}
