//! Fuzzes the cutting of requests: kind of body, target, a header and a body by line ends.
#![no_main]

#[path = "../requests.rs"]
mod requests;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| requests::cut(bytes));
