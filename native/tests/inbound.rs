//! Properties of the inbound half: nothing panics, nothing is lost, order does not matter.

mod frames;

use std::io::Cursor;

use frames::{ipv4, ipv6, tcp};
use proptest::collection::vec;
use proptest::prelude::*;
use sidetap_native::block::{self, Packets};
use sidetap_native::capture::Frame;
use sidetap_native::capture::feed::Feed;
use sidetap_native::capture::file::CaptureFile;
use sidetap_native::decode::link::Link;
use sidetap_native::decode::{self, Endpoint, Segment, Tags};
use sidetap_native::pack::blocks::Origin;
use sidetap_native::pack::partition::Spread;
use sidetap_native::pack::subnet::Subnets;
use sidetap_native::pack::{Packer, Settings};

const NOW_US: i64 = 1_700_000_000_000_000;

fn packer() -> Packer {
    let origin = Origin {
        site: "s".into(),
        agent: "a".into(),
        epoch: "e".into(),
    };
    Packer::new(Settings {
        origin,
        partitions: 5,
        block_bytes: 4096,
        linger_us: 20_000,
        subnets: Subnets::default(),
        vlan_in_flow: false,
    })
    .expect("settings that work")
}

/// Frames of all packets that the packer gives back, and whether sequences had no hole.
fn packets(packer: &mut Packer) -> Vec<Vec<u8>> {
    let mut sequences = [0; 5];
    let mut frames = Vec::new();
    for closed in packer.take() {
        let (head, data) = block::read(closed.record()).expect("a record of ours");
        assert_eq!(head.sequence, sequences[closed.partition as usize]);
        sequences[closed.partition as usize] += 1;
        let inside: Vec<_> = Packets::new(data)
            .map(|packet| packet.expect("whole"))
            .collect();
        assert_eq!(inside.len(), head.packets as usize);
        frames.extend(inside.iter().map(|packet| packet.frame.to_vec()));
    }
    frames
}

fn read(bytes: &[u8]) -> Option<(Packer, Vec<Vec<u8>>)> {
    let feed = Feed::of(Box::new(Cursor::new(bytes.to_vec()))).ok()?;
    let mut file = CaptureFile::of(feed, "random", None).ok()?;
    let mut packer = packer();
    while !file.done() {
        packer.read(&mut file, 100).ok()?;
    }
    packer.end();
    let frames = packets(&mut packer);
    Some((packer, frames))
}

fn pcap(link: u32, frames: &[Vec<u8>], big: bool) -> Vec<u8> {
    let number = |value: u32| {
        if big {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    };
    let mut out = number(0xa1b2_c3d4).to_vec();
    for word in [0x0004_0002, 0, 0, 65_535, link] {
        out.extend(number(word));
    }
    for (n, frame) in frames.iter().enumerate() {
        let length = frame.len() as u32;
        for word in [1_700_000_000, n as u32, length, length] {
            out.extend(number(word));
        }
        out.extend(frame);
    }
    out
}

/// The datagram cut at the places given (in units of 8 bytes), as IPv4 and as IPv6 fragments.
fn fragments(payload: &[u8], cuts: &[usize], six: bool) -> Vec<Vec<u8>> {
    let mut places: Vec<usize> = cuts
        .iter()
        .map(|cut| (cut * 8 % payload.len()) & !7)
        .collect();
    places.extend([0, payload.len()]);
    places.sort_unstable();
    places.dedup();
    let piece = |ends: &[usize]| {
        let (start, bytes) = (ends[0], &payload[ends[0]..ends[1]]);
        let more = ends[1] < payload.len();
        if six {
            let place = (start as u16 | u16::from(more)).to_be_bytes();
            let header = [&[6, 0, place[0], place[1], 0, 0, 0, 9][..], bytes].concat();
            ipv6(44, &header)
        } else {
            ipv4(
                6,
                9,
                (start / 8) as u16 | if more { 0x2000 } else { 0 },
                bytes,
            )
        }
    };
    places.windows(2).map(piece).collect()
}

fn frame(bytes: &[u8]) -> Frame<'_> {
    let wire_bytes = bytes.len() as u32;
    Frame {
        at_us: NOW_US,
        wire_bytes,
        link: Some(Link::Ip),
        filtered: false,
        bytes,
    }
}

proptest! {
    #[test]
    fn random_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..600), which in 0usize..8) {
        let heads: [&[u8]; 8] = [
            b"", b"\x1f\x8b\x08\x00", b"\x28\xb5\x2f\xfd",
            b"\xd4\xc3\xb2\xa1\x02\x00\x04\x00\0\0\0\0\0\0\0\0\xff\xff\0\0\x01\0\0\0",
            b"\xa1\xb2\x3c\x4d\x00\x02\x00\x04\0\0\0\0\0\0\0\0\0\0\xff\xff\0\0\0\x65",
            b"\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\x01\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\x1c\0\0\0",
            b"\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\x01\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\x1c\0\0\0\
              \x01\0\0\0\x14\0\0\0\x01\0\0\0\0\0\0\0\x14\0\0\0\x06\0\0\0",
            b"\x0a\x0d\x0d\x0a\0\0\0\x1c\x1a\x2b\x3c\x4d\0\x01\0\0\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\x1c",
        ];
        read(&[heads[which], &bytes].concat());
    }

    #[test]
    fn random_frames_are_decoded_or_dropped(
        bytes in vec(any::<u8>(), 0..200),
        link in prop::sample::select(vec![0, 1, 9, 12, 50, 51, 104, 105, 107, 108, 113, 127, 228, 229, 239, 276]),
    ) {
        decode::frame(Link::of(link).unwrap(), &bytes);
    }

    #[test]
    fn random_tunnels_are_decoded_or_dropped(
        bytes in vec(any::<u8>(), 0..120),
        protocol in prop::sample::select(vec![4u8, 6, 17, 41, 47, 97, 137, 143]),
        port in prop::sample::select(vec![4789u16, 4790, 6081, 2152, 3544, 5072, 1701, 6635, 37_008, 9]),
        six in any::<bool>(),
    ) {
        let udp = [&[0, 9][..], &port.to_be_bytes(), &[0, 0, 0, 0], &bytes].concat();
        let inside = if protocol == 17 { udp } else { bytes };
        let packet = if six { ipv6(protocol, &inside) } else { ipv4(protocol, 0, 0, &inside) };
        decode::frame(Link::Ip, &packet);
    }

    #[test]
    fn what_a_file_holds_comes_out(
        payloads in vec(vec(any::<u8>(), 0..300), 0..40),
        big in any::<bool>(),
        cut in 0usize..2000,
    ) {
        let mut frames: Vec<_> = payloads.iter().map(|p| ipv4(6, 0, 0, &tcp(p))).collect();
        let bytes = pcap(101, &frames, big);
        let (_, found) = read(&bytes).expect("a capture");
        prop_assert_eq!(&found, &frames);
        // A file that is cut gives the packets before the cut.
        let short = bytes.len().saturating_sub(cut).max(24);
        let (_, found) = read(&bytes[..short]).expect("a capture");
        frames.truncate(found.len());
        prop_assert_eq!(found, frames);
    }

    #[test]
    fn fragments_in_any_order_are_the_whole(
        payload in vec(any::<u8>(), 1..1500),
        cuts in vec(1usize..180, 0..12),
        repeats in vec(any::<prop::sample::Index>(), 0..4),
        order in any::<u64>(),
        six in any::<bool>(),
    ) {
        let segment = tcp(&payload);
        let whole = if six { ipv6(6, &segment) } else { ipv4(6, 9, 0, &segment) };
        let mut pieces = fragments(&segment, &cuts, six);
        let distinct = pieces.len();
        let again: Vec<_> = repeats.iter().map(|which| which.get(&pieces).clone()).collect();
        pieces.extend(again.into_iter().filter(|_| distinct > 1));
        pieces.sort_by_key(|piece| {
            piece.iter().fold(order, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
        });
        let mut packer = packer();
        pieces.iter().for_each(|piece| packer.frame(&frame(piece)));
        packer.end();
        let found = packets(&mut packer);
        // Where every fragment was repeated, there may be a second whole.
        prop_assert!(!found.is_empty());
        let from = if six { 0 } else { 20 };
        for joined in &found {
            // One alone is no fragment: it comes as it was.
            prop_assert!(distinct == 1 || joined[from..] == whole[from..]);
            prop_assert!(joined.ends_with(&segment));
        }
    }

    #[test]
    fn both_directions_share_a_partition(
        a in any::<(u128, u16)>(), b in any::<(u128, u16)>(), vlan in any::<Option<u16>>(), partitions in 1u32..100,
    ) {
        let end = |(address, port)| Endpoint { address, port };
        let tags = Tags { vlan, vni: None };
        let segment = |source, destination| Segment { ip_offset: 0, tcp_offset: 0, source, destination, tags };
        let spread = Spread::of("site", partitions, true);
        let there = spread.partition(&segment(end(a), end(b)));
        prop_assert_eq!(there, spread.partition(&segment(end(b), end(a))));
        prop_assert!(there < partitions as usize);
    }

    #[test]
    fn times_of_all_kinds_lose_no_packet(times_us in vec(prop_oneof![any::<i64>(), NOW_US..NOW_US + 90_000_000], 0..60)) {
        let packet = ipv4(6, 0, 0, &tcp(b"x"));
        let mut packer = packer();
        let mut clock_us = i64::MIN;
        for at_us in &times_us {
            packer.frame(&Frame { at_us: *at_us, ..frame(&packet) });
        }
        packer.end();
        for closed in packer.take() {
            prop_assert!(closed.clock_us >= clock_us, "the clock went back");
            clock_us = closed.clock_us;
        }
    }
}
