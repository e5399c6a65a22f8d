//! The fuzzer's committed seeds, replayed: fuzzing itself needs nightly.

use std::fs;
use std::path::Path;

#[path = "../fuzz/inbound.rs"]
mod inbound;

#[path = "../fuzz/flows.rs"]
mod flows;

#[allow(dead_code)] // the properties use the rest
#[path = "../fuzz/requests.rs"]
mod requests;

fn replay(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/seeds")
        .join(target);
    let seeds: Vec<_> = fs::read_dir(folder)
        .expect("seeds")
        .map(|seed| seed.expect("seed").path())
        .collect();
    assert!(!seeds.is_empty());
    seeds
        .iter()
        .for_each(|seed| run(&fs::read(seed).expect("a seed")));
}

#[test]
fn capture_files() {
    replay("capture_file", inbound::capture_file);
}

#[test]
fn frames() {
    replay("decode", inbound::decode);
}

#[test]
fn blocks() {
    replay("block", inbound::block);
}

#[test]
fn streams() {
    replay("stream", flows::stream);
}

#[test]
fn exchanges() {
    replay("exchange", flows::exchange);
}

#[test]
fn http2_streams() {
    replay("http2", flows::http2);
}

#[test]
fn websockets() {
    replay("websocket", flows::websocket);
}

#[test]
fn grpc_bodies() {
    replay("grpc", flows::grpc);
}

#[test]
fn tls_streams() {
    replay("tls", flows::tls);
}

#[test]
fn quic_datagrams() {
    replay("quic", flows::quic);
}

#[test]
fn header_blocks() {
    replay("header_blocks", flows::header_blocks);
}

#[test]
fn requests_cut() {
    replay("points", requests::cut);
}
