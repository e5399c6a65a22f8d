//! Sections as heads: what HTTP/2 says in pseudo-headers, HTTP/1 says in its first line.

use super::hpack::Section;
use crate::avro::{write_bytes, write_long, write_string};
use crate::http1::framing::Fields;
use crate::http1::head::{Head, Method, host_of};
use crate::http1::marks::Marks;
use crate::schema::Anomaly;

/// `Head::version` of HTTP/2.
pub const VERSION: u8 = 3;

/// A pseudo-header's value; the first counts.
pub fn pseudo<'a>(section: &'a Section, name: &[u8]) -> Option<&'a [u8]> {
    let field = section.fields.iter().find(|(known, _)| known == name);
    field.map(|(_, value)| value.as_slice())
}

/// The section opens a request.
pub fn is_request(section: &Section) -> bool {
    [&b":method"[..], b":path", b":scheme", b":authority"]
        .iter()
        .any(|name| pseudo(section, name).is_some())
}

pub fn request(section: &Section, headers_max: usize) -> Head {
    let method = pseudo(section, b":method").unwrap_or_default();
    let authority = pseudo(section, b":authority").unwrap_or_default();
    let (kind, target) = match method {
        b"HEAD" => (Method::Head, pseudo(section, b":path")),
        b"CONNECT" => (Method::Connect, Some(authority)),
        _ => (Method::Other, pseudo(section, b":path")),
    };
    let mut avro = Vec::new();
    write_bytes(method, &mut avro);
    write_bytes(target.unwrap_or_default(), &mut avro);
    write_string("2", &mut avro);
    let (mut fields, marks) = headers(section, headers_max, &mut avro);
    if !authority.is_empty() {
        fields.host = authority.to_vec();
    }
    Head {
        host: host_of(b"", Method::Other, &fields),
        avro,
        marks,
        fields,
        method: kind,
        status: 0,
        version: VERSION,
    }
}

/// The three digits of `:status`; 0: not known, or none.
pub fn status(section: &Section) -> u16 {
    let text = pseudo(section, b":status").unwrap_or_default();
    let number = str::from_utf8(text).ok().filter(|text| text.len() == 3);
    number.and_then(|text| text.parse().ok()).unwrap_or(0)
}

pub fn response(section: &Section, headers_max: usize) -> Head {
    let status = status(section);
    let mut avro = Vec::new();
    write_long(i64::from(status), &mut avro);
    write_bytes(b"", &mut avro);
    write_string("2", &mut avro);
    let (fields, mut marks) = headers(section, headers_max, &mut avro);
    if status == 0 && !section.unknown {
        marks.add(Anomaly::BadStatusLine);
    }
    Head {
        avro,
        marks,
        fields,
        method: Method::Other,
        status,
        version: VERSION,
        host: String::new(),
    }
}

/// Writes the ordinary fields as an Avro array of pairs.
pub fn headers(section: &Section, headers_max: usize, avro: &mut Vec<u8>) -> (Fields, Marks) {
    let (mut fields, mut marks) = (Fields::default(), Marks::default());
    let ordinary = || {
        section
            .fields
            .iter()
            .filter(|(name, _)| !name.starts_with(b":"))
    };
    let all = ordinary().count();
    let count = all.min(headers_max);
    if count > 0 {
        write_long(count as i64, avro);
    }
    for (name, value) in ordinary().take(count) {
        write_bytes(name, avro);
        write_bytes(value, avro);
        fields.note(name, value, &mut marks);
        if value.contains(&0) {
            marks.add(Anomaly::NulByte);
        }
    }
    write_long(0, avro);
    if all > count {
        marks.add(Anomaly::HeaderLimit);
    }
    if section.too_long {
        marks.add(Anomaly::HeadLimit);
    }
    if section.unknown || section.damaged {
        marks.add(Anomaly::Http2UnknownHeaders);
    }
    (fields, marks)
}
