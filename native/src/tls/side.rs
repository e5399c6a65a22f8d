//! What is known of one direction.

use serde::{Deserialize, Serialize};

use super::cipher::Keys;
use super::handshake::Reader;
use super::lost::Lost;
use super::secret::Secret;
use crate::exchange::message::First;
use crate::flow::blob::Blob;

/// Keys of TLS 1.3 follow each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Epoch {
    #[default]
    Early,
    Handshake,
    Traffic,
}

/// What became of data that came with the first flight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Early {
    #[default]
    None,
    Offered,
    Taken,
    Refused,
}

/// One direction.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Side {
    /// A record that is not whole yet.
    pub part: Blob,
    pub(super) first: First,
    /// A record was seen.
    pub(super) begun: bool,
    pub(super) messages: Reader,
    /// ChangeCipherSpec was seen: before TLS 1.3, what follows is sealed.
    pub(super) changed: bool,
    /// Keys before this one are not used any more; TLS 1.3.
    pub(super) epoch: Epoch,
    pub(super) keys: Option<Keys>,
    /// The traffic secret that the keys are made of.
    pub(super) traffic: Option<Secret>,
    /// Number of the next record.
    pub(super) seq: u64,
    pub(super) unread: u8,
    /// Bytes left of a record that a hole damaged.
    pub(super) skip: u32,
    pub(super) lost: Option<Lost>,
    /// It stays closed.
    pub(super) given_up: bool,
    /// A key may still come.
    pub(super) waits_for_key: bool,
}

impl Side {
    /// The first bytes of this direction are here already.
    pub fn begin(&mut self, part: Blob, first: First) {
        (self.part, self.first) = (part, first);
    }
}
