//! WebSocket (RFC 6455) without its connection: frames, and messages that were compressed.

pub mod deflate;
pub mod frame;
