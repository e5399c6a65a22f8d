//! Fuzzes `inbound::decode`.
#![no_main]

#[allow(dead_code)] // the other targets use the rest
#[path = "../inbound.rs"]
mod inbound;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| inbound::decode(bytes));
