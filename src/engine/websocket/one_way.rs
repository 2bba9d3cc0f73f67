//! How long a message was on its way, by what it says of when it was sent.

use std::time::Duration;

use jiff::Timestamp;

use crate::{plan::OneWay, protocol::Failure, record::ErrorClass};

/// How far a message may seem to come from the future: clocks of one machine are read a moment apart, and a sender rounds.
const SKEW_MAX: Duration = Duration::from_millis(1);

/// What the time of sending in a message says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Way {
    /// How long it was on its way; 0 where it seems to have come before it was sent.
    pub(super) latency: Duration,
    /// By how much the target's clock must be ahead for that, beyond what clocks differ by anyway.
    pub(super) ahead: Duration,
}

/// The time from a message being sent to its arrival `at` a moment of the wall clock. That one seems to have been sent later than it came is
/// the clocks' doing and no failure of the target's: it is told of.
pub(super) fn way(one_way: &OneWay, message: &[u8], at: Timestamp) -> Result<Way, Failure> {
    let missing = |found: &str| {
        Failure::told(ErrorClass::ExtractFailed, &format!("the message has no time of sending at {}: {found}", one_way.sent_at))
    };
    let document: serde_json::Value = serde_json::from_slice(message).map_err(|_| missing("it is not JSON"))?;
    let value = one_way.sent_at.first(&document).ok_or_else(|| missing("nothing is there"))?;
    let sent = moment(&value).ok_or_else(|| missing("what is there is no time"))?;
    let way = at.duration_since(sent);
    Ok(match Duration::try_from(way) {
        Ok(latency) => Way { latency, ..Way::default() },
        Err(_) => {
            let ahead = Duration::try_from(way.abs()).unwrap_or_default();
            Way { latency: Duration::ZERO, ahead: if ahead > SKEW_MAX { ahead } else { Duration::ZERO } }
        }
    })
}

/// A moment as a number of seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by its size (each of them is right from
/// 1973 to 5138), or as text in RFC 3339.
fn moment(value: &serde_json::Value) -> Option<Timestamp> {
    if let Some(text) = value.as_str() {
        return text.parse().ok().or_else(|| moment(&serde_json::Value::from(text.parse::<f64>().ok()?)));
    }
    let nanoseconds = match value.as_i64() {
        Some(number) => i128::from(number) * i128::from(scale(number as f64)),
        None => {
            let number = value.as_f64()?;
            (number * scale(number) as f64) as i128
        }
    };
    Timestamp::from_nanosecond(nanoseconds).ok()
}

/// Nanoseconds of the unit that a moment is counted in.
fn scale(number: f64) -> u64 {
    match number.abs() {
        small if small < 1e11 => 1_000_000_000,
        small if small < 1e14 => 1_000_000,
        small if small < 1e17 => 1_000,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::JsonPath;

    fn of(message: &str, at: &str) -> Result<Way, Failure> {
        let one_way = OneWay { endpoint: 0, sent_at: JsonPath::parse("$.sent_at_ms").unwrap() };
        way(&one_way, message.as_bytes(), at.parse().unwrap())
    }

    fn ms(latency: u64, ahead: u64) -> Way {
        Way { latency: Duration::from_millis(latency), ahead: Duration::from_millis(ahead) }
    }

    #[test]
    fn a_time_of_sending_is_read_in_any_usual_unit() {
        let at = "2026-11-21T12:00:00.250Z";
        let sent = [
            "1795262400",
            "1795262400000",
            "1795262400000000",
            "1795262400000000000",
            "1795262400.0",
            "\"2026-11-21T12:00:00Z\"",
        ];
        for sent in sent {
            assert_eq!(of(&format!("{{\"sent_at_ms\": {sent}}}"), at), Ok(ms(250, 0)), "{sent}");
        }
    }

    #[test]
    fn a_message_from_the_future_tells_of_clocks_that_differ() {
        let message = "{\"sent_at_ms\": 1795262400000}";
        assert_eq!(of(message, "2026-11-21T11:59:59.999500Z"), Ok(ms(0, 0)), "as exact as clocks are");
        assert_eq!(of(message, "2026-11-21T11:59:59.5Z"), Ok(ms(0, 500)), "no failure of the target");
    }

    #[test]
    fn a_message_without_a_time_is_told_of() {
        for (message, reason) in
            [("hello", "it is not JSON"), ("{}", "nothing is there"), ("{\"sent_at_ms\": true}", "what is there is no time")]
        {
            let failure = of(message, "2026-11-21T12:00:00Z").unwrap_err();
            assert_eq!(failure.class, ErrorClass::ExtractFailed);
            assert!(failure.message.ends_with(reason), "{}", failure.message);
        }
    }
}
