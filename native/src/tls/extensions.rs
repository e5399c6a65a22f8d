//! Fields with a length in front, and the extensions of a hello.

/// Takes fields from the front of bytes; None: they end too early.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a>(pub &'a [u8]);

impl<'a> Fields<'a> {
    pub fn take(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let (front, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(front)
    }

    pub fn byte(&mut self) -> Option<u8> {
        Some(self.take(1)?[0])
    }

    pub fn number(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    /// Behind a length of one byte.
    pub fn short(&mut self) -> Option<&'a [u8]> {
        let bytes = usize::from(self.byte()?);
        self.take(bytes)
    }

    /// Behind a length of two bytes.
    pub fn long(&mut self) -> Option<&'a [u8]> {
        let bytes = usize::from(self.number()?);
        self.take(bytes)
    }
}

pub const SERVER_NAME: u16 = 0;
pub const SIGNATURE_ALGORITHMS: u16 = 13;
pub const ALPN: u16 = 16;
pub const ENCRYPT_THEN_MAC: u16 = 22;
pub const EARLY_DATA: u16 = 42;
pub const SUPPORTED_VERSIONS: u16 = 43;

/// (kind, body) in order, up to the end or to the first that does not fit.
pub fn extensions(block: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut fields = Fields(block);
    std::iter::from_fn(move || Some((fields.number()?, fields.long()?)))
}

/// Numbers of two bytes.
pub fn numbers(bytes: &[u8]) -> Vec<u16> {
    let pairs = bytes.chunks_exact(2);
    pairs
        .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
        .collect()
}

/// The first host name of server_name (RFC 6066 §3).
pub fn server_name(body: &[u8]) -> Option<&[u8]> {
    let mut names = Fields(Fields(body).long()?);
    loop {
        let (kind, name) = (names.byte()?, names.long()?);
        if kind == 0 {
            return Some(name);
        }
    }
}

/// The first protocol of ALPN (RFC 7301).
pub fn first_protocol(body: &[u8]) -> Option<&[u8]> {
    Fields(Fields(body).long()?).short()
}
