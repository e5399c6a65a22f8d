//! sidetap's packet path: packets → blocks → exchanges. The Python border is `python`.

pub mod block;
#[cfg(feature = "python")]
mod python;
pub mod schema;
