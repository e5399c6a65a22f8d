//! The tables of HPACK (RFC 7541 §2.3): what header fields stand for a number.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::flow::blob::Blob;
use crate::limits::HPACK_TABLE_BYTES_MAX;

/// Size that a table has until its sender says otherwise (RFC 9113 §6.5.2).
const SIZE_AT_START: usize = 4096;
/// What an entry costs beyond its bytes (RFC 7541 §4.1).
const ENTRY_COST: usize = 32;
/// Bytes of entries that are gone, in front of the log is written anew.
const GONE_BYTES: usize = 8 << 10;

#[rustfmt::skip]
const STATIC: [(&[u8], &[u8]); 61] = [
    (b":authority", b""),
    (b":method", b"GET"),
    (b":method", b"POST"),
    (b":path", b"/"),
    (b":path", b"/index.html"),
    (b":scheme", b"http"),
    (b":scheme", b"https"),
    (b":status", b"200"),
    (b":status", b"204"),
    (b":status", b"206"),
    (b":status", b"304"),
    (b":status", b"400"),
    (b":status", b"404"),
    (b":status", b"500"),
    (b"accept-charset", b""),
    (b"accept-encoding", b"gzip, deflate"),
    (b"accept-language", b""),
    (b"accept-ranges", b""),
    (b"accept", b""),
    (b"access-control-allow-origin", b""),
    (b"age", b""),
    (b"allow", b""),
    (b"authorization", b""),
    (b"cache-control", b""),
    (b"content-disposition", b""),
    (b"content-encoding", b""),
    (b"content-language", b""),
    (b"content-length", b""),
    (b"content-location", b""),
    (b"content-range", b""),
    (b"content-type", b""),
    (b"cookie", b""),
    (b"date", b""),
    (b"etag", b""),
    (b"expect", b""),
    (b"expires", b""),
    (b"from", b""),
    (b"host", b""),
    (b"if-match", b""),
    (b"if-modified-since", b""),
    (b"if-none-match", b""),
    (b"if-range", b""),
    (b"if-unmodified-since", b""),
    (b"last-modified", b""),
    (b"link", b""),
    (b"location", b""),
    (b"max-forwards", b""),
    (b"proxy-authenticate", b""),
    (b"proxy-authorization", b""),
    (b"range", b""),
    (b"referer", b""),
    (b"refresh", b""),
    (b"retry-after", b""),
    (b"server", b""),
    (b"set-cookie", b""),
    (b"strict-transport-security", b""),
    (b"transfer-encoding", b""),
    (b"user-agent", b""),
    (b"vary", b""),
    (b"via", b""),
    (b"www-authenticate", b""),
];

/// Where an entry's bytes stand in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    at: u32,
    name_bytes: u32,
    value_bytes: u32,
    /// The name stands behind a number that nobody can read.
    nameless: bool,
}

impl Entry {
    fn size(&self) -> usize {
        self.name_bytes as usize + self.value_bytes as usize + ENTRY_COST
    }
}

/// The fields that one sender added, the newest first. Its beginning may be unknown: numbers count
/// from the newest, so those behind what is known are only not to be read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Table {
    entries: VecDeque<Entry>,
    size: usize,
    size_max: usize,
    /// Names and values, in the order they came; rows of their own in the state.
    pub log: Blob,
}

impl Default for Table {
    /// A table whose beginning is unknown.
    fn default() -> Self {
        Table {
            entries: VecDeque::new(),
            size: 0,
            size_max: HPACK_TABLE_BYTES_MAX,
            log: Blob::default(),
        }
    }
}

impl Table {
    /// The table of a connection that begins.
    pub fn at_start() -> Self {
        Table {
            size_max: SIZE_AT_START,
            ..Table::default()
        }
    }

    /// The field behind a number from 1; the name is None where it is not known. None: nothing is.
    pub fn get(&self, number: usize) -> Option<(Option<&[u8]>, &[u8])> {
        if let Some((name, value)) = STATIC.get(number.checked_sub(1)?) {
            return Some((Some(name), value));
        }
        let entry = self.entries.get(number - STATIC.len() - 1)?;
        let at = entry.at as usize;
        let (name, behind) = self
            .log
            .bytes
            .get(at..)?
            .split_at(entry.name_bytes as usize);
        Some((
            (!entry.nameless).then_some(name),
            &behind[..entry.value_bytes as usize],
        ))
    }

    pub fn add(&mut self, name: Option<&[u8]>, value: &[u8]) {
        let known = name.unwrap_or_default();
        let entry = Entry {
            at: self.log.len() as u32,
            name_bytes: known.len() as u32,
            value_bytes: value.len() as u32,
            nameless: name.is_none(),
        };
        self.evict(entry.size());
        if entry.size() > self.size_max {
            return;
        }
        self.size += entry.size();
        self.entries.push_front(entry);
        self.log.bytes.extend_from_slice(known);
        self.log.bytes.extend_from_slice(value);
        if self.log.len() > 2 * self.size + GONE_BYTES {
            self.rewrite();
        }
    }

    /// The sender changes the size.
    pub fn resize(&mut self, size_max: usize) {
        self.size_max = size_max.min(HPACK_TABLE_BYTES_MAX);
        self.evict(0);
    }

    /// Makes room.
    fn evict(&mut self, size: usize) {
        while self.size + size > self.size_max {
            let Some(entry) = self.entries.pop_back() else {
                return;
            };
            self.size -= entry.size();
        }
    }

    /// Writes the log without the entries that are gone.
    fn rewrite(&mut self) {
        let mut bytes = Vec::with_capacity(self.size);
        for entry in self.entries.iter_mut().rev() {
            let at = entry.at as usize;
            let end = at + (entry.name_bytes + entry.value_bytes) as usize;
            entry.at = bytes.len() as u32;
            bytes.extend_from_slice(&self.log.bytes[at..end]);
        }
        self.log = Blob::of(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_from_the_newest() {
        let mut table = Table::at_start();
        table.add(Some(b"a"), b"1");
        table.add(None, b"2");
        assert_eq!(table.get(62), Some((None, &b"2"[..])));
        assert_eq!(table.get(63), Some((Some(&b"a"[..]), &b"1"[..])));
        assert_eq!(table.get(2), Some((Some(&b":method"[..]), &b"GET"[..])));
        assert_eq!((table.get(0), table.get(64)), (None, None));
    }

    #[test]
    fn the_oldest_goes_and_the_log_stays_short() {
        let mut table = Table::at_start();
        for n in 0..1000 {
            table.add(Some(b"name"), format!("{n:0100}").as_bytes());
        }
        assert!(table.log.len() < 2 * SIZE_AT_START + GONE_BYTES + 200);
        let (_, newest) = table.get(62).unwrap();
        assert_eq!(newest, format!("{:0100}", 999).as_bytes());
        let kept = SIZE_AT_START / (104 + ENTRY_COST);
        assert!(table.get(61 + kept).is_some() && table.get(62 + kept).is_none());
        table.resize(0);
        assert_eq!(table.get(62), None);
        table.add(Some(b"a"), b"1");
        assert_eq!(table.get(62), None);
    }
}
