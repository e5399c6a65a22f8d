//! A packet socket: the few kernel calls that an interface needs, made safe to use.
//!
//! Source: packet(7). Each `unsafe` here is one call whose pointers come from values that live
//! through it, with their own sizes.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use crate::capture::bpf::Program;

/// Kernel counters since they were last asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    pub received: u32,
    pub dropped: u32,
}

/// A packet socket that hears nothing until it is bound.
#[derive(Debug)]
pub struct Socket {
    descriptor: OwnedFd,
}

impl Socket {
    /// Needs CAP_NET_RAW.
    pub fn new() -> io::Result<Self> {
        let kind = libc::SOCK_RAW | libc::SOCK_CLOEXEC;
        // SAFETY: no pointers.
        let number = done(unsafe { libc::socket(libc::AF_PACKET, kind, 0) })?;
        // SAFETY: the kernel has just made it for us, nobody else has it.
        let descriptor = unsafe { OwnedFd::from_raw_fd(number) };
        Ok(Socket { descriptor })
    }

    /// A packet option; what the kernel makes of its bytes is its own affair.
    pub fn set<T: Copy>(&self, option: i32, value: &T) -> io::Result<()> {
        self.set_at(libc::SOL_PACKET, option, value)
    }

    /// The kernel runs the program on every packet from here on.
    pub fn filter(&self, program: &Program) -> io::Result<()> {
        let filter = |i: &crate::capture::bpf::Instruction| libc::sock_filter {
            code: i.code,
            jt: i.jt,
            jf: i.jf,
            k: i.k,
        };
        let mut filters: Vec<_> = program.instructions().iter().map(filter).collect();
        let length = filters.len() as u16;
        // The kernel copies the instructions during the call; `filters` lives longer.
        let program = libc::sock_fprog {
            len: length,
            filter: filters.as_mut_ptr(),
        };
        self.set_at(libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, &program)
    }

    /// Hears the interface from here on; returns its hardware type (ARPHRD_…).
    pub fn bind(&self, index: i32) -> io::Result<u16> {
        // SAFETY: all fields are plain numbers, for which zeroes are values.
        let mut address: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
        address.sll_family = libc::AF_PACKET as u16;
        address.sll_protocol = (libc::ETH_P_ALL as u16).to_be();
        address.sll_ifindex = index;
        let mut bytes = size_of_val(&address) as libc::socklen_t;
        let number = self.descriptor.as_raw_fd();
        let pointer = (&raw mut address).cast::<libc::sockaddr>();
        // SAFETY: pointer and length are those of `address`.
        done(unsafe { libc::bind(number, pointer, bytes) })?;
        // SAFETY: as above; the kernel writes at most `bytes` bytes.
        done(unsafe { libc::getsockname(number, pointer, &raw mut bytes) })?;
        Ok(address.sll_hatype)
    }

    /// Waits until something can be read, at most so long.
    pub fn wait(&self, timeout_ms: i32) -> io::Result<()> {
        let events = libc::POLLIN | libc::POLLERR;
        let mut waited = libc::pollfd {
            fd: self.descriptor.as_raw_fd(),
            events,
            revents: 0,
        };
        // SAFETY: one pollfd, and its length is 1.
        match done(unsafe { libc::poll(&raw mut waited, 1, timeout_ms) }) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => Err(error),
            _ if waited.revents & libc::POLLERR != 0 => {
                Err(io::Error::from_raw_os_error(libc::ENETDOWN))
            }
            _ => Ok(()),
        }
    }

    /// The kernel's counters; asking sets them back to zero.
    pub fn statistics(&self) -> io::Result<Statistics> {
        let mut counters = libc::tpacket_stats_v3 {
            tp_packets: 0,
            tp_drops: 0,
            tp_freeze_q_cnt: 0,
        };
        let mut bytes = size_of_val(&counters) as libc::socklen_t;
        // SAFETY: pointer and length are those of `counters`.
        done(unsafe {
            libc::getsockopt(
                self.descriptor.as_raw_fd(),
                libc::SOL_PACKET,
                libc::PACKET_STATISTICS,
                (&raw mut counters).cast(),
                &raw mut bytes,
            )
        })?;
        // The kernel counts what it dropped as received too.
        let received = counters.tp_packets.saturating_sub(counters.tp_drops);
        Ok(Statistics {
            received,
            dropped: counters.tp_drops,
        })
    }

    fn set_at<T: Copy>(&self, level: i32, option: i32, value: &T) -> io::Result<()> {
        // SAFETY: pointer and length are those of `value`.
        done(unsafe {
            libc::setsockopt(
                self.descriptor.as_raw_fd(),
                level,
                option,
                std::ptr::from_ref(value).cast(),
                size_of::<T>() as libc::socklen_t,
            )
        })
        .map(drop)
    }
}

impl AsRawFd for Socket {
    fn as_raw_fd(&self) -> i32 {
        self.descriptor.as_raw_fd()
    }
}

/// The number of an interface of this network namespace.
pub fn index(name: &str) -> io::Result<i32> {
    let no_such = || io::Error::from_raw_os_error(libc::ENODEV);
    let name = CString::new(name).map_err(|_| no_such())?;
    // SAFETY: a string with its zero byte, alive during the call.
    match unsafe { libc::if_nametoindex(name.as_ptr()) } {
        0 => Err(no_such()),
        index => i32::try_from(index).map_err(|_| no_such()),
    }
}

fn done(result: i32) -> io::Result<i32> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}
