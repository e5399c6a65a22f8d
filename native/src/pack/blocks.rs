//! Open blocks, one for each partition, and when they close.

use crate::block::{self, HEAD_BYTES, Head, Packet};
use crate::ledger::Amount;
use crate::pack::rooms::Rooms;
use crate::schema::BlockKind;

/// A partition without a block for so long of the packet clock gets a heartbeat: readers wait for
/// the slowest agent, so an idle one must say that it is not slow (design: time is the packets').
pub const HEARTBEAT_US: i64 = 1_000_000;

/// Who writes the blocks.
#[derive(Clone, Debug)]
pub struct Origin {
    pub site: String,
    pub agent: String,
    pub epoch: String,
}

/// A PacketBlock record, closed.
#[derive(Debug)]
pub struct Block {
    pub partition: i32,
    pub sequence: i64,
    pub clock_us: i64,
    room: Vec<u8>,
    start: usize,
    /// Where a room of full size goes back to.
    rooms: Option<Rooms>,
}

impl Block {
    pub fn record(&self) -> &[u8] {
        &self.room[self.start..]
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        if let Some(rooms) = &self.rooms {
            rooms.give_back(std::mem::take(&mut self.room));
        }
    }
}

/// A block being filled. `room` begins with space for the record's head, which is known last.
#[derive(Debug)]
struct Open {
    room: Vec<u8>,
    amount: Amount,
    /// The clock at its first packet.
    opened_us: i64,
    /// The clock when this partition's last block closed.
    last_us: i64,
    sequence: i64,
}

/// The open blocks of all partitions, and the closed ones until they are taken.
#[derive(Debug)]
pub struct Blocks {
    origin: Origin,
    block_bytes: usize,
    linger_us: i64,
    head_room: usize,
    rooms: Rooms,
    /// The head of the block being closed.
    written: Vec<u8>,
    open: Vec<Open>,
    closed: Vec<Block>,
    /// No block is due before this time of the clock.
    due_us: i64,
    /// Packets and captured bytes in closed data blocks.
    left: Amount,
}

impl Blocks {
    pub fn new(origin: Origin, partitions: u32, block_bytes: usize, linger_us: i64) -> Self {
        let head_room = head_bytes_max(&origin);
        let room = || Vec::with_capacity(head_room + block_bytes);
        let open = || Open {
            room: {
                let mut room = room();
                room.resize(head_room, 0);
                room
            },
            amount: Amount::default(),
            opened_us: 0,
            last_us: 0,
            sequence: 0,
        };
        let open = (0..partitions).map(|_| open()).collect();
        Blocks {
            origin,
            block_bytes,
            linger_us,
            head_room,
            rooms: Rooms::default(),
            written: Vec::with_capacity(head_room),
            open,
            closed: Vec::new(),
            due_us: i64::MIN,
            left: Amount::default(),
        }
    }

    /// Puts a packet into its partition's block; closes that before, where it would grow too large.
    #[inline]
    pub fn add(&mut self, partition: usize, packet: &Packet) {
        let open = &mut self.open[partition];
        let is_empty = open.amount.packets == 0;
        let grown = open.room.len() - self.head_room + HEAD_BYTES + packet.frame.len();
        if !is_empty && grown > self.block_bytes {
            self.close(partition, BlockKind::Data, packet.clock_us);
            return self.add(partition, packet);
        }
        if is_empty {
            open.opened_us = packet.clock_us;
            self.due_us = self
                .due_us
                .min(packet.clock_us.saturating_add(self.linger_us));
        }
        open.amount += Amount::one(packet.frame.len());
        block::write(packet, &mut open.room);
    }

    /// Closes what has lingered and sends heartbeats, as far as the clock has come.
    #[inline]
    pub fn advance(&mut self, clock_us: i64) {
        if clock_us >= self.due_us {
            self.sweep(clock_us);
        }
    }

    /// The clock's first time: heartbeats count from here.
    pub fn begin(&mut self, clock_us: i64) {
        self.open
            .iter_mut()
            .for_each(|open| open.last_us = clock_us);
        self.due_us = clock_us.saturating_add(HEARTBEAT_US);
    }

    /// Closes all, then adds an end block for each partition.
    pub fn end(&mut self, clock_us: i64) {
        for partition in 0..self.open.len() {
            if self.open[partition].amount.packets > 0 {
                self.close(partition, BlockKind::Data, clock_us);
            }
        }
        for partition in 0..self.open.len() {
            self.close(partition, BlockKind::End, clock_us);
        }
    }

    /// Blocks that have closed since the last call, in order.
    pub fn take(&mut self) -> Vec<Block> {
        std::mem::take(&mut self.closed)
    }

    /// Packets and captured bytes in data blocks closed since the last call.
    pub fn take_left(&mut self) -> Amount {
        std::mem::take(&mut self.left)
    }

    /// Packets and captured bytes in open blocks.
    pub fn held(&self) -> Amount {
        self.open.iter().fold(Amount::default(), |mut sum, open| {
            sum += open.amount;
            sum
        })
    }

    /// Blocks leave together: where one has lingered, every other that holds something goes with
    /// it, so that all of them are one request to the broker, not one each.
    #[cold]
    fn sweep(&mut self, clock_us: i64) {
        let holds = |open: &Open| open.amount.packets > 0;
        let lingered = |open: &Open| clock_us >= open.opened_us.saturating_add(self.linger_us);
        let leaving = self.open.iter().any(|open| holds(open) && lingered(open));
        self.due_us = i64::MAX;
        for partition in 0..self.open.len() {
            let is_empty = !holds(&self.open[partition]);
            if clock_us >= self.due(partition) || leaving && !is_empty {
                let kind = if is_empty {
                    BlockKind::Heartbeat
                } else {
                    BlockKind::Data
                };
                self.close(partition, kind, clock_us);
            }
            self.due_us = self.due_us.min(self.due(partition));
        }
    }

    fn due(&self, partition: usize) -> i64 {
        let open = &self.open[partition];
        if open.amount.packets > 0 {
            open.opened_us.saturating_add(self.linger_us)
        } else {
            open.last_us.saturating_add(HEARTBEAT_US)
        }
    }

    fn close(&mut self, partition: usize, kind: BlockKind, clock_us: i64) {
        let partitions = self.open.len() as i32;
        let open = &mut self.open[partition];
        let head = Head {
            site: &self.origin.site,
            agent: &self.origin.agent,
            epoch: &self.origin.epoch,
            partition: partition as i32,
            partitions,
            sequence: open.sequence,
            kind,
            clock_us,
            packets: open.amount.packets as i32,
            captured_bytes: open.amount.bytes,
        };
        self.written.clear();
        block::write_head(&head, open.room.len() - self.head_room, &mut self.written);
        let start = self.head_room - self.written.len();
        open.room[start..self.head_room].copy_from_slice(&self.written);
        self.left += open.amount;
        let sequence = open.sequence;
        open.sequence += 1;
        open.amount = Amount::default();
        open.last_us = clock_us;
        // A full block leaves with its room, one that lingered in a copy that fits: else each
        // heartbeat would hold a quarter of a megabyte until it is sent.
        let is_full = open.room.len() >= open.room.capacity() / 2;
        let (room, start, rooms) = if is_full {
            let mut fresh = self.rooms.take(open.room.capacity());
            fresh.resize(self.head_room, 0);
            let room = std::mem::replace(&mut open.room, fresh);
            (room, start, Some(self.rooms.clone()))
        } else {
            let copy = open.room[start..].to_vec();
            open.room.truncate(self.head_room);
            (copy, 0, None)
        };
        let partition = partition as i32;
        self.closed.push(Block {
            partition,
            sequence,
            clock_us,
            room,
            start,
            rooms,
        });
    }
}

/// Marker and fingerprint, three strings, seven numbers of at most ten bytes.
fn head_bytes_max(origin: &Origin) -> usize {
    let strings = [&origin.site, &origin.agent, &origin.epoch];
    10 + strings
        .iter()
        .map(|string| 10 + string.len())
        .sum::<usize>()
        + 7 * 10
}
