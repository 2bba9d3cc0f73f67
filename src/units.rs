//! Units of the configuration language and of the reports: parsing (`250ms`, `200/s`, `7.5%`, `0.1pp`, `200kB`) and display.
//!
//! Latencies are whole microseconds ([`Micros`]) everywhere between the clock and the page. Shares are fractions (0.1 = 10 %).

use std::{fmt, time::Duration};

/// A time in whole microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Micros(pub u64);

impl Micros {
    /// Saturates at `u64::MAX` microseconds.
    #[must_use]
    pub fn from_duration(duration: Duration) -> Self {
        Self(duration.as_secs().saturating_mul(1_000_000).saturating_add(u64::from(duration.subsec_micros())))
    }

    /// The same time as a [`Duration`].
    #[must_use]
    pub fn to_duration(self) -> Duration {
        Duration::from_micros(self.0)
    }
}

/// A time in whole nanoseconds, 584 years at most. Done several times for every request, and 128-bit arithmetic is slow.
#[must_use]
pub fn nanoseconds(time: Duration) -> u64 {
    time.as_secs().saturating_mul(1_000_000_000).saturating_add(u64::from(time.subsec_nanos()))
}

impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&latency(self.0 as f64))
    }
}

/// A text that should be a quantity and is not. `message` is a lowercase fragment, `hint` says what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct UnitError {
    /// What is wrong, with the offending text.
    pub message: String,
    /// What to write instead.
    pub hint: String,
}

fn unit_error(message: String, hint: &str) -> UnitError {
    UnitError { message, hint: hint.to_owned() }
}

/// Splits `12.5ms` into 12.5 and `ms`.
fn split(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_')).unwrap_or(text.len());
    let number = text[..end].replace('_', "").parse().ok()?;
    Some((number, text[end..].trim()))
}

/// Longest time the language can express: a year. Beyond it a number is a slip of the pen.
const DURATION_MAX_S: f64 = 366.0 * 86_400.0;

/// `500us`, `250ms`, `10s`, `1.5m`, `2h`, `7d`, and sums of them such as `1m30s`.
///
/// # Errors
/// A number without unit, an unknown unit, a negative or absurdly long time.
pub fn parse_duration(text: &str) -> Result<Duration, UnitError> {
    const HINT: &str = "write a number with a unit: us, ms, s, m, h or d, for example 500ms, 30s or 1m30s";
    let bad = || unit_error(format!("'{}' is not a duration", text.trim()), HINT);
    let mut rest = text.trim();
    let mut total_s = 0.0;
    if rest.is_empty() {
        return Err(bad());
    }
    while !rest.is_empty() {
        let (number, tail) = split(rest).ok_or_else(bad)?;
        let end = tail.find(|c: char| !c.is_alphabetic() && c != 'µ').unwrap_or(tail.len());
        let scale = match &tail[..end] {
            "us" | "µs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" | "min" => 60.0,
            "h" => 3600.0,
            "d" => 86_400.0,
            "" => return Err(unit_error(format!("'{}' has no unit", text.trim()), HINT)),
            _ => return Err(bad()),
        };
        total_s += number * scale;
        rest = &tail[end..];
    }
    if total_s > DURATION_MAX_S {
        return Err(unit_error(format!("'{}' is longer than a year", text.trim()), HINT));
    }
    Ok(Duration::from_secs_f64(total_s))
}

/// A rate in events per second.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct PerSecond(pub f64);

impl fmt::Display for PerSecond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s", significant(self.0, 4))
    }
}

/// `200/s`, `12000/m`, `0.5/s`, `3600/h`.
///
/// # Errors
/// A number without `/s`, an unknown unit.
pub fn parse_rate(text: &str) -> Result<PerSecond, UnitError> {
    const HINT: &str = "write a rate as a number per second, minute or hour, for example 200/s or 600/m";
    let bad = || unit_error(format!("'{}' is not a rate", text.trim()), HINT);
    let (number, unit) = split(text).ok_or_else(bad)?;
    let per = match unit.strip_prefix('/').map(str::trim) {
        Some("s" | "sec" | "second") => 1.0,
        Some("m" | "min" | "minute") => 60.0,
        Some("h" | "hour") => 3600.0,
        _ => return Err(bad()),
    };
    Ok(PerSecond(number / per))
}

/// `7.5%` or `0.1pp` as a fraction: 0.075, 0.001.
///
/// # Errors
/// A number without `%` or `pp`.
pub fn parse_share(text: &str) -> Result<f64, UnitError> {
    const HINT: &str = "write a percentage, for example 5% or 0.5% (pp, percentage points, means the same)";
    let bad = || unit_error(format!("'{}' is not a percentage", text.trim()), HINT);
    match split(text).ok_or_else(bad)? {
        (number, "%" | "pp") => Ok(number / 100.0),
        _ => Err(bad()),
    }
}

/// `200kB`, `1MB`, `4KiB` in bytes.
///
/// # Errors
/// A number without a unit, an unknown unit.
pub fn parse_size(text: &str) -> Result<u64, UnitError> {
    const HINT: &str = "write a size with a unit: B, kB, MB, GB, KiB, MiB or GiB, for example 200kB";
    let bad = || unit_error(format!("'{}' is not a size", text.trim()), HINT);
    let (number, unit) = split(text).ok_or_else(bad)?;
    let scale = match unit {
        "B" => 1.0,
        "kB" | "KB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        "KiB" => 1024.0,
        "MiB" => 1024.0 * 1024.0,
        "GiB" => 1024.0 * 1024.0 * 1024.0,
        _ => return Err(bad()),
    };
    Ok((number * scale) as u64)
}

/// A number with `digits` significant digits and no trailing zeros: 41.04 -> "41", 0.1234 -> "0.123" (digits = 3).
#[must_use]
pub fn significant(value: f64, digits: usize) -> String {
    if value == 0.0 || !value.is_finite() {
        return if value == 0.0 { "0".to_owned() } else { value.to_string() };
    }
    let magnitude = value.abs().log10().floor() as i32 + 1;
    let decimals = usize::try_from((digits as i32 - magnitude).max(0)).unwrap_or(0);
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A latency in microseconds for people, three significant digits: `830 us`, `41.3 ms`, `1.25 s`.
#[must_use]
pub fn latency(us: f64) -> String {
    if us < 1_000.0 {
        format!("{} us", significant(us, 3))
    } else if us < 999_500.0 {
        format!("{} ms", significant(us / 1e3, 3))
    } else {
        format!("{} s", significant(us / 1e6, 3))
    }
}

/// A fraction as a percentage, two significant digits: 0.104 -> `10%`, 0.0042 -> `0.42%`.
#[must_use]
pub fn percent(fraction: f64) -> String {
    format!("{}%", percent_number(fraction))
}

/// A share of what should have been, rounded down to a tenth of a percent: 97.96 % must not be shown as the 98 % it misses.
#[must_use]
pub fn percent_floor(fraction: f64) -> String {
    format!("{}%", significant((fraction * 1000.0 + 1e-9).floor() / 10.0, 4))
}

/// The same as [`percent`] with its sign always shown: `+10%`, `-3.4%`, `+0%`.
#[must_use]
pub fn signed_percent(fraction: f64) -> String {
    let number = percent_number(fraction.abs());
    format!("{}{number}%", if fraction < 0.0 && number != "0" { '-' } else { '+' })
}

fn percent_number(fraction: f64) -> String {
    let points = fraction * 100.0;
    if points.abs() >= 99.5 { format!("{points:.0}") } else { significant(points, 2) }
}

/// A number of things, digits in groups of three: `12,345`.
#[must_use]
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A duration as people write it in the configuration: `500ms`, `20s`, `2m`, `1m30s`.
#[must_use]
pub fn duration(value: Duration) -> String {
    let us = value.as_micros();
    if us == 0 {
        return "0s".to_owned();
    }
    if !us.is_multiple_of(1_000) && us < 1_000_000 {
        return format!("{us}us");
    }
    if us < 1_000_000 {
        return format!("{}ms", us / 1_000);
    }
    let seconds = value.as_secs_f64();
    let (minutes, rest) = ((seconds / 60.0).floor(), seconds % 60.0);
    let rest_text = significant(rest, 5);
    match (minutes >= 1.0, rest_text == "0") {
        (false, _) => format!("{rest_text}s"),
        (true, true) => format!("{minutes:.0}m"),
        (true, false) => format!("{minutes:.0}m{rest_text}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_their_units() {
        for (text, ms) in [("500us", 0.5), ("250ms", 250.0), ("10s", 1e4), ("1m30s", 9e4), ("2h", 7.2e6), ("1.5m", 9e4)] {
            assert_eq!(parse_duration(text).map(|d| d.as_secs_f64() * 1e3), Ok(ms), "{text}");
        }
    }

    #[test]
    fn a_duration_without_unit_or_with_a_foreign_one_is_refused() {
        for text in ["10", "", "s", "10x", "-5s", "1s2", "99999d"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
        assert_eq!(parse_duration("10").map_err(|e| e.message), Err("'10' has no unit".to_owned()));
    }

    #[test]
    fn rates_shares_and_sizes_are_read() {
        assert_eq!(parse_rate("600/m"), Ok(PerSecond(10.0)));
        assert_eq!(parse_rate("0.5/s"), Ok(PerSecond(0.5)));
        assert!(parse_rate("200").is_err() && parse_rate("-1/s").is_err());
        assert_eq!(parse_share("7.5%"), Ok(0.075));
        assert_eq!(parse_share("0.1pp"), Ok(0.001));
        assert!(parse_share("5").is_err());
        assert_eq!(parse_size("200kB"), Ok(200_000));
        assert_eq!(parse_size("4KiB"), Ok(4096));
    }

    #[test]
    fn figures_are_shown_with_three_digits_and_their_unit() {
        assert_eq!(latency(830.4), "830 us");
        assert_eq!(latency(41_349.0), "41.3 ms");
        assert_eq!(latency(999_600.0), "1 s");
        assert_eq!(latency(1_254_000.0), "1.25 s");
        assert_eq!(percent(0.104), "10%");
        assert_eq!(percent(0.0042), "0.42%");
        assert_eq!(percent_floor(0.99996), "99.9%");
        assert_eq!(signed_percent(-0.034), "-3.4%");
        assert_eq!(signed_percent(1.313), "+131%");
        assert_eq!(signed_percent(0.0), "+0%");
        assert_eq!(duration(Duration::from_secs(90)), "1m30s");
        assert_eq!(duration(Duration::from_millis(2500)), "2.5s");
        assert_eq!(duration(Duration::from_secs(120)), "2m");
    }
}
