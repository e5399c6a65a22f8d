//! Rules that keep or drop packets by subnet: the first that matches either end decides.
//!
//! A packet that no rule matches meets the opposite of what the last rule does: after "include
//! 10.0.0.0/8" the rest of the world is out, after "exclude 10.0.0.0/8" it is in.

use std::net::IpAddr;

use crate::decode::Segment;
use crate::ledger::{Amount, Deltas};

/// Each packet walks the list; more rules than this belong into a BPF filter.
const RULES_MAX: usize = 256;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    name: String,
    include: bool,
    network: u128,
    mask: u128,
}

/// Rules with what each has matched since the last `count`.
#[derive(Clone, Debug, Default)]
pub struct Subnets {
    rules: Vec<Rule>,
    matched: Vec<Amount>,
    unmatched: Amount,
}

impl Subnets {
    /// From (name, "include" or "exclude", CIDR); an error is one sentence.
    pub fn of(rules: &[(String, String, String)]) -> Result<Self, String> {
        if rules.len() > RULES_MAX {
            return Err(format!("more than {RULES_MAX} subnet rules"));
        }
        let rules: Vec<Rule> = rules.iter().map(rule).collect::<Result<_, _>>()?;
        let matched = vec![Amount::default(); rules.len()];
        Ok(Subnets {
            rules,
            matched,
            unmatched: Amount::default(),
        })
    }

    /// Whether the packet stays; counts it.
    #[inline]
    pub fn keep(&mut self, segment: &Segment, amount: Amount) -> bool {
        self.rules.is_empty() || self.decide(segment, amount)
    }

    fn decide(&mut self, segment: &Segment, amount: Amount) -> bool {
        let (a, b) = (segment.source.address, segment.destination.address);
        let matches = |rule: &Rule| a & rule.mask == rule.network || b & rule.mask == rule.network;
        match self.rules.iter().position(matches) {
            Some(at) => {
                self.matched[at] += amount;
                self.rules[at].include
            }
            None => {
                self.unmatched += amount;
                self.keeps_unmatched()
            }
        }
    }

    fn keeps_unmatched(&self) -> bool {
        self.rules.last().is_none_or(|rule| !rule.include)
    }

    /// Moves the counts into a layer's deltas, by rule.
    pub fn count(&mut self, deltas: &mut Deltas) {
        let keeps = self.keeps_unmatched();
        let rules = self.rules.iter().zip(&mut self.matched);
        let counts = rules.map(|(rule, amount)| (rule.name.as_str(), rule.include, amount));
        for (name, include, amount) in counts.chain([("unmatched", keeps, &mut self.unmatched)]) {
            let amount = std::mem::take(amount);
            match include {
                _ if amount.is_zero() => {}
                true => deltas.part(&format!("subnet:{name}"), amount),
                false => deltas.drop(&format!("subnet:{name}"), amount),
            }
        }
    }
}

fn rule((name, action, cidr): &(String, String, String)) -> Result<Rule, String> {
    let include = match action.as_str() {
        "include" => true,
        "exclude" => false,
        _ => {
            return Err(format!(
                "subnet rule {name}: {action} is neither include nor exclude"
            ));
        }
    };
    let (network, mask) = network(cidr)
        .ok_or_else(|| format!("subnet rule {name}: {cidr} is no network such as 10.0.0.0/8"))?;
    Ok(Rule {
        name: name.clone(),
        include,
        network: network & mask,
        mask,
    })
}

fn network(cidr: &str) -> Option<(u128, u128)> {
    let (address, prefix) = match cidr.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix.parse::<u32>().ok()?)),
        None => (cidr, None),
    };
    let (address, skipped) = match address.parse().ok()? {
        IpAddr::V4(four) => (four.to_ipv6_mapped().to_bits(), 96),
        IpAddr::V6(six) => (six.to_bits(), 0),
    };
    let bits = prefix.map_or(Some(128), |prefix| prefix.checked_add(skipped))?;
    (bits <= 128).then(|| (address, u128::MAX.checked_shl(128 - bits).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{Endpoint, Tags};

    fn segment(a: &str, b: &str) -> Segment {
        let end = |text: &str| Endpoint {
            address: network(text).unwrap().0,
            port: 1,
        };
        let (source, destination) = (end(a), end(b));
        Segment {
            ip_offset: 0,
            tcp_offset: 0,
            source,
            destination,
            tags: Tags::default(),
        }
    }

    fn subnets(rules: &[(&str, &str, &str)]) -> Result<Subnets, String> {
        let owned = |r: &(&str, &str, &str)| (r.0.to_owned(), r.1.to_owned(), r.2.to_owned());
        Subnets::of(&rules.iter().map(owned).collect::<Vec<_>>())
    }

    #[test]
    fn the_first_match_decides_and_the_last_rule_tells_the_rest() {
        let mut office = subnets(&[
            ("printer", "exclude", "10.0.0.9"),
            ("office", "include", "10.0.0.0/8"),
            ("six", "include", "2001:db8::/32"),
        ])
        .unwrap();
        assert!(office.keep(&segment("10.1.1.1", "8.8.8.8"), Amount::one(5)));
        assert!(office.keep(&segment("8.8.8.8", "2001:db8::7"), Amount::one(6)));
        assert!(!office.keep(&segment("10.1.1.1", "10.0.0.9"), Amount::one(7)));
        assert!(!office.keep(&segment("1.1.1.1", "8.8.8.8"), Amount::one(8)));
        let mut deltas = Deltas::default();
        office.count(&mut deltas);
        assert_eq!(deltas.dropped["subnet:printer"], Amount::one(7));
        assert_eq!(deltas.dropped["subnet:unmatched"], Amount::one(8));
        assert_eq!(deltas.parts["subnet:office"], Amount::one(5));
        let mut rest = subnets(&[("lab", "exclude", "10.0.0.0/8")]).unwrap();
        assert!(rest.keep(&segment("1.1.1.1", "8.8.8.8"), Amount::one(1)));
    }

    #[test]
    fn a_wrong_rule_is_named() {
        for (rule, said) in [
            (("a", "allow", "10.0.0.0/8"), "neither include nor exclude"),
            (("a", "include", "10.0.0.0/33"), "is no network"),
            (("a", "include", "ten"), "is no network"),
        ] {
            assert!(subnets(&[rule]).unwrap_err().contains(said));
        }
        assert!(subnets(&[("all", "include", "::/0")]).is_ok());
    }
}
