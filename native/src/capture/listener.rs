//! A UDP port to which mirrors send packets in a tunnel: VXLAN (RFC 7348), GENEVE (RFC 8926).
//!
//! In: a bound socket. Out: each datagram as a frame that begins with the tunnel's header.
//!
//! Source: recvmsg(2), socket(7). Each `unsafe` here is one call whose pointers come from values
//! that live through it.

use std::io;
use std::mem::zeroed;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::capture::{Frame, Source};
use crate::decode::link::Link;
use crate::decode::tunnel::Tunnel;
use crate::ledger::{Amount, Deltas};

/// Datagrams of one call to the kernel.
const AT_ONCE: usize = 32;
/// The longest datagram there is.
const DATAGRAM_BYTES: usize = 65_535;
/// The header of either tunnel; its network id is the first three of the last four bytes.
const HEADER_BYTES: usize = 8;
/// For a time and a count of drops, each behind its own header.
const CONTROL_BYTES: usize = 128;

pub struct Listener {
    socket: OwnedFd,
    tunnel: Tunnel,
    /// Network ids that are wanted; none: all.
    vnis: Vec<u32>,
    timeout_ms: i32,
    may_wait: bool,
    room: Box<[[u8; DATAGRAM_BYTES]]>,
    /// Length and time of what the last call gave, and the next of it.
    waiting: Vec<(usize, i64)>,
    next: usize,
    /// Dropped for want of room in the socket, as the kernel counts: all in all, and not told.
    dropped: u32,
    untold: u32,
    counted: (u32, u32),
}

impl Listener {
    /// `socket` must be a bound UDP socket.
    pub fn new(
        socket: OwnedFd,
        tunnel: Tunnel,
        vnis: Vec<u32>,
        timeout_ms: i32,
    ) -> io::Result<Self> {
        for option in [libc::SO_TIMESTAMPNS, libc::SO_RXQ_OVFL] {
            let on = 1i32;
            // SAFETY: pointer and length are those of `on`.
            done(unsafe {
                libc::setsockopt(
                    socket.as_raw_fd(),
                    libc::SOL_SOCKET,
                    option,
                    (&raw const on).cast(),
                    size_of_val(&on) as libc::socklen_t,
                )
            })?;
        }
        Ok(Listener {
            socket,
            tunnel,
            vnis,
            timeout_ms,
            may_wait: false,
            room: vec![[0; DATAGRAM_BYTES]; AT_ONCE].into_boxed_slice(),
            waiting: Vec::with_capacity(AT_ONCE),
            next: 0,
            dropped: 0,
            untold: 0,
            counted: (0, 0),
        })
    }

    /// Datagrams received, and dropped by the kernel, since the last call.
    pub fn counts(&mut self) -> (u32, u32) {
        std::mem::take(&mut self.counted)
    }

    fn wait(&self) -> io::Result<()> {
        let mut waited = libc::pollfd {
            fd: self.socket.as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        };
        // SAFETY: one pollfd, and its length is 1.
        match done(unsafe { libc::poll(&raw mut waited, 1, self.timeout_ms) }) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => Err(error),
            _ => Ok(()),
        }
    }

    /// Takes what the socket holds, as far as there is room.
    fn refill(&mut self) -> io::Result<()> {
        self.next = 0;
        self.waiting.clear();
        // SAFETY: plain numbers and pointers, for which zeroes are values.
        let (mut parts, mut messages): ([libc::iovec; AT_ONCE], [libc::mmsghdr; AT_ONCE]) =
            unsafe { (zeroed(), zeroed()) };
        let mut controls = [Control([0; CONTROL_BYTES]); AT_ONCE];
        for (index, place) in self.room.iter_mut().enumerate() {
            parts[index].iov_base = place.as_mut_ptr().cast();
            parts[index].iov_len = DATAGRAM_BYTES;
            let head = &mut messages[index].msg_hdr;
            head.msg_iov = &raw mut parts[index];
            head.msg_iovlen = 1;
            head.msg_control = controls[index].0.as_mut_ptr().cast();
            head.msg_controllen = CONTROL_BYTES as _;
        }
        let (fd, flags) = (self.socket.as_raw_fd(), libc::MSG_DONTWAIT);
        // SAFETY: each message points into `room`, `parts` and `controls`, which live through it.
        let received = unsafe {
            libc::recvmmsg(
                fd,
                messages.as_mut_ptr(),
                AT_ONCE as _,
                flags as _,
                std::ptr::null_mut(),
            )
        };
        let count = match done(received) {
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
                ) =>
            {
                0
            }
            other => other? as usize,
        };
        for message in &messages[..count] {
            let at_us = self.told(&message.msg_hdr).unwrap_or_else(now_us);
            self.waiting.push((message.msg_len as usize, at_us));
        }
        self.counted.0 = self.counted.0.saturating_add(count as u32);
        Ok(())
    }

    /// What the kernel says of a datagram: its time, and how many it dropped before.
    fn told(&mut self, head: &libc::msghdr) -> Option<i64> {
        let mut at_us = None;
        // SAFETY: the kernel has just filled `head` and the control bytes that it points to.
        let mut control = unsafe { libc::CMSG_FIRSTHDR(head) };
        while !control.is_null() {
            // SAFETY: not null, and within the control bytes; the kernel wrote as much as its
            // kind says.
            unsafe {
                let data = libc::CMSG_DATA(control);
                match ((*control).cmsg_level, (*control).cmsg_type) {
                    (libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS) => {
                        let time = data.cast::<libc::timespec>().read_unaligned();
                        at_us = Some(time.tv_sec * 1_000_000 + time.tv_nsec / 1_000);
                    }
                    (libc::SOL_SOCKET, libc::SO_RXQ_OVFL) => {
                        let dropped = data.cast::<u32>().read_unaligned();
                        let new = dropped.wrapping_sub(self.dropped);
                        self.dropped = dropped;
                        self.untold = self.untold.saturating_add(new);
                        self.counted.1 = self.counted.1.saturating_add(new);
                    }
                    _ => {}
                }
                control = libc::CMSG_NXTHDR(head, control);
            }
        }
        at_us
    }

    fn is_wanted(&self, datagram: &[u8]) -> bool {
        let vni = datagram
            .get(HEADER_BYTES - 4..HEADER_BYTES)
            .map(|id| u32::from_be_bytes([0, id[0], id[1], id[2]]));
        self.vnis.is_empty() || vni.is_none_or(|vni| self.vnis.contains(&vni))
    }
}

impl Source for Listener {
    fn next(&mut self) -> io::Result<Option<Frame<'_>>> {
        let may_wait = std::mem::take(&mut self.may_wait);
        if self.next == self.waiting.len() {
            if may_wait {
                self.wait()?;
            }
            self.refill()?;
        }
        let Some(&(bytes, at_us)) = self.waiting.get(self.next) else {
            return Ok(None);
        };
        let index = self.next;
        self.next += 1;
        let bytes = &self.room[index][..bytes];
        Ok(Some(Frame {
            at_us,
            wire_bytes: bytes.len() as u32,
            link: Some(Link::Tunnel(self.tunnel)),
            filtered: !self.is_wanted(bytes),
            bytes,
        }))
    }

    fn begin(&mut self) {
        self.may_wait = true;
    }

    fn losses(&mut self) -> Deltas {
        let mut deltas = Deltas::default();
        let dropped = std::mem::take(&mut self.untold);
        if dropped > 0 {
            deltas.miss(
                "kernel",
                Amount {
                    packets: i64::from(dropped),
                    bytes: 0,
                },
            );
        }
        deltas
    }
}

/// Control bytes where the kernel may put numbers.
#[derive(Clone, Copy)]
#[repr(align(8))]
struct Control([u8; CONTROL_BYTES]);

fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_micros() as i64)
}

fn done(result: i32) -> io::Result<i32> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::*;

    fn vxlan(vni: u8) -> Vec<u8> {
        [&[8, 0, 0, 0, 0, 0, vni, 0][..], &[0; 12], b"\x08\x00inner"].concat()
    }

    #[test]
    fn datagrams_are_frames_and_other_networks_are_counted() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        let to = socket.local_addr().unwrap();
        let mut listener = Listener::new(socket.into(), Tunnel::Vxlan, vec![7], 1_000).unwrap();
        for sent in [vxlan(7), vxlan(8), b"short".to_vec()] {
            sender.send_to(&sent, to).unwrap();
        }
        let mut found = Vec::new();
        let before_us = now_us() - 10_000_000;
        while found.len() < 3 {
            listener.begin();
            while let Some(frame) = listener.next().unwrap() {
                assert!((before_us..=now_us()).contains(&frame.at_us));
                found.push((frame.bytes.to_vec(), frame.filtered, frame.link));
            }
        }
        let link = Some(Link::Tunnel(Tunnel::Vxlan));
        // What is too short for an id is not of another network: decoding says what it is.
        assert_eq!(
            found,
            [
                (vxlan(7), false, link),
                (vxlan(8), true, link),
                (b"short".to_vec(), false, link)
            ]
        );
        assert_eq!(listener.counts(), (3, 0));
    }

    #[test]
    fn what_did_not_fit_into_the_socket_is_told() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        let to = socket.local_addr().unwrap();
        let mut listener = Listener::new(socket.into(), Tunnel::Geneve, vec![], 10).unwrap();
        let mut sent = 0;
        for _ in 0..2_000 {
            sent += i64::from(sender.send_to(&[0; 9_000], to).is_ok());
        }
        let (mut received, mut lost) = (0, 0);
        // The kernel tells of drops with the next datagram that it takes.
        for _ in 0..2 {
            listener.begin();
            while listener.next().unwrap().is_some() {
                received += 1;
            }
            lost += listener
                .losses()
                .missing
                .get("kernel")
                .map_or(0, |lost| lost.packets);
            sender.send_to(b"one more", to).unwrap();
            sent += 1;
        }
        assert!(lost > 0);
        assert_eq!(received + lost, sent - 1);
    }
}
