//! Properties of HTTP/2: nothing panics, no byte is unexplained, restarts change nothing.

use proptest::collection::vec;
use proptest::prelude::*;

#[allow(dead_code)] // the seeds' test uses the rest
#[path = "../fuzz/flows.rs"]
mod flows;

/// A frame of a kind and with flags that exist, mostly.
fn frame() -> impl Strategy<Value = Vec<u8>> {
    let field = prop::sample::select(vec![
        &b"\x82"[..],
        b"\x84",
        b"\x88",
        b"\x86",
        b"\xbe",
        b"\xbf",
        b"\x44\x02/a",
        b"\x41\x01h",
        b"\x00\x01x\x011",
        b"\x3f\x01",
        b"\x20",
        b"\x7f\x40\x01v",
        b"\xff",
    ]);
    let body = prop_oneof![
        vec(field, 0..6).prop_map(|fields| fields.concat()),
        vec(any::<u8>(), 0..40),
    ];
    let flags = prop::sample::select(vec![0u8, 1, 4, 5, 5, 8, 13, 37]);
    (0u8..11, flags, 0u8..6, body).prop_map(|(kind, flags, stream, body)| {
        [
            &[0, 0, body.len() as u8, kind, flags, 0, 0, 0, stream][..],
            &body,
        ]
        .concat()
    })
}

proptest! {
    #[test]
    fn frames_in_any_order_are_read(
        turns in vec((any::<u8>(), vec(frame(), 0..4)), 0..12),
        cut in 1usize..60,
    ) {
        let mut said = Vec::new();
        for (control, frames) in turns {
            for piece in frames.concat().chunks(cut) {
                // No FIN or RST in the middle: they end the connection.
                said.extend([control & !0x30, piece.len() as u8]);
                said.extend(piece);
            }
        }
        flows::http2(&said);
        flows::stream(&said);
    }

    #[test]
    fn any_bytes_are_header_blocks_or_damage(bytes in vec(any::<u8>(), 0..600)) {
        flows::header_blocks(&bytes);
        flows::http2(&bytes);
    }
}
