//! Tunnels: what is inside of IP protocols, Ethernet types and UDP ports that carry other packets.
//!
//! In: a frame and where the tunnel's header begins. Out: the layer inside and where it begins,
//! with the network id where the tunnel has one; None: no tunnel that sidetap knows.

use super::link::Link;
use super::{Layer, Short, Tags, array, byte, ether, u16_at, u32_at};

/// Inside: (layer, where it begins).
type Inner = Result<Option<(Layer, usize)>, Short>;

/// A tunnel whose datagrams a host may receive itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tunnel {
    Vxlan,
    Geneve,
}

/// Behind the UDP header, which the host that received it has taken off.
pub fn received(tunnel: Tunnel, frame: &[u8], at: usize, tags: &mut Tags) -> Inner {
    match tunnel {
        Tunnel::Vxlan => vxlan(frame, at, tags),
        Tunnel::Geneve => geneve(frame, at, tags),
    }
}

/// IP protocol numbers.
mod protocol {
    pub const IPV4: u8 = 4;
    pub const UDP: u8 = 17;
    pub const IPV6: u8 = 41;
    pub const GRE: u8 = 47;
    pub const ETHERNET: u8 = 97;
    pub const MPLS: u8 = 137;
    pub const ETHERNET_8021Q: u8 = 143;
}

/// Behind an IP header, by its protocol.
pub fn in_ip(number: u8, frame: &[u8], at: usize, tags: &mut Tags) -> Inner {
    match number {
        protocol::IPV4 => Ok(Some((Layer::Ipv4, at))),
        protocol::IPV6 => Ok(Some((Layer::Ipv6, at))),
        protocol::GRE => gre(frame, at, tags),
        protocol::UDP => udp(frame, at, tags),
        // RFC 3378: a version before the frame. RFC 8986: nothing.
        protocol::ETHERNET => Ok(Some((Layer::Ethernet, at + 2))),
        protocol::ETHERNET_8021Q => Ok(Some((Layer::Ethernet, at))),
        protocol::MPLS => mpls(frame, at),
        _ => Ok(None),
    }
}

/// RFC 3032: labels until the one that says it is the last; what follows is not named.
pub fn mpls(frame: &[u8], at: usize) -> Inner {
    let mut after = at;
    while u32_at(frame, after)? & 0x100 == 0 {
        after += 4;
    }
    after += 4;
    Ok(Some(match byte(frame, after)? >> 4 {
        4 => (Layer::Ipv4, after),
        6 => (Layer::Ipv6, after),
        // RFC 4448: a control word begins with a zero nibble, and an Ethernet frame follows it.
        0 => (Layer::Ethernet, after + 4),
        _ => (Layer::Ethernet, after),
    }))
}

/// RFC 8300: the length in words, and what is inside.
pub fn nsh(frame: &[u8], at: usize) -> Inner {
    let words = usize::from(byte(frame, at + 1)? & 0x3f);
    Ok(gpe(byte(frame, at + 3)?, at + words.max(2) * 4))
}

/// RFC 2784, 2890, 7637 (NVGRE), 2637 (PPTP), draft-foschiano-erspan.
fn gre(frame: &[u8], at: usize, tags: &mut Tags) -> Inner {
    const CHECKSUM_OR_ROUTING: u16 = 0xc000;
    const KEY: u16 = 0x2000;
    const SEQUENCE: u16 = 0x1000;
    // Wireless controllers of Aruba number their own tunnels; 802.11 frames are inside.
    const ARUBA_FIRST: u16 = 0x8200;
    const ARUBA_LAST: u16 = 0x82ff;
    let (flags, number) = (u16_at(frame, at)?, u16_at(frame, at + 2)?);
    let has = |flag: u16| flags & flag != 0;
    let mut after = at + 4;
    after += if has(CHECKSUM_OR_ROUTING) { 4 } else { 0 };
    if has(KEY) && number == ether::BRIDGED {
        tags.vni = Some(u32_at(frame, after)? >> 8);
    }
    after += if has(KEY) { 4 } else { 0 };
    after += if has(SEQUENCE) { 4 } else { 0 };
    match (flags & 7, number) {
        (1, ether::PPP) => Ok(Some((Layer::Ppp, after + if has(0x80) { 4 } else { 0 }))),
        (0, ether::ERSPAN) if !has(SEQUENCE) => Ok(Some((Layer::Ethernet, after))),
        (0, ether::ERSPAN) => Ok(Some((Layer::Ethernet, after + 8))),
        (0, ether::ERSPAN_3) => {
            let has_more = byte(frame, after + 11)? & 1 != 0;
            Ok(Some((
                Layer::Ethernet,
                after + if has_more { 20 } else { 12 },
            )))
        }
        (0, ARUBA_FIRST..=ARUBA_LAST) => Ok(Some((Layer::Link(Link::Ieee80211), after))),
        (0, _) => Ok(Some((Layer::EtherType(number), after))),
        _ => Ok(None),
    }
}

/// By the destination port, or the source port of what answers; and only if the header fits.
fn udp(frame: &[u8], at: usize, tags: &mut Tags) -> Inner {
    let (source, destination) = (u16_at(frame, at)?, u16_at(frame, at + 2)?);
    for port in [destination, source] {
        let inner = match port {
            4789 | 8472 => vxlan(frame, at + 8, tags),
            4790 => vxlan_gpe(frame, at + 8, tags),
            6081 => geneve(frame, at + 8, tags),
            2152 => gtp(frame, at + 8),
            3544 => teredo(frame, at + 8),
            // LISP (RFC 9300): IP behind eight bytes.
            4341 => Ok(Some((Layer::Ip, at + 16))),
            5072 => ayiya(frame, at + 8),
            1701 => l2tp(frame, at + 8),
            6635 => mpls(frame, at + 8),
            37_008 => tzsp(frame, at + 8),
            _ => continue,
        };
        return inner;
    }
    teredo_between_clients(frame, at + 8)
}

/// Teredo clients speak to each other on any ports; then one address at least is in 2001::/32,
/// and the datagram is exactly as long as it says.
fn teredo_between_clients(frame: &[u8], at: usize) -> Inner {
    let Ok(head) = array::<40>(frame, at) else {
        return Ok(None);
    };
    let is_teredo = |address: &[u8]| address.starts_with(&[0x20, 0x01, 0, 0]);
    let length = usize::from(u16::from_be_bytes([head[4], head[5]]));
    let udp_bytes = usize::from(u16_at(frame, at - 4)?);
    let fits = head[0] >> 4 == 6 && length + 40 + 8 == udp_bytes;
    let is_inside = fits && (is_teredo(&head[8..24]) || is_teredo(&head[24..40]));
    Ok(is_inside.then_some((Layer::Ipv6, at)))
}

/// RFC 7348.
fn vxlan(frame: &[u8], at: usize, tags: &mut Tags) -> Inner {
    let has_vni = byte(frame, at)? & 0x08 != 0;
    if has_vni {
        tags.vni = Some(u32_at(frame, at + 4)? >> 8);
    }
    Ok(has_vni.then_some((Layer::Ethernet, at + 8)))
}

/// draft-ietf-nvo3-vxlan-gpe.
fn vxlan_gpe(frame: &[u8], at: usize, tags: &mut Tags) -> Inner {
    let has_protocol = byte(frame, at)? & 0x04 != 0;
    if !has_protocol {
        return vxlan(frame, at, tags);
    }
    tags.vni = Some(u32_at(frame, at + 4)? >> 8);
    Ok(gpe(byte(frame, at + 3)?, at + 8))
}

/// The protocol numbers that VXLAN-GPE and NSH share.
fn gpe(number: u8, at: usize) -> Option<(Layer, usize)> {
    match number {
        1 => Some((Layer::Ipv4, at)),
        2 => Some((Layer::Ipv6, at)),
        3 => Some((Layer::Ethernet, at)),
        4 => Some((Layer::EtherType(ether::NSH), at)),
        5 => Some((Layer::EtherType(ether::MPLS), at)),
        _ => None,
    }
}

/// RFC 8926. Gateway load balancers put their options before plain IP and leave the id 0.
fn geneve(frame: &[u8], at: usize, tags: &mut Tags) -> Inner {
    let version_and_length = byte(frame, at)?;
    if version_and_length >> 6 != 0 {
        return Ok(None);
    }
    let options_bytes = usize::from(version_and_length & 0x3f) * 4;
    tags.vni = Some(u32_at(frame, at + 4)? >> 8);
    Ok(Some((
        Layer::EtherType(u16_at(frame, at + 2)?),
        at + 8 + options_bytes,
    )))
}

/// 3GPP TS 29.281: user data (message 255), behind optional fields and extension headers.
fn gtp(frame: &[u8], at: usize) -> Inner {
    let head: &[u8; 8] = array(frame, at)?;
    let is_user_data = head[0] >> 4 == 0b0011 && head[1] == 0xff;
    if !is_user_data {
        return Ok(None);
    }
    let mut after = at + 8;
    if head[0] & 7 != 0 {
        after += 4;
        while byte(frame, after - 1)? != 0 {
            after += usize::from(byte(frame, after)?.max(1)) * 4;
        }
    }
    Ok(Some((Layer::Ip, after)))
}

/// RFC 4380: authentication and origin may stand before the IPv6 header.
fn teredo(frame: &[u8], at: usize) -> Inner {
    let mut after = at;
    if u16_at(frame, after)? == 1 {
        let (client, value) = (byte(frame, after + 2)?, byte(frame, after + 3)?);
        after += 13 + usize::from(client) + usize::from(value);
    }
    if u16_at(frame, after)? == 0 {
        after += 8;
    }
    Ok((byte(frame, after)? >> 4 == 6).then_some((Layer::Ipv6, after)))
}

/// draft-massar-v6ops-ayiya: identity and signature lengths in the first two bytes.
fn ayiya(frame: &[u8], at: usize) -> Inner {
    let head: &[u8; 4] = array(frame, at)?;
    let after = at + 8 + (1usize << (head[0] >> 4)) + usize::from(head[1] >> 4) * 4;
    let is_forwarded = head[2] & 0xf == 1;
    match head[3] {
        protocol::IPV4 | protocol::IPV6 if is_forwarded => Ok(Some((Layer::Ip, after))),
        _ => Ok(None),
    }
}

/// RFC 2661: data messages with PPP inside.
fn l2tp(frame: &[u8], at: usize) -> Inner {
    let flags = u16_at(frame, at)?;
    let has = |flag: u16| flags & flag != 0;
    let is_data = !has(0x8000) && flags & 0xf == 2;
    if !is_data {
        return Ok(None);
    }
    let mut after = at + 6;
    after += if has(0x4000) { 2 } else { 0 };
    after += if has(0x0800) { 4 } else { 0 };
    if has(0x0200) {
        after += 2 + usize::from(u16_at(frame, after)?);
    }
    Ok(Some((Layer::Ppp, after)))
}

/// TaZmen Sniffer Protocol, as access points and routers mirror: tagged fields until an end tag.
fn tzsp(frame: &[u8], at: usize) -> Inner {
    let is_ethernet = byte(frame, at)? == 1 && u16_at(frame, at + 2)? == 1;
    if !is_ethernet {
        return Ok(None);
    }
    let mut after = at + 4;
    loop {
        match byte(frame, after)? {
            0 => after += 1,
            1 => return Ok(Some((Layer::Ethernet, after + 1))),
            _ => after += 2 + usize::from(byte(frame, after + 1)?),
        }
    }
}
