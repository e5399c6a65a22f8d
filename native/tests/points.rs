//! Requests cut into points: any bytes are one, within the budgets, and what is cut is what was sent.

use proptest::prelude::*;
use sidetap_native::points::clean::Clean;
use sidetap_native::points::collect::{POINTS_MAX, Points, TOTAL_BYTES_MAX};
use sidetap_native::points::decoders::{DECODERS, encoded};
use sidetap_native::points::readings::READINGS;
use sidetap_native::points::request::{Request, points};

#[allow(dead_code)] // the seeds use the rest
#[path = "../fuzz/requests.rs"]
mod requests;

fn cut(target: &[u8], headers: &[(&[u8], &[u8])], body: &[u8]) -> Points {
    let request = Request {
        target,
        headers,
        body,
    };
    points(&request, &Clean::default()).0
}

fn piece() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(requests::PIECES).prop_map(<[u8]>::to_vec);
    prop_oneof![4 => known, 1 => prop::collection::vec(any::<u8>(), 0..6)]
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(piece(), 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_bytes_are_cut_within_the_budgets(
        target in value(), header in value(), body in value(), kind in 0..requests::TYPES.len()
    ) {
        let headers = [(&b"content-type"[..], requests::TYPES[kind]), (b"cookie", &header[..])];
        let found = cut(&target, &headers, &body);
        prop_assert!(found.found.len() <= POINTS_MAX && found.spent.points >= found.found.len());
        let bytes: usize = found.found.iter().map(|point| point.value.len()).sum();
        prop_assert!(bytes <= TOTAL_BYTES_MAX);
    }

    /// The quick look must not miss what a decoder would find.
    #[test]
    fn what_no_quick_look_calls_encoded_is_left_alone(value in value()) {
        let changed = DECODERS.iter().chain(&READINGS).any(|(_, decode)| decode(&value).is_some());
        prop_assert!(encoded(&value) || !changed);
    }

    #[test]
    fn a_decoder_gives_something_else_or_nothing(value in value()) {
        for (_, decode) in DECODERS.iter().chain(&READINGS) {
            prop_assert!(decode(&value).is_none_or(|out| out != value));
        }
    }
}

/// A long name before many values must not be copied for each of them.
#[test]
fn names_do_not_multiply() {
    let key = "k".repeat(400_000);
    let strings = vec![r#""x y""#; 900].join(",");
    let body = format!(r#"{{"{key}":[{strings}]}}"#);
    let found = cut(b"/", &[], body.as_bytes());
    let names: usize = found.found.iter().map(|point| point.name.len()).sum();
    assert!(names < 2_000_000, "{names} bytes of names");
    assert!(
        found.overlimit.contains("value bytes"),
        "the key itself is looked at, to the limit"
    );
}
