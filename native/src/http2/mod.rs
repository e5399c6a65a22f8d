//! HTTP/2 on the wire: frames and header blocks. No streams in here, and no exchanges.

pub mod frame;
pub mod head;
pub mod hpack;
pub mod huffman;
pub mod table;
