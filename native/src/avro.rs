//! Avro's binary form: primitives written to the end of a buffer, and read from the front of one.
//!
//! Records of ours begin with the ten bytes of schema.rs (marker and fingerprint). The oracle of
//! what is written here is fastavro, through schemas/codec.py.

/// A zig-zag variable-length integer; Avro's int and long look the same.
pub fn write_long(value: i64, out: &mut Vec<u8>) {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

pub fn write_bytes(value: &[u8], out: &mut Vec<u8>) {
    write_long(value.len() as i64, out);
    out.extend_from_slice(value);
}

pub fn write_string(value: &str, out: &mut Vec<u8>) {
    write_bytes(value.as_bytes(), out);
}

pub fn write_boolean(value: bool, out: &mut Vec<u8>) {
    out.push(u8::from(value));
}

/// What stops a reader; the record is for dead-letters.
pub type Damage = &'static str;

/// Reads fields one after the other; every length is checked before it is believed.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn new(rest: &'a [u8]) -> Self {
        Reader { rest }
    }

    /// A reader behind the ten bytes of a record, if they are the right ones.
    pub fn of_record(record: &'a [u8], head: &[u8; 10]) -> Result<Self, Damage> {
        let rest = record
            .strip_prefix(head)
            .ok_or("another schema than expected")?;
        Ok(Reader { rest })
    }

    pub fn long(&mut self) -> Result<i64, Damage> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.rest.split_first().ok_or("a number is cut")?;
            self.rest = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok((value >> 1) as i64 ^ -((value & 1) as i64));
            }
        }
        Err("a number is too long")
    }

    pub fn bytes(&mut self) -> Result<&'a [u8], Damage> {
        let length = usize::try_from(self.long()?).map_err(|_| "a length is negative")?;
        let (value, rest) = self.rest.split_at_checked(length).ok_or("bytes are cut")?;
        self.rest = rest;
        Ok(value)
    }

    pub fn string(&mut self) -> Result<&'a str, Damage> {
        std::str::from_utf8(self.bytes()?).map_err(|_| "a string is not UTF-8")
    }

    pub fn boolean(&mut self) -> Result<bool, Damage> {
        let (&byte, rest) = self.rest.split_first().ok_or("a boolean is cut")?;
        self.rest = rest;
        match byte {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err("a boolean is neither 0 nor 1"),
        }
    }

    /// Bytes not read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub fn end(self) -> Result<(), Damage> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err("bytes follow the end of the record")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_zig_zag() {
        for (value, bytes) in [
            (0, &b"\x00"[..]),
            (-1, b"\x01"),
            (1, b"\x02"),
            (-64, b"\x7f"),
            (64, b"\x80\x01"),
            (i64::MAX, b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
            (i64::MIN, b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
        ] {
            let mut out = Vec::new();
            write_long(value, &mut out);
            assert_eq!(out, bytes);
            assert_eq!(Reader::new(&out).long(), Ok(value));
        }
    }

    #[test]
    fn lengths_are_not_believed() {
        assert_eq!(Reader::new(b"\x08abc").bytes(), Err("bytes are cut"));
        assert_eq!(Reader::new(b"\x01abc").bytes(), Err("a length is negative"));
        assert_eq!(Reader::new(b"\x80").long(), Err("a number is cut"));
        assert_eq!(Reader::new(&[0xff; 11]).long(), Err("a number is too long"));
        assert_eq!(
            Reader::new(b"\x02\xff").string(),
            Err("a string is not UTF-8")
        );
        assert_eq!(
            Reader::new(b"\x02").boolean(),
            Err("a boolean is neither 0 nor 1")
        );
        assert_eq!(
            Reader::new(b"x").end(),
            Err("bytes follow the end of the record")
        );
    }
}
