//! The id that a request is found by in the traces of its target (W3C Trace Context).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// 16 bytes, not all of them zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraceId(u128);

impl TraceId {
    /// The id of these two halves.
    #[must_use]
    pub fn new(high: u64, low: u64) -> Self {
        Self(((u128::from(high) << 64) | u128::from(low)).max(1))
    }

    /// Value of the header `traceparent` of a request: version, id, id of the request itself, and that it is to be kept
    /// (W3C Trace Context, section 3.2).
    #[must_use]
    pub fn traceparent(self) -> String {
        let request = (((self.0 >> 64) as u64).rotate_left(32) ^ self.0 as u64).max(1);
        format!("00-{self}-{request:016x}-01")
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// A text that is no trace id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a trace id: 32 hexadecimal digits, not all of them zero")]
pub struct NoTraceId(pub String);

impl FromStr for TraceId {
    type Err = NoTraceId;

    fn from_str(text: &str) -> Result<Self, NoTraceId> {
        let digits = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let id = digits.then(|| u128::from_str_radix(text, 16).ok()).flatten().filter(|id| *id > 0);
        id.map(Self).ok_or_else(|| NoTraceId(text.chars().take(40).collect()))
    }
}

impl Serialize for TraceId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TraceId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_has_four_parts_and_none_of_the_ids_is_zero() {
        let header = TraceId::new(0, 0).traceparent();
        let parts: Vec<&str> = header.split('-').collect();
        assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [2, 32, 16, 2]);
        assert!(parts[1].contains('1') && parts[2].contains('1'), "{header}");
    }

    #[test]
    fn what_is_no_id_is_refused() {
        let id = TraceId::new(7, 9);
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in ["", "0", "+0000000000000000000000000000001", &"0".repeat(32), &"g".repeat(32), &"a".repeat(33)] {
            assert!(text.parse::<TraceId>().is_err(), "{text}");
        }
    }
}
