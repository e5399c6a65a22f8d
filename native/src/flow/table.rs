//! The flows of one worker: found by key, ordered by their last packet.
//!
//! The hash is keyed by chance, unlike the partition's, so nobody can choose addresses that meet in
//! one bucket; nothing that leaves the worker depends on it. The order by last packet decides
//! which flow goes when the table is full.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;

use super::key::FlowKey;

const NOBODY: u32 = u32::MAX;

struct Slot<V> {
    key: FlowKey,
    ticket: u64,
    older: u32,
    newer: u32,
    value: Option<Box<V>>,
}

pub struct Table<V> {
    places: HashTable<u32>,
    hasher: RandomState,
    slots: Vec<Slot<V>>,
    free: Vec<u32>,
    oldest: u32,
    newest: u32,
    tickets: u64,
}

impl<V> Default for Table<V> {
    fn default() -> Self {
        Table {
            places: HashTable::new(),
            hasher: RandomState::new(),
            slots: Vec::new(),
            free: Vec::new(),
            oldest: NOBODY,
            newest: NOBODY,
            tickets: 0,
        }
    }
}

impl<V> Table<V> {
    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    pub fn find(&self, key: &FlowKey) -> Option<u32> {
        let hash = self.hasher.hash_one(key);
        self.places
            .find(hash, |&place| self.slots[place as usize].key == *key)
            .copied()
    }

    /// Adds a flow as the newest; the key must not be there.
    pub fn insert(&mut self, key: FlowKey, value: V) -> u32 {
        self.tickets += 1;
        let slot = Slot {
            key,
            ticket: self.tickets,
            older: NOBODY,
            newer: NOBODY,
            value: Some(Box::new(value)),
        };
        let place = match self.free.pop() {
            Some(place) => {
                self.slots[place as usize] = slot;
                place
            }
            None => {
                self.slots.push(slot);
                (self.slots.len() - 1) as u32
            }
        };
        self.append(place);
        let hash = self.hasher.hash_one(key);
        let (slots, hasher) = (&self.slots, &self.hasher);
        self.places.insert_unique(hash, place, |&place| {
            hasher.hash_one(slots[place as usize].key)
        });
        place
    }

    /// The flow moves to the end of the order.
    pub fn touch(&mut self, place: u32) {
        if self.newest != place {
            self.unlink(place);
            self.append(place);
        }
    }

    pub fn remove(&mut self, place: u32) -> Option<Box<V>> {
        let value = self.slots[place as usize].value.take()?;
        let hash = self.hasher.hash_one(self.slots[place as usize].key);
        if let Ok(found) = self.places.find_entry(hash, |&other| other == place) {
            found.remove();
        }
        self.unlink(place);
        self.free.push(place);
        Some(value)
    }

    pub fn key(&self, place: u32) -> FlowKey {
        self.slots[place as usize].key
    }

    /// Where a flow stands, as long as it is the same flow.
    pub fn ticket(&self, place: u32) -> u64 {
        self.slots[place as usize].ticket
    }

    pub fn get(&mut self, place: u32) -> Option<&mut V> {
        self.slots.get_mut(place as usize)?.value.as_deref_mut()
    }

    pub fn at(&self, place: u32) -> Option<&V> {
        self.slots.get(place as usize)?.value.as_deref()
    }

    /// The flow whose last packet is longest ago.
    pub fn oldest(&self) -> Option<u32> {
        (self.oldest != NOBODY).then_some(self.oldest)
    }

    /// The flow that had its last packet next.
    pub fn newer(&self, place: u32) -> Option<u32> {
        let newer = self.slots[place as usize].newer;
        (newer != NOBODY).then_some(newer)
    }

    /// All places, oldest first.
    pub fn places(&self) -> Vec<u32> {
        let mut out = Vec::with_capacity(self.len());
        let mut at = self.oldest;
        while at != NOBODY {
            out.push(at);
            at = self.slots[at as usize].newer;
        }
        out
    }

    fn append(&mut self, place: u32) {
        let newest = self.newest;
        let slot = &mut self.slots[place as usize];
        (slot.older, slot.newer) = (newest, NOBODY);
        match newest {
            NOBODY => self.oldest = place,
            other => self.slots[other as usize].newer = place,
        }
        self.newest = place;
    }

    fn unlink(&mut self, place: u32) {
        let Slot { older, newer, .. } = self.slots[place as usize];
        match older {
            NOBODY => self.oldest = newer,
            other => self.slots[other as usize].newer = newer,
        }
        match newer {
            NOBODY => self.newest = older,
            other => self.slots[other as usize].older = older,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::key::Endpoint;

    fn key(port: u16) -> FlowKey {
        FlowKey::new(
            0,
            Endpoint::v4([1, 1, 1, 1], port),
            Endpoint::v4([2, 2, 2, 2], 80),
        )
        .0
    }

    #[test]
    fn the_order_is_that_of_the_last_touch() {
        let mut table = Table::default();
        let places: Vec<u32> = (0..4).map(|port| table.insert(key(port), port)).collect();
        table.touch(places[0]);
        assert_eq!(table.remove(places[2]).map(|value| *value), Some(2));
        assert_eq!(table.find(&key(2)), None);
        assert_eq!(table.places(), [places[1], places[3], places[0]]);
        assert_eq!(table.oldest(), Some(places[1]));
        let ticket = table.ticket(places[2]);
        let again = table.insert(key(9), 9);
        assert_eq!(again, places[2]);
        assert_ne!(table.ticket(again), ticket);
        assert_eq!(table.find(&key(9)), Some(again));
        assert_eq!(table.len(), 4);
    }
}
