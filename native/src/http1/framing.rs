//! How long is the body? RFC 9112 §6, and what others might think.

use serde::{Deserialize, Serialize};

use super::head::{Head, Method};
use super::marks::Marks;
use crate::schema::Anomaly;

/// Where a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Framing {
    None,
    Length(u64),
    Chunked,
    UntilClose,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Length {
    #[default]
    Absent,
    Bytes(u64),
    Bad,
}

/// The header fields that decide about framing, hosts and decoding.
#[derive(Debug, Default)]
pub struct Fields {
    length: Length,
    /// Transfer-Encoding fields, lower case, joined by commas.
    transfer: Option<Vec<u8>>,
    /// Content-Encoding fields, lower case, joined by ", ".
    pub encoding: Option<String>,
    pub host: Vec<u8>,
    pub hosts: usize,
    pub upgrade: bool,
    pub upgrades_to_http2: bool,
    pub expect: bool,
}

impl Fields {
    /// Takes in one field.
    pub fn note(&mut self, name: &[u8], value: &[u8], marks: &mut Marks) {
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        match name.len() {
            4 if is(b"Host") => self.note_host(value, marks),
            6 if is(b"Expect") => self.expect = true,
            7 if is(b"Upgrade") => {
                self.upgrade = true;
                self.upgrades_to_http2 |= value.eq_ignore_ascii_case(b"h2c");
            }
            14 if is(b"Content-Length") => self.note_length(value, marks),
            16 if is(b"Content-Encoding") => self.note_encoding(value),
            17 if is(b"Transfer-Encoding") => self.note_transfer(value),
            _ => {}
        }
    }

    fn note_host(&mut self, value: &[u8], marks: &mut Marks) {
        if self.hosts == 0 {
            self.host = value.to_vec();
        } else {
            marks.add(Anomaly::DuplicateHost);
        }
        self.hosts += 1;
    }

    fn note_length(&mut self, value: &[u8], marks: &mut Marks) {
        for text in value.split(|&byte| byte == b',') {
            let read = read_length(text.trim_ascii(), marks);
            self.length = match (self.length, read) {
                (Length::Absent, read) => read,
                (Length::Bytes(before), Length::Bytes(now)) if before == now => {
                    marks.add(Anomaly::MultipleContentLength);
                    read
                }
                (before, _) => {
                    // The first one is followed: most servers do, and it was the first promise.
                    marks.add(Anomaly::ConflictingContentLength);
                    before
                }
            };
        }
    }

    fn note_encoding(&mut self, value: &[u8]) {
        let text = String::from_utf8_lossy(value).to_ascii_lowercase();
        match &mut self.encoding {
            Some(before) => {
                before.push_str(", ");
                before.push_str(&text);
            }
            None => self.encoding = Some(text),
        }
    }

    fn note_transfer(&mut self, value: &[u8]) {
        let transfer = self.transfer.get_or_insert_default();
        if !transfer.is_empty() {
            transfer.push(b',');
        }
        transfer.extend(value.iter().map(u8::to_ascii_lowercase));
    }
}

fn read_length(text: &[u8], marks: &mut Marks) -> Length {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        let negative = text.first() == Some(&b'-')
            && text.len() > 1
            && text[1..].iter().all(u8::is_ascii_digit);
        marks.add(if negative {
            Anomaly::NegativeContentLength
        } else {
            Anomaly::BadContentLength
        });
        return Length::Bad;
    }
    let value = text.iter().try_fold(0i64, |sum, digit| {
        sum.checked_mul(10)?.checked_add(i64::from(digit - b'0'))
    });
    match value {
        Some(value) => Length::Bytes(value as u64),
        None => {
            marks.add(Anomaly::ContentLengthOverflow);
            Length::Bad
        }
    }
}

/// What Transfer-Encoding says.
enum Transfer {
    Absent,
    Chunked,
    /// Something that does not end in one chunked coding; `chunked`: one stands in front.
    Unknown {
        chunked: bool,
    },
}

fn transfer(head: &mut Head) -> Transfer {
    let Some(value) = &head.fields.transfer else {
        return Transfer::Absent;
    };
    let codings: Vec<&[u8]> = value
        .split(|&byte| byte == b',')
        .map(<[u8]>::trim_ascii)
        .filter(|coding| !coding.is_empty())
        .collect();
    // RFC 7230 took "identity" away: it means that nothing was done, wherever it stands.
    let applied: Vec<&[u8]> = codings
        .iter()
        .copied()
        .filter(|coding| *coding != b"identity")
        .collect();
    let Some((last, before)) = applied.split_last() else {
        return Transfer::Absent;
    };
    if applied.len() < codings.len() {
        head.marks.add(Anomaly::UnknownTransferEncoding);
    }
    if !before
        .iter()
        .all(|coding| matches!(*coding, b"gzip" | b"x-gzip" | b"deflate" | b"compress"))
    {
        head.marks.add(Anomaly::UnknownTransferEncoding);
    }
    if *last == b"chunked" {
        return Transfer::Chunked;
    }
    head.marks.add(Anomaly::UnknownTransferEncoding);
    Transfer::Unknown {
        chunked: before.contains(&&b"chunked"[..]),
    }
}

/// The framing that Content-Length and Transfer-Encoding give, None without either.
fn stated(head: &mut Head) -> Option<Framing> {
    let length = head.fields.length;
    let transfer = transfer(head);
    if !matches!(transfer, Transfer::Absent) && (length != Length::Absent || head.version < 2) {
        head.marks.add(Anomaly::AmbiguousFraming);
    }
    match (transfer, length) {
        (Transfer::Chunked, _) => Some(Framing::Chunked),
        // RFC 9112 wants this refused; servers that do not refuse it follow Content-Length.
        (_, Length::Bytes(bytes)) => Some(Framing::Length(bytes)),
        // Its end is nowhere stated; a request that names chunks at all is read by them, as its
        // sender wrote it and as servers that do not refuse it do. A response has its rule.
        (Transfer::Unknown { chunked: true }, _) if head.status == 0 => Some(Framing::Chunked),
        (Transfer::Unknown { .. }, _) | (_, Length::Bad) => Some(Framing::UntilClose),
        (Transfer::Absent, Length::Absent) => None,
    }
}

/// A request without Content-Length and Transfer-Encoding has no body.
pub fn of_request(head: &mut Head) -> Framing {
    stated(head).unwrap_or(Framing::None)
}

/// A response's body depends on the request's method, where that is known.
pub fn of_response(head: &mut Head, method: Method) -> Framing {
    let stated = stated(head);
    let tunnel = method == Method::Connect && (200..300).contains(&head.status);
    let bodiless = matches!(head.status, 100..=199 | 204 | 304);
    if bodiless || tunnel || method == Method::Head {
        return Framing::None;
    }
    stated.unwrap_or(Framing::UntilClose)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http1::head;

    fn request(fields: &str) -> (Framing, Vec<Anomaly>) {
        let text = format!("POST / HTTP/1.1\r\nHost: h\r\n{fields}\r\n\r\n");
        let mut head = head::request(text.as_bytes(), 100);
        let framing = of_request(&mut head);
        let all = [
            Anomaly::AmbiguousFraming,
            Anomaly::BadContentLength,
            Anomaly::ConflictingContentLength,
            Anomaly::ContentLengthOverflow,
            Anomaly::FoldedTransferEncoding,
            Anomaly::MultipleContentLength,
            Anomaly::NegativeContentLength,
            Anomaly::UnknownTransferEncoding,
        ];
        (
            framing,
            all.into_iter()
                .filter(|mark| head.marks.has(*mark))
                .collect(),
        )
    }

    #[test]
    fn a_request_is_framed_as_rfc_9112_wants() {
        use Anomaly::*;
        use Framing::*;
        for (fields, framing, marks) in [
            ("X: y", None, vec![]),
            ("Content-Length: 7", Length(7), vec![]),
            (
                "Content-Length: 7\r\ncontent-length: 7",
                Length(7),
                vec![MultipleContentLength],
            ),
            (
                "Content-Length: 7, 8",
                Length(7),
                vec![ConflictingContentLength],
            ),
            (
                "Content-Length: -7",
                UntilClose,
                vec![NegativeContentLength],
            ),
            ("Content-Length: +7", UntilClose, vec![BadContentLength]),
            ("Content-Length: 0x7", UntilClose, vec![BadContentLength]),
            ("Content-Length:", UntilClose, vec![BadContentLength]),
            (
                "Content-Length: 9223372036854775808",
                UntilClose,
                vec![ContentLengthOverflow],
            ),
            ("Transfer-Encoding: Chunked", Chunked, vec![]),
            ("Transfer-Encoding: gzip, chunked", Chunked, vec![]),
            (
                "Transfer-Encoding: chunked, gzip",
                Chunked,
                vec![UnknownTransferEncoding],
            ),
            (
                "Transfer-Encoding: chunked, identity",
                Chunked,
                vec![UnknownTransferEncoding],
            ),
            (
                "Transfer-Encoding: xchunked",
                UntilClose,
                vec![UnknownTransferEncoding],
            ),
            (
                "Transfer-Encoding: chunked\r\nContent-Length: 7",
                Chunked,
                vec![AmbiguousFraming],
            ),
            (
                "Transfer-Encoding:\r\n chunked",
                Chunked,
                vec![FoldedTransferEncoding],
            ),
            ("Transfer-Encoding: identity", None, vec![]),
        ] {
            assert_eq!(request(fields), (framing, marks), "{fields}");
        }
    }

    #[test]
    fn a_response_depends_on_its_request() {
        let framing = |status: &str, fields: &str, method: Method| {
            let text = format!("HTTP/1.1 {status} x\r\n{fields}\r\n\r\n");
            of_response(&mut head::response(text.as_bytes(), 100), method)
        };
        assert_eq!(framing("200", "X: y", Method::Other), Framing::UntilClose);
        assert_eq!(
            framing("200", "Content-Length: 3", Method::Other),
            Framing::Length(3)
        );
        assert_eq!(
            framing("200", "Content-Length: 3", Method::Head),
            Framing::None
        );
        assert_eq!(
            framing("204", "Content-Length: 3", Method::Other),
            Framing::None
        );
        assert_eq!(
            framing("304", "Transfer-Encoding: chunked", Method::Other),
            Framing::None
        );
        assert_eq!(
            framing("200", "Content-Length: 3", Method::Connect),
            Framing::None
        );
        assert_eq!(
            framing("407", "Content-Length: 3", Method::Connect),
            Framing::Length(3)
        );
    }
}
