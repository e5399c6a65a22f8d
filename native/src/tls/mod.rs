//! TLS 1.0 to 1.3 opened with keys that were given, and what its handshake says without any.
//!
//! Ordered bytes of a connection are records; records opened with the session's secrets are
//! ordered bytes again, which go to the readers of HTTP. No key is ever computed that was not
//! given, nothing is verified but what proves a key right. RFC 2246, 4346, 5246, 8446.

mod advance;
mod cbc;
pub mod cipher;
mod digest;
pub mod extensions;
pub mod handshake;
pub mod hello;
pub mod ja4;
mod lost;
pub mod record;
mod said;
pub mod schedule;
pub mod secret;
pub mod session;
mod side;
pub mod suite;
