//! QUIC as far as it can be read without keys: the client's Initial packets, whose keys are public
//! (RFC 9001 §5.2, RFC 9369 §3.3.1), and in them its ClientHello. All else stays closed.

pub mod crypto;
pub mod datagram;
pub mod flow;
pub mod initial;
pub mod packet;
