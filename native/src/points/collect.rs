//! Collects the points of one request, within the budgets.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use super::decoders::{self, DECODERS};
use super::readings::READINGS;
use super::{PAIRS_MAX, Pairs, graphql, is_word, json, xml};

/// Three layers are common (JSON in base64 in a form); two more leave room for who hides.
pub const DEPTH_MAX: usize = 5;
/// Points of one request, and bytes of all their values: a megabyte costs some 10 ms.
pub const POINTS_MAX: usize = 2_000;
pub const VALUE_BYTES_MAX: usize = 262_144;
pub const TOTAL_BYTES_MAX: usize = 1_048_576;
/// Layers of structure inside values: JSON in a parameter, a form in JSON …
pub const NESTED_BYTES_MAX: usize = 65_536;

/// What is shown of the name of a value that holds others.
const OUTER_NAME_BYTES_MAX: usize = 256;

pub type Place = Cow<'static, str>;

/// One value to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// path, query, header, cookie, body.form, body.json, body.xml, body.part, body …
    pub place: Place,
    pub name: Arc<[u8]>,
    pub raw: Arc<[u8]>,
    pub value: Arc<[u8]>,
    /// Which decoders were applied, the first first.
    pub chain: Vec<&'static str>,
}

/// Points, and bytes of their values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    pub points: usize,
    pub bytes: usize,
}

#[derive(Debug, Default)]
pub struct Points {
    pub found: Vec<Point>,
    pub overlimit: BTreeSet<&'static str>,
    pub spent: Cost,
}

impl Points {
    /// Spend without a point.
    pub fn charge(&mut self, cost: Cost) {
        self.spent.points += cost.points;
        self.spent.bytes += cost.bytes;
    }

    /// A value as sent: it, and whatever decoders make of it.
    pub fn add(&mut self, place: &Place, name: &[u8], raw: &[u8]) {
        self.add_value(place, name, raw, Cow::Borrowed(raw));
    }

    /// The same of a form's value, where + stands for a blank.
    pub fn add_plus(&mut self, place: &Place, name: &[u8], raw: &[u8]) {
        let value = match memchr::memchr(b'+', raw) {
            None => Cow::Borrowed(raw),
            Some(_) => {
                let blanks = raw.iter().map(|&b| if b == b'+' { b' ' } else { b });
                Cow::Owned(blanks.collect())
            }
        };
        self.add_value(place, name, raw, value);
    }

    fn add_value(&mut self, place: &Place, name: &[u8], raw: &[u8], value: Cow<'_, [u8]>) {
        let mut looked_at = value.as_ref();
        if looked_at.len() > VALUE_BYTES_MAX {
            self.overlimit.insert("value bytes");
            looked_at = &looked_at[..VALUE_BYTES_MAX];
        }
        if !self.room(looked_at.len()) {
            return;
        }
        let same = looked_at.len() == raw.len() && matches!(value, Cow::Borrowed(_));
        let raw: Arc<[u8]> = raw.into();
        let value = if same { raw.clone() } else { looked_at.into() };
        let point = Point {
            place: place.clone(),
            name: name.into(),
            raw,
            value,
            chain: Vec::new(),
        };
        self.found.push(point.clone());
        if decoders::encoded(&point.value) {
            self.decode(&point);
        } else {
            self.nested(&point, std::slice::from_ref(&point.value));
        }
    }

    /// A parameter's name, where it holds more than a name does.
    pub fn add_name(&mut self, place: &Place, name: &[u8]) {
        if !is_plain_name(name) {
            self.add_plus(&Cow::Owned(format!("{place}.name")), b"", name);
        }
    }

    /// Pairs of a document or a form, names and values.
    pub fn add_pairs(&mut self, place: &'static str, pairs: Pairs, plus: bool) {
        if pairs.len() >= PAIRS_MAX {
            self.overlimit.insert("pairs");
        }
        let place = Cow::Borrowed(place);
        for (name, value) in pairs {
            self.add_name(&place, &name);
            if value.is_empty() {
                continue;
            }
            if plus {
                self.add_plus(&place, &name, &value);
            } else {
                self.add(&place, &name, &value);
            }
        }
    }

    /// Every decoder on every value, breadth first; each distinct result once.
    fn decode(&mut self, sent: &Point) {
        let mut seen: HashSet<Arc<[u8]>> = HashSet::from([sent.value.clone()]);
        let mut queue = vec![sent.clone()];
        let mut at = 0;
        // Once the bytes are spent no layer could be kept, however much work it was to take it off.
        while at < queue.len() && !self.overlimit.contains("total bytes") {
            let current = queue[at].clone();
            at += 1;
            // A reading is scanned only: what it leaves has no layers below.
            for (method, read) in READINGS {
                if let Some(value) = read(&current.value) {
                    self.keep(&current, value, method, &mut seen);
                }
            }
            for (method, decode) in DECODERS {
                let Some(value) = decode(&current.value) else {
                    continue;
                };
                if seen.contains(value.as_slice()) {
                    continue;
                }
                if current.chain.len() >= DEPTH_MAX {
                    self.overlimit.insert("decoding depth");
                    break;
                }
                queue.extend(self.keep(&current, value, method, &mut seen));
            }
        }
        let values: Vec<Arc<[u8]>> = queue.into_iter().map(|point| point.value).collect();
        self.nested(sent, &values);
    }

    fn keep(
        &mut self,
        from: &Point,
        mut value: Vec<u8>,
        method: &'static str,
        seen: &mut HashSet<Arc<[u8]>>,
    ) -> Option<Point> {
        if value.len() > VALUE_BYTES_MAX {
            self.overlimit.insert("value bytes");
            value.truncate(VALUE_BYTES_MAX);
        }
        if seen.contains(value.as_slice()) || !self.room(value.len()) {
            return None;
        }
        let value: Arc<[u8]> = value.into();
        seen.insert(value.clone());
        let mut point = Point {
            value,
            ..from.clone()
        };
        point.chain.push(method);
        self.found.push(point.clone());
        Some(point)
    }

    /// Structures inside a value; one level here, the next by the values' own turn.
    fn nested(&mut self, outer: &Point, values: &[Arc<[u8]>]) {
        if outer.place == "body" || outer.place == "document" {
            return; // Read as what they are already.
        }
        let deep = outer.place.matches('>').count() >= DEPTH_MAX;
        for value in values.iter().filter(|value| may_hold_values(value)) {
            if deep {
                self.overlimit.insert("nesting depth");
                return;
            }
            let Some((inner, pairs)) = structure(value) else {
                continue;
            };
            if value.len() > NESTED_BYTES_MAX || pairs.len() >= PAIRS_MAX {
                self.overlimit.insert("nested values");
            }
            let place: Place = Cow::Owned(format!("{}{inner}", outer.place));
            for (key, leaf) in pairs {
                self.add_name(&place, &key);
                if !leaf.is_empty() {
                    self.add(&place, &joined(&outer.name, key), &leaf);
                }
            }
        }
    }

    fn room(&mut self, bytes: usize) -> bool {
        if self.spent.points >= POINTS_MAX {
            self.overlimit.insert("points");
            return false;
        }
        if self.spent.bytes + bytes > TOTAL_BYTES_MAX {
            self.overlimit.insert("total bytes");
            return false;
        }
        self.charge(Cost { points: 1, bytes });
        true
    }
}

/// Word signs and dashes; what begins with two underscores is no plain name (__proto__).
pub fn is_plain_name(name: &[u8]) -> bool {
    !name.starts_with(b"__") && name.iter().all(|&byte| is_word(byte) || byte == b'-')
}

fn may_hold_values(value: &[u8]) -> bool {
    matches!(value, [b'{' | b'[', ..] | [b'<', b'?' | b'!', ..]) || graphql::begins(value)
}

/// What kind of document the value is, and what it holds; of a long one its beginning.
fn structure(value: &[u8]) -> Option<(&'static str, Pairs)> {
    let value = &value[..value.len().min(NESTED_BYTES_MAX)];
    match value.first()? {
        b'<' => xml::pairs(value).map(|pairs| (">xml", pairs)),
        _ => match json::pairs(value) {
            Some(pairs) => Some((">json", pairs)),
            None => graphql::pairs(value).map(|pairs| (">graphql", pairs)),
        },
    }
}

fn joined(outer: &[u8], key: Vec<u8>) -> Vec<u8> {
    if outer.is_empty() {
        return key;
    }
    let outer = &outer[..outer.len().min(OUTER_NAME_BYTES_MAX)];
    [outer, b".", &key].concat()
}
