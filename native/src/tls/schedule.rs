//! Keys out of secrets: the PRF of TLS 1.0 to 1.2 and HKDF-Expand-Label of TLS 1.3.

pub use super::digest::Hash;

/// How far a version of TLS is from another in this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prf {
    /// TLS 1.0 and 1.1: MD5 and SHA-1 (RFC 2246 §5).
    Both,
    /// TLS 1.2 (RFC 5246 §5).
    One(Hash),
}

impl Prf {
    pub fn expand(self, secret: &[u8], label: &str, seeds: [&[u8]; 2], bytes: usize) -> Vec<u8> {
        let seed = [label.as_bytes(), seeds[0], seeds[1]].concat();
        match self {
            Prf::One(hash) => chain(hash, secret, &seed, bytes),
            Prf::Both => {
                let half = secret.len().div_ceil(2);
                let mut out = chain(Hash::Md5, &secret[..half], &seed, bytes);
                let other = chain(Hash::Sha1, &secret[secret.len() - half..], &seed, bytes);
                out.iter_mut().zip(other).for_each(|(a, b)| *a ^= b);
                out
            }
        }
    }
}

/// P_hash.
fn chain(hash: Hash, secret: &[u8], seed: &[u8], bytes: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes + hash.bytes());
    let mut link = hash.hmac(secret, &[seed]);
    while out.len() < bytes {
        out.extend(hash.hmac(secret, &[&link, seed]));
        link = hash.hmac(secret, &[&link]);
    }
    out.truncate(bytes);
    out
}

/// HKDF-Expand-Label with an empty context (RFC 8446 §7.1); drafts before 20 had another prefix.
pub fn expand_label(hash: Hash, secret: &[u8], label: &str, old: bool, bytes: usize) -> Vec<u8> {
    let prefix: &[u8] = if old { b"TLS 1.3, " } else { b"tls13 " };
    let mut info = (bytes as u16).to_be_bytes().to_vec();
    info.push((prefix.len() + label.len()) as u8);
    info.extend(prefix);
    info.extend(label.as_bytes());
    info.push(0);
    let (mut out, mut last, mut count) = (Vec::new(), Vec::new(), 0u8);
    while out.len() < bytes {
        count += 1;
        last = hash.hmac(secret, &[&last, &info, &[count]]);
        out.extend(&last);
    }
    out.truncate(bytes);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unhex(text: &str) -> Vec<u8> {
        let text: String = text.split_whitespace().collect();
        (0..text.len() / 2)
            .map(|n| u8::from_str_radix(&text[2 * n..2 * n + 2], 16).unwrap())
            .collect()
    }

    /// RFC 8448 §3: the server's handshake traffic secret and what is made of it.
    #[test]
    fn keys_of_the_example_trace() {
        let secret = unhex("b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38");
        let key = expand_label(Hash::Sha256, &secret, "key", false, 16);
        assert_eq!(key, unhex("3fce516009c21727d0f2e4e86ee403bc"));
        let iv = expand_label(Hash::Sha256, &secret, "iv", false, 12);
        assert_eq!(iv, unhex("5d313eb2671276ee13000b30"));
    }

    /// The well-known test vector of the SHA-256 PRF, and its length.
    #[test]
    fn the_prf_of_tls_12() {
        let secret = unhex("9bbe436ba940f017b17652849a71db35");
        let seed = unhex("a0ba9f936cda311827a6f796ffd5198c");
        let out = Prf::One(Hash::Sha256).expand(&secret, "test label", [&seed, b""], 100);
        assert_eq!(&out[..8], unhex("e3f229ba727be17b"));
        assert_eq!(out.len(), 100);
    }
}
