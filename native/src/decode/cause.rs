//! Names for what is not passed on.

/// Why a frame is not passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The filter of a file did not want it.
    Filter,
    UnknownLink,
    NotIp,
    NotTcp,
    /// The capture cut it (snap length) before the end of its headers.
    CutHeaders,
    Malformed,
    TooManyTunnels,
    /// QUIC's packets that nobody can open: only their headers go on.
    Encrypted,
    /// Protocols that carry HTTP where nobody here looks: SCTP, and HTTP over UDP (SSDP).
    Sctp,
    Httpu,
}

impl Cause {
    pub const ALL: [Cause; 10] = [
        Cause::Filter,
        Cause::UnknownLink,
        Cause::NotIp,
        Cause::NotTcp,
        Cause::CutHeaders,
        Cause::Malformed,
        Cause::TooManyTunnels,
        Cause::Encrypted,
        Cause::Sctp,
        Cause::Httpu,
    ];

    /// As the ledger writes it.
    pub fn name(self) -> &'static str {
        match self {
            Cause::Filter => "filter",
            Cause::UnknownLink => "unknown_link",
            Cause::NotIp => "not_ip",
            Cause::NotTcp => "not_tcp",
            Cause::CutHeaders => "cut_headers",
            Cause::Malformed => "malformed",
            Cause::TooManyTunnels => "too_many_tunnels",
            Cause::Encrypted => "encrypted",
            Cause::Sctp => "sctp",
            Cause::Httpu => "httpu",
        }
    }
}
