//! Header blocks (RFC 7541 §6): bytes in, fields out, the sender's table kept in step.
//!
//! What a block refers to may be unknown: then the field is left out, and the section says so.

use super::huffman;
use super::table::Table;

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// Names and values, in their order.
    pub fields: Vec<(Vec<u8>, Vec<u8>)>,
    /// Fields are missing that nobody could know.
    pub unknown: bool,
    /// This is no header block from some byte on; the table is not to be trusted any more.
    pub damaged: bool,
    /// More bytes than are kept.
    pub too_long: bool,
}

/// Reads a whole block; at most `bytes_max` bytes of fields are kept, so that a few bytes that
/// name one large entry again and again cost no more.
pub fn decode(block: &[u8], table: &mut Table, bytes_max: usize) -> Section {
    let mut section = Section::default();
    let mut reader = Reader { rest: block };
    let mut kept = 0;
    while !reader.rest.is_empty() {
        if reader
            .field(table, &mut section, bytes_max, &mut kept)
            .is_none()
        {
            section.damaged = true;
            *table = Table::default();
            break;
        }
    }
    section
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    /// One representation. None: it is damaged.
    fn field(
        &mut self,
        table: &mut Table,
        section: &mut Section,
        bytes_max: usize,
        kept: &mut usize,
    ) -> Option<()> {
        let first = *self.rest.first()?;
        let mut keep = |name: Option<&[u8]>, value: &[u8]| {
            *kept += name.map_or(0, <[u8]>::len) + value.len();
            match name {
                _ if *kept > bytes_max => section.too_long = true,
                Some(name) => section.fields.push((name.to_vec(), value.to_vec())),
                None => section.unknown = true,
            }
        };
        if first & 0x80 != 0 {
            match table.get(self.number(7).filter(|&number| number > 0)?) {
                Some((name, value)) => keep(name, value),
                None => section.unknown = true,
            }
            return Some(());
        }
        if first & 0xe0 == 0x20 {
            table.resize(self.number(5)?);
            return Some(());
        }
        let indexed = first & 0x40 != 0;
        let name = match self.number(if indexed { 6 } else { 4 })? {
            0 => Some(self.string()?),
            number => table
                .get(number)
                .and_then(|(name, _)| name.map(<[u8]>::to_vec)),
        };
        let value = self.string()?;
        keep(name.as_deref(), &value);
        if indexed {
            table.add(name.as_deref(), &value);
        }
        Some(())
    }

    /// An integer with so many bits in its first byte (§5.1).
    fn number(&mut self, bits: u32) -> Option<usize> {
        let (&first, mut rest) = self.rest.split_first()?;
        let full = (1usize << bits) - 1;
        let mut value = usize::from(first) & full;
        if value == full {
            for shift in [0, 7, 14, 21] {
                let (&byte, after) = rest.split_first()?;
                rest = after;
                value += usize::from(byte & 0x7f) << shift;
                if byte & 0x80 == 0 {
                    self.rest = rest;
                    return Some(value);
                }
            }
            return None;
        }
        self.rest = rest;
        Some(value)
    }

    fn string(&mut self) -> Option<Vec<u8>> {
        let huffman = self.rest.first()? & 0x80 != 0;
        let length = self.number(7)?;
        let (text, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        if huffman {
            huffman::decode(text)
        } else {
            Some(text.to_vec())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(section: &Section) -> Vec<String> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let fields = section.fields.iter();
        fields
            .map(|(name, value)| format!("{}={}", text(name), text(value)))
            .collect()
    }

    /// RFC 7541, C.4.1 and C.4.2.
    const FIRST: &[u8] = b"\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff";
    const SECOND: &[u8] = b"\x82\x86\x84\xbe\x58\x86\xa8\xeb\x10\x64\x9c\xbf";

    #[test]
    fn the_table_goes_from_block_to_block() {
        let mut table = Table::at_start();
        let authority = ":authority=www.example.com";
        let line = [":method=GET", ":scheme=http", ":path=/", authority];
        assert_eq!(texts(&decode(FIRST, &mut table, 1000)), line);
        let second = decode(SECOND, &mut table, 1000);
        assert_eq!(
            texts(&second),
            [&line[..], &["cache-control=no-cache"]].concat()
        );
        assert!(!second.unknown && !second.damaged);
    }

    #[test]
    fn what_is_unknown_is_left_out() {
        let mut table = Table::default();
        let second = decode(SECOND, &mut table, 1000);
        assert!(second.unknown && !second.damaged);
        assert_eq!(second.fields.len(), 4);
        // The entry it added is known now; a name behind an unknown number stays unknown.
        assert_eq!(
            texts(&decode(b"\xbe", &mut table, 1000)),
            ["cache-control=no-cache"]
        );
        assert!(decode(b"\x7f\x10\x01x", &mut table, 1000).unknown);
        assert!(decode(b"\xbe", &mut table, 1000).unknown);
        assert_eq!(
            texts(&decode(b"\xbf", &mut table, 1000)),
            ["cache-control=no-cache"]
        );
    }

    #[test]
    fn damage_and_bombs_end() {
        for block in [
            &b"\x80"[..],
            b"\xff\xff\xff\xff\xff\xff",
            b"\x40\x7f",
            b"\x00",
        ] {
            assert!(decode(block, &mut Table::at_start(), 1000).damaged);
        }
        let mut table = Table::at_start();
        let mut bomb = b"\x40\x01a\x7f\xa1\x1e".to_vec();
        bomb.extend([b'x'; 4000]);
        bomb.extend([0xbe; 10_000]);
        let section = decode(&bomb, &mut table, 20_000);
        assert!(section.too_long && !section.damaged);
        assert_eq!(section.fields.len(), 4);
    }
}
