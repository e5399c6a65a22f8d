//! The points of a request: target, headers, body.

use std::borrow::Cow;

use super::clean::{self, Clean};
use super::collect::{Cost, Points, is_plain_name};
use super::{body, form, is_word, parted};

/// Path segments that are as short and plain as this are looked at with the path only.
const SEGMENT_PLAIN_MAX: usize = 9;
const GRPC: &[u8] = b"application/grpc";

/// A request as its view has it; the body without its content coding.
pub struct Request<'a> {
    pub target: &'a [u8],
    pub headers: &'a [(&'a [u8], &'a [u8])],
    pub body: &'a [u8],
}

/// Headers that were looked at, with what they cost.
pub type LookedAt = Vec<(Box<[u8]>, Cost)>;

/// Every point of a request, but for headers that are known to be clean.
pub fn points(request: &Request<'_>, clean: &Clean) -> (Points, LookedAt) {
    let mut points = Points::default();
    let mut looked_at = LookedAt::new();
    let (mut content_type, mut encoding) = (&b""[..], None);
    let mut key = Vec::new();
    add_target(&mut points, request.target);
    for &(name, value) in request.headers {
        if name.eq_ignore_ascii_case(b"content-type") {
            content_type = value;
        } else if encoding.is_none() && name.eq_ignore_ascii_case(b"grpc-encoding") {
            encoding = Some(value);
        }
        clean::key(&mut key, name, value);
        if let Some(cost) = clean.cost(&key) {
            points.charge(cost);
            continue;
        }
        let before = points.spent;
        add_header(&mut points, name, value);
        let cost = Cost {
            points: points.spent.points - before.points,
            bytes: points.spent.bytes - before.bytes,
        };
        looked_at.push((key.as_slice().into(), cost));
    }
    let is_grpc = content_type.get(..GRPC.len());
    if is_grpc.is_some_and(|kind| kind.eq_ignore_ascii_case(GRPC)) {
        body::add_grpc(&mut points, request.body, content_type, encoding);
    } else if !request.body.is_empty() {
        body::add(&mut points, request.body, content_type);
    }
    (points, looked_at)
}

/// What a WebSocket's client said, as a body of the same bytes would have it.
pub fn points_of_messages<'a>(payloads: impl Iterator<Item = &'a [u8]>) -> Points {
    let mut points = Points::default();
    for payload in payloads.filter(|payload| !payload.is_empty()) {
        body::add(&mut points, without_number(payload), b"");
    }
    points
}

/// Engine.IO and Socket.IO put numbers of their own in front of JSON: `42["say","hello"]`.
fn without_number(payload: &[u8]) -> &[u8] {
    let digits = payload
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    match payload.get(digits) {
        Some(b'[' | b'{') if digits < 10 => &payload[digits..],
        _ => payload,
    }
}

fn add_target(points: &mut Points, target: &[u8]) {
    let (path, query) = parted(target, b'?');
    let place = Cow::Borrowed("path");
    points.add(&place, b"", path);
    for (index, segment) in path.split(|&byte| byte == b'/').enumerate().skip(1) {
        if !is_plain_segment(segment) {
            points.add(&place, index.to_string().as_bytes(), segment);
        }
    }
    let query = query.unwrap_or_default();
    if query.is_empty() {
        return;
    }
    let pairs = form::pairs(query);
    // A query that is no list of pairs is one value: ?<payload with & and = in it>.
    let is_list = memchr::memchr(b'=', query).is_some()
        && pairs.first().is_none_or(|(name, _)| is_plain_name(name));
    points.add_pairs("query", pairs, true);
    if !is_list {
        points.add_plus(&Cow::Borrowed("query"), b"", query);
    }
}

fn is_plain_segment(segment: &[u8]) -> bool {
    let plain = |byte: &u8| is_word(*byte) || matches!(byte, b'.' | b'~' | b'-');
    segment.len() <= SEGMENT_PLAIN_MAX && segment.iter().all(plain)
}

fn add_header(points: &mut Points, raw_name: &[u8], value: &[u8]) {
    let name = raw_name.to_ascii_lowercase();
    if name == b"cookie" {
        points.add_pairs("cookie", form::cookies(value), false);
        if memchr::memchr(b'{', value).is_some() {
            // What has ; in it is not one cookie.
            points.add(&Cow::Borrowed("cookie"), b"", value);
        }
    } else if !is_technical(&name) {
        points.add(&Cow::Borrowed("header"), &name, value);
        if is_file_name(&name) {
            points.add(&Cow::Borrowed("header.file.name"), &name, value);
        }
    }
    if !is_technical(&name) && !is_ordinary(&name) {
        points.add(&Cow::Borrowed("header.name"), b"", raw_name);
    }
}

/// Upload scripts take the name from a header, x-file-name; proxies turn its dashes to other signs.
fn is_file_name(name: &[u8]) -> bool {
    let dash = |byte: &u8| matches!(byte, b'-' | b'_' | b'.');
    match name.strip_prefix(b"x") {
        Some([first, rest @ ..]) if dash(first) => match rest.strip_prefix(b"file") {
            Some([next, rest @ ..]) if dash(next) => rest == b"name",
            Some(rest) => rest == b"name",
            None => false,
        },
        _ => false,
    }
}

/// Headers that say how to talk and not what: clients repeat them unchanged; no application reads
/// their values into a query or a page.
fn is_technical(name: &[u8]) -> bool {
    matches!(
        name,
        b"accept-encoding"
            | b"connection"
            | b"content-length"
            | b"content-encoding"
            | b"transfer-encoding"
            | b"te"
            | b"upgrade"
            | b"if-modified-since"
            | b"if-unmodified-since"
            | b"date"
            | b"expect"
            | b"dnt"
            | b"keep-alive"
            | b"priority"
    )
}

/// Names that say nothing; all others are looked at as values.
fn is_ordinary(name: &[u8]) -> bool {
    matches!(
        name,
        b"host"
            | b"user-agent"
            | b"accept"
            | b"accept-language"
            | b"accept-charset"
            | b"referer"
            | b"origin"
            | b"cookie"
            | b"content-type"
            | b"cache-control"
            | b"pragma"
            | b"authorization"
            | b"x-requested-with"
            | b"upgrade-insecure-requests"
            | b"sec-ch-ua"
            | b"sec-ch-ua-mobile"
            | b"sec-ch-ua-platform"
            | b"sec-fetch-site"
            | b"sec-fetch-mode"
            | b"sec-fetch-dest"
            | b"sec-fetch-user"
            | b"x-forwarded-for"
            | b"x-forwarded-proto"
            | b"x-forwarded-host"
            | b"x-real-ip"
            | b"via"
    )
}
