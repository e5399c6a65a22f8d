//! IP fragments joined to datagrams.
//!
//! In: fragments, in any order. Out: a datagram that begins with its IP header, when its last
//! hole closes. Where fragments overlap, the bytes that came first stay: hosts disagree on this,
//! so no choice is right for all, and this one can't be changed by what an attacker sends later.

use std::collections::{HashMap, VecDeque};

use super::datagram::{DATAGRAM_BYTES_MAX, Datagram, Joined};
use super::{Fragment, Tags};
use crate::ledger::{Amount, Deltas};

/// Linux waits as long (ip_frag_time); what is older can't be delivered to the server either.
pub const AGE_US_MAX: i64 = 30_000_000;
/// Datagrams under way. 4096 of ordinary size fit the bytes below; more are a flood.
pub const DATAGRAMS_MAX: usize = 4096;
/// Payload bytes of datagrams under way; Linux allows itself 4 MiB for each network namespace.
pub const BYTES_MAX: usize = 16 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    source: u128,
    destination: u128,
    id: u32,
    /// IPv6 ids count by address pair alone: 0.
    protocol: u8,
    tags: Tags,
}

/// Datagrams under way; counts in a layer's deltas.
#[derive(Debug, Default)]
pub struct Defragmenter {
    datagrams: HashMap<Key, Datagram>,
    /// In the order of their first fragment: (its time, serial, key).
    order: VecDeque<(i64, u64, Key)>,
    serial: u64,
    bytes: usize,
}

impl Defragmenter {
    /// Takes a fragment of a frame with so many captured bytes. The frame counts as held until
    /// its datagram is whole or given up.
    pub fn push(
        &mut self,
        fragment: &Fragment,
        captured_bytes: usize,
        clock_us: i64,
        deltas: &mut Deltas,
    ) -> Option<Joined> {
        let end = fragment.part.offset + fragment.payload.len();
        let frame = Amount::one(captured_bytes);
        if fragment.payload.is_empty() || fragment.header.len() + end > DATAGRAM_BYTES_MAX {
            deltas.drop("malformed", frame);
            return None;
        }
        let key = key(fragment);
        if !self.datagrams.contains_key(&key) {
            self.open(key, clock_us, deltas);
        }
        let datagram = self.datagrams.get_mut(&key)?;
        deltas.held += frame;
        let before = datagram.bytes();
        let fits = datagram.add(fragment, captured_bytes);
        self.bytes += datagram.bytes() - before;
        if fits.is_err() {
            self.give_up(key, "fragments_conflict", deltas);
        } else if datagram.is_whole() {
            let datagram = self.take(key)?;
            return Some(datagram.join(fragment, deltas));
        }
        self.shrink(deltas);
        None
    }

    /// Gives up what is too old.
    #[inline]
    pub fn expire(&mut self, clock_us: i64, deltas: &mut Deltas) {
        while let Some(&(first_us, serial, key)) = self.order.front() {
            if first_us.saturating_add(AGE_US_MAX) >= clock_us {
                return;
            }
            self.order.pop_front();
            self.give_up_if(serial, key, "fragments_incomplete", deltas);
        }
    }

    /// Gives up everything: nothing more will come.
    pub fn end(&mut self, deltas: &mut Deltas) {
        while let Some((_, serial, key)) = self.order.pop_front() {
            self.give_up_if(serial, key, "fragments_incomplete", deltas);
        }
    }

    fn open(&mut self, key: Key, clock_us: i64, deltas: &mut Deltas) {
        if self.datagrams.len() == DATAGRAMS_MAX {
            self.give_up_oldest(deltas);
        }
        self.serial += 1;
        self.order.push_back((clock_us, self.serial, key));
        self.datagrams.insert(key, Datagram::new(self.serial));
    }

    fn shrink(&mut self, deltas: &mut Deltas) {
        while self.bytes > BYTES_MAX || self.order.len() > 2 * DATAGRAMS_MAX {
            self.give_up_oldest(deltas);
        }
    }

    fn give_up_oldest(&mut self, deltas: &mut Deltas) {
        while let Some((_, serial, key)) = self.order.pop_front() {
            if self.give_up_if(serial, key, "fragments_limit", deltas) {
                return;
            }
        }
    }

    /// The key may be in use again by a younger datagram, hence the serial.
    fn give_up_if(&mut self, serial: u64, key: Key, cause: &str, deltas: &mut Deltas) -> bool {
        let is_it = self
            .datagrams
            .get(&key)
            .is_some_and(|datagram| datagram.serial == serial);
        if is_it {
            self.give_up(key, cause, deltas);
        }
        is_it
    }

    fn give_up(&mut self, key: Key, cause: &str, deltas: &mut Deltas) {
        if let Some(datagram) = self.take(key) {
            deltas.held = deltas.held - datagram.held;
            deltas.drop(cause, datagram.held);
        }
    }

    fn take(&mut self, key: Key) -> Option<Datagram> {
        let datagram = self.datagrams.remove(&key)?;
        self.bytes -= datagram.bytes();
        Some(datagram)
    }
}

fn key(fragment: &Fragment) -> Key {
    let is_v4 = fragment.header.first().is_some_and(|first| first >> 4 == 4);
    Key {
        source: fragment.source,
        destination: fragment.destination,
        id: fragment.part.id,
        protocol: if is_v4 { fragment.protocol } else { 0 },
        tags: fragment.tags,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::datagram::{PIECES_MAX, checksum};
    use crate::decode::{Decoded, joined};

    /// One fragment of a 24-byte payload: [offset, offset + bytes).
    fn fragment(id: u16, offset: usize, bytes: &[u8], more: bool) -> Vec<u8> {
        let mut packet = vec![0x45, 0];
        packet.extend((20 + bytes.len() as u16).to_be_bytes());
        packet.extend(id.to_be_bytes());
        packet.extend(((offset / 8) as u16 | if more { 0x2000 } else { 0 }).to_be_bytes());
        packet.extend([64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
        packet.extend(bytes);
        packet
    }

    fn push(
        to: &mut Defragmenter,
        packet: &[u8],
        clock_us: i64,
        deltas: &mut Deltas,
    ) -> Option<Joined> {
        let Decoded::Fragment(fragment) = joined(packet, Tags::default(), 0) else {
            panic!("no fragment")
        };
        deltas.entered += Amount::one(packet.len());
        let joined = to.push(&fragment, packet.len(), clock_us, deltas);
        if let Some(joined) = &joined {
            deltas.left += Amount::one(joined.datagram.len());
        }
        joined
    }

    #[test]
    fn the_first_bytes_stay_where_fragments_overlap() {
        let (mut all, mut deltas) = (Defragmenter::default(), Deltas::default());
        assert_eq!(
            push(&mut all, &fragment(1, 8, b"BBBBBBBB", true), 0, &mut deltas),
            None
        );
        push(
            &mut all,
            &fragment(1, 0, b"aaaaaaaabbbbbbbb", true),
            0,
            &mut deltas,
        );
        let whole = push(
            &mut all,
            &fragment(1, 16, b"cccccccc", false),
            0,
            &mut deltas,
        )
        .unwrap();
        assert_eq!(&whole.datagram[20..], b"aaaaaaaaBBBBBBBBcccccccc");
        assert_eq!(checksum(&whole.datagram[..20]), 0);
        assert_eq!(
            deltas.dropped["fragment_overlap"],
            Amount {
                packets: 0,
                bytes: 8
            }
        );
        assert!(deltas.residual().is_zero() && deltas.held.is_zero());
    }

    #[test]
    fn what_stays_incomplete_is_given_up_after_thirty_seconds() {
        let (mut all, mut deltas) = (Defragmenter::default(), Deltas::default());
        push(&mut all, &fragment(1, 8, b"BBBBBBBB", true), 0, &mut deltas);
        all.expire(AGE_US_MAX, &mut deltas);
        assert_eq!(deltas.held, Amount::one(28));
        all.expire(AGE_US_MAX + 1, &mut deltas);
        assert_eq!(deltas.dropped["fragments_incomplete"], Amount::one(28));
        assert!(deltas.residual().is_zero() && deltas.held.is_zero());
    }

    #[test]
    fn two_different_ends_are_a_conflict() {
        let (mut all, mut deltas) = (Defragmenter::default(), Deltas::default());
        push(
            &mut all,
            &fragment(1, 16, b"cccccccc", false),
            0,
            &mut deltas,
        );
        push(&mut all, &fragment(1, 8, b"bb", false), 0, &mut deltas);
        assert_eq!(
            deltas.dropped["fragments_conflict"],
            Amount {
                packets: 2,
                bytes: 50
            }
        );
        assert!(deltas.residual().is_zero());
    }

    #[test]
    fn a_flood_pushes_out_the_oldest_and_memory_stays() {
        let (mut all, mut deltas) = (Defragmenter::default(), Deltas::default());
        for id in 0..DATAGRAMS_MAX as u16 + 500 {
            let offset = if id < 500 { 65_000 } else { 8 };
            push(
                &mut all,
                &fragment(id, offset, b"cccccccc", true),
                0,
                &mut deltas,
            );
            assert!(all.bytes <= BYTES_MAX && all.datagrams.len() <= DATAGRAMS_MAX);
        }
        assert!(all.order.len() <= 2 * DATAGRAMS_MAX);
        assert!(deltas.dropped["fragments_limit"].packets > 0);
        all.end(&mut deltas);
        assert!(deltas.residual().is_zero() && deltas.held.is_zero());
    }

    #[test]
    fn a_datagram_of_many_small_pieces_is_given_up() {
        let (mut all, mut deltas) = (Defragmenter::default(), Deltas::default());
        for n in 0..=PIECES_MAX {
            push(
                &mut all,
                &fragment(1, n * 16, b"cccccccc", true),
                0,
                &mut deltas,
            );
        }
        assert_eq!(
            deltas.dropped["fragments_conflict"].packets,
            PIECES_MAX as i64 + 1
        );
    }
}
