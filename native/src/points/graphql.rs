//! The texts that a GraphQL document hands to its fields: string literals between brackets.
//!
//! In: a document (GraphQL specification, October 2021, 2.9.4). Out: (argument, text) of each, in
//! order; None: it begins as no document does. Read leniently: what is not closed goes on to the
//! end.

use memchr::memmem;

use super::{PAIRS_MAX, Pairs, is_word, trimmed};

const WORDS: [&[u8]; 4] = [b"query", b"mutation", b"subscription", b"fragment"];
const BLOCK: &[u8] = b"\"\"\"";

/// Whether a document of GraphQL may begin so; a shorthand query begins as JSON does.
pub fn begins(value: &[u8]) -> bool {
    WORDS.iter().any(|word| {
        value.starts_with(word) && !value.get(word.len()).is_some_and(|&byte| is_word(byte))
    })
}

pub fn pairs(value: &[u8]) -> Option<Pairs> {
    let value = trimmed(value);
    if !(value.first() == Some(&b'{') || begins(value)) {
        return None;
    }
    let mut reader = Reader { value, at: 0 };
    let mut pairs = Pairs::new();
    let (mut word, mut argument, mut brackets) = (&b""[..], &b""[..], 0_usize);
    while let Some(&byte) = value.get(reader.at) {
        match byte {
            b'"' => {
                let text = reader.text();
                if brackets > 0 && !argument.is_empty() && pairs.len() < PAIRS_MAX {
                    pairs.push((argument.to_vec(), text));
                }
                continue;
            }
            b'#' => {
                reader.at = memchr::memchr(b'\n', &value[reader.at..])
                    .map_or(value.len(), |length| reader.at + length);
                continue;
            }
            _ if is_word(byte) => {
                word = reader.word();
                continue;
            }
            b':' => argument = word,
            b'(' => (brackets, argument) = (brackets + 1, b""),
            b')' => (brackets, argument) = (brackets.saturating_sub(1), b""),
            _ => {}
        }
        reader.at += 1;
    }
    Some(pairs)
}

struct Reader<'a> {
    value: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn word(&mut self) -> &'a [u8] {
        let rest = &self.value[self.at..];
        let length = rest.iter().take_while(|&&byte| is_word(byte)).count();
        self.at += length;
        &rest[..length]
    }

    /// The literal that begins here, without its quotes.
    fn text(&mut self) -> Vec<u8> {
        let rest = &self.value[self.at..];
        if let Some(block) = rest.strip_prefix(BLOCK) {
            let length = memmem::find(block, BLOCK).unwrap_or(block.len());
            self.at = self.value.len().min(self.at + length + 2 * BLOCK.len());
            return block[..length].to_vec();
        }
        let mut text = Vec::new();
        let mut at = 1;
        while let Some(&byte) = rest.get(at) {
            match (byte, rest.get(at + 1)) {
                (b'"' | b'\n', _) => break,
                (b'\\', Some(&escaped)) => {
                    match escaped {
                        b'n' => text.push(b'\n'),
                        b'r' => text.push(b'\r'),
                        b't' => text.push(b'\t'),
                        // The decoders know it: \u0041.
                        b'u' => text.extend_from_slice(b"\\u"),
                        other => text.push(other),
                    }
                    at += 2;
                }
                _ => {
                    text.push(byte);
                    at += 1;
                }
            }
        }
        self.at = self.value.len().min(self.at + at + 1);
        text
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(document: &str) -> Option<Vec<(String, String)>> {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let found = pairs(document.as_bytes())?;
        Some(found.into_iter().map(|(a, b)| (text(a), text(b))).collect())
    }

    fn one(name: &str, value: &str) -> (String, String) {
        (name.into(), value.into())
    }

    #[test]
    fn literals_by_their_arguments() {
        let document = r#"query Q($n: Int = 1) { # "not this"
            user(name: "a\"b", where: {mail: "c", in: ["d", "e"]}) { id } note(text: """f "g" """) }"#;
        let all = [
            ("name", "a\"b"),
            ("mail", "c"),
            ("in", "d"),
            ("in", "e"),
            ("text", "f \"g\" "),
        ];
        assert_eq!(texts(document), Some(all.map(|(a, b)| one(a, b)).to_vec()));
    }

    #[test]
    fn what_is_not_closed_goes_on() {
        assert_eq!(texts("{ a(b: \"c"), Some(vec![one("b", "c")]));
        assert_eq!(texts("mutation { a(b: \"\"\"c"), Some(vec![one("b", "c")]));
    }

    #[test]
    fn what_is_no_document_has_none() {
        assert_eq!(texts("queryable(a: \"b\")"), None);
        assert_eq!(texts("a(b: \"c\")"), None);
        assert_eq!(texts("{ color: \"red\", f(\"x\") }"), Some(vec![]));
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(value in "[{(\"\\\\:a#)} \n]{0,60}") {
            let _ = pairs(value.as_bytes());
        }
    }
}
