//! Which partition of `packets` a flow belongs to: the same for both directions, on every agent,
//! for ever.
//!
//! The definition is a contract between agents that never speak to each other, so its constants
//! and the tests below never change. It has no key: whoever knows it can choose ports that meet in
//! one partition, which `doctor` and the metrics show; the flow table has a keyed hash of its own.
//!
//! ```text
//! site      = FNV-1a, 64 bits, of the site's name
//! mix(z)    = z ^= z >> 30; z *= 0xbf58476d1ce4e5b9; z ^= z >> 27; z *= 0x94d049bb133111eb; z ^ z >> 31
//! end(e)    = mix(low ^ mix(high ^ port * 0x9e3779b97f4a7c15)), address as 128 bits, IPv4 as ::ffff:a.b.c.d
//! tags      = vlan_in_flow ? mix((vlan + 1) << 33 | (vni + 1)), 0 for what is absent : 0
//! flow      = mix((site ^ tags) + end(a) + end(b))
//! partition = ((flow >> 32) * partitions) >> 32
//! ```
//! All arithmetic wraps at 64 bits.

use crate::decode::{Endpoint, Segment, Tags};

/// Spreads flows of one site.
#[derive(Clone, Copy, Debug)]
pub struct Spread {
    site: u64,
    partitions: u64,
    tags_count: bool,
}

impl Spread {
    pub fn of(site: &str, partitions: u32, tags_count: bool) -> Self {
        let fnv = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        let site = site.bytes().fold(0xcbf2_9ce4_8422_2325, fnv);
        Spread {
            site,
            partitions: u64::from(partitions),
            tags_count,
        }
    }

    #[inline]
    pub fn partition(&self, segment: &Segment) -> usize {
        (((self.flow(segment) >> 32) * self.partitions) >> 32) as usize
    }

    #[inline]
    fn flow(&self, segment: &Segment) -> u64 {
        let tags = if self.tags_count {
            tags(segment.tags)
        } else {
            0
        };
        let ends = end(segment.source).wrapping_add(end(segment.destination));
        mix((self.site ^ tags).wrapping_add(ends))
    }
}

#[inline]
fn end(endpoint: Endpoint) -> u64 {
    let (high, low) = ((endpoint.address >> 64) as u64, endpoint.address as u64);
    let port = u64::from(endpoint.port).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mix(low ^ mix(high ^ port))
}

fn tags(tags: Tags) -> u64 {
    let vlan = tags.vlan.map_or(0, |vlan| u64::from(vlan) + 1);
    let vni = tags.vni.map_or(0, |vni| u64::from(vni) + 1);
    mix(vlan << 33 | vni)
}

#[inline]
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn endpoint(address: &str, port: u16) -> Endpoint {
        let address = match address.parse().unwrap() {
            IpAddr::V4(four) => four.to_ipv6_mapped().to_bits(),
            IpAddr::V6(six) => six.to_bits(),
        };
        Endpoint { address, port }
    }

    fn segment(source: Endpoint, destination: Endpoint, vlan: Option<u16>) -> Segment {
        let tags = Tags { vlan, vni: None };
        Segment {
            ip_offset: 0,
            tcp_offset: 20,
            source,
            destination,
            tags,
        }
    }

    /// Computed by the definition above in another language; tests/unit/native holds it.
    #[test]
    fn the_numbers_never_change() {
        for (site, a, b, vlan, flow, of_12) in [
            (
                "default",
                ("10.0.0.1", 40000),
                ("10.0.0.2", 80),
                None,
                0x4606_4472_980e_014c,
                3,
            ),
            (
                "other",
                ("10.0.0.1", 40000),
                ("10.0.0.2", 80),
                None,
                0xd359_730a_651c_89d8,
                9,
            ),
            (
                "default",
                ("2001:db8::1", 443),
                ("fe80::2", 5),
                None,
                0xb84d_206f_324c_57f4,
                8,
            ),
            (
                "default",
                ("10.0.0.1", 40000),
                ("10.0.0.2", 80),
                Some(7),
                0x6ac2_c9a0_03b5_3dcd,
                5,
            ),
        ] {
            let spread = Spread::of(site, 12, vlan.is_some());
            let (a, b) = (endpoint(a.0, a.1), endpoint(b.0, b.1));
            for segment in [segment(a, b, vlan), segment(b, a, vlan)] {
                assert_eq!(spread.flow(&segment), flow);
                assert_eq!(spread.partition(&segment), of_12);
            }
        }
    }

    #[test]
    fn tags_count_only_where_asked() {
        let (a, b) = (endpoint("10.0.0.1", 1), endpoint("10.0.0.2", 2));
        let flow = |tags_count: bool, vlan| {
            Spread::of("default", 12, tags_count).flow(&segment(a, b, vlan))
        };
        assert_eq!(flow(false, Some(1)), flow(false, None));
        assert_ne!(flow(true, Some(1)), flow(true, None));
        assert_ne!(flow(true, Some(1)), flow(true, Some(2)));
    }

    #[test]
    fn flows_spread_evenly() {
        let spread = Spread::of("default", 12, false);
        let server = endpoint("10.0.0.2", 80);
        let mut counts = [0; 12];
        for port in 1024..13_024 {
            counts[spread.partition(&segment(endpoint("10.0.0.1", port), server, None))] += 1;
        }
        assert!(
            counts.iter().all(|count| (850..1150).contains(count)),
            "{counts:?}"
        );
    }
}
