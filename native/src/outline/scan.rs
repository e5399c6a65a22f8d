//! JSON (RFC 8259) read once, from front to back, into places.

use std::borrow::Cow;

use super::tree::{Place, Property};
use super::words::{
    ARRAY, BOOLEAN, INTEGER, NULL, NUMBER, Word, is_value_name, of_integer, of_string, of_text,
};

/// What lies deeper is not looked at. As in services/discovery/shape.py.
const DEPTH_MAX: usize = 10;
/// Nesting beyond it is no document of anyone; each level takes stack.
const NESTING_MAX: usize = 128;
/// Places in one document; beyond it names are left out, and the outline says so.
const PLACES_MAX: usize = 1_000;

pub fn read(data: &str, texts: bool) -> Option<Place<'_>> {
    let mut scan = Scan {
        text: data,
        bytes: data.as_bytes(),
        at: 0,
        places: 0,
        texts,
    };
    let mut root = Place::default();
    scan.value(Some(&mut root), DEPTH_MAX, 0)?;
    scan.blank();
    (scan.at == scan.bytes.len()).then_some(root)
}

struct Scan<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    places: usize,
    texts: bool,
}

impl<'a> Scan<'a> {
    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn eat(&mut self, wanted: u8) -> Option<()> {
        (self.peek() == Some(wanted)).then(|| self.at += 1)
    }

    /// One value into its place; without a place it is only checked.
    fn value(&mut self, place: Option<&mut Place<'a>>, depth: usize, nesting: usize) -> Option<()> {
        self.blank();
        match self.peek()? {
            b'{' => self.object(place, depth, nesting),
            b'[' => self.array(place, depth, nesting),
            b'"' => {
                let text = self.string()?;
                if let Some(place) = place {
                    let read = if self.texts { of_text } else { of_string };
                    place.take(read(&text));
                }
                Some(())
            }
            b't' => self.word("true", BOOLEAN, place),
            b'f' => self.word("false", BOOLEAN, place),
            b'n' => self.word("null", NULL, place),
            _ => self.number(place),
        }
    }

    fn word(&mut self, word: &str, kind: u8, place: Option<&mut Place<'a>>) -> Option<()> {
        self.bytes[self.at..].starts_with(word.as_bytes()).then(|| {
            self.at += word.len();
            if let Some(place) = place {
                place.kinds |= kind;
            }
        })
    }

    fn number(&mut self, place: Option<&mut Place<'a>>) -> Option<()> {
        let start = self.at;
        let _ = self.eat(b'-');
        let digits = self.digits()?;
        if digits > 1 && self.bytes[self.at - digits] == b'0' {
            return None;
        }
        let mut kind = INTEGER;
        if self.eat(b'.').is_some() {
            kind = NUMBER;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            kind = NUMBER;
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        if let Some(place) = place {
            let text = &self.text[start..self.at];
            place.take(if kind == INTEGER {
                of_integer(text)
            } else {
                Word::of(NUMBER)
            });
        }
        Some(())
    }

    /// How many; None: not one.
    fn digits(&mut self) -> Option<usize> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        (self.at > start).then_some(self.at - start)
    }

    fn string(&mut self) -> Option<Cow<'a, str>> {
        self.eat(b'"')?;
        let start = self.at;
        let mut escaped = false;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => {
                    escaped = true;
                    self.at += 2;
                }
                0..=0x1f => return None,
                _ => self.at += 1,
            }
        }
        let raw = self.text.get(start..self.at)?;
        self.at += 1;
        if escaped {
            unescaped(raw).map(Cow::Owned)
        } else {
            Some(Cow::Borrowed(raw))
        }
    }

    fn array(
        &mut self,
        mut place: Option<&mut Place<'a>>,
        depth: usize,
        nesting: usize,
    ) -> Option<()> {
        self.at += 1;
        if nesting == NESTING_MAX {
            return None;
        }
        if let Some(place) = &mut place {
            place.kinds |= ARRAY;
        }
        self.blank();
        if self.eat(b']').is_some() {
            return Some(());
        }
        let mut items = match place {
            Some(place) if depth > 0 => Some(place.items.get_or_insert_default()),
            Some(place) => {
                place.cut = true;
                None
            }
            None => None,
        };
        loop {
            let inner = items.as_mut().map(|items| &mut ***items);
            self.value(inner, depth.saturating_sub(1), nesting + 1)?;
            self.blank();
            if self.eat(b']').is_some() {
                return Some(());
            }
            self.eat(b',')?;
        }
    }

    fn object(
        &mut self,
        mut place: Option<&mut Place<'a>>,
        depth: usize,
        nesting: usize,
    ) -> Option<()> {
        self.at += 1;
        if nesting == NESTING_MAX {
            return None;
        }
        let number = place.as_mut().map_or(0, |place| place.begin_object());
        self.blank();
        if self.eat(b'}').is_some() {
            return Some(());
        }
        if depth == 0
            && let Some(place) = place.take()
        {
            place.cut = true;
        }
        let mut hint = 0;
        loop {
            self.blank();
            let name = self.string()?;
            self.blank();
            self.eat(b':')?;
            let inner = match &mut place {
                Some(place) => self.below(place, name, number, &mut hint),
                None => None,
            };
            self.value(inner, depth.saturating_sub(1), nesting + 1)?;
            self.blank();
            if self.eat(b'}').is_some() {
                break;
            }
            self.eat(b',')?;
        }
        if let Some(place) = place {
            place.bound();
        }
        Some(())
    }

    /// Where a property's value goes; None: nowhere, there are too many places.
    fn below<'p>(
        &mut self,
        place: &'p mut Place<'a>,
        name: Cow<'a, str>,
        object: u32,
        hint: &mut usize,
    ) -> Option<&'p mut Place<'a>> {
        if let Some(at) = place.find(&name, *hint) {
            *hint = at + 1;
            let property = &mut place.properties[at];
            property.seen += u32::from(property.last != object);
            property.last = object;
            return Some(&mut property.place);
        }
        if place.map || is_value_name(&name) {
            return Some(place.other.get_or_insert_default());
        }
        if self.places == PLACES_MAX {
            place.cut = true;
            return None;
        }
        self.places += 1;
        place.properties.push(Property {
            name,
            seen: 1,
            last: object,
            place: Place::default(),
        });
        *hint = place.properties.len();
        place.properties.last_mut().map(|p| &mut p.place)
    }
}

/// RFC 8259 §7; half a surrogate pair becomes U+FFFD.
fn unescaped(raw: &str) -> Option<String> {
    let mut units: Vec<u16> = Vec::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            units.extend(c.encode_utf16(&mut [0; 2]).iter());
            continue;
        }
        units.push(match chars.next()? {
            c @ ('"' | '\\' | '/') => c as u16,
            'b' => 8,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            't' => 9,
            'u' => {
                let digits = chars.as_str().get(..4)?;
                chars = chars.as_str()[4..].chars();
                digits
                    .bytes()
                    .all(|b| b.is_ascii_hexdigit())
                    .then_some(())?;
                u16::from_str_radix(digits, 16).ok()?
            }
            _ => return None,
        });
    }
    Some(String::from_utf16_lossy(&units))
}
