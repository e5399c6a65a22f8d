//! The clock of a pcapng interface: ticks of any length to microseconds.

/// How ticks become microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    Multiply(u64),
    Divide(u64),
    /// Ticks of 2^-n seconds.
    Binary(u32),
}

impl Resolution {
    /// From if_tsresol; without one it is microseconds.
    pub fn of(byte: u8) -> Self {
        let power = u32::from(byte & 0x7f);
        if byte & 0x80 != 0 {
            Resolution::Binary(power)
        } else if power <= 6 {
            Resolution::Multiply(10u64.pow(6 - power))
        } else {
            Resolution::Divide(10u64.checked_pow(power - 6).unwrap_or(u64::MAX))
        }
    }

    #[inline]
    pub fn microseconds(self, ticks: u64) -> i64 {
        let us = match self {
            Resolution::Multiply(factor) => ticks.saturating_mul(factor),
            Resolution::Divide(divisor) => ticks / divisor,
            Resolution::Binary(power) => {
                u64::try_from((u128::from(ticks) * 1_000_000) >> power).unwrap_or(u64::MAX)
            }
        };
        i64::try_from(us).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_become_microseconds() {
        for (byte, ticks, us) in [
            (6, 1_500_000, 1_500_000),
            (9, 1_500_000_999, 1_500_000),
            (3, 1500, 1_500_000),
            (0, 2, 2_000_000),
            (0x80 | 10, 1536, 1_500_000),
            (0x7f, u64::MAX, 1),
            (0, u64::MAX, i64::MAX),
            (0x80, u64::MAX, i64::MAX),
        ] {
            assert_eq!(
                Resolution::of(byte).microseconds(ticks),
                us,
                "resolution {byte}"
            );
        }
    }
}
