//! What stands at one place of a document, and all below it.

use std::borrow::Cow;
use std::fmt::Write;

use super::words::{DOUBTFUL, FORMATS, KINDS, OBJECT, SENSITIVE, Word};

/// An object with more names is a map: its names are values. As in services/discovery/shape.py.
pub const PROPERTIES_MAX: usize = 100;

#[derive(Default)]
pub struct Place<'a> {
    /// Bits of `words::KINDS`.
    pub kinds: u8,
    /// Bits of `words::FORMATS`, of strings.
    pub formats: u16,
    /// Bits of `words::SENSITIVE`, of strings and long integers.
    sensitive: u16,
    /// How many strings and integers, and how many of them each doubtful kind would be.
    values: u32,
    doubtful: [u32; DOUBTFUL.len()],
    pub objects: u32,
    pub properties: Vec<Property<'a>>,
    pub other: Option<Box<Place<'a>>>,
    pub items: Option<Box<Place<'a>>>,
    pub map: bool,
    pub cut: bool,
}

pub struct Property<'a> {
    pub name: Cow<'a, str>,
    /// In so many objects.
    pub seen: u32,
    /// The number of the object that had it last: a name twice in one object counts once.
    pub last: u32,
    pub place: Place<'a>,
}

impl<'a> Place<'a> {
    /// Adds a string or a number.
    pub fn take(&mut self, word: Word) {
        self.kinds |= word.kind;
        self.formats |= word.formats;
        self.sensitive |= word.sensitive;
        self.values += 1;
        for (count, bit) in self.doubtful.iter_mut().zip(DOUBTFUL) {
            *count += u32::from(word.sensitive & bit != 0);
        }
    }

    /// One number in ten has the check digit of a card by chance: most values must have it.
    fn sensitive(&self) -> u16 {
        let chance = self.doubtful.iter().zip(DOUBTFUL);
        let few = chance.filter(|(count, _)| **count * 2 <= self.values);
        self.sensitive & !few.fold(0, |bits, (_, bit)| bits | bit)
    }

    /// Where a name is; `hint` is where it stands if objects are alike.
    pub fn find(&self, name: &str, hint: usize) -> Option<usize> {
        match self.properties.get(hint) {
            Some(property) if property.name == name => Some(hint),
            _ => self.properties.iter().position(|p| p.name == name),
        }
    }

    /// With too many names it is a map, and all values stand at one place.
    pub fn bound(&mut self) {
        if self.properties.len() <= PROPERTIES_MAX && (!self.map || self.properties.is_empty()) {
            return;
        }
        self.map = true;
        let mut other = self.other.take().unwrap_or_default();
        for property in self.properties.drain(..) {
            other.merge(property.place);
        }
        self.other = Some(other);
    }

    fn merge(&mut self, more: Place<'a>) {
        self.kinds |= more.kinds;
        self.formats |= more.formats;
        self.sensitive |= more.sensitive;
        self.values += more.values;
        for (mine, theirs) in self.doubtful.iter_mut().zip(more.doubtful) {
            *mine += theirs;
        }
        self.objects += more.objects;
        self.map |= more.map;
        self.cut |= more.cut;
        for theirs in more.properties {
            match self.find(&theirs.name, 0) {
                Some(at) => {
                    let mine = &mut self.properties[at];
                    mine.seen += theirs.seen;
                    mine.place.merge(theirs.place);
                }
                None => self.properties.push(theirs),
            }
        }
        for (mine, theirs) in [(&mut self.other, more.other), (&mut self.items, more.items)] {
            if let Some(theirs) = theirs {
                mine.get_or_insert_default().merge(*theirs);
            }
        }
        self.bound();
    }

    /// As JSON. `always`: whether every object around it has it; None: nothing is around it.
    pub fn write(&self, always: Option<bool>, out: &mut String) {
        let kinds = self.kinds.count_ones();
        out.push_str("{\"k\":{");
        list(out, KINDS.len(), u16::from(self.kinds), |out, kind| {
            let _ = write!(out, "\"{}\":1", KINDS[kind]);
        });
        out.push('}');
        match always {
            Some(true) if kinds > 1 => out.push_str(",\"n\":1"),
            Some(false) => out.push_str(",\"n\":0"),
            _ => {}
        }
        names(out, "f", &FORMATS, self.formats);
        names(out, "s", &SENSITIVE, self.sensitive());
        if !self.properties.is_empty() {
            self.write_properties(out);
        }
        for (key, place) in [("o", &self.other), ("i", &self.items)] {
            if let Some(place) = place {
                let _ = write!(out, ",\"{key}\":");
                place.write(None, out);
            }
        }
        for (key, set) in [("m", self.map), ("c", self.cut)] {
            if set {
                let _ = write!(out, ",\"{key}\":true");
            }
        }
        out.push('}');
    }

    fn write_properties(&self, out: &mut String) {
        let mut sorted: Vec<&Property<'_>> = self.properties.iter().collect();
        sorted.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        out.push_str(",\"p\":{");
        for (i, property) in sorted.into_iter().enumerate() {
            if i > 0 {
                out.push(',');
            }
            quoted(&property.name, out);
            out.push(':');
            property
                .place
                .write(Some(property.seen >= self.objects), out);
        }
        out.push('}');
    }

    pub fn begin_object(&mut self) -> u32 {
        self.kinds |= OBJECT;
        self.objects += 1;
        self.objects
    }
}

/// The members of a set of bits, with commas between them.
fn list(out: &mut String, count: usize, bits: u16, write: impl Fn(&mut String, usize)) {
    let mut first = true;
    for number in (0..count).filter(|number| bits & 1 << number != 0) {
        if !first {
            out.push(',');
        }
        first = false;
        write(out, number);
    }
}

fn names(out: &mut String, key: &str, all: &[&str], bits: u16) {
    if bits != 0 {
        let _ = write!(out, ",\"{key}\":[");
        list(out, all.len(), bits, |out, number| quoted(all[number], out));
        out.push(']');
    }
}

/// RFC 8259 §7.
fn quoted(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\0'..='\u{1f}' => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}
