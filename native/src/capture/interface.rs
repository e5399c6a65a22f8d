//! A network interface: every packet that passes it, both ways, out of the kernel's ring.

use std::io;

use crate::capture::bpf::Program;
use crate::capture::ring::{Ring, RingFrame};
use crate::capture::socket::{Socket, Statistics, index};
use crate::capture::{FRAME_BYTES_MAX, Frame, Source};
use crate::decode::link::Link;
use crate::ledger::{Amount, Deltas};

/// What is chosen about an interface; sizes as the kernel checks them.
#[derive(Clone, Debug)]
pub struct Options {
    pub filter: Option<Program>,
    pub block_bytes: u32,
    pub blocks: u32,
    /// Sockets of one group share the traffic by flow.
    pub fanout_group: Option<u16>,
    pub timeout_ms: i32,
}

const ETHERNET: u16 = 1;
const LOOPBACK: u16 = 772;
const NO_HEADER: u16 = 65_534;
/// Ethernet addresses; a tag belongs behind them.
const ADDRESSES_BYTES: usize = 12;

pub struct Interface {
    // Before the socket: what is mapped goes first.
    ring: Ring,
    socket: Socket,
    link: Link,
    timeout_ms: i32,
    may_wait: bool,
    /// A frame whose tag was put back.
    tagged: Vec<u8>,
    told: Statistics,
    untold: Statistics,
}

impl Interface {
    pub fn open(name: &str, options: &Options) -> io::Result<Self> {
        if options.blocks < 2 {
            // One is read while the kernel fills another.
            return Err(io::Error::from_raw_os_error(libc::EINVAL));
        }
        let index = index(name)?;
        let socket = Socket::new()?;
        socket.set(
            libc::PACKET_VERSION,
            &(libc::tpacket_versions::TPACKET_V3 as i32),
        )?;
        let ring = Ring::new(&socket, options.block_bytes, options.blocks)?;
        // Before the socket is bound, so that not one packet comes in unfiltered.
        if let Some(filter) = &options.filter {
            socket.filter(filter)?;
        }
        let hardware = socket.bind(index)?;
        let link = match hardware {
            ETHERNET | LOOPBACK => Link::Ethernet,
            NO_HEADER => Link::Ip,
            _ => return Err(io::Error::from_raw_os_error(libc::EPFNOSUPPORT)),
        };
        let promiscuous = libc::packet_mreq {
            mr_ifindex: index,
            mr_type: libc::PACKET_MR_PROMISC as u16,
            mr_alen: 0,
            mr_address: [0; 8],
        };
        socket.set(libc::PACKET_ADD_MEMBERSHIP, &promiscuous)?;
        if let Some(group) = options.fanout_group {
            let kind = libc::PACKET_FANOUT_HASH | libc::PACKET_FANOUT_FLAG_DEFRAG;
            socket.set(libc::PACKET_FANOUT, &(u32::from(group) | kind << 16))?;
        }
        // On a loopback each packet passes twice, out and in.
        if hardware == LOOPBACK {
            socket.set(libc::PACKET_IGNORE_OUTGOING, &1i32)?;
        }
        Ok(Interface {
            ring,
            socket,
            link,
            timeout_ms: options.timeout_ms,
            may_wait: false,
            tagged: Vec::new(),
            told: Statistics::default(),
            untold: Statistics::default(),
        })
    }

    /// Packets received and dropped by the kernel since the last call.
    pub fn counts(&mut self) -> io::Result<Statistics> {
        self.ask()?;
        Ok(std::mem::take(&mut self.told))
    }

    /// The kernel forgets what it has told, and two want to know.
    fn ask(&mut self) -> io::Result<()> {
        let new = self.socket.statistics()?;
        for sum in [&mut self.told, &mut self.untold] {
            sum.received = sum.received.saturating_add(new.received);
            sum.dropped = sum.dropped.saturating_add(new.dropped);
        }
        Ok(())
    }
}

impl Source for Interface {
    fn next(&mut self) -> io::Result<Option<Frame<'_>>> {
        let may_wait = std::mem::take(&mut self.may_wait);
        if may_wait && !self.ring.is_ready() {
            self.socket.wait(self.timeout_ms)?;
        }
        let Some(RingFrame {
            at_us,
            wire_bytes,
            vlan,
            bytes,
        }) = self.ring.next()
        else {
            return Ok(None);
        };
        let bytes = &bytes[..bytes.len().min(FRAME_BYTES_MAX)];
        let (bytes, added) = match vlan {
            Some(tag) if self.link == Link::Ethernet && bytes.len() >= ADDRESSES_BYTES => {
                put_back(tag, bytes, &mut self.tagged);
                (&self.tagged[..], 4)
            }
            _ => (bytes, 0),
        };
        let wire_bytes = wire_bytes.saturating_add(added).max(bytes.len() as u32);
        Ok(Some(Frame {
            at_us,
            wire_bytes,
            link: Some(self.link),
            filtered: false,
            bytes,
        }))
    }

    fn begin(&mut self) {
        self.may_wait = true;
    }

    fn losses(&mut self) -> Deltas {
        let mut deltas = Deltas::default();
        // An interface that went away has nothing to tell; `next` reports it.
        if self.ask().is_ok() {
            let dropped = std::mem::take(&mut self.untold).dropped;
            if dropped > 0 {
                deltas.miss(
                    "kernel",
                    Amount {
                        packets: i64::from(dropped),
                        bytes: 0,
                    },
                );
            }
        }
        deltas
    }
}

/// Network cards and the kernel take the outer tag out of the frame; here it goes back in.
fn put_back((number, control): (u16, u16), frame: &[u8], out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(&frame[..ADDRESSES_BYTES]);
    out.extend_from_slice(&number.to_be_bytes());
    out.extend_from_slice(&control.to_be_bytes());
    out.extend_from_slice(&frame[ADDRESSES_BYTES..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_goes_behind_the_addresses() {
        let mut out = vec![1, 2, 3];
        put_back((0x8100, 0x2007), b"ddddddssssss\x08\x00x", &mut out);
        assert_eq!(out, b"ddddddssssss\x81\x00\x20\x07\x08\x00x");
    }
}
