//! What requests are made of, for the fuzzer and for properties.

/// Openings, closings and escapes of everything that is cut or decoded.
pub const PIECES: &[&[u8]] = &[
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b"\"a\":",
    b",",
    b":",
    b"true",
    b"-1.5e3",
    b"NaN",
    br#"{"a":"x","b":[1,{"c":"d e"}]}"#,
    b"<?xml ",
    b"<a k='v'>",
    b"</a>",
    b"<![CDATA[",
    b"]]>",
    b"<!DOCTYPE a [",
    b"&lt;",
    b"+ADw-",
    b"Bearer eyJhIjoxfQ.eyJiIjoyfQ.",
    b"H4sI",
    b"\x1f\x8b\x08\0\0\0\0\0\0\x03",
    b"x\x01",
    b"query{a(b:\"",
    b"&#60;",
    b"&#x3c",
    b"&amp",
    b"%41",
    b"%2541",
    b"%u003c",
    b"%",
    b"\\u003c",
    b"\\u{3c}",
    b"\\x41",
    b"\\101",
    b"\\ud83d\\ude00",
    b"\\ud800",
    b"\\",
    b"$IFS",
    b"${IFS}$9",
    b"$@",
    b"c'a't",
    b"''",
    b"/**/",
    b"/*!50000or*/",
    b"/*",
    b"--x\n",
    b"#",
    b"\n",
    b"\r\n\r\n",
    b"\0",
    b"\xc0\xaf",
    b"\xef\xbc\x9c",
    b"\xff",
    b"a%3Db",
    b"=",
    b"&",
    b";",
    b"+",
    b"0x27206f7220313d31",
    b"PGI+aGVsbG8gd29ybGQ8L2I+",
    b"data:text/html;base64,",
    b"__proto__",
    b"--x\r\nContent-Disposition: form-data; name=\"f\"; filename='n'\r\n\r\nhi\r\n--x",
    b"--",
];

pub const TYPES: &[&[u8]] = &[
    b"",
    b"application/json",
    b"text/xml",
    b"application/x-www-form-urlencoded",
    b"text/plain",
    b"multipart/form-data; boundary=x",
    b"application/grpc",
];

/// The first byte is the type of the body; target, cookie and body follow, each after a zero byte.
pub fn cut(bytes: &[u8]) {
    use sidetap_native::points::{clean::Clean, request};
    let Some((&kind, rest)) = bytes.split_first() else {
        return;
    };
    let mut parts = rest.splitn(3, |&byte| byte == 0);
    let mut part = || parts.next().unwrap_or_default();
    let (target, cookie, body) = (part(), part(), part());
    let kind = TYPES[usize::from(kind) % TYPES.len()];
    let headers = [(&b"content-type"[..], kind), (b"cookie", cookie)];
    let request = request::Request {
        target,
        headers: &headers,
        body,
    };
    request::points(&request, &Clean::default());
}
