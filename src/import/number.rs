//! Times as other tools write them: whole or broken numbers of microseconds.

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

#[cfg(test)]
mod tests {
    use super::*;

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
