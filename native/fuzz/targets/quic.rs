//! Fuzzes `flows::quic`.
#![no_main]

#[allow(dead_code)] // the other targets use the rest
#[path = "../flows.rs"]
mod flows;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| flows::quic(bytes));
