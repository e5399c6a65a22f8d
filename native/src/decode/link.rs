//! Link layers: what a frame begins with, and where the next layer is.
//!
//! Numbers: the LINKTYPE_ registry of tcpdump.org; those below 100 that differ between systems
//! are taken as the file formats define them.

use super::tunnel::Tunnel;
use super::{Layer, Short, byte, u16_at, u32_at};

/// A link type that sidetap reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// BSD loopback: the address family as a number of the machine that captured.
    Null,
    /// OpenBSD loopback: the address family in network order.
    Loop,
    Ethernet,
    Ip,
    Ipv4,
    Ipv6,
    Ppp,
    PppSerial,
    Pppoe,
    CiscoHdlc,
    FrameRelay,
    Cooked1,
    Cooked2,
    Nflog,
    Ieee80211,
    Radiotap,
    /// 802.11 behind the headers of AVS, Prism, and PPI, which may carry other links too.
    Avs,
    Prism,
    Ppi,
    Fddi,
    /// RFC 2684: LLC at once.
    Atm,
    /// OpenBSD's packet filter and its IPsec.
    Pflog,
    Enc,
    /// Darwin: any link behind a header with the name of the process.
    Pktap,
    /// Datagrams of a tunnel that the host itself received: no number in a capture.
    Tunnel(Tunnel),
}

impl Link {
    /// From the number in a capture; None: not read.
    pub fn of(number: u32) -> Option<Self> {
        Some(match number {
            0 => Link::Null,
            1 => Link::Ethernet,
            9 => Link::Ppp,
            10 => Link::Fddi,
            12 | 14 | 101 => Link::Ip,
            50 => Link::PppSerial,
            51 => Link::Pppoe,
            100 => Link::Atm,
            104 => Link::CiscoHdlc,
            105 => Link::Ieee80211,
            107 => Link::FrameRelay,
            108 => Link::Loop,
            109 => Link::Enc,
            113 => Link::Cooked1,
            117 => Link::Pflog,
            119 => Link::Prism,
            127 => Link::Radiotap,
            163 => Link::Avs,
            192 => Link::Ppi,
            228 => Link::Ipv4,
            229 => Link::Ipv6,
            239 => Link::Nflog,
            258 => Link::Pktap,
            276 => Link::Cooked2,
            _ => return None,
        })
    }
}

/// The layer after the link's own header, and where it begins.
#[inline]
pub fn step(link: Link, frame: &[u8], at: usize) -> Result<(Layer, usize), Short> {
    Ok(match link {
        Link::Ethernet => (Layer::EtherType(u16_at(frame, at + 12)?), at + 14),
        Link::Ip => (Layer::Ip, at),
        Link::Ipv4 => (Layer::Ipv4, at),
        Link::Ipv6 => (Layer::Ipv6, at),
        Link::Null | Link::Loop => (family(u32_at(frame, at)?), at + 4),
        Link::Cooked1 => (Layer::EtherType(u16_at(frame, at + 14)?), at + 16),
        Link::Cooked2 => (Layer::EtherType(u16_at(frame, at)?), at + 20),
        Link::Ppp | Link::PppSerial => (Layer::Ppp, at),
        Link::Pppoe => (Layer::EtherType(super::ether::PPPOE_SESSION), at),
        Link::CiscoHdlc => (Layer::EtherType(u16_at(frame, at + 2)?), at + 4),
        Link::FrameRelay => frame_relay(frame, at)?,
        Link::Nflog => nflog(frame, at)?,
        Link::Ieee80211 => ieee80211(frame, at)?,
        Link::Radiotap => {
            let header_bytes = u16::from_le_bytes([byte(frame, at + 2)?, byte(frame, at + 3)?]);
            ieee80211(frame, at + usize::from(header_bytes))?
        }
        // The length stands behind a version, in network order.
        Link::Avs => ieee80211(frame, at + u32_at(frame, at + 4)? as usize)?,
        Link::Prism => prism(frame, at)?,
        Link::Ppi => ppi(frame, at)?,
        Link::Fddi => (Layer::Llc, at + 13),
        Link::Atm => (Layer::Llc, at),
        Link::Pflog => (
            Layer::Ip,
            at + usize::from(byte(frame, at)?).next_multiple_of(4),
        ),
        Link::Enc => (Layer::Ip, at + 12),
        Link::Tunnel(tunnel) => (Layer::Tunnel(tunnel), at),
        Link::Pktap => {
            let header_bytes = u32_at(frame, at)?.swap_bytes() as usize;
            inside(u32_at(frame, at + 8)?.swap_bytes(), at + header_bytes)
        }
    })
}

/// Another link inside; those that stand around others are not looked for in there.
fn inside(number: u32, at: usize) -> (Layer, usize) {
    match Link::of(number) {
        Some(Link::Ppi | Link::Pktap) | None => (Layer::Other, at),
        Some(link) => (Layer::Link(link), at),
    }
}

/// CACE's Per-Packet Information: a length, and the link that follows.
fn ppi(frame: &[u8], at: usize) -> Result<(Layer, usize), Short> {
    let header_bytes = u16::from_le_bytes([byte(frame, at + 2)?, byte(frame, at + 3)?]);
    let number = u32_at(frame, at + 4)?.swap_bytes();
    Ok(inside(number, at + usize::from(header_bytes)))
}

/// Prism's header has its length in the order of the machine that captured; some drivers write
/// that of AVS under the same number.
fn prism(frame: &[u8], at: usize) -> Result<(Layer, usize), Short> {
    let is_avs = u32_at(frame, at)? & 0xffff_f000 == 0x8021_1000;
    let length = u32_at(frame, at + 4)?;
    let header_bytes = if is_avs {
        length
    } else {
        length.min(length.swap_bytes())
    };
    ieee80211(frame, at + header_bytes as usize)
}

/// Address families of the systems that write them; a small number in whichever byte order.
fn family(number: u32) -> Layer {
    match number.min(number.swap_bytes()) {
        2 => Layer::Ipv4,
        // 24 NetBSD and OpenBSD, 28 FreeBSD, 30 Darwin, 10 Linux.
        10 | 24 | 28 | 30 => Layer::Ipv6,
        _ => Layer::Other,
    }
}

/// RFC 2427: address, control 3, then a network layer id, for which SNAP may stand.
fn frame_relay(frame: &[u8], at: usize) -> Result<(Layer, usize), Short> {
    let mut after = at;
    while byte(frame, after)? & 1 == 0 {
        after += 1;
    }
    after += 1;
    // Cisco's own form: an Ethernet type right behind the address.
    if byte(frame, after)? != 3 {
        return Ok((Layer::EtherType(u16_at(frame, after)?), after + 2));
    }
    let mut id = after + 1;
    if byte(frame, id)? == 0 {
        id += 1; // padding
    }
    Ok(match byte(frame, id)? {
        0xcc => (Layer::Ipv4, id + 1),
        0x8e => (Layer::Ipv6, id + 1),
        0x80 => (Layer::EtherType(u16_at(frame, id + 4)?), id + 6),
        _ => (Layer::Other, id),
    })
}

/// Records of (length, type, value), padded to 4; type 9 is the packet.
fn nflog(frame: &[u8], at: usize) -> Result<(Layer, usize), Short> {
    const PAYLOAD: u16 = 9;
    let mut record = at + 4;
    loop {
        let length = u16::from_le_bytes([byte(frame, record)?, byte(frame, record + 1)?]);
        let kind = u16::from_le_bytes([byte(frame, record + 2)?, byte(frame, record + 3)?]);
        if kind & 0x7fff == PAYLOAD {
            return Ok((Layer::Ip, record + 4));
        }
        record += usize::from(length.max(4)).next_multiple_of(4);
    }
}

/// Data frames that are not encrypted: header, then LLC and SNAP.
fn ieee80211(frame: &[u8], at: usize) -> Result<(Layer, usize), Short> {
    let (control, flags) = (byte(frame, at)?, byte(frame, at + 1)?);
    let (is_data, has_no_body, has_qos) = (
        control & 0x0c == 0x08,
        control & 0x40 != 0,
        control & 0x80 != 0,
    );
    let (is_protected, has_four_addresses) = (flags & 0x40 != 0, flags & 0x03 == 0x03);
    if !is_data || has_no_body || is_protected {
        return Ok((Layer::Other, at));
    }
    let mut after = at + 24 + if has_four_addresses { 6 } else { 0 };
    if has_qos {
        let is_aggregate = byte(frame, after)? & 0x80 != 0;
        if is_aggregate {
            return Ok((Layer::Other, at));
        }
        after += if flags & 0x80 != 0 { 6 } else { 2 };
    }
    Ok((Layer::Llc, after))
}
