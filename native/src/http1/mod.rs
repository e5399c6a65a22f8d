//! HTTP/1 on ordered bytes: what begins here, heads, and the framing of bodies.

pub mod body;
pub mod framing;
pub mod head;
pub mod marks;
pub mod start;
