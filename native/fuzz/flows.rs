//! What the fuzzer does with bytes on reassembly's side; `cargo test` does it with the seeds.
//!
//! Run one with `cargo +nightly fuzz run stream seeds/stream`.

use sidetap_native::block::{self, FLAG_UDP, Packet};
use sidetap_native::exchange::view::View;
use sidetap_native::grpc;
use sidetap_native::http2::hpack;
use sidetap_native::http2::table::Table;
use sidetap_native::limits::{HPACK_TABLE_BYTES_MAX, Limits};
use sidetap_native::quic::crypto::Crypto;
use sidetap_native::reassembler::{Batch, Reassembler};
use sidetap_native::schema::BlockKind;
use sidetap_native::tls::hello::{ClientHello, ServerHello};
use sidetap_native::tls::ja4::ja4;

const START_US: i64 = 1_700_000_000_000_000;
/// Of a ServerHello: no session, AES-128-GCM, the version as an extension says it.
pub const TLS_13: &[u8] = b"\0\x13\x01\0\0\x06\0\x2b\0\x02\x03\x04";
const RANDOM: [u8; 32] = [7; 32];
pub const SECRET: [u8; 32] = [9; 32];
const ISN: [u32; 2] = [1_000, 5_000];

/// Bytes as one connection: each turn is a control byte, a length and so many bytes.
///
/// Control bits: 0 side, 1 lost before the tap, 2 comes again, 3 comes before its neighbour,
/// 4 FIN, 5 RST, 6 a second passes, 7 the ACK is rubbish.
pub fn stream(bytes: &[u8]) {
    told(bytes);
}

/// The same, for a look at what came of it.
pub fn told(bytes: &[u8]) -> Batch {
    explained(&packets(bytes))
}

/// Packets read in one go, and with all the cuts there are.
fn explained(packets: &[(i64, Vec<u8>)]) -> Batch {
    let whole = run(packets, packets.len().max(1), false);
    assert_eq!(whole.counts.get("bugs"), None);
    for (key, record) in &whole.outputs {
        assert!(key.is_none() || View::of(record).is_ok());
    }
    // Where blocks and takes fall, and restarts, change nothing.
    let cut = run(packets, 3, true);
    assert_eq!(whole.outputs, cut.outputs);
    assert_eq!(whole.encrypted, cut.encrypted);
    assert_eq!(whole.ledger, cut.ledger);
    whole
}

/// The same behind the beginning of an HTTP/2 connection.
pub fn http2(bytes: &[u8]) {
    let preface = b"\x00\x21PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    let settings = b"\x01\x09\0\0\0\x04\0\0\0\0\0";
    stream(&[&preface[..], settings, bytes].concat());
}

/// The same behind a WebSocket's handshake.
pub fn websocket(bytes: &[u8]) {
    let asks = b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n\r\n";
    let accepts = b"HTTP/1.1 101 S\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
    let asks = [&[0, asks.len() as u8], &asks[..]].concat();
    let accepts = [&[1, accepts.len() as u8], &accepts[..]].concat();
    stream(&[&asks[..], &accepts, bytes].concat());
}

/// Any bytes as a gRPC body, and as protobuf.
pub fn grpc(bytes: &[u8]) {
    let text = grpc::messages(bytes, b"application/grpc-web-text", Some("gzip"));
    let plain = grpc::messages(bytes, b"application/grpc", Some("gzip"));
    for message in text.iter().chain(&plain) {
        let fields = grpc::fields(&message.bytes).unwrap_or_default();
        assert!(fields.len() <= grpc::FIELDS_MAX);
    }
    let _ = grpc::fields(bytes);
}

/// Hellos of a TLS session whose secrets are known, of the server's choice.
pub fn hellos(suite: &[u8]) -> Vec<u8> {
    let hello = |kind: u8, random: u8, suites: &[u8]| {
        let body = [&[3, 3][..], &[random; 32], suites].concat();
        let message = [&[kind, 0, 0, body.len() as u8][..], &body].concat();
        [&[22, 3, 3, 0, message.len() as u8][..], &message].concat()
    };
    let said = |side: u8, hello: Vec<u8>| [&[side, hello.len() as u8][..], &hello].concat();
    let client = said(0, hello(1, RANDOM[0], b"\0\0\x04\x13\x01\0\x9c\x01\0"));
    [client, said(1, hello(2, 8, suite))].concat()
}

/// Any bytes behind the hellos; as a line of a key log; as a hello.
pub fn tls(bytes: &[u8]) {
    for suite in [TLS_13, b"\0\0\x9c\0", b"\0\0\x2f\0"] {
        stream(&[&hellos(suite)[..], bytes].concat());
    }
    let line = String::from_utf8_lossy(bytes);
    let _ = sidetap_native::tls::secret::line(&line);
    if let Some(hello) = ClientHello::read(bytes) {
        assert_eq!(ja4(&hello, 't').len(), 36);
    }
    let _ = ServerHello::read(bytes);
}

/// Bytes as datagrams: each turn is a control byte, a length in two bytes and so many bytes; and
/// as the frames of an Initial packet.
///
/// Control bits: 0 side, 1 another port, 6 a second passes, 7 a minute.
pub fn quic(bytes: &[u8]) {
    let mut crypto = Crypto::default();
    crypto.take(bytes);
    let _ = crypto.hello();
    told_quic(bytes);
}

/// The same, for a look at what came of it.
pub fn told_quic(bytes: &[u8]) -> Batch {
    let (mut packets, mut rest, mut at_us) = (Vec::new(), bytes, START_US);
    while let [control, high, low, after @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let (said, after) = after.split_at(after.len().min(length));
        at_us += 1_000 + i64::from(control >> 6 & 1) * 1_000_000;
        at_us += i64::from(control >> 7) * 60_000_000;
        packets.push((at_us, datagram(*control, said)));
        rest = after;
    }
    explained(&packets)
}

fn datagram(control: u8, said: &[u8]) -> Vec<u8> {
    let (ports, hosts) = ([50_000u16, 443], [[10, 0, 0, 1], [10, 0, 0, 2]]);
    let side = usize::from(control & 1);
    let mut out = vec![0x45, 0];
    out.extend((28 + said.len() as u16).to_be_bytes());
    out.extend([0, 0, 0, 0, 64, 17, 0, 0]);
    out.extend([hosts[side], hosts[1 - side]].concat());
    for end in [side, 1 - side] {
        let other = u16::from(control >> 1 & 1) * u16::from(end == 0);
        out.extend((ports[end] + other).to_be_bytes());
    }
    out.extend((8 + said.len() as u16).to_be_bytes());
    out.extend([0, 0]);
    out.extend(said);
    out
}

/// Any bytes as header blocks behind their lengths, with one table.
pub fn header_blocks(bytes: &[u8]) {
    const KEPT_BYTES_MAX: usize = 1_000;
    let (mut table, mut rest) = (Table::at_start(), bytes);
    while let Some((&length, after)) = rest.split_first() {
        let (block, after) = after.split_at(after.len().min(usize::from(length)));
        rest = after;
        let section = hpack::decode(block, &mut table, KEPT_BYTES_MAX);
        let kept = section.fields.iter();
        let kept: usize = kept.map(|(name, value)| name.len() + value.len()).sum();
        assert!(kept <= KEPT_BYTES_MAX);
        assert!(table.log.len() < 4 * HPACK_TABLE_BYTES_MAX);
    }
}

/// Any bytes as an Exchange record, as a block, as state rows.
pub fn exchange(bytes: &[u8]) {
    let _ = View::of(bytes);
    let mut reassembler = Reassembler::new("packets/0", Limits::default());
    let _ = reassembler.feed(bytes);
    let (key, row) = bytes.split_at(bytes.len().min(50));
    let _ = reassembler.restore(&[(key, row)]);
}

fn packets(bytes: &[u8]) -> Vec<(i64, Vec<u8>)> {
    let (mut next, mut at_us) = (ISN, START_US);
    let mut out = vec![(at_us, frame(0, next[0], None, 2, b""))];
    out.push((at_us, frame(1, next[1], Some(next[0] + 1), 2, b"")));
    next = next.map(|isn| isn + 1);
    let mut rest = bytes;
    while let [control, length, after @ ..] = rest {
        let (said, after) = after.split_at(after.len().min(usize::from(*length)));
        let side = usize::from(control & 1);
        at_us += if control & 64 != 0 { 1_000_000 } else { 100 };
        let flags = (control & 16) >> 4 | (control & 32) >> 3;
        let ack = if control & 128 != 0 {
            77
        } else {
            next[1 - side]
        };
        let packet = (at_us, frame(side, next[side], Some(ack), flags, said));
        next[side] = next[side].wrapping_add(said.len() as u32);
        if control & 2 == 0 {
            let place = out.len() - usize::from(control & 8 != 0 && out.len() > 2);
            out.insert(place, packet.clone());
        }
        if control & 4 != 0 {
            out.push(packet);
        }
        rest = after;
    }
    out
}

fn frame(side: usize, seq: u32, ack: Option<u32>, flags: u8, said: &[u8]) -> Vec<u8> {
    let (ports, hosts) = ([40_000u16, 80], [[10, 0, 0, 1], [10, 0, 0, 2]]);
    let mut out = vec![0x45, 0];
    out.extend((40 + said.len() as u16).to_be_bytes());
    out.extend([0, 0, 0, 0, 64, 6, 0, 0]);
    out.extend([hosts[side], hosts[1 - side]].concat());
    out.extend(ports[side].to_be_bytes());
    out.extend(ports[1 - side].to_be_bytes());
    out.extend(seq.to_be_bytes());
    out.extend(ack.unwrap_or(0).to_be_bytes());
    out.extend([0x50, flags | u8::from(ack.is_some()) << 4, 2, 0, 0, 0, 0, 0]);
    out.extend(said);
    out
}

fn taught() -> Reassembler {
    let mut reassembler = Reassembler::new("packets/0", Limits::default());
    for label in [
        "CLIENT_RANDOM",
        "CLIENT_TRAFFIC_SECRET_0",
        "SERVER_TRAFFIC_SECRET_0",
    ] {
        assert!(reassembler.secrets.learn(&RANDOM, label, &SECRET));
    }
    reassembler
}

/// The packets in blocks of so many; with `restarts`, a new reassembler takes over after each.
fn run(packets: &[(i64, Vec<u8>)], in_block: usize, restarts: bool) -> Batch {
    let mut all = Batch::default();
    let mut reassembler = taught();
    let mut rows = std::collections::BTreeMap::new();
    let mut clock_us = 0;
    let chunks: Vec<_> = packets.chunks(in_block).collect();
    for sequence in 0..=chunks.len() {
        let record = record(sequence, chunks.get(sequence).copied(), &mut clock_us);
        reassembler.feed(&record).expect("a block of ours");
        if restarts {
            let batch = reassembler.take();
            for (key, row) in batch.rows {
                match row {
                    Some(row) => rows.insert(key, row),
                    None => rows.remove(&key),
                };
            }
            all.outputs.extend(batch.outputs);
            all.encrypted.extend(batch.encrypted);
            all.ledger.extend(batch.ledger);
            reassembler = taught();
            let saved: Vec<_> = rows.iter().map(|(key, row)| (&key[..], &row[..])).collect();
            reassembler.restore(&saved).expect("rows of ours");
        }
    }
    let batch = reassembler.take();
    all.outputs.extend(batch.outputs);
    all.encrypted.extend(batch.encrypted);
    all.ledger.extend(batch.ledger);
    all.counts = batch.counts;
    all
}

fn record(sequence: usize, packets: Option<&[(i64, Vec<u8>)]>, clock_us: &mut i64) -> Vec<u8> {
    let mut data = Vec::new();
    for (at_us, frame) in packets.unwrap_or_default() {
        *clock_us = (*clock_us).max(*at_us);
        let packet = Packet {
            at_us: *at_us,
            clock_us: *clock_us,
            wire_bytes: frame.len() as u32,
            ip_offset: 0,
            tcp_offset: 20,
            vlan: None,
            vni: None,
            flags: if frame[9] == 17 { FLAG_UDP } else { 0 },
            frame,
        };
        block::write(&packet, &mut data);
    }
    let head = block::Head {
        site: "s",
        agent: "a",
        epoch: "e",
        partition: 0,
        partitions: 1,
        sequence: sequence as i64,
        kind: if packets.is_some() {
            BlockKind::Data
        } else {
            BlockKind::End
        },
        clock_us: *clock_us,
        packets: packets.map_or(0, <[_]>::len) as i32,
        captured_bytes: data.len() as i64,
    };
    let mut out = Vec::new();
    block::write_head(&head, data.len(), &mut out);
    out.extend(data);
    out
}
