//! pcapng: sections of blocks. Packets are in Enhanced, Simple and the obsolete Packet Blocks;
//! interfaces say link type and clock; statistics say what the kernel dropped.
//!
//! Source: draft-ietf-opsawg-pcapng. Of Decryption Secrets Blocks, key logs of TLS
//! are kept for whoever asks.

use std::io;

use crate::capture::feed::Feed;
use crate::capture::pcap::Order;
use crate::capture::resolution::Resolution;
use crate::capture::{Damage, FRAME_BYTES_MAX, Shape, Step};
use crate::decode::link::Link;

pub const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;
const SECRETS: u32 = 10;
/// Secrets in the form of an NSS key log.
const TLS_KEY_LOG: u32 = 0x544c_534b;
/// Bytes of secrets that are kept until somebody asks; a session's have about a kilobyte.
const SECRETS_BYTES_MAX: usize = 16 << 20;

/// Type and length before a block's body; the length is repeated behind it.
const HEAD_BYTES: usize = 8;
const FRAME_BYTES: usize = 12;
/// Interfaces of a section; a file with more is made to exhaust memory.
const INTERFACES_MAX: usize = 65_536;
/// Of a block that is not a packet so much is looked at; options that matter come to a few bytes.
const OPTIONS_BYTES_MAX: usize = 65_536;

#[derive(Clone, Copy, Debug)]
struct Interface {
    link_number: u32,
    link: Option<Link>,
    snap_bytes: usize,
    resolution: Resolution,
    offset_us: i64,
    dropped: u64,
}

/// Reads blocks; knows the section it is in.
pub struct Pcapng {
    order: Order,
    interfaces: Vec<Interface>,
    /// Bytes of the block under way that are to be stepped over.
    pending: u64,
    last_us: i64,
    kernel_drops: u64,
    /// Text of key logs, not asked for yet.
    secrets: Vec<u8>,
}

impl Default for Pcapng {
    fn default() -> Self {
        let order = Order::Little;
        Pcapng {
            order,
            interfaces: Vec::new(),
            pending: 0,
            last_us: 0,
            kernel_drops: 0,
            secrets: Vec::new(),
        }
    }
}

impl Pcapng {
    /// Reads on to the next packet; its frame is then the first bytes that the feed has at hand.
    pub fn next(&mut self, feed: &mut Feed) -> io::Result<Step> {
        loop {
            let pending = std::mem::take(&mut self.pending);
            if pending > 0 && feed.skip(pending)? < pending {
                return Ok(Step::damaged("the file ends inside a block"));
            }
            if !feed.fill(1)? {
                return Ok(Step::End);
            }
            if let Some(step) = self.block(feed)? {
                return Ok(step);
            }
        }
    }

    /// The number of the link type, if all interfaces so far are of types nobody reads.
    pub fn unreadable_link(&self) -> Option<u32> {
        let known = self
            .interfaces
            .iter()
            .any(|interface| interface.link.is_some());
        self.interfaces
            .first()
            .filter(|_| !known)
            .map(|interface| interface.link_number)
    }

    /// Of the first interface; 0 where there is none.
    pub fn link_number(&self) -> u32 {
        self.interfaces
            .first()
            .map_or(0, |interface| interface.link_number)
    }

    /// Packets that the capturing kernel dropped, as statistics blocks say, since the last call.
    pub fn take_kernel_drops(&mut self) -> u64 {
        std::mem::take(&mut self.kernel_drops)
    }

    /// Lines of key logs in the file so far, since the last call. They are secret.
    pub fn take_secrets(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.secrets)
    }

    /// One block: a packet or damage, or None and on to the next.
    fn block(&mut self, feed: &mut Feed) -> io::Result<Option<Step>> {
        if !feed.fill(FRAME_BYTES)? {
            return Ok(Some(Step::damaged("the file ends inside a block's head")));
        }
        let kind = self.order.u32(feed.ahead(), 0);
        if kind == SECTION {
            match Order::Little.u32(feed.ahead(), 8) {
                0x1a2b_3c4d => self.order = Order::Little,
                0x4d3c_2b1a => self.order = Order::Big,
                _ => return Ok(Some(Step::damaged("a section of unknown byte order"))),
            }
            self.interfaces.clear();
        }
        let block_bytes = self.order.u32(feed.ahead(), 4) as usize;
        if block_bytes < FRAME_BYTES || !block_bytes.is_multiple_of(4) {
            return Ok(Some(Step::damaged("a block with an impossible length")));
        }
        let body_bytes = block_bytes - FRAME_BYTES;
        self.pending = block_bytes as u64;
        match kind {
            ENHANCED_PACKET | PACKET => self.packet(feed, kind, body_bytes).map(Some),
            SIMPLE_PACKET => self.simple_packet(feed, body_bytes).map(Some),
            INTERFACE | STATISTICS => self.about_interface(feed, kind, body_bytes),
            SECRETS => self.keys(feed, body_bytes),
            _ => Ok(None),
        }
    }

    fn keys(&mut self, feed: &mut Feed, body_bytes: usize) -> io::Result<Option<Step>> {
        const FIXED_BYTES: usize = 8;
        let fits = self.secrets.len() + body_bytes <= SECRETS_BYTES_MAX;
        if body_bytes < FIXED_BYTES || !fits {
            return Ok(None);
        }
        if !feed.fill(HEAD_BYTES + body_bytes)? {
            return Ok(Some(Step::damaged("the file ends inside a block")));
        }
        let body = &feed.ahead()[HEAD_BYTES..HEAD_BYTES + body_bytes];
        let bytes = self.order.u32(body, 4) as usize;
        let text = body[FIXED_BYTES..].get(..bytes).unwrap_or_default();
        if self.order.u32(body, 0) == TLS_KEY_LOG {
            self.secrets.extend_from_slice(text);
            self.secrets.push(b'\n');
        }
        Ok(None)
    }

    fn packet(&mut self, feed: &mut Feed, kind: u32, body_bytes: usize) -> io::Result<Step> {
        const FIXED_BYTES: usize = 20;
        if body_bytes < FIXED_BYTES {
            return Ok(Step::damaged("a packet block too short to be one"));
        }
        if !feed.fill(HEAD_BYTES + FIXED_BYTES)? {
            return Ok(Step::damaged("the file ends inside a packet's head"));
        }
        let body = &feed.ahead()[HEAD_BYTES..];
        let number = match kind {
            PACKET => usize::from(self.order.u16(body, 0)),
            _ => self.order.u32(body, 0) as usize,
        };
        let high = u64::from(self.order.u32(body, 4));
        let ticks = high << 32 | u64::from(self.order.u32(body, 8));
        let captured_bytes = self.order.u32(body, 12) as usize;
        let wire_bytes = self.order.u32(body, 16);
        if captured_bytes > body_bytes - FIXED_BYTES {
            return Ok(Step::damaged("a packet larger than its block"));
        }
        let interface = self.interfaces.get(number);
        let us = interface
            .map_or(Resolution::Multiply(1), |i| i.resolution)
            .microseconds(ticks);
        self.last_us = us.saturating_add(interface.map_or(0, |i| i.offset_us));
        let link = interface.and_then(|i| i.link);
        self.frame(
            feed,
            HEAD_BYTES + FIXED_BYTES,
            captured_bytes,
            wire_bytes,
            link,
        )
    }

    /// A packet of the first interface, without a time: it gets that of the packet before it.
    fn simple_packet(&mut self, feed: &mut Feed, body_bytes: usize) -> io::Result<Step> {
        const FIXED_BYTES: usize = 4;
        if body_bytes < FIXED_BYTES {
            return Ok(Step::damaged("a packet block too short to be one"));
        }
        let wire_bytes = self.order.u32(feed.ahead(), HEAD_BYTES);
        let interface = self.interfaces.first();
        let snap_bytes = interface.map_or(usize::MAX, |i| i.snap_bytes);
        let captured_bytes = (wire_bytes as usize)
            .min(snap_bytes)
            .min(body_bytes - FIXED_BYTES);
        let link = interface.and_then(|i| i.link);
        self.frame(
            feed,
            HEAD_BYTES + FIXED_BYTES,
            captured_bytes,
            wire_bytes,
            link,
        )
    }

    fn frame(
        &mut self,
        feed: &mut Feed,
        before: usize,
        captured_bytes: usize,
        wire_bytes: u32,
        link: Option<Link>,
    ) -> io::Result<Step> {
        if captured_bytes > FRAME_BYTES_MAX {
            return Ok(Step::damaged("a packet of more than 1 MiB"));
        }
        feed.consume(before);
        self.pending -= before as u64;
        if !feed.fill(captured_bytes)? {
            return Ok(Step::Damaged(Damage::cut(
                feed.ahead().len(),
                captured_bytes,
            )));
        }
        // The caller steps over the frame itself.
        self.pending -= captured_bytes as u64;
        Ok(Step::Frame(Shape {
            at_us: self.last_us,
            captured_bytes,
            wire_bytes,
            link,
        }))
    }

    /// An Interface Description or Interface Statistics block.
    fn about_interface(
        &mut self,
        feed: &mut Feed,
        kind: u32,
        body_bytes: usize,
    ) -> io::Result<Option<Step>> {
        let fixed_bytes = if kind == INTERFACE { 8 } else { 12 };
        let looked_at = body_bytes.min(OPTIONS_BYTES_MAX);
        if body_bytes < fixed_bytes {
            return Ok(Some(Step::damaged(
                "an interface block too short to be one",
            )));
        }
        if !feed.fill(HEAD_BYTES + looked_at)? {
            return Ok(Some(Step::damaged("the file ends inside a block")));
        }
        let body = &feed.ahead()[HEAD_BYTES..HEAD_BYTES + looked_at];
        if kind == STATISTICS {
            self.statistics(body);
        } else if self.interfaces.len() == INTERFACES_MAX {
            return Ok(Some(Step::damaged("more than 65,536 interfaces")));
        } else {
            self.interfaces.push(self.interface(body));
        }
        Ok(None)
    }

    fn interface(&self, body: &[u8]) -> Interface {
        let link_number = u32::from(self.order.u16(body, 0));
        let snap_bytes = match self.order.u32(body, 4) {
            0 => usize::MAX,
            limit => limit as usize,
        };
        let mut interface = Interface {
            link_number,
            link: Link::of(link_number),
            snap_bytes,
            resolution: Resolution::Multiply(1),
            offset_us: 0,
            dropped: 0,
        };
        for (code, value) in options(&body[8..], self.order) {
            match (code, value.len()) {
                (9, 1..) => interface.resolution = Resolution::of(value[0]),
                (14, 8) => {
                    let seconds = self.number(value) as i64;
                    interface.offset_us = seconds.saturating_mul(1_000_000);
                }
                _ => {}
            }
        }
        interface
    }

    /// Counts are since the capture began; the difference to the last ones is what is new.
    fn statistics(&mut self, body: &[u8]) {
        let drops = options(&body[12..], self.order)
            .filter(|(code, value)| matches!(code, 5 | 7) && value.len() == 8)
            .fold(0u64, |sum, (_, value)| {
                sum.saturating_add(self.number(value))
            });
        let number = self.order.u32(body, 0) as usize;
        if let Some(interface) = self.interfaces.get_mut(number) {
            let new = drops.saturating_sub(interface.dropped);
            self.kernel_drops = self.kernel_drops.saturating_add(new);
            interface.dropped = interface.dropped.max(drops);
        }
    }

    fn number(&self, eight: &[u8]) -> u64 {
        let (first, second) = (self.order.u32(eight, 0), self.order.u32(eight, 4));
        match self.order {
            Order::Little => u64::from(second) << 32 | u64::from(first),
            Order::Big => u64::from(first) << 32 | u64::from(second),
        }
    }
}

/// Options as (code, value), up to the end or to the first that does not fit.
fn options(mut rest: &[u8], order: Order) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let (head, after) = rest.split_at_checked(4)?;
        let (code, value_bytes) = (order.u16(head, 0), usize::from(order.u16(head, 2)));
        let value = after.get(..value_bytes).filter(|_| code != 0)?;
        rest = after.get(value_bytes.next_multiple_of(4)..).unwrap_or(&[]);
        Some((code, value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_end_where_they_stop_making_sense() {
        let bytes = b"\x09\x00\x01\x00\x09...\x0e\x00\x00\x00\x05\x00\xff\x00";
        let read: Vec<_> = options(bytes, Order::Little).collect();
        assert_eq!(read, [(9, &b"\x09"[..]), (14, b"")]);
        assert_eq!(
            options(b"\x00\x00\x00\x00\x05\x00\x00\x00", Order::Little).count(),
            0
        );
    }
}
