//! Texts, CDATA sections and attributes of XML, named by the innermost open tag.
//!
//! A document is cut by patterns, not parsed: nothing is expanded and nothing is fetched, and one
//! that no parser takes still has its texts and attributes looked at.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::{PAIRS_MAX, Pairs, is_blank, trimmed};

static PIECE: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = concat!(
        r"(?s-u)<!\[CDATA\[(?P<cdata>.*?)\]\]>|<!--.*?-->|<[!?](?:[^<>\[\]]|\[[^\]]*\])*>",
        r"|</?(?P<tag>[A-Za-z_][\w:.-]{0,200})(?P<attributes>[^<>]*)>|(?P<text>[^<]+)",
    );
    Regex::new(pattern).expect("a pattern of ours")
});
static ATTRIBUTE: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r#"(?-u)([\w:.-]{1,200})\s*=\s*(?:"([^"]*)"|'([^']*)')"#;
    Regex::new(pattern).expect("a pattern of ours")
});

/// (tag or tag@attribute, text); None: it does not begin as XML does.
pub fn pairs(data: &[u8]) -> Option<Pairs> {
    if trimmed(data).first() != Some(&b'<') {
        return None;
    }
    let mut pairs = Pairs::new();
    let mut tag: &[u8] = b"";
    for piece in PIECE.captures_iter(data) {
        if pairs.len() >= PAIRS_MAX {
            break;
        }
        if let (Some(name), Some(attributes)) = (piece.name("tag"), piece.name("attributes")) {
            tag = name.as_bytes();
            for found in ATTRIBUTE.captures_iter(attributes.as_bytes()) {
                let value = found
                    .get(2)
                    .or(found.get(3))
                    .map_or(&b""[..], |one| one.as_bytes());
                pairs.push(([tag, b"@", &found[1]].concat(), value.to_vec()));
            }
        } else if let Some(text) = piece.name("cdata").or(piece.name("text")) {
            let text = text.as_bytes();
            if !text.iter().all(|&byte| is_blank(byte)) {
                pairs.push((tag.to_vec(), trimmed(text).to_vec()));
            }
        }
    }
    Some(pairs)
}
