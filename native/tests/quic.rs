//! Properties of QUIC: a hello is read however it is cut, restarts change nothing, no byte is lost.

use aes::Aes128;
use aes::cipher::{BlockEncrypt, generic_array::GenericArray};
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes128Gcm, Nonce};
use proptest::collection::vec;
use proptest::prelude::*;
use sidetap_native::tls::schedule::{Hash, expand_label};

#[allow(dead_code)] // the seeds' test uses the rest
#[path = "../fuzz/flows.rs"]
mod flows;

const SALT: [u8; 20] = [
    0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad,
    0xcc, 0xbb, 0x7f, 0x0a,
];

/// A client's Initial packet of version 1: keys made of `first`, sent to `to`.
fn initial(first: &[u8], to: &[u8], number: u8, frames: &[u8]) -> Vec<u8> {
    let client = Hash::Sha256.hmac(&SALT, &[first]);
    let client = expand_label(Hash::Sha256, &client, "client in", false, 32);
    let expand = |label, bytes| expand_label(Hash::Sha256, &client, label, false, bytes);
    let (key, mut nonce, head_key) = (
        expand("quic key", 16),
        expand("quic iv", 12),
        expand("quic hp", 16),
    );
    nonce[11] ^= number;
    // Short texts have no sample: padding.
    let msg = &[frames, &[0; 20]].concat();
    let mut head = [&[0xc0, 0, 0, 0, 1, to.len() as u8], to, &[0, 0]].concat();
    head.extend((0x4000 | (msg.len() as u16 + 17)).to_be_bytes());
    let number_at = head.len();
    head.push(number);
    let cipher = Aes128Gcm::new_from_slice(&key).expect("a key");
    let sealed = cipher.encrypt(Nonce::from_slice(&nonce), Payload { msg, aad: &head });
    let mut out = [head, sealed.expect("sealed")].concat();
    let mut mask = GenericArray::clone_from_slice(&out[number_at + 4..number_at + 20]);
    Aes128::new_from_slice(&head_key)
        .expect("a key")
        .encrypt_block(&mut mask);
    out[0] ^= mask[0] & 0x0f;
    out[number_at] ^= mask[1];
    out
}

fn turn(control: u8, datagram: &[u8]) -> Vec<u8> {
    let length = (datagram.len() as u16).to_be_bytes();
    [&[control][..], &length, datagram].concat()
}

/// A hello for h.example that speaks h3.
fn hello() -> Vec<u8> {
    let name = b"\0\0\0\x0e\0\x0c\0\0\x09h.example";
    let protocol = b"\0\x10\0\x05\0\x03\x02h3";
    let padding = [&[0, 21, 0, 100][..], &[0; 100]].concat();
    let extensions = [&name[..], protocol, &padding, b"\0\x2b\0\x03\x02\x03\x04"].concat();
    let length = (extensions.len() as u16).to_be_bytes();
    let start = [&[3, 3][..], &[7; 32], b"\0\0\x02\x13\x01\x01\0"].concat();
    let body = [&start[..], &length, &extensions].concat();
    [&[1, 0, 0, body.len() as u8], &body[..]].concat()
}

fn crypto(hello: &[u8], from: usize, until: usize) -> Vec<u8> {
    let head = [6, 0x40, from as u8, 0x40, (until - from) as u8];
    [&head[..], &hello[from..until]].concat()
}

fn says(record: &[u8], what: &[u8]) -> bool {
    record.windows(what.len()).any(|window| window == what)
}

#[test]
fn keys_stay_those_of_the_first_packet() {
    let hello = hello();
    let said = [
        turn(0, &initial(b"first", b"first", 0, &crypto(&hello, 0, 70))),
        turn(1, b"\xc0\0\0\0\x01\x02me\x06server\0\x05close"),
        turn(
            0,
            &initial(b"first", b"server", 1, &crypto(&hello, 70, hello.len())),
        ),
    ]
    .concat();
    let told = flows::told_quic(&said);
    assert_eq!(told.encrypted.len(), 1);
    assert!(says(&told.encrypted[0].1, b"h.example"));
    assert!(says(&told.encrypted[0].1, b"q13d0104h3_"));
}

#[test]
fn a_flow_that_stays_is_told_by_the_minute() {
    let long = turn(0, &initial(b"first", b"first", 0, &hello()));
    let whole = [6, 0x40, 0, 0x40, hello().len() as u8];
    let long = [
        long,
        turn(
            0,
            &initial(b"first", b"first", 1, &[&whole, &hello()[..]].concat()),
        ),
    ];
    let silent = [&long.concat()[..], &turn(0x80, b"\x40later")].concat();
    // After a minute it is another flow, which nothing opened.
    assert_eq!(flows::told_quic(&silent).encrypted.len(), 1);
    let busy: Vec<u8> = (0..70).flat_map(|_| turn(0x40, b"\x40more")).collect();
    let told = flows::told_quic(&[long.concat(), busy].concat());
    assert_eq!(told.encrypted.len(), 2);
    assert!(
        told.encrypted
            .iter()
            .all(|(_, record)| says(record, b"h.example"))
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_hello_is_read_however_it_is_cut(
        mut cuts in vec(1usize..170, 0..12),
        order in any::<prop::sample::Index>(),
        in_packet in 1usize..5,
    ) {
        let hello = hello();
        cuts.extend([0, hello.len()]);
        cuts.retain(|cut| *cut <= hello.len());
        cuts.sort_unstable();
        cuts.dedup();
        let mut frames: Vec<_> =
            cuts.windows(2).map(|ends| crypto(&hello, ends[0], ends[1])).collect();
        let turned = order.index(frames.len());
        frames.rotate_left(turned);
        frames.push(frames[0].clone());
        let packets = frames.chunks(in_packet).enumerate();
        let said: Vec<u8> = packets
            .flat_map(|(n, frames)| turn(0, &initial(b"first", b"first", n as u8, &frames.concat())))
            .collect();
        let told = flows::told_quic(&said);
        prop_assert_eq!(told.encrypted.len(), 1);
        prop_assert!(says(&told.encrypted[0].1, b"h.example"));
    }

    #[test]
    fn any_bytes_are_datagrams(bytes in vec(any::<u8>(), 0..600)) {
        flows::quic(&bytes);
    }

    #[test]
    fn any_frames_are_read(frames in vec(any::<u8>(), 0..200), more in vec(any::<u8>(), 0..60)) {
        let said = [turn(0, &initial(b"a", b"a", 0, &frames)), turn(1, &more)].concat();
        flows::quic(&said);
        flows::quic(&frames);
    }
}
