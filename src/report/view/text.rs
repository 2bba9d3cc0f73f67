//! Figures in words: what every report shows in the same way.

use jiff::{Timestamp, tz::TimeZone};

pub(crate) use crate::units::count;
use crate::{policy::Quantile, units};

/// What stands for a missing number. Never a zero.
pub(crate) const NONE: &str = "–";

/// `1 endpoint`, `3 endpoints`.
pub(crate) fn counted(n: usize, thing: &str) -> String {
    format!("{} {thing}{}", count(n as u64), if n == 1 { "" } else { "s" })
}

/// `2026-11-20 12:03 UTC`; always UTC, as reports are read in another place than they are made.
pub(crate) fn moment(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// A latency, or a dash.
pub(crate) fn latency(us: Option<f64>) -> String {
    us.map_or_else(|| NONE.to_owned(), units::latency)
}

/// A share, or a dash.
pub(crate) fn share(fraction: Option<f64>) -> String {
    fraction.map_or_else(|| NONE.to_owned(), units::percent)
}

/// `p50`, `p99.9`.
pub(crate) fn quantile(quantile: Quantile) -> String {
    match quantile {
        Quantile::P999 => "p99.9".to_owned(),
        other => other.to_string(),
    }
}

/// The first digits of a commit, as people say them.
pub(crate) fn short_commit(commit: &str) -> String {
    commit.chars().take(9).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(counted(1, "endpoint"), "1 endpoint");
        assert_eq!(moment(Timestamp::UNIX_EPOCH), "1970-01-01 00:00 UTC");
        assert_eq!(quantile(Quantile::P999), "p99.9");
    }
}
