//! From a frame to the innermost TCP segment or datagram of QUIC: link layers, tags, IP, tunnels, fragments.
//!
//! In: a frame. Out: where IP and TCP begin and whose they are, or a fragment to join, or why
//! neither. It never copies and never fails in another way.

mod cause;
mod datagram;
pub mod defrag;
pub mod ip;
pub mod link;
pub mod tunnel;

pub use cause::Cause;
use ip::{Ip, Part};
use link::Link;
use tunnel::Tunnel;

use crate::quic::{self, packet::Shape};

/// What encloses what, IP in IP in UDP …: real networks have two or three, what has more is made
/// to keep sensors busy.
pub const TUNNELS_MAX: usize = 8;
/// Headers of all kinds before the innermost; ends what tags and labels could drag out.
const STEPS_MAX: usize = 64;
const TCP_HEADER_BYTES: usize = 20;
const UDP_HEADER_BYTES: usize = 8;
/// UPnP's discovery (SSDP) speaks HTTP in datagrams.
const HTTPU: [&[u8]; 3] = [b"NOTIFY * HTTP/", b"M-SEARCH * HTTP/", b"HTTP/1."];

/// Ethernet types.
pub mod ether {
    pub const IPV4: u16 = 0x0800;
    pub const IPV6: u16 = 0x86dd;
    pub const VLAN: u16 = 0x8100;
    pub const VLAN_OUTER: u16 = 0x88a8;
    pub const VLAN_OLD: u16 = 0x9100;
    pub const BRIDGED: u16 = 0x6558;
    pub const MPLS: u16 = 0x8847;
    pub const MPLS_UPSTREAM: u16 = 0x8848;
    pub const PPP: u16 = 0x880b;
    pub const ERSPAN: u16 = 0x88be;
    pub const ERSPAN_3: u16 = 0x22eb;
    pub const NSH: u16 = 0x894f;
    pub const PPPOE_SESSION: u16 = 0x8864;
    /// IEEE 802.1ah: a customer's frame inside a provider's.
    pub const BACKBONE: u16 = 0x88e7;
    /// Cisco's group tags, and those of ports of virtual machines (VN-Tag; IEEE 802.1BR).
    pub const GROUP_TAG: u16 = 0x8909;
    pub const PORT_TAG: u16 = 0x8926;
    pub const PORT_TAG_BR: u16 = 0x893f;
    /// Smaller numbers are lengths: an LLC header follows.
    pub const FIRST: u16 = 0x0600;
}

/// An address and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint {
    /// IPv4 as ::ffff:a.b.c.d.
    pub address: u128,
    pub port: u16,
}

/// What stood around the IP header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tags {
    /// Innermost VLAN id.
    pub vlan: Option<u16>,
    /// Innermost tunnel network id.
    pub vni: Option<u32>,
}

/// Where in a frame a TCP segment is, or a datagram of UDP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    pub ip_offset: u16,
    pub tcp_offset: u16,
    pub source: Endpoint,
    pub destination: Endpoint,
    pub tags: Tags,
}

/// A fragment of a datagram, to be joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment<'a> {
    pub source: u128,
    pub destination: u128,
    pub tags: Tags,
    pub part: Part,
    pub protocol: u8,
    /// The header that all fragments repeat.
    pub header: &'a [u8],
    /// Where in it the payload's protocol belongs.
    pub protocol_at: usize,
    pub payload: &'a [u8],
    /// IP headers around this one.
    pub depth: usize,
}

/// What a frame turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decoded<'a> {
    Tcp(Segment),
    /// A datagram of QUIC, and how many bytes of the frame can be of use.
    Quic(Segment, usize),
    Fragment(Fragment<'a>),
    Dropped(Cause),
}

/// Which header comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    Link(Link),
    Ethernet,
    EtherType(u16),
    Llc,
    Ppp,
    Ip,
    Ipv4,
    Ipv6,
    Tunnel(Tunnel),
    /// Something that carries no IP.
    Other,
}

/// The frame ends before the header does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Short;

impl From<Short> for Cause {
    fn from(_: Short) -> Self {
        Cause::Malformed
    }
}

impl From<ip::Malformed> for Cause {
    fn from(_: ip::Malformed) -> Self {
        Cause::Malformed
    }
}

/// Decodes a frame as captured.
#[inline]
pub fn frame(link: Link, frame: &[u8]) -> Decoded<'_> {
    decode(frame, Layer::Link(link), Tags::default(), 0)
}

/// Decodes a datagram joined from fragments that had such tags and so many IP headers around.
pub fn joined(datagram: &[u8], tags: Tags, depth: usize) -> Decoded<'_> {
    decode(datagram, Layer::Ip, tags, depth)
}

#[inline]
fn decode(frame: &[u8], layer: Layer, tags: Tags, depth: usize) -> Decoded<'_> {
    let walk = Walk {
        frame,
        at: 0,
        end: frame.len(),
        tags,
        depth,
    };
    walk.run(layer).unwrap_or_else(Decoded::Dropped)
}

struct Walk<'a> {
    frame: &'a [u8],
    at: usize,
    end: usize,
    tags: Tags,
    depth: usize,
}

/// Either the next header, or the end of the walk.
enum Next<'a> {
    Layer(Layer),
    End(Decoded<'a>),
}

impl<'a> Walk<'a> {
    #[inline]
    fn run(mut self, mut layer: Layer) -> Result<Decoded<'a>, Cause> {
        for _ in 0..STEPS_MAX {
            layer = match layer {
                Layer::Link(link) => self.to(link::step(link, self.frame, self.at)?),
                Layer::Ethernet => self.to(link::step(Link::Ethernet, self.frame, self.at)?),
                Layer::EtherType(number) => self.ether_type(number)?,
                Layer::Llc => self.llc()?,
                Layer::Ppp => self.ppp()?,
                Layer::Ip | Layer::Ipv4 | Layer::Ipv6 => match self.ip(layer)? {
                    Next::Layer(next) => next,
                    Next::End(decoded) => return Ok(decoded),
                },
                Layer::Tunnel(kind) => {
                    let inner = tunnel::received(kind, self.frame, self.at, &mut self.tags)?;
                    Self::into(&mut self, inner)
                }
                Layer::Other => return Err(Cause::NotIp),
            };
        }
        Err(Cause::TooManyTunnels)
    }

    #[inline]
    fn to(&mut self, (layer, at): (Layer, usize)) -> Layer {
        self.at = at;
        layer
    }

    fn into(&mut self, inner: Option<(Layer, usize)>) -> Layer {
        inner.map_or(Layer::Other, |inner| self.to(inner))
    }

    #[inline]
    fn ether_type(&mut self, number: u16) -> Result<Layer, Cause> {
        Ok(match number {
            ether::IPV4 => Layer::Ipv4,
            ether::IPV6 => Layer::Ipv6,
            ether::VLAN | ether::VLAN_OUTER | ether::VLAN_OLD => {
                self.tags.vlan = Some(u16_at(self.frame, self.at)? & 0xfff);
                self.to((
                    Layer::EtherType(u16_at(self.frame, self.at + 2)?),
                    self.at + 4,
                ))
            }
            ether::PPPOE_SESSION => self.to((Layer::Ppp, self.at + 6)),
            ether::BRIDGED => Layer::Ethernet,
            ether::BACKBONE => self.to((Layer::Ethernet, self.at + 4)),
            ether::PORT_TAG => self.tagged(4)?,
            ether::GROUP_TAG | ether::PORT_TAG_BR => self.tagged(6)?,
            ether::MPLS | ether::MPLS_UPSTREAM => self.into(tunnel::mpls(self.frame, self.at)?),
            ether::NSH => self.into(tunnel::nsh(self.frame, self.at)?),
            0..ether::FIRST => Layer::Llc,
            _ => Layer::Other,
        })
    }

    /// A tag of so many bytes that says nothing about the flow, then an Ethernet type.
    fn tagged(&mut self, bytes: usize) -> Result<Layer, Cause> {
        let number = u16_at(self.frame, self.at + bytes)?;
        Ok(self.to((Layer::EtherType(number), self.at + bytes + 2)))
    }

    /// IEEE 802.2 with SNAP: the Ethernet type stands behind six bytes.
    fn llc(&mut self) -> Result<Layer, Cause> {
        let head: &[u8; 8] = array(self.frame, self.at)?;
        if head[..3] != [0xaa, 0xaa, 3] {
            return Ok(Layer::Other);
        }
        let number = u16::from_be_bytes([head[6], head[7]]);
        Ok(self.to((Layer::EtherType(number), self.at + 8)))
    }

    /// RFC 1661 and 1662: address and control may be left out, a protocol may be one byte.
    fn ppp(&mut self) -> Result<Layer, Cause> {
        if matches!(u16_at(self.frame, self.at)?, 0xff03 | 0x0f00) {
            let is_hdlc = byte(self.frame, self.at)? == 0x0f;
            self.at += 2;
            if is_hdlc {
                return Ok(self.to((Layer::EtherType(u16_at(self.frame, self.at)?), self.at + 2)));
            }
        }
        let first = byte(self.frame, self.at)?;
        let (number, bytes) = match first & 1 {
            1 => (u16::from(first), 1),
            _ => (u16_at(self.frame, self.at)?, 2),
        };
        let layer = match number {
            0x0021 => Layer::Ipv4,
            0x0057 => Layer::Ipv6,
            0x0281 => Layer::EtherType(ether::MPLS),
            _ => Layer::Other,
        };
        Ok(self.to((layer, self.at + bytes)))
    }

    #[inline]
    fn ip(&mut self, layer: Layer) -> Result<Next<'a>, Cause> {
        if self.depth > TUNNELS_MAX {
            return Err(Cause::TooManyTunnels);
        }
        let ip_at = self.at;
        let ip = match layer {
            Layer::Ipv4 => ip::v4(self.frame, ip_at, self.end)?,
            Layer::Ipv6 => ip::v6(self.frame, ip_at, self.end)?,
            _ => ip::header(self.frame, ip_at, self.end)?,
        };
        if let Some(part) = ip.fragment {
            return Ok(Next::End(Decoded::Fragment(
                self.fragment(&ip, part, ip_at)?,
            )));
        }
        self.at = ip.payload;
        self.end = ip.end;
        match ip.protocol {
            ip::TCP => self.tcp(&ip, ip_at).map(Decoded::Tcp).map(Next::End),
            other => {
                self.depth += 1;
                let inner = tunnel::in_ip(other, self.frame, self.at, &mut self.tags);
                // What is no tunnel is often no longer than its header: short is no error here.
                let Some((layer, at)) = inner.ok().flatten() else {
                    return self.other(&ip, ip_at).map(Next::End);
                };
                self.at = at;
                Ok(Next::Layer(layer))
            }
        }
    }

    #[inline]
    fn tcp(&self, ip: &Ip, ip_at: usize) -> Result<Segment, Cause> {
        if self.at + TCP_HEADER_BYTES > self.end {
            return Err(Cause::Malformed);
        }
        self.segment(ip, ip_at)
    }

    /// What is neither TCP nor a tunnel.
    fn other(&self, ip: &Ip, ip_at: usize) -> Result<Decoded<'a>, Cause> {
        match ip.protocol {
            ip::UDP => {}
            ip::SCTP => return Err(Cause::Sctp),
            _ => return Err(Cause::NotTcp),
        }
        let payload_at = self.at + UDP_HEADER_BYTES;
        let end = self.end.min(self.frame.len());
        let payload = self.frame.get(payload_at..end).unwrap_or_default();
        let ports = [self.at, self.at + 2].map(|at| u16_at(self.frame, at).unwrap_or(0));
        let kept = match quic::packet::shape(payload, ports) {
            Some(Shape::Long) => self.frame.len(),
            Some(Shape::Short) => payload_at,
            None if HTTPU.iter().any(|line| payload.starts_with(line)) => return Err(Cause::Httpu),
            None => return Err(Cause::NotTcp),
        };
        Ok(Decoded::Quic(self.segment(ip, ip_at)?, kept))
    }

    #[inline]
    fn segment(&self, ip: &Ip, ip_at: usize) -> Result<Segment, Cause> {
        let offset = |at: usize| u16::try_from(at).map_err(|_| Cause::TooManyTunnels);
        let (source, destination) = (
            u16_at(self.frame, self.at)?,
            u16_at(self.frame, self.at + 2)?,
        );
        Ok(Segment {
            ip_offset: offset(ip_at)?,
            tcp_offset: offset(self.at)?,
            source: Endpoint {
                address: ip.source,
                port: source,
            },
            destination: Endpoint {
                address: ip.destination,
                port: destination,
            },
            tags: self.tags,
        })
    }

    fn fragment(&self, ip: &Ip, part: Part, ip_at: usize) -> Result<Fragment<'a>, Cause> {
        Ok(Fragment {
            source: ip.source,
            destination: ip.destination,
            tags: self.tags,
            part,
            protocol: ip.protocol,
            header: self
                .frame
                .get(ip_at..part.header_end)
                .ok_or(Cause::Malformed)?,
            protocol_at: part.protocol_at - ip_at,
            payload: self.frame.get(ip.payload..ip.end).ok_or(Cause::Malformed)?,
            depth: self.depth,
        })
    }
}

#[inline]
fn array<const N: usize>(frame: &[u8], at: usize) -> Result<&[u8; N], Short> {
    frame
        .get(at..)
        .and_then(|rest| rest.first_chunk())
        .ok_or(Short)
}

#[inline]
fn byte(frame: &[u8], at: usize) -> Result<u8, Short> {
    frame.get(at).copied().ok_or(Short)
}

#[inline]
fn u16_at(frame: &[u8], at: usize) -> Result<u16, Short> {
    array(frame, at).map(|two| u16::from_be_bytes(*two))
}

#[inline]
fn u32_at(frame: &[u8], at: usize) -> Result<u32, Short> {
    array(frame, at).map(|four| u32::from_be_bytes(*four))
}
