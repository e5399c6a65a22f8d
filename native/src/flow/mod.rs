//! TCP flows: who talks to whom, and the ordered bytes of each direction. No HTTP in here.

pub mod blob;
pub mod key;
pub mod recent;
pub mod run;
pub mod segment;
pub mod table;
pub mod tcp;
pub mod wheel;
