//! What begins here? Decided by content, never by port.
//!
//! In: the first bytes of a stream, or those behind a message. A request is proved by a method
//! token and a version at the end of its line; a response by its status line. Without that proof
//! only GET-like lines with a path count (HTTP/0.9), unless the stream is known to be HTTP.

use memchr::memchr;

use crate::http2::frame::{PREFACE, is_proven, may_begin};

/// Longest method believed. The longest registered one (UPDATEREDIRECTREF) has 17 bytes.
pub const METHOD_BYTES_MAX: usize = 32;
const TLS_HANDSHAKE: u8 = 22;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Too few bytes to tell.
    More,
    /// A request whose line names a version of HTTP.
    Request,
    /// A line that is a request only where a request must stand: no version, or a damaged one.
    Line,
    /// A request of HTTP/0.9: a known method, a path, nothing else.
    Simple,
    Response,
    Http2,
    Tls,
    Other,
}

/// `bytes` begin where a message may begin, blank lines skipped.
pub fn classify(bytes: &[u8], line_bytes_max: usize) -> Start {
    match bytes {
        [] => return Start::More,
        [TLS_HANDSHAKE] | [TLS_HANDSHAKE, 3] => return Start::More,
        [TLS_HANDSHAKE, 3, 0..=4, ..] => return Start::Tls,
        _ => {}
    }
    if bytes.starts_with(b"HTTP/") || b"HTTP/".starts_with(bytes) {
        return response(bytes);
    }
    if bytes.starts_with(PREFACE) || is_proven(bytes) {
        return Start::Http2;
    }
    if PREFACE.starts_with(bytes) || may_begin(bytes) {
        return Start::More;
    }
    request(bytes, line_bytes_max)
}

/// What begins where an answer is due: a status line, however damaged (RFC 9112 §4 allows
/// recipients that). `lost`: it must prove itself.
pub fn answer(bytes: &[u8], lost: bool) -> Start {
    let strict = response(bytes);
    if strict != Start::Other || lost || !bytes.starts_with(b"HTTP/") {
        return strict;
    }
    let known = memchr(b'\n', bytes).is_some() || status_at(bytes).is_some();
    if known { Start::Response } else { Start::More }
}

/// What begins where a request is due: any line that ends in a version of HTTP is one, however its
/// method is spelt; the server has to answer it (RFC 9112 §3).
pub fn ask(bytes: &[u8], line_bytes_max: usize) -> Start {
    let strict = classify(bytes, line_bytes_max);
    if strict != Start::Other || !bytes.first().is_some_and(u8::is_ascii_graphic) {
        return strict;
    }
    match memchr(b'\n', bytes) {
        Some(end) if version_at(bytes[..end].trim_ascii_end()).is_some() => Start::Request,
        None if bytes.len() <= line_bytes_max => unfinished(bytes),
        _ => Start::Other,
    }
}

/// Where the three digits of a status line stand: behind the version and blanks, of which a NUL
/// is one for some clients.
pub fn status_at(line: &[u8]) -> Option<usize> {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | 0);
    let version = line.iter().position(is_blank)?;
    let mut at = version;
    loop {
        at += line[at..].iter().take_while(|byte| is_blank(byte)).count();
        let word = line.get(at..at + 3)?;
        if word.iter().all(u8::is_ascii_digit) {
            return Some(at);
        }
        at += line[at..].iter().position(is_blank)?;
    }
}

/// "HTTP/1.1 200", with any digits.
fn response(bytes: &[u8]) -> Start {
    let shape = b"HTTP/d.d ddd";
    let fits = bytes.iter().zip(shape).all(|(byte, want)| match want {
        b'd' => byte.is_ascii_digit(),
        _ => byte == want,
    });
    match (fits, bytes.len() >= shape.len()) {
        (true, true) => Start::Response,
        (true, false) => Start::More,
        (false, _) => Start::Other,
    }
}

fn request(bytes: &[u8], line_bytes_max: usize) -> Start {
    let token = bytes
        .iter()
        .take(METHOD_BYTES_MAX + 1)
        .take_while(|&&byte| is_token(byte))
        .count();
    if token > METHOD_BYTES_MAX {
        return Start::Other;
    }
    let Some(behind) = bytes.get(token) else {
        return Start::More;
    };
    if token == 0 || !matches!(behind, b' ' | b'\t' | b'\r' | b'\n') {
        return Start::Other;
    }
    let Some(end) = memchr(b'\n', bytes) else {
        return if bytes.len() > line_bytes_max {
            Start::Other
        } else {
            unfinished(bytes)
        };
    };
    let line = bytes[..end].trim_ascii_end();
    match version_at(line) {
        Some(_) => Start::Request,
        None if is_foreign(line) => Start::Other,
        None if is_simple(&line[..token], line[token..].trim_ascii_start()) => Start::Simple,
        None if is_known(&line[..token]) || names_http(line) => Start::Line,
        None => Start::Other,
    }
}

fn names_http(line: &[u8]) -> bool {
    line.windows(5)
        .any(|word| word.eq_ignore_ascii_case(b"HTTP/"))
}

/// A line without its end: control characters cannot stand in it.
fn unfinished(bytes: &[u8]) -> Start {
    let binary = bytes
        .iter()
        .any(|&byte| byte < b' ' && !matches!(byte, b'\t' | b'\r'));
    if binary { Start::Other } else { Start::More }
}

/// Where " HTTP/x.y" begins at the end of a request line.
pub fn version_at(line: &[u8]) -> Option<usize> {
    let at = line.len().checked_sub(9)?;
    let tail = &line[at..];
    let named = tail[0] == b' ' && tail[1..6].eq_ignore_ascii_case(b"HTTP/");
    (named && tail[6].is_ascii_digit() && tail[7] == b'.' && tail[8].is_ascii_digit()).then_some(at)
}

/// The line ends in the version of another protocol: RTSP/1.0, SIP/2.0, ICAP/1.0.
fn is_foreign(line: &[u8]) -> bool {
    let word = line.rsplit(|&byte| byte == b' ').next().unwrap_or_default();
    let Some(slash) = memchr(b'/', word) else {
        return false;
    };
    let (name, number) = (&word[..slash], &word[slash + 1..]);
    let digits = number.len() == 3
        && number[0].is_ascii_digit()
        && number[1] == b'.'
        && number[2].is_ascii_digit();
    digits
        && (2..=5).contains(&name.len())
        && name.iter().all(u8::is_ascii_uppercase)
        && name != b"HTTP"
}

fn is_simple(method: &[u8], target: &[u8]) -> bool {
    let place = target.starts_with(b"/") || target.starts_with(b"http://");
    place && is_known(method)
}

/// Methods that prove themselves where the line has no version.
fn is_known(method: &[u8]) -> bool {
    const KNOWN: [&[u8]; 9] = [
        b"GET", b"POST", b"HEAD", b"PUT", b"DELETE", b"OPTIONS", b"TRACE", b"CONNECT", b"PATCH",
    ];
    KNOWN.contains(&method)
}

/// The request line in front names a method of IANA's registry, or one in wide use beside it (UPnP,
/// caches, RPC over HTTP). Where the bytes in front are lost, any other word may be the end of a
/// body that the next request follows without a blank: "xGET / HTTP/1.1".
pub fn is_registered(bytes: &[u8]) -> bool {
    const REGISTERED: &str = "ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT CONNECT COPY DELETE GET \
        HEAD LABEL LINK LOCK MERGE MKACTIVITY MKCALENDAR MKCOL MKREDIRECTREF MKWORKSPACE MOVE \
        OPTIONS ORDERPATCH PATCH POST PROPFIND PROPPATCH PUT QUERY REBIND REPORT SEARCH TRACE \
        UNBIND UNCHECKOUT UNLINK UNLOCK UPDATE UPDATEREDIRECTREF VERSION-CONTROL \
        M-SEARCH NOTIFY SUBSCRIBE UNSUBSCRIBE PURGE BAN RPC_IN_DATA RPC_OUT_DATA";
    let token = bytes.iter().take_while(|&&byte| is_token(byte)).count();
    let method = &bytes[..token];
    REGISTERED
        .split(' ')
        .any(|known| known.as_bytes() == method)
}

/// A first line that was cut off, at the known beginning of a stream: a known method and a path.
pub fn is_cut_request(bytes: &[u8]) -> bool {
    let mut words = bytes.splitn(2, |&byte| byte == b' ');
    matches!((words.next(), words.next()), (Some(method), Some(target)) if is_simple(method, target))
}

/// A tchar of RFC 9110.
pub fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_status_line_is_an_answer_where_one_is_due() {
        for (line, expected) in [
            (&b"HTTP/1.1  200 ok\r\n"[..], Start::Response),
            (b"HTTP/1.1\t200 ok\r\n", Start::Response),
            (b"HTTP/1\x00.1 200 ok\r\n", Start::Response),
            (b"HTTP/1.10 200 ok\r\n", Start::Response),
            (b"HTTP/1.1 ok\r\n", Start::Response),
            (b"HTTP/1.1 ok", Start::More),
            (b"<html>", Start::Other),
        ] {
            assert_eq!(answer(line, false), expected, "{}", line.escape_ascii());
            assert_ne!(answer(line, true), Start::Response);
        }
    }

    #[test]
    fn where_a_request_is_due_its_method_may_be_anything() {
        for (line, expected) in [
            (&b"G@T / HTTP/1.1\r\n"[..], Start::Request),
            (b"\"GET\" / HTTP/1.1\n", Start::Request),
            (b"G@T / HTT", Start::More),
            (b"G@T / \x01", Start::Other),
            (b"\x01 / HTTP/1.1\r\n", Start::Other),
            (b"{\"a\":1}\n", Start::Other),
            (b"GET / HTTP/1.1\r\n", Start::Request),
        ] {
            assert_eq!(ask(line, 1_000), expected, "{}", line.escape_ascii());
        }
    }

    #[test]
    fn behind_a_hole_a_method_must_be_a_known_one() {
        for (line, expected) in [
            (&b"GET / HTTP/1.1\r\n"[..], true),
            (b"VERSION-CONTROL /a HTTP/1.1\r\n", true),
            (b"M-SEARCH * HTTP/1.1\r\n", true),
            (b"xGET / HTTP/1.1\r\n", false),
            (b"GE", false),
            (b"get / HTTP/1.1\r\n", false),
        ] {
            assert_eq!(is_registered(line), expected, "{}", line.escape_ascii());
        }
    }

    #[test]
    fn content_decides() {
        for (bytes, expected) in [
            (&b"GET / HTTP/1.1\r\n"[..], Start::Request),
            (b"PURGE /a b HTTP/1.0\n", Start::Request),
            (b"GET / HTTP/1.", Start::More),
            (b"GET /\r\n", Start::Simple),
            (b"GET / HTTP/1.\r\n", Start::Simple),
            (b"FOO\r\n", Start::Other),
            (b"OPTIONS\r\n", Start::Line),
            (b"FOO / HTTP/1.\r\n", Start::Line),
            (b"EHLO mail.example\r\n", Start::Other),
            (b"OPTIONS rtsp://a/b RTSP/1.0\r\n", Start::Other),
            (b"INVITE sip:a@b SIP/2.0\r\n", Start::Other),
            (b"SSH-2.0-x\r\n", Start::Other),
            (b"HTTP/1.1 200 OK", Start::Response),
            (b"HTTP/1.1 2", Start::More),
            (b"HTTP/1.1 OK", Start::Other),
            (b"HT", Start::More),
            (b"HTTPS / HTTP/1.1\r\n", Start::Request),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Start::Http2),
            (b"PRI * HTTP/2.0\r\n", Start::More),
            (b"\x16\x03\x01\x02", Start::Tls),
            (b"\x16\x03", Start::More),
            (b"\x00\x01", Start::More),
            (b"\x00\x5a", Start::Other),
            (b"\x00\x00\x06\x04\0\0\0\0\0\0\x01\0\0\0\x64", Start::Http2),
            (b"{\"a\":1}\n", Start::Other),
        ] {
            assert_eq!(classify(bytes, 1000), expected, "{}", bytes.escape_ascii());
        }
    }
}
