//! Header values that said nothing: clients repeat them with every request.
//!
//! Skipping them is lossless: a rule looks at one value at a time, so a value in which none spoke
//! says nothing in the next request either. The budgets are charged as if it had been looked at.

use std::collections::{HashMap, VecDeque};

use super::collect::Cost;

/// Agents, languages and cookies of some thousand clients; 16 MB if all are as long as they may be.
const CLEAN_MAX: usize = 8_192;
const CLEAN_BYTES_MAX: usize = 2_048;

/// The headers known to be clean; the oldest gives way.
#[derive(Default)]
pub struct Clean {
    costs: HashMap<Box<[u8]>, Cost>,
    order: VecDeque<Box<[u8]>>,
}

impl Clean {
    /// What looking at the header would cost; None: it must be looked at.
    pub fn cost(&self, header: &[u8]) -> Option<Cost> {
        self.costs.get(header).copied()
    }

    /// Take in a header of a request in which nothing was found.
    pub fn learn(&mut self, header: Box<[u8]>, cost: Cost) {
        if header.len() > CLEAN_BYTES_MAX || self.costs.contains_key(&header) {
            return;
        }
        if self.order.len() >= CLEAN_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.costs.remove(&oldest);
        }
        self.order.push_back(header.clone());
        self.costs.insert(header, cost);
    }
}

/// A header as the table knows it: how long its name is, name, value.
pub fn key(buffer: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    buffer.clear();
    buffer.extend_from_slice(&name.len().to_ne_bytes());
    buffer.extend_from_slice(name);
    buffer.extend_from_slice(value);
}
