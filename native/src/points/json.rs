//! Every string of a JSON document (RFC 8259) by its path, read leniently: JSON lines, control
//! signs in strings, NaN and bytes that are no UTF-8 are taken, for servers take them.

use super::{PAIRS_MAX, Pairs};

/// Deeper than any application's; each level takes stack.
const DEPTH_MAX: usize = 64;
/// Of a longer name the last bytes are one; of a longer key all bytes are a value, too.
const NAME_BYTES_MAX: usize = 1_024;
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Strings by their paths, keys of what is no string as pairs without a value. None: the first
/// document is none. What stands behind damage in a later one counts as it stands.
pub fn pairs(data: &[u8]) -> Option<Pairs> {
    let mut data = data;
    while let Some(rest) = data.strip_prefix(BYTE_ORDER_MARK).or(match data {
        [b' ' | b'\t' | b'\r' | b'\n', rest @ ..] => Some(rest),
        _ => None,
    }) {
        data = rest;
    }
    if !matches!(data.first(), Some(b'{' | b'[' | b'"')) {
        return None;
    }
    let mut reader = Reader {
        data,
        at: 0,
        pairs: Vec::new(),
    };
    while reader.at < data.len() && reader.pairs.len() < PAIRS_MAX {
        let (begin, before) = (reader.at, reader.pairs.len());
        if reader.value(&mut Vec::new(), 0).is_none() {
            if begin == 0 {
                return None;
            }
            reader.pairs.truncate(before);
            reader.pairs.push((Vec::new(), data[begin..].to_vec()));
            break;
        }
        reader.blank();
    }
    reader.pairs.truncate(PAIRS_MAX);
    Some(reader.pairs)
}

struct Reader<'a> {
    data: &'a [u8],
    at: usize,
    pairs: Pairs,
}

impl Reader<'_> {
    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.data.get(self.at).copied()
    }

    fn eat(&mut self, wanted: u8) -> Option<()> {
        (self.peek()? == wanted).then(|| self.at += 1)
    }

    /// What is beyond the limit is read on, for the document must be whole, and left out.
    fn found(&mut self, path: &[u8], value: Vec<u8>) {
        if self.pairs.len() < PAIRS_MAX {
            let name = &path[path.len().saturating_sub(NAME_BYTES_MAX)..];
            self.pairs.push((name.to_vec(), value));
        }
    }

    fn value(&mut self, path: &mut Vec<u8>, depth: usize) -> Option<()> {
        if self.peek()? == b'"' {
            let text = self.string()?;
            self.found(path, text);
            return Some(());
        }
        if depth >= DEPTH_MAX {
            return None;
        }
        match self.peek()? {
            b'{' => self.object(path, depth),
            b'[' => self.array(path, depth),
            b'-' | b'0'..=b'9' => self.number(),
            _ => {
                let words: [&[u8]; 5] = [b"true", b"false", b"null", b"NaN", b"Infinity"];
                words.into_iter().find_map(|word| self.word(word))
            }
        }
    }

    fn object(&mut self, path: &mut Vec<u8>, depth: usize) -> Option<()> {
        self.at += 1;
        self.blank();
        if self.eat(b'}').is_some() {
            return Some(());
        }
        loop {
            self.blank();
            let key = self.string()?;
            self.blank();
            self.eat(b':')?;
            self.blank();
            let outer = path.len();
            if outer > 0 {
                path.push(b'.');
            }
            path.extend_from_slice(&key[..key.len().min(NAME_BYTES_MAX)]);
            if key.len() > NAME_BYTES_MAX {
                self.found(b"", key);
            }
            let is_text = self.peek()? == b'"';
            self.value(path, depth + 1)?;
            if !is_text {
                self.found(path, Vec::new());
            }
            path.truncate(outer);
            self.blank();
            if self.eat(b',').is_none() {
                return self.eat(b'}');
            }
        }
    }

    fn array(&mut self, path: &mut Vec<u8>, depth: usize) -> Option<()> {
        self.at += 1;
        self.blank();
        if self.eat(b']').is_some() {
            return Some(());
        }
        let outer = path.len();
        path.extend_from_slice(b"[]");
        loop {
            self.blank();
            self.value(path, depth + 1)?;
            self.blank();
            if self.eat(b',').is_none() {
                path.truncate(outer);
                return self.eat(b']');
            }
        }
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.data[self.at..]
            .starts_with(word)
            .then(|| self.at += word.len())
    }

    fn number(&mut self) -> Option<()> {
        if self.eat(b'-').is_some() && self.word(b"Infinity").is_some() {
            return Some(());
        }
        if self.eat(b'0').is_none() {
            self.digits()?;
        }
        let whole = self.at;
        if self.eat(b'.').is_some() && self.digits().is_none() {
            self.at = whole; // "1." ends before its dot, and what follows is damage.
            return Some(());
        }
        let mantissa = self.at;
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits().is_none() {
                self.at = mantissa;
            }
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let rest = &self.data[self.at..];
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        (count > 0).then_some(())
    }

    fn string(&mut self) -> Option<Vec<u8>> {
        self.eat(b'"')?;
        let mut text = Vec::new();
        loop {
            let rest = &self.data[self.at..];
            let end = memchr::memchr2(b'"', b'\\', rest)?;
            text.extend_from_slice(&rest[..end]);
            self.at += end + 1;
            if rest[end] == b'"' {
                return Some(text);
            }
            self.escape(&mut text)?;
        }
    }

    /// Behind the backslash.
    fn escape(&mut self, text: &mut Vec<u8>) -> Option<()> {
        let sign = self.peek()?;
        self.at += 1;
        let plain = match sign {
            b'"' | b'\\' | b'/' => sign,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let character = self.unicode()?;
                text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                return Some(());
            }
            _ => return None,
        };
        text.push(plain);
        Some(())
    }

    /// Four hex digits, or two times four; half of a pair reads as a question mark.
    fn unicode(&mut self) -> Option<char> {
        let first = self.hex4()?;
        if let Some(character) = char::from_u32(first) {
            return Some(character);
        }
        let behind = self.at;
        if first < 0xDC00 && self.word(b"\\u").is_some() {
            let second = self.hex4()?;
            if (0xDC00..0xE000).contains(&second) {
                let code = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
                return char::from_u32(code);
            }
            self.at = behind;
        }
        Some('?')
    }

    fn hex4(&mut self) -> Option<u32> {
        let digits = self.data.get(self.at..self.at + 4)?;
        self.at += 4;
        let number = |sum: u32, &digit: &u8| Some(sum << 4 | char::from(digit).to_digit(16)?);
        digits.iter().try_fold(0, number)
    }
}
