//! The identity of a flow: site and canonical 5-tuple, the same for both directions.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

/// In front of an IPv4 address. Not the prefix of IPv4-mapped addresses: those exist on the wire.
const V4_PREFIX: [u8; 12] = [0xff; 12];

/// One side of a flow. An IPv4 address stands behind twelve bytes of ff.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Endpoint {
    pub ip: [u8; 16],
    pub port: u16,
}

impl Endpoint {
    pub fn v4(ip: [u8; 4], port: u16) -> Self {
        let mut long = [0xff; 16];
        long[12..].copy_from_slice(&ip);
        Endpoint { ip: long, port }
    }

    /// The address as people write it.
    pub fn address(&self) -> IpAddr {
        match self.ip {
            [.., a, b, c, d] if self.ip.starts_with(&V4_PREFIX) => Ipv4Addr::new(a, b, c, d).into(),
            ip => Ipv6Addr::from(ip).into(),
        }
    }
}

/// `low` is the smaller endpoint. `site` is an index of the worker's own table of sites.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlowKey {
    pub site: u32,
    pub low: Endpoint,
    pub high: Endpoint,
}

impl FlowKey {
    /// The key, and which side `from` is: 0 low, 1 high.
    pub fn new(site: u32, from: Endpoint, to: Endpoint) -> (Self, usize) {
        if from <= to {
            (
                FlowKey {
                    site,
                    low: from,
                    high: to,
                },
                0,
            )
        } else {
            (
                FlowKey {
                    site,
                    low: to,
                    high: from,
                },
                1,
            )
        }
    }

    pub fn side(&self, side: usize) -> Endpoint {
        if side == 0 { self.low } else { self.high }
    }

    /// The 36 bytes of the 5-tuple's endpoints, low first: in state rows and in ids.
    pub fn endpoints(&self) -> [u8; 36] {
        let mut out = [0; 36];
        for (at, side) in [(0, self.low), (18, self.high)] {
            out[at..at + 16].copy_from_slice(&side.ip);
            out[at + 16..at + 18].copy_from_slice(&side.port.to_be_bytes());
        }
        out
    }

    /// The reverse of `endpoints`.
    pub fn from_endpoints(site: u32, bytes: &[u8; 36]) -> Self {
        let side = |at: usize| {
            let mut ip = [0; 16];
            ip.copy_from_slice(&bytes[at..at + 16]);
            Endpoint {
                ip,
                port: u16::from_be_bytes([bytes[at + 16], bytes[at + 17]]),
            }
        };
        FlowKey {
            site,
            low: side(0),
            high: side(18),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions_have_one_key() {
        let (a, b) = (
            Endpoint::v4([10, 0, 0, 1], 80),
            Endpoint::v4([10, 0, 0, 2], 5),
        );
        assert_eq!(
            FlowKey::new(3, a, b),
            (
                FlowKey {
                    site: 3,
                    low: a,
                    high: b
                },
                0
            )
        );
        assert_eq!(
            FlowKey::new(3, b, a),
            (
                FlowKey {
                    site: 3,
                    low: a,
                    high: b
                },
                1
            )
        );
        let (key, _) = FlowKey::new(3, b, a);
        assert_eq!(FlowKey::from_endpoints(3, &key.endpoints()), key);
        assert_eq!(a.address().to_string(), "10.0.0.1");
    }
}
