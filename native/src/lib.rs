//! sidetap's packet path: packets → blocks → exchanges. The Python border is `python`.

pub mod avro;
pub mod block;
pub mod capture;
pub mod connection;
pub mod content;
pub mod decode;
pub mod encrypted;
pub mod exchange;
pub mod flow;
pub mod grpc;
pub mod http1;
pub mod http2;
pub mod ledger;
pub mod limits;
pub mod outline;
pub mod pack;
pub mod points;
#[cfg(feature = "python")]
mod python;
pub mod quic;
pub mod reassembler;
pub mod schema;
pub mod site;
pub mod snapshot;
pub mod socks;
pub mod tally;
pub mod tls;
pub mod websocket;
