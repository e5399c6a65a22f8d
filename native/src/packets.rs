//! PacketBlock records as reassembly reads them.

use crate::avro::{Damage, Reader};
use crate::block::Packets;
use crate::schema::{BLOCK_KIND_SYMBOLS, BlockKind, PACKET_BLOCK_HEAD};

/// One record; `data` was walked through once, so its packets can be read.
#[derive(Debug)]
pub struct Block<'a> {
    pub site: &'a str,
    pub agent: &'a str,
    pub epoch: &'a str,
    pub sequence: i64,
    pub kind: BlockKind,
    pub clock_us: i64,
    pub data: &'a [u8],
}

impl<'a> Block<'a> {
    pub fn read(record: &'a [u8]) -> Result<Self, Damage> {
        let mut fields = Reader::of_record(record, &PACKET_BLOCK_HEAD)?;
        let (site, agent, epoch) = (fields.string()?, fields.string()?, fields.string()?);
        let _partition = fields.long()?;
        let sequence = fields.long()?;
        let kind = match fields.long()? {
            0 => BlockKind::Data,
            1 => BlockKind::Heartbeat,
            2 => BlockKind::End,
            _ => return Err("an unknown kind of block"),
        };
        let clock_us = fields.long()?;
        let (packets, _captured_bytes) = (fields.long()?, fields.long()?);
        let data = fields.bytes()?;
        fields.end()?;
        let mut count = 0;
        for packet in Packets::new(data) {
            packet?;
            count += 1;
        }
        if count != packets {
            return Err("another number of packets than it says");
        }
        Ok(Block {
            site,
            agent,
            epoch,
            sequence,
            kind,
            clock_us,
            data,
        })
    }
}

const _: () = assert!(BLOCK_KIND_SYMBOLS.len() == 3);
