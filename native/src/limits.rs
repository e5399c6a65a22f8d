//! Every limit of reassembly: its name, unit, default and reason. Each has an event in
//! `Batch.counts` under its own name when it is hit.

macro_rules! limits {
    ($($(#[doc = $reason:literal])+ $name:ident = $value:expr;)+) => {
        /// Limits a Reassembler works with. Units are in the names.
        #[derive(Clone, Debug)]
        pub struct Limits {
            $($(#[doc = $reason])+ pub $name: i64,)+
        }

        impl Default for Limits {
            fn default() -> Self {
                Limits { $($name: $value,)+ }
            }
        }

        impl Limits {
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name)),+];

            /// Sets one limit by name; an unknown name or a value that is not positive is refused
            /// with one sentence.
            pub fn set(&mut self, name: &str, value: i64) -> Result<(), String> {
                let place = match name {
                    $(stringify!($name) => &mut self.$name,)+
                    _ => return Err(format!("no limit is called {name}: did you mean {}?", nearest(name))),
                };
                if value <= 0 {
                    return Err(format!("the limit {name} must be above 0"));
                }
                *place = value;
                Ok(())
            }
        }
    };
}

limits! {
    /// Open flows of one worker. At 1 KiB an idle flow this is 200 MB.
    flows_max = 200_000;
    /// Bytes of one flow that wait for earlier ones, both directions together, with 64 bytes for
    /// each segment. A receive window is seldom larger, so what passes it was lost.
    out_of_order_bytes_max = 1 << 20;
    /// A message head. Servers stop at 8 to 64 KiB; four times that is an attack or damage.
    head_bytes_max = 256 << 10;
    /// Header fields of one head or trailer section. Servers stop at 100 to 200.
    headers_max = 1_000;
    /// The first line of a message: what has no line end by then is no HTTP.
    line_bytes_max = 64 << 10;
    /// Body bytes kept of one message; two of them and two heads stay under a 4 MiB record.
    body_kept_bytes_max = 1 << 20;
    /// Holes listed for one body; later ones are only counted in its missing bytes.
    body_gaps_max = 1_000;
    /// Requests of one flow that wait for a response. Browsers pipelined at most 8, tools 100.
    unanswered_max = 1_000;
    /// Open streams of one HTTP/2 connection. Servers allow 100 to 256 at once.
    streams_max = 1_000;
    /// How much later than the ACK that covers it a byte may arrive (two taps, two clocks).
    skew_us = 2_000_000;
    /// An exchange goes out unfinished this long after its first byte.
    unfinished_us = 5_000_000;
    /// A stream of messages is cut into parts of so many kept bytes; with the longest message one
    /// record stays under 4 MiB.
    part_bytes_max = 1 << 20;
    /// A part goes out this long after its first message.
    part_us = 60_000_000;
    /// Open flows of QUIC of one worker. With a hello under way each this is 200 MB.
    quic_flows_max = 20_000;
    /// A silent flow of QUIC ends. Browsers close theirs after 30 s.
    quic_idle_us = 60_000_000;
    /// How long bytes wait for the key of their TLS session, where keys are given as traffic comes.
    key_wait_us = 5_000_000;
    /// A silent flow ends. Keep-alive timeouts of servers are 5 to 120 s, of proxies up to 300.
    idle_us = 300_000_000;
    /// A closed flow is remembered so long, so that a second tap's copy is not a new flow.
    linger_us = 10_000_000;
    /// An agent so far behind the others leaves the watermark.
    behind_us = 30_000_000;
    /// An agent so far ahead of all others is held out of the watermark: its clock is wrong, or
    /// its file is of another day.
    ahead_us = 3_600_000_000;
}

/// Bytes a body may have when decoded. A larger one is cut, and says so.
pub const DECODED_BYTES_MAX: usize = 8 << 20;
/// Decoded bytes for each kept byte, above the first 64 KiB. Deflate itself ends at 1,032.
pub const DECODED_RATIO_MAX: usize = 200;
/// Size of one direction's HPACK table. Browsers and servers agree on 4 to 64 KiB.
pub const HPACK_TABLE_BYTES_MAX: usize = 64 << 10;
/// Content codings of one body. Real ones have one; servers that stack them use two.
pub const CODINGS_MAX: usize = 4;
/// Agent epochs remembered for each agent: late repeats of earlier runs are still known as such.
pub const EPOCHS_MAX: usize = 4;
/// Bytes of a direction that stay comparable with repeats while its exchange is open: a usual window.
pub const RECENT_BYTES: usize = 64 << 10;
/// ACKs beyond what was seen that are remembered one by one; later ones count from the last.
pub const ACKS_MAX: usize = 16;

/// The known name with the most pairs of letters in common.
fn nearest(name: &str) -> &'static str {
    let pairs =
        |text: &str| -> Vec<[u8; 2]> { text.as_bytes().windows(2).map(|w| [w[0], w[1]]).collect() };
    let wanted = pairs(name);
    let likeness = |known: &&&str| {
        pairs(known)
            .iter()
            .filter(|pair| wanted.contains(pair))
            .count()
    };
    Limits::NAMES
        .iter()
        .max_by_key(|known| (likeness(known), std::cmp::Reverse(known.len())))
        .copied()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_limit_gets_the_nearest_name() {
        let mut limits = Limits::default();
        assert_eq!(limits.set("idle_us", 7), Ok(()));
        assert_eq!(limits.idle_us, 7);
        let refused = limits.set("flow_max", 7).unwrap_err();
        assert!(refused.ends_with("did you mean flows_max?"), "{refused}");
        assert!(limits.set("idle_us", 0).is_err());
    }
}
