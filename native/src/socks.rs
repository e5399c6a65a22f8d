//! SOCKS in front of HTTP: a few small messages, each in a segment of its own, then the tunnel.
//!
//! RFC 1928 and 1929, and SOCKS4 with 4a. Only whole messages are recognised, so other protocols
//! are not mistaken for it.

/// SOCKS messages that one side sends at most: greeting, login, request.
pub const MESSAGES_MAX: u8 = 3;

/// The bytes are one whole SOCKS message.
pub fn is_message(bytes: &[u8]) -> bool {
    match bytes {
        // A client's greeting, a request or reply of version 5, a server's choice.
        [5, count, methods @ ..] if *count > 0 && methods.len() == usize::from(*count) => true,
        [5, 0..=8, 0, kind, address @ ..] => is_address(*kind, address),
        [5, 0 | 1 | 2 | 0xff] => true,
        // A login and what became of it.
        [1, _] => true,
        [1, name_length, rest @ ..] => is_login(usize::from(*name_length), rest),
        // Version 4: port, address, user name; 4a: and a host name.
        [4, 1 | 2, _, _, _, _, _, _, rest @ ..] => rest.last() == Some(&0),
        [0, 90..=93, rest @ ..] => rest.len() == 6,
        _ => false,
    }
}

fn is_address(kind: u8, bytes: &[u8]) -> bool {
    const PORT_BYTES: usize = 2;
    let address_bytes = match (kind, bytes.first()) {
        (1, _) => 4,
        (3, Some(length)) => 1 + usize::from(*length),
        (4, _) => 16,
        _ => return false,
    };
    bytes.len() == address_bytes + PORT_BYTES
}

fn is_login(name_length: usize, rest: &[u8]) -> bool {
    let password = rest.get(name_length..).unwrap_or_default();
    matches!(password, [length, password @ ..] if password.len() == usize::from(*length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_messages_only() {
        for message in [
            &b"\x05\x02\x00\x02"[..],
            b"\x05\x02",
            b"\x01\x02me\x03pwd",
            b"\x01\x00",
            b"\x05\x01\x00\x03\x03a.b\x00\x50",
            b"\x05\x00\x00\x01\x01\x02\x03\x04\x00\x50",
            b"\x04\x01\x00\x50\x01\x02\x03\x04\x00",
            b"\x00\x5a\x00\x50\x01\x02\x03\x04",
        ] {
            assert!(is_message(message), "{}", message.escape_ascii());
            assert!(!is_message(&[message, b"!!!"].concat()));
        }
    }
}
