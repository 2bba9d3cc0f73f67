//! Times, latencies and statuses as other tools write them.

use jiff::Timestamp;

use super::error::{Mistake, quoted};

/// Why a text is no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// Nothing stands there.
    Missing,
    /// Letters, `NaN`, an infinity.
    NotANumber,
    /// Below 0.
    Negative,
}

impl Wrong {
    /// What to say after the text.
    pub(super) fn in_words(self) -> &'static str {
        match self {
            Self::Missing => "is missing",
            Self::NotANumber => "is not a number",
            Self::Negative => "is negative",
        }
    }
}

/// A time in microseconds, rounded to a whole one. Huge numbers come out as `u64::MAX`.
pub(super) fn micros(text: &str) -> Result<u64, Wrong> {
    if let Ok(whole) = text.parse::<u64>() {
        return Ok(whole);
    }
    if text.is_empty() {
        return Err(Wrong::Missing);
    }
    let number = text.parse::<f64>().map_err(|_| Wrong::NotANumber)?;
    if !number.is_finite() {
        return Err(Wrong::NotANumber);
    }
    // The conversion saturates.
    if number < 0.0 { Err(Wrong::Negative) } else { Ok(number.round() as u64) }
}

/// Units times and latencies come in: what one is in microseconds.
pub(super) const NANOSECOND: f64 = 1e-3;
/// As [`NANOSECOND`].
pub(super) const MILLISECOND: f64 = 1e3;
/// A day: the longest latency a record keeps apart.
const LATENCY_US_MAX: f64 = 86_400e6;
/// The year 2100; what lies beyond is a time in another unit.
const TIME_US_MAX: u64 = 4_102_444_800_000_000;

/// A latency in units of so many microseconds, as a mistake that names the column and shows the text.
pub(super) fn latency(column: &str, text: &str, unit_us: f64) -> Result<u64, Mistake> {
    const HINT: &str = "latencies are numbers with a decimal point, 0 or more";
    let wrong = |what: &str| Err(Mistake::new(wrong_value(column, text, what), HINT));
    match text.parse::<f64>() {
        _ if text.is_empty() => wrong(Wrong::Missing.in_words()),
        Ok(value) if !value.is_finite() => wrong(Wrong::NotANumber.in_words()),
        Err(_) => wrong(Wrong::NotANumber.in_words()),
        Ok(value) if value < 0.0 => wrong(Wrong::Negative.in_words()),
        Ok(value) if value * unit_us > LATENCY_US_MAX => wrong("is longer than a day"),
        Ok(value) => Ok((value * unit_us).round() as u64),
    }
}

/// A moment, whatever it is written in: a date of RFC 3339, or seconds, milliseconds, microseconds or nanoseconds since 1970,
/// which differ so much in size that they can't be taken for one another. Whole seconds stand for their middle.
pub(super) fn moment(column: &str, text: &str) -> Result<u64, Mistake> {
    let wrong = |what: &str| {
        Mistake::new(wrong_value(column, text, what), "times are counted from 1970, or dates such as 2026-11-21T10:15:00Z")
    };
    if let Ok(number) = text.parse::<u64>() {
        return match number {
            0..1_000_000_000 => Err(wrong("does not count from 1970")),
            1_000_000_000..100_000_000_000 => Ok(number * 1_000_000 + 500_000),
            100_000_000_000..100_000_000_000_000 => Ok(number * 1_000),
            100_000_000_000_000..100_000_000_000_000_000 => Ok(number),
            _ => Ok(number / 1_000),
        }
        .and_then(|us| if us > TIME_US_MAX { Err(wrong("lies beyond the year 2100")) } else { Ok(us) });
    }
    let missing = if text.is_empty() { "is missing" } else { "is no time" };
    let date = text.parse::<Timestamp>().map_err(|_| wrong(missing))?;
    u64::try_from(date.as_microsecond()).map_err(|_| wrong("lies before 1970"))
}

/// A status of HTTP, or 0.
pub(super) fn status(column: &str, text: &str) -> Result<u16, Mistake> {
    let known = |status: &u16| *status == 0 || (100..=999).contains(status);
    text.parse().ok().filter(known).ok_or_else(|| {
        let message = wrong_value(column, text, if text.is_empty() { "is missing" } else { "is not one of HTTP" });
        Mistake::new(message, "a status is three digits, or 0 where there was no response")
    })
}

/// `latency_us '-5' is negative`.
pub(super) fn wrong_value(column: &str, text: &str, what: &str) -> String {
    if text.is_empty() { format!("{column} {what}") } else { format!("{column} {} {what}", quoted(text)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_known_whatever_unit_or_zone_it_is_written_in() {
        for (text, us) in [
            ("1795294570", 1_795_294_570_500_000),
            ("1795294570123", 1_795_294_570_123_000),
            ("1795294570123456", 1_795_294_570_123_456),
            ("1795294570123456789", 1_795_294_570_123_456),
            ("2026-11-21T20:56:10.34848365Z", 1_795_294_570_348_483),
            ("2026-11-21T21:56:10.34848365+01:00", 1_795_294_570_348_483),
        ] {
            assert_eq!(moment("time", text), Ok(us), "{text}");
        }
        for text in ["", "12", "yesterday", "2026-11-21 20:56:10", "1969-01-01T00:00:00Z", "18446744073709551615"] {
            assert!(moment("time", text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_latency_has_a_decimal_point_and_is_no_longer_than_a_day() {
        assert_eq!(latency("elapsed", "0.253583", MILLISECOND), Ok(254));
        assert_eq!(latency("elapsed", "86400000", MILLISECOND), Ok(86_400_000_000));
        for text in ["", "12,5", "NaN", "-1", "86400001"] {
            assert!(latency("elapsed", text, MILLISECOND).is_err(), "{text}");
        }
    }

    #[test]
    fn times_are_read_whole_or_broken_and_nothing_else_is() {
        for (text, expected) in [
            ("0", Ok(0)),
            ("1234", Ok(1234)),
            ("1234.5", Ok(1235)),
            ("1.2e3", Ok(1200)),
            ("99999999999999999999999", Ok(u64::MAX)),
            ("", Err(Wrong::Missing)),
            ("-5", Err(Wrong::Negative)),
            ("-0.5", Err(Wrong::Negative)),
            ("NaN", Err(Wrong::NotANumber)),
            ("inf", Err(Wrong::NotANumber)),
            ("-inf", Err(Wrong::NotANumber)),
            ("1e999", Err(Wrong::NotANumber)),
            ("12ms", Err(Wrong::NotANumber)),
        ] {
            assert_eq!(micros(text), expected, "{text}");
        }
    }
}
