//! What came in, went out, was dropped and why: LedgerEntry records.

use std::collections::BTreeMap;
use std::ops::{AddAssign, Sub};

use crate::avro::{write_long, write_string};
use crate::schema::{LEDGER_ENTRY_HEAD, Layer};

/// So many packets (or records) and bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    pub packets: i64,
    pub bytes: i64,
}

impl Amount {
    /// One packet of so many bytes.
    pub fn one(bytes: usize) -> Self {
        Amount {
            packets: 1,
            bytes: bytes as i64,
        }
    }

    pub fn is_zero(self) -> bool {
        self == Amount::default()
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Amount) {
        self.packets += other.packets;
        self.bytes += other.bytes;
    }
}

impl Sub for Amount {
    type Output = Amount;

    fn sub(self, other: Amount) -> Amount {
        Amount {
            packets: self.packets - other.packets,
            bytes: self.bytes - other.bytes,
        }
    }
}

/// Amounts by cause, in the order of their names.
pub type Causes = BTreeMap<String, Amount>;

/// Deltas of one layer since its last entry; `held` is the change of what is held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deltas {
    pub entered: Amount,
    pub left: Amount,
    pub dropped: Causes,
    pub held: Amount,
    pub missing: Causes,
    pub parts: Causes,
}

impl Deltas {
    pub fn drop(&mut self, cause: &str, amount: Amount) {
        add(&mut self.dropped, cause, amount);
    }

    pub fn miss(&mut self, cause: &str, amount: Amount) {
        add(&mut self.missing, cause, amount);
    }

    pub fn part(&mut self, name: &str, amount: Amount) {
        add(&mut self.parts, name, amount);
    }

    /// Adds what another counter of the same layer has.
    pub fn merge(&mut self, other: &Deltas) {
        self.entered += other.entered;
        self.left += other.left;
        self.held += other.held;
        other
            .dropped
            .iter()
            .for_each(|(cause, amount)| self.drop(cause, *amount));
        other
            .missing
            .iter()
            .for_each(|(cause, amount)| self.miss(cause, *amount));
        other
            .parts
            .iter()
            .for_each(|(name, amount)| self.part(name, *amount));
    }

    /// Nothing happened since the last entry.
    pub fn is_zero(&self) -> bool {
        *self == Deltas::default()
    }

    /// What the balance does not explain; zero unless there is a bug.
    pub fn residual(&self) -> Amount {
        let mut explained = self.left;
        self.dropped
            .values()
            .for_each(|amount| explained += *amount);
        explained += self.held;
        self.entered - explained
    }
}

/// Where and when deltas were counted; `id` is made of layer, source and position, never of chance.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub id: &'a str,
    pub at_us: i64,
    pub site: &'a str,
    pub layer: Layer,
    pub source: &'a str,
}

/// One LedgerEntry record.
pub fn record(place: Place, deltas: &Deltas) -> Vec<u8> {
    let mut out = LEDGER_ENTRY_HEAD.to_vec();
    write_string(place.id, &mut out);
    write_long(place.at_us, &mut out);
    write_string(place.site, &mut out);
    write_long(place.layer as i64, &mut out);
    write_string(place.source, &mut out);
    write_amount(deltas.entered, &mut out);
    write_amount(deltas.left, &mut out);
    write_causes(&deltas.dropped, &mut out);
    write_amount(deltas.held, &mut out);
    write_causes(&deltas.missing, &mut out);
    write_causes(&deltas.parts, &mut out);
    out
}

fn add(causes: &mut Causes, cause: &str, amount: Amount) {
    match causes.get_mut(cause) {
        Some(sum) => *sum += amount,
        None => drop(causes.insert(cause.to_owned(), amount)),
    }
}

fn write_amount(amount: Amount, out: &mut Vec<u8>) {
    write_long(amount.packets, out);
    write_long(amount.bytes, out);
}

fn write_causes(causes: &Causes, out: &mut Vec<u8>) {
    // An Avro map is blocks of so many pairs, ended by a block of none.
    if !causes.is_empty() {
        write_long(causes.len() as i64, out);
        for (cause, amount) in causes {
            write_string(cause, out);
            write_amount(*amount, out);
        }
    }
    write_long(0, out);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_residual_is_what_nobody_counted() {
        let mut deltas = Deltas {
            entered: Amount {
                packets: 3,
                bytes: 30,
            },
            ..Deltas::default()
        };
        deltas.left = Amount::one(10);
        deltas.drop("not_tcp", Amount::one(12));
        deltas.miss("kernel", Amount::one(99));
        assert_eq!(deltas.residual(), Amount::one(8));
        deltas.held = Amount::one(8);
        assert!(deltas.residual().is_zero());
    }
}
