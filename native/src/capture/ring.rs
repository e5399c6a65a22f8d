//! A TPACKET_V3 ring: memory that the kernel fills with blocks of frames, and we read in place.
//!
//! Source: the kernel's Documentation/networking/packet_mmap.rst and if_packet.h.

use std::io;
use std::os::fd::AsRawFd;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::capture::socket::Socket;

/// Room for one frame where the kernel does not pack them; with V3 it only has to divide a block.
const FRAME_ROOM_BYTES: u32 = 2048;
/// The kernel hands over a block that is not full after so long, so that idle links have no lag.
const RETIRE_MS: u32 = 10;

/// A frame in the ring, with what the kernel says of it.
#[derive(Clone, Copy, Debug)]
pub struct RingFrame<'a> {
    pub at_us: i64,
    pub wire_bytes: u32,
    /// The tag that the network card or kernel took out of the frame: (type, control).
    pub vlan: Option<(u16, u16)>,
    pub bytes: &'a [u8],
}

/// The mapped ring of one socket.
pub struct Ring {
    memory: NonNull<u8>,
    block_bytes: usize,
    blocks: usize,
    /// The block that the kernel fills next, or that we are reading.
    current: usize,
    /// Frames of the current block not read yet, and where the next one is.
    left: u32,
    next: usize,
    /// The current block is ours.
    is_ours: bool,
}

// SAFETY: the memory belongs to the Ring alone (no other mapping of it exists in this process),
// and every method that touches it through shared references only reads; moving the owner to
// another thread changes nothing for the kernel.
unsafe impl Send for Ring {}
// SAFETY: as above; `&Ring` gives no access to the memory at all.
unsafe impl Sync for Ring {}

impl Ring {
    /// Makes the socket's ring and maps it.
    pub fn new(socket: &Socket, block_bytes: u32, blocks: u32) -> io::Result<Self> {
        let frames = (block_bytes / FRAME_ROOM_BYTES).saturating_mul(blocks);
        let request = libc::tpacket_req3 {
            tp_block_size: block_bytes,
            tp_block_nr: blocks,
            tp_frame_size: FRAME_ROOM_BYTES,
            tp_frame_nr: frames,
            tp_retire_blk_tov: RETIRE_MS,
            tp_sizeof_priv: 0,
            tp_feature_req_word: 0,
        };
        socket.set(libc::PACKET_RX_RING, &request)?;
        let (block_bytes, blocks) = (block_bytes as usize, blocks as usize);
        // SAFETY: a new shared mapping of the ring that the kernel has just made for this socket,
        // of exactly its size, at an address that the kernel chooses: it overlaps nothing.
        let memory = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                block_bytes * blocks,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                socket.as_raw_fd(),
                0,
            )
        };
        if memory == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let memory = NonNull::new(memory.cast()).ok_or_else(io::Error::last_os_error)?;
        let (current, left, next, is_ours) = (0, 0, 0, false);
        Ok(Ring {
            memory,
            block_bytes,
            blocks,
            current,
            left,
            next,
            is_ours,
        })
    }

    /// A frame can be read without waiting.
    pub fn is_ready(&self) -> bool {
        let next = (self.current + usize::from(self.is_ours)) % self.blocks;
        self.left > 0 || self.status_of(next).load(Ordering::Acquire) & libc::TP_STATUS_USER != 0
    }

    /// The next frame, if the kernel has handed one over. The frame before it is given back.
    pub fn next(&mut self) -> Option<RingFrame<'_>> {
        while self.left == 0 {
            if self.is_ours {
                self.give_back();
            }
            if self.status().load(Ordering::Acquire) & libc::TP_STATUS_USER == 0 {
                return None;
            }
            self.is_ours = true;
            self.left = self.u32_at(BLOCK_FRAMES);
            self.next = self.u32_at(BLOCK_FIRST) as usize;
        }
        let at = self.next;
        self.left -= 1;
        self.next = at + self.u32_at(at + FRAME_NEXT) as usize;
        Some(self.frame(at))
    }

    fn frame(&self, at: usize) -> RingFrame<'_> {
        let seconds = i64::from(self.u32_at(at + FRAME_SECONDS));
        let nanoseconds = i64::from(self.u32_at(at + FRAME_NANOSECONDS));
        let captured_bytes = self.u32_at(at + FRAME_CAPTURED) as usize;
        let status = self.u32_at(at + FRAME_STATUS);
        let start = at + usize::from(self.u16_at(at + FRAME_START));
        let tag = || {
            let has_type = status & libc::TP_STATUS_VLAN_TPID_VALID != 0;
            let number = if has_type {
                self.u16_at(at + FRAME_VLAN_TYPE)
            } else {
                0x8100
            };
            (number, self.u32_at(at + FRAME_VLAN_CONTROL) as u16)
        };
        RingFrame {
            at_us: seconds * 1_000_000 + nanoseconds / 1000,
            wire_bytes: self.u32_at(at + FRAME_WIRE),
            vlan: (status & libc::TP_STATUS_VLAN_VALID != 0).then(tag),
            bytes: self
                .block()
                .get(start..start + captured_bytes)
                .unwrap_or(&[]),
        }
    }

    fn give_back(&mut self) {
        self.status()
            .store(libc::TP_STATUS_KERNEL, Ordering::Release);
        self.is_ours = false;
        self.current = (self.current + 1) % self.blocks;
    }

    fn status(&self) -> &AtomicU32 {
        self.status_of(self.current)
    }

    /// Who owns a block; kernel and we hand it to each other through this word.
    fn status_of(&self, block: usize) -> &AtomicU32 {
        assert!(block < self.blocks, "no such block");
        // SAFETY: inside of the mapping as checked above, aligned (blocks are whole pages), and
        // both sides access it atomically only.
        unsafe {
            let block = self.memory.as_ptr().add(block * self.block_bytes);
            AtomicU32::from_ptr(block.add(BLOCK_STATUS).cast())
        }
    }

    /// The current block. Only while it is ours: then the kernel does not write to it, and it
    /// stays mapped as long as the Ring that the slice borrows.
    fn block(&self) -> &[u8] {
        assert!(self.is_ours, "the kernel owns the block");
        // SAFETY: inside of the mapping, and ours as checked above until `give_back`, which
        // needs `&mut self` and so ends all borrows of the slice.
        unsafe {
            let block = self.memory.as_ptr().add(self.current * self.block_bytes);
            std::slice::from_raw_parts(block, self.block_bytes)
        }
    }

    /// 0 outside of the block: a kernel that writes such offsets gives empty frames, not a crash.
    fn u32_at(&self, at: usize) -> u32 {
        let bytes = self.block().get(at..).and_then(|rest| rest.first_chunk());
        bytes.map_or(0, |bytes| u32::from_ne_bytes(*bytes))
    }

    fn u16_at(&self, at: usize) -> u16 {
        let bytes = self.block().get(at..).and_then(|rest| rest.first_chunk());
        bytes.map_or(0, |bytes| u16::from_ne_bytes(*bytes))
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // SAFETY: the mapping made in `new`, whole, and nothing borrows it any more.
        unsafe { libc::munmap(self.memory.as_ptr().cast(), self.block_bytes * self.blocks) };
    }
}

// Offsets in struct tpacket_block_desc (its header is tpacket_hdr_v1 behind two words).
const BLOCK_STATUS: usize = 8;
const BLOCK_FRAMES: usize = 12;
const BLOCK_FIRST: usize = 16;
// Offsets in struct tpacket3_hdr.
const FRAME_NEXT: usize = 0;
const FRAME_SECONDS: usize = 4;
const FRAME_NANOSECONDS: usize = 8;
const FRAME_CAPTURED: usize = 12;
const FRAME_WIRE: usize = 16;
const FRAME_STATUS: usize = 20;
const FRAME_START: usize = 24;
const FRAME_VLAN_CONTROL: usize = 32;
const FRAME_VLAN_TYPE: usize = 36;

#[cfg(test)]
mod tests {
    use std::mem::offset_of;

    use super::*;

    #[test]
    fn offsets_are_those_of_the_kernel() {
        use libc::{tpacket_bd_header_u, tpacket_block_desc, tpacket_hdr_v1, tpacket3_hdr};
        assert_eq!(
            size_of::<tpacket_bd_header_u>(),
            size_of::<tpacket_hdr_v1>()
        );
        let header = offset_of!(tpacket_block_desc, hdr);
        assert_eq!(
            BLOCK_STATUS,
            header + offset_of!(tpacket_hdr_v1, block_status)
        );
        assert_eq!(BLOCK_FRAMES, header + offset_of!(tpacket_hdr_v1, num_pkts));
        assert_eq!(
            BLOCK_FIRST,
            header + offset_of!(tpacket_hdr_v1, offset_to_first_pkt)
        );
        assert_eq!(FRAME_NEXT, offset_of!(tpacket3_hdr, tp_next_offset));
        assert_eq!(FRAME_SECONDS, offset_of!(tpacket3_hdr, tp_sec));
        assert_eq!(FRAME_NANOSECONDS, offset_of!(tpacket3_hdr, tp_nsec));
        assert_eq!(FRAME_CAPTURED, offset_of!(tpacket3_hdr, tp_snaplen));
        assert_eq!(FRAME_WIRE, offset_of!(tpacket3_hdr, tp_len));
        assert_eq!(FRAME_STATUS, offset_of!(tpacket3_hdr, tp_status));
        assert_eq!(FRAME_START, offset_of!(tpacket3_hdr, tp_mac));
        let variant = offset_of!(tpacket3_hdr, hv1);
        assert_eq!(
            FRAME_VLAN_CONTROL,
            variant + offset_of!(libc::tpacket_hdr_variant1, tp_vlan_tci)
        );
        assert_eq!(
            FRAME_VLAN_TYPE,
            variant + offset_of!(libc::tpacket_hdr_variant1, tp_vlan_tpid)
        );
    }
}
