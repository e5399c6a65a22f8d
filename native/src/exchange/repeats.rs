//! What is known of bytes that come again: bodies under way are kept already, so that only the
//! rest has to be kept beside them (flow/recent.rs).

use super::message::{Message, Open};
use super::talk::{Phase, Talk};
use crate::schema::Anomaly;

impl Talk {
    /// A message of this connection is not over.
    pub fn is_under_way(&self) -> bool {
        !self.open.is_empty() || self.partial() > 0
    }

    /// What this side says is worth comparing with what it may say again.
    pub fn may_repeat(&self, side: usize) -> bool {
        self.is_under_way() && !matches!(self.sides[side].phase, Phase::Opaque(_))
    }

    /// Bodies of this side that stand in the record as they stood in the stream: without chunks,
    /// up to the first hole. (position, bytes)
    pub fn plain_bodies(&self, side: usize) -> impl DoubleEndedIterator<Item = (u64, &[u8])> {
        let is_client = self.is_client(side);
        self.open
            .iter()
            .filter(|open| open.stream == 0)
            .filter_map(move |open| plain_body(sent(open, is_client)?))
    }

    /// Something was noticed of a byte from this side that was used.
    pub fn mark_at(&mut self, side: usize, position: u64, anomaly: Anomaly) {
        let is_client = self.is_client(side);
        let has = |message: &Message| (message.start..message.end).contains(&position);
        let open = self
            .open
            .iter_mut()
            .find(|open| sent(open, is_client).is_some_and(has));
        match open {
            Some(open) => open.marks.add(anomaly),
            None => self.notice(side, anomaly),
        }
    }
}

fn sent(open: &Open, is_client: bool) -> Option<&Message> {
    if is_client {
        open.request.as_ref()
    } else {
        open.response.as_ref()
    }
}

fn plain_body(message: &Message) -> Option<(u64, &[u8])> {
    let until_hole = message.gaps.first().map_or(u64::MAX, |(offset, _)| *offset);
    let bytes = &message.body.bytes;
    let plain = &bytes[..bytes.len().min(until_hole.min(1 << 32) as usize)];
    let is_plain = message.shares.framing == 0 && message.head_missing_bytes == 0;
    (is_plain && !plain.is_empty()).then(|| (message.start + u64::from(message.head_bytes), plain))
}
