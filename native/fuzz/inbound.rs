//! What the fuzzer does with bytes on the inbound side; `cargo test` does it with the seeds.
//!
//! Run one with `cargo +nightly fuzz run capture_file seeds/capture_file`.

use std::io::Cursor;

use sidetap_native::block::{self, Packets};
use sidetap_native::capture::Frame;
use sidetap_native::capture::feed::Feed;
use sidetap_native::capture::file::CaptureFile;
use sidetap_native::decode::link::Link;
use sidetap_native::pack::blocks::Origin;
use sidetap_native::pack::subnet::Subnets;
use sidetap_native::pack::{Packer, Settings};

const PARTITIONS: u32 = 3;

fn packer() -> Packer {
    let origin = Origin {
        site: "s".into(),
        agent: "a".into(),
        epoch: "e".into(),
    };
    Packer::new(Settings {
        origin,
        partitions: PARTITIONS,
        block_bytes: 4096,
        linger_us: 20_000,
        subnets: Subnets::default(),
        vlan_in_flow: false,
    })
    .expect("settings that work")
}

/// All blocks of an input that ended can be read back.
fn finish(mut packer: Packer) {
    packer.end();
    for closed in packer.take() {
        let (head, data) = block::read(closed.record()).expect("a record of ours");
        let packets = Packets::new(data).filter(Result::is_ok).count();
        assert_eq!(packets, head.packets as usize);
    }
}

/// Any bytes as a capture file.
pub fn capture_file(bytes: &[u8]) {
    let Ok(feed) = Feed::of(Box::new(Cursor::new(bytes.to_vec()))) else {
        return;
    };
    let Ok(mut file) = CaptureFile::of(feed, "fuzz", None) else {
        return;
    };
    let mut packer = packer();
    while !file.done() {
        packer.read(&mut file, 100).expect("memory does not fail");
    }
    finish(packer);
}

/// A link type and frames behind their lengths, as one capture.
pub fn decode(bytes: &[u8]) {
    let Some((number, mut rest)) = bytes.split_first() else {
        return;
    };
    let mut packer = packer();
    let link = Link::of(u32::from(*number));
    while let Some((length, after)) = rest.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes(*length)).min(after.len());
        let (frame, after) = after.split_at(length);
        packer.frame(&Frame {
            at_us: after.len() as i64,
            wire_bytes: length as u32,
            link,
            filtered: false,
            bytes: frame,
        });
        rest = after;
    }
    finish(packer);
}

/// Any bytes as a PacketBlock record.
pub fn block(bytes: &[u8]) {
    if let Ok((_, data)) = block::read(bytes) {
        let _ = Packets::new(data).count();
    }
    let _ = Packets::new(bytes).count();
}
