//! Properties of TLS: nothing panics, no byte is unexplained, restarts change nothing.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes128Gcm, Nonce};
use proptest::collection::vec;
use proptest::prelude::*;
use sidetap_native::exchange::view::{View, slice};
use sidetap_native::tls::schedule::{Hash, expand_label};

#[allow(dead_code)] // the seeds' test uses the rest
#[path = "../fuzz/flows.rs"]
mod flows;

/// A client's records of TLS 1.3 under one traffic secret, from number 0 on.
fn sealed(secret: &[u8], texts: &[(u8, &[u8])]) -> Vec<u8> {
    let expand = |label, bytes| expand_label(Hash::Sha256, secret, label, false, bytes);
    let (key, iv) = (expand("key", 16), expand("iv", 12));
    let cipher = Aes128Gcm::new_from_slice(&key).expect("a key");
    let mut out = Vec::new();
    for (number, (kind, text)) in texts.iter().enumerate() {
        let mut nonce = iv.clone();
        nonce[11] ^= number as u8;
        let head = [23, 3, 3, 0, text.len() as u8 + 17];
        let msg = &[text, &[*kind][..]].concat();
        let body = cipher.encrypt(Nonce::from_slice(&nonce), Payload { msg, aad: &head });
        out.push([&head[..], &body.expect("sealed")].concat());
    }
    let turn = |record: Vec<u8>| [&[0, record.len() as u8][..], &record].concat();
    out.into_iter().flat_map(turn).collect()
}

const KEY_UPDATE: &[u8] = &[24, 0, 0, 1, 0];

fn get(number: u8) -> Vec<u8> {
    format!("GET /{number} HTTP/1.1\r\nHost: h\r\n\r\n").into_bytes()
}

/// What was asked, on a connection whose client said this; `lost` turns never came.
fn asked(said: &[u8], lost: &[usize]) -> Vec<Vec<u8>> {
    let (mut bytes, mut rest, mut number) = (flows::hellos(flows::TLS_13), said, 0);
    while let [control, length, after @ ..] = rest {
        let flag = if lost.contains(&number) { 2 } else { 0 };
        bytes.extend([control | flag, *length]);
        bytes.extend(&after[..usize::from(*length)]);
        (rest, number) = (&after[usize::from(*length)..], number + 1);
    }
    let told = flows::told(&bytes);
    let records = told.outputs.iter().filter(|(key, _)| key.is_some());
    let mut targets: Vec<Vec<u8>> = records
        .filter_map(|(_, record)| {
            let view = View::of(record).expect("a record of ours");
            let target = view.request?.target;
            Some(slice(record, &target).to_vec())
        })
        .collect();
    targets.dedup();
    targets
}

#[test]
fn keys_are_updated() {
    let next = expand_label(Hash::Sha256, &flows::SECRET, "traffic upd", false, 32);
    let (first, second, third) = (get(1), get(2), get(3));
    let said = [
        sealed(&flows::SECRET, &[(23, &first), (22, KEY_UPDATE)]),
        sealed(&next, &[(23, &second), (23, &third)]),
    ]
    .concat();
    assert_eq!(asked(&said, &[]), [b"/1", b"/2", b"/3"]);
    // The update itself is lost: the next secret proves itself.
    assert_eq!(asked(&said, &[1]), [b"/1", b"/2", b"/3"]);
    assert_eq!(asked(&said, &[1, 2]), [b"/1", b"/3"]);
}

/// A record of a kind that exists, mostly, with a length that fits, mostly.
fn record() -> impl Strategy<Value = Vec<u8>> {
    let message = prop::sample::select(vec![1u8, 2, 4, 5, 6, 8, 11, 20, 24, 99]);
    let body = prop_oneof![
        vec(any::<u8>(), 0..60),
        (message, vec(any::<u8>(), 0..40))
            .prop_map(|(kind, body)| { [&[kind, 0, 0, body.len() as u8][..], &body].concat() }),
    ];
    (
        19u8..25,
        prop::sample::select(vec![0i16, 0, 0, 1, -1]),
        body,
    )
        .prop_map(|(kind, off, body)| {
            let length = (body.len() as i16 + off).max(0) as u16;
            [&[kind, 3, 3][..], &length.to_be_bytes(), &body].concat()
        })
}

proptest! {
    // Each case is read six times.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn records_in_any_order_are_read(
        turns in vec((any::<u8>(), vec(record(), 0..4)), 0..12),
        cut in 1usize..80,
    ) {
        let mut said = Vec::new();
        for (control, records) in turns {
            for piece in records.concat().chunks(cut) {
                // No FIN or RST in the middle: they end the connection.
                said.extend([control & !0x30, piece.len() as u8]);
                said.extend(piece);
            }
        }
        flows::tls(&said);
    }

    #[test]
    fn any_bytes_are_records_or_damage(bytes in vec(any::<u8>(), 0..600)) {
        flows::tls(&bytes);
    }
}
