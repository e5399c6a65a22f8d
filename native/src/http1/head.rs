//! Message heads: start line and header fields, read once, written at once in Avro's form.

use std::ops::Range;

use memchr::memchr;

use super::framing::Fields;
use super::marks::Marks;
use super::start::{is_token, status_at, version_at};
use crate::avro::{write_bytes, write_long, write_string};
use crate::schema::Anomaly;

/// What matters of a method for framing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Head,
    Connect,
    Other,
}

/// A head that was read. `avro` holds the record's first fields: of a request method, target,
/// version and headers; of a response status, reason, version and headers.
#[derive(Debug)]
pub struct Head {
    pub avro: Vec<u8>,
    pub marks: Marks,
    pub fields: Fields,
    pub method: Method,
    /// 0 for a request.
    pub status: u16,
    /// 0: 0.9, 1: 1.0, 2: 1.1 and anything else, 3: 2.
    pub version: u8,
    /// Authority of the target or of Host, lower case, without its port.
    pub host: String,
}

impl Head {
    /// The head that a response of HTTP/0.9 does not have.
    pub fn of_09_response() -> Self {
        let mut avro = Vec::new();
        write_long(0, &mut avro);
        write_bytes(b"", &mut avro);
        write_string("0.9", &mut avro);
        write_long(0, &mut avro);
        Head {
            avro,
            marks: Marks::default(),
            fields: Fields::default(),
            method: Method::Other,
            status: 0,
            version: 0,
            host: String::new(),
        }
    }
}

/// Where the head that begins in front of `bytes` ends; `scanned` bytes were looked at before.
/// A blank line ends it, with CRLF or LF.
pub fn head_end(bytes: &[u8], scanned: usize) -> Option<usize> {
    let mut at = scanned.saturating_sub(3);
    while let Some(found) = memchr(b'\n', &bytes[at..]) {
        at += found + 1;
        match bytes[at..] {
            [b'\n', ..] => return Some(at + 1),
            [b'\r', b'\n', ..] => return Some(at + 2),
            _ => {}
        }
    }
    None
}

/// The same for a trailer section, whose blank line may come first.
pub fn trailer_end(bytes: &[u8], scanned: usize) -> Option<usize> {
    match bytes {
        [b'\n', ..] => Some(1),
        [b'\r', b'\n', ..] => Some(2),
        _ => head_end(bytes, scanned),
    }
}

/// Reads a request's head. `head` ends with its blank line, or where the bytes were lost.
pub fn request(head: &[u8], headers_max: usize) -> Head {
    let (line, rest) = first_line(head);
    let mut marks = Marks::default();
    let cut = line
        .iter()
        .position(|&byte| matches!(byte, b' ' | b'\t'))
        .unwrap_or(line.len());
    let (method, behind) = line.split_at(cut);
    if method.is_empty() || !method.iter().all(|&byte| is_token(byte)) {
        marks.add(Anomaly::BadMethod);
    }
    let cut_off = !head.contains(&b'\n');
    let (target, version) = match version_at(line) {
        Some(at) if at > cut => (line[cut..at].trim_ascii(), &line[at + 6..]),
        // "GET HTTP/1.1": the version's place is empty, not the target's.
        Some(_) => (behind.trim_ascii(), &b""[..]),
        None => unversioned(behind.trim_ascii(), cut_off, &mut marks),
    };
    // An authority has no blanks (RFC 9112 §3.2.3): what follows one is not the target.
    let target = match target.iter().position(|&byte| byte == b' ') {
        Some(at) if method == b"CONNECT" => &target[..at],
        _ => target,
    };
    if target.iter().any(|byte| matches!(byte, b' ' | b'\t')) {
        marks.add(Anomaly::SpaceInTarget);
    }
    if target.is_empty() || version.is_empty() {
        marks.add(Anomaly::BadRequestLine);
    }
    let version_text = String::from_utf8_lossy(version);
    let mut avro = Vec::with_capacity(head.len() + 48);
    write_bytes(method, &mut avro);
    write_bytes(target, &mut avro);
    write_string(&version_text, &mut avro);
    let fields = headers(rest, headers_max, &mut avro, &mut marks);
    let method = match method {
        b"HEAD" => Method::Head,
        b"CONNECT" => Method::Connect,
        _ => Method::Other,
    };
    let host = host_of(target, method, &fields);
    let version = version_number(version);
    if version == 2 && fields.hosts == 0 {
        marks.add(Anomaly::MissingHost);
    }
    Head {
        avro,
        marks,
        fields,
        method,
        status: 0,
        version,
        host,
    }
}

/// A target and what stands for a version where no version of HTTP ends the line.
fn unversioned<'a>(behind: &'a [u8], cut_off: bool, marks: &mut Marks) -> (&'a [u8], &'a [u8]) {
    let place = behind.iter().rposition(|&byte| byte == b' ');
    let (target, last) = match place {
        Some(at) => (behind[..at].trim_ascii(), &behind[at + 1..]),
        None => (behind, &b""[..]),
    };
    if cut_off {
        let version_began = place.is_some() && b"HTTP/".starts_with(last);
        return (if version_began { target } else { behind }, b"");
    }
    match last.get(..5) {
        Some(name) if name.eq_ignore_ascii_case(b"HTTP/") => {
            marks.add(Anomaly::BadVersion);
            (target, &last[5..])
        }
        _ => (behind, b"0.9"),
    }
}

/// Reads a response's head.
pub fn response(head: &[u8], headers_max: usize) -> Head {
    let (line, rest) = first_line(head);
    let mut marks = Marks::default();
    let at = status_at(line).unwrap_or(line.len());
    let version = line.get(5..at).unwrap_or_default().trim_ascii_end();
    let digits = line.get(at..at + 3).unwrap_or_default();
    let status = digits
        .iter()
        .fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
    let behind = line.get(at + 3..).unwrap_or_default();
    let regular = version.len() == 3
        && line.get(8) == Some(&b' ')
        && at == 9
        && matches!(behind.first(), None | Some(b' '));
    if !(100..=599).contains(&status) || !regular {
        marks.add(Anomaly::BadStatusLine);
    }
    let mut avro = Vec::with_capacity(head.len() + 48);
    write_long(i64::from(status), &mut avro);
    write_bytes(behind.trim_ascii(), &mut avro);
    write_string(&String::from_utf8_lossy(version), &mut avro);
    let fields = headers(rest, headers_max, &mut avro, &mut marks);
    let version = version_number(version);
    Head {
        avro,
        marks,
        fields,
        method: Method::Other,
        status,
        version,
        host: String::new(),
    }
}

fn version_number(version: &[u8]) -> u8 {
    match version {
        b"0.9" => 0,
        b"1.0" => 1,
        _ => 2,
    }
}

/// The line without its end, and what follows it.
fn first_line(head: &[u8]) -> (&[u8], &[u8]) {
    let end = memchr(b'\n', head);
    let line = &head[..end.unwrap_or(head.len())];
    let rest = &head[end.map_or(head.len(), |at| at + 1)..];
    (line.strip_suffix(b"\r").unwrap_or(line), rest)
}

/// One field as ranges of the section it stands in: name, and value with its folds.
type Field = (Range<usize>, Range<usize>);

/// Writes the fields of a head or trailer section as an Avro array of pairs.
pub fn headers(
    section: &[u8],
    headers_max: usize,
    avro: &mut Vec<u8>,
    marks: &mut Marks,
) -> Fields {
    let mut found: Vec<Field> = Vec::with_capacity(16);
    let mut at = 0;
    while at < section.len() {
        let end = memchr(b'\n', &section[at..]).map_or(section.len(), |length| at + length);
        let line = &section[at..end];
        let line_start = at;
        at = end + 1;
        let line = match line.strip_suffix(b"\r") {
            Some(line) => line,
            None => {
                if end < section.len() {
                    marks.add(Anomaly::BareLf);
                }
                line
            }
        };
        if line.is_empty() {
            continue;
        }
        read_line(line, line_start, &mut found, marks);
    }
    let mut fields = Fields::default();
    if !found.is_empty() {
        if found.len() > headers_max {
            marks.add(Anomaly::HeaderLimit);
        }
        write_long(found.len().min(headers_max) as i64, avro);
        for (number, (name, value)) in found.into_iter().enumerate() {
            let (name, raw) = (&section[name], &section[value]);
            let value = raw.trim_ascii();
            // What is not kept is read all the same: the last field may say where the body ends.
            if number < headers_max {
                write_bytes(name, avro);
                write_bytes(value, avro);
            }
            fields.note(name, value, marks);
            if raw.contains(&b'\n') && name.eq_ignore_ascii_case(b"Transfer-Encoding") {
                marks.add(Anomaly::FoldedTransferEncoding);
            }
        }
    }
    write_long(0, avro);
    fields
}

fn read_line(line: &[u8], start: usize, found: &mut Vec<Field>, marks: &mut Marks) {
    if line.iter().any(|&byte| byte == 0 || byte == b'\r') {
        marks.add(if line.contains(&0) {
            Anomaly::NulByte
        } else {
            Anomaly::BareCr
        });
    }
    let end = start + line.len();
    if matches!(line[0], b' ' | b'\t') {
        match found.last_mut() {
            Some((_, value)) => {
                value.end = end;
                marks.add(Anomaly::ObsFold);
            }
            None => marks.add(Anomaly::BadHeader),
        }
        return;
    }
    let Some(colon) = memchr(b':', line) else {
        marks.add(Anomaly::BadHeader);
        found.push((start..end, end..end));
        return;
    };
    let name = line[..colon].trim_ascii_end();
    if name.len() < colon {
        marks.add(Anomaly::SpaceBeforeColon);
    }
    if name.is_empty() || !name.iter().all(|&byte| is_token(byte)) {
        marks.add(Anomaly::BadHeader);
    }
    found.push((start..start + name.len(), start + colon + 1..end));
}

/// RFC 9112 §3.2: the authority of an absolute or authority form wins over Host.
pub fn host_of(target: &[u8], method: Method, fields: &Fields) -> String {
    let authority = if method == Method::Connect {
        target
    } else if let Some(at) = memchr::memmem::find(target, b"://").filter(|&at| at < 8) {
        let behind = &target[at + 3..];
        let end = behind
            .iter()
            .position(|byte| matches!(byte, b'/' | b'?' | b'#'))
            .unwrap_or(behind.len());
        &behind[..end]
    } else {
        &fields.host
    };
    let authority = authority
        .rsplit(|&byte| byte == b'@')
        .next()
        .unwrap_or_default();
    let end = match (authority.first(), memchr(b']', authority)) {
        (Some(b'['), Some(bracket)) => bracket + 1,
        _ => memchr(b':', authority).unwrap_or(authority.len()),
    };
    String::from_utf8_lossy(&authority[..end]).to_ascii_lowercase()
}
