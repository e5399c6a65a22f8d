//! Memory of full blocks, used again: a fresh quarter of a megabyte costs 64 page faults, a
//! third of the time that packing its packets takes.

use std::sync::{Arc, Mutex, PoisonError};

/// Free rooms kept; at 256 KiB a block that is 8 MiB. What is in use is the reader's affair.
const FREE_MAX: usize = 32;

#[derive(Clone, Debug, Default)]
pub struct Rooms {
    free: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Rooms {
    /// An empty room of at least such a capacity.
    pub fn take(&self, capacity: usize) -> Vec<u8> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        match free.pop() {
            Some(mut room) if room.capacity() >= capacity => {
                room.clear();
                room
            }
            _ => Vec::with_capacity(capacity),
        }
    }

    pub fn give_back(&self, room: Vec<u8>) {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if free.len() < FREE_MAX {
            free.push(room);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_comes_back_empty_and_only_so_many_are_kept() {
        let rooms = Rooms::default();
        let mut room = rooms.take(100);
        room.push(7);
        let place = room.as_ptr();
        rooms.give_back(room);
        let again = rooms.take(50);
        assert_eq!((again.as_ptr(), again.len()), (place, 0));
        (0..2 * FREE_MAX).for_each(|_| rooms.give_back(Vec::with_capacity(10)));
        assert_eq!(rooms.free.lock().unwrap().len(), FREE_MAX);
        assert!(
            rooms.take(1000).capacity() >= 1000,
            "too small ones are let go"
        );
    }
}
