//! Community ID version 1, seed 0: the flow's name that Zeek, Suricata and others write.

use sha1::{Digest, Sha1};

use crate::flow::key::{Endpoint, FlowKey};

/// Protocols as IP numbers them.
pub const TCP: u8 = 6;
pub const UDP: u8 = 17;
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// "1:" and 28 characters.
pub fn community_id(key: &FlowKey, protocol: u8) -> String {
    let mut hash = Sha1::new();
    hash.update([0, 0]);
    for side in [key.low, key.high] {
        hash.update(address(&side));
    }
    hash.update([protocol, 0]);
    for side in [key.low, key.high] {
        hash.update(side.port.to_be_bytes());
    }
    format!("1:{}", base64(&hash.finalize()))
}

/// Four bytes for IPv4.
fn address(side: &Endpoint) -> &[u8] {
    if side.address().is_ipv4() {
        &side.ip[12..]
    } else {
        &side.ip
    }
}

fn base64(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let mut word = [0; 4];
        word[1..=chunk.len()].copy_from_slice(chunk);
        let word = u32::from_be_bytes(word);
        for at in 0..4 {
            let digit = BASE64[(word >> (18 - 6 * at)) as usize & 63] as char;
            out.push(if at <= chunk.len() { digit } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_example() {
        // github.com/corelight/community-id-spec, baseline: 128.232.110.120:34855 → 66.35.250.204:80
        let (key, _) = FlowKey::new(
            0,
            Endpoint::v4([128, 232, 110, 120], 34855),
            Endpoint::v4([66, 35, 250, 204], 80),
        );
        assert_eq!(community_id(&key, TCP), "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
    }
}
