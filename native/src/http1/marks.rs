//! What is unusual about a message: names of the Anomaly enumeration, in order of first sight.

use serde::{Deserialize, Serialize};

use crate::schema::Anomaly;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marks(Vec<u8>);

impl Marks {
    pub fn add(&mut self, anomaly: Anomaly) {
        self.add_number(anomaly as u8);
    }

    pub fn add_all(&mut self, other: &Marks) {
        other.0.iter().for_each(|&number| self.add_number(number));
    }

    pub fn numbers(&self) -> &[u8] {
        &self.0
    }

    pub fn has(&self, anomaly: Anomaly) -> bool {
        self.0.contains(&(anomaly as u8))
    }

    fn add_number(&mut self, number: u8) {
        if !self.0.contains(&number) {
            self.0.push(number);
        }
    }
}
