//! sidetap's packet path: packets → blocks → exchanges. The Python border is `python`.

pub mod avro;
pub mod block;
pub mod capture;
pub mod decode;
pub mod ledger;
pub mod pack;
#[cfg(feature = "python")]
mod python;
pub mod schema;
