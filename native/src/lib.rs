//! sidetap's packet path: packets → blocks → exchanges. The Python border is `python`.

pub mod avro;
pub mod block;
pub mod ledger;
#[cfg(feature = "python")]
mod python;
pub mod schema;
