//! Multipart bodies (RFC 7578), read as leniently as servers do.

use std::sync::LazyLock;

use memchr::memmem;
use regex::bytes::Regex;

use super::PAIRS_MAX;

static BOUNDARY: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"(?i-u)boundary\s*=\s*(?:"([^"]{1,200})"|([^\s;,]{1,200}))"#));
static DISPOSITION: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i-u)content-disposition\s*:([^\r\n]*)"));
static ATTRIBUTE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r#"(?i-u)(?:^|[;\s])(name|filename\*?)\s*=\s*"#,
        r#"(?:"((?:\\.|[^"\\])*)"|'([^']*)'|([^\s;"]*))"#,
    ))
});
static HEAD_END: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?-u)\r?\n\r?\n"));

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern of ours")
}

pub struct Part<'a> {
    pub name: &'a [u8],
    pub file_name: Option<&'a [u8]>,
    pub content: &'a [u8],
}

/// The parts up to the closing boundary; nothing without a boundary.
pub fn parts<'a>(data: &'a [u8], content_type: &[u8]) -> Vec<Part<'a>> {
    let Some(found) = BOUNDARY.captures(content_type) else {
        return Vec::new();
    };
    let boundary = found
        .get(1)
        .or(found.get(2))
        .map_or(&b""[..], |one| one.as_bytes());
    let boundary = [b"--", boundary].concat();
    let mut parts = Vec::new();
    let mut begins = memmem::find_iter(data, &boundary)
        .map(|at| at + boundary.len())
        .peekable();
    while let Some(begin) = begins.next() {
        let is_last = parts.len() + 1 >= PAIRS_MAX;
        let next = begins.peek().filter(|_| !is_last);
        let piece = &data[begin..next.map_or(data.len(), |&next| next - boundary.len())];
        if piece.starts_with(b"--") {
            break;
        }
        parts.extend(part(piece));
        if is_last {
            break;
        }
    }
    parts
}

fn part(piece: &[u8]) -> Option<Part<'_>> {
    let head_end = HEAD_END.find(piece)?;
    let (mut name, mut file_name, mut coded_name) = (&b""[..], None, None);
    if let Some(found) = DISPOSITION.captures(&piece[..head_end.start()]) {
        let line = found.get(1).map_or(&b""[..], |one| one.as_bytes());
        for attribute in ATTRIBUTE.captures_iter(line) {
            let value = (2..=4).find_map(|group| attribute.get(group));
            let value = value.map_or(&b""[..], |one| one.as_bytes());
            match attribute[1].to_ascii_lowercase().as_slice() {
                b"name" => name = value,
                b"filename" => file_name = Some(value),
                _ => coded_name = Some(value),
            }
        }
    }
    let content = &piece[head_end.end()..];
    let content = content.strip_suffix(b"\n").unwrap_or(content);
    Some(Part {
        name,
        file_name: file_name.or(coded_name),
        content: content.strip_suffix(b"\r").unwrap_or(content),
    })
}
