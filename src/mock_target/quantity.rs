//! Durations, shares and sizes as a script writes them: `5ms`, `1%`, `2kB`.

use std::{fmt, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::units::{self, UnitError};

/// A duration, written with its unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Time(pub Duration);

/// A share of the requests between 0 and 1, written in percent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Share(f64);

/// A number of bytes, written with a unit or as a bare number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size(pub u64);

impl Share {
    /// A share of everything; `None` unless it is from 0 to 1.
    #[must_use]
    pub fn of_one(share: f64) -> Option<Self> {
        (0.0..=1.0).contains(&share).then_some(Self(share))
    }

    /// As a fraction of 1.
    #[must_use]
    pub fn fraction(self) -> f64 {
        self.0
    }
}

impl std::str::FromStr for Share {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        Self::of_one(units::parse_share(text)?).ok_or_else(|| UnitError {
            message: format!("'{}' is more than all requests", text.trim()),
            hint: "write a share from 0% to 100%".to_owned(),
        })
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&units::duration(self.0))
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Share {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}%", units::significant(self.0 * 100.0, 6)))
    }
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = written(deserializer, "a duration such as 5ms")?;
        units::parse_duration(&text).map(Self).map_err(refused)
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        written(deserializer, "a share such as 1%")?.parse().map_err(refused)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = written(deserializer, "a size such as 2kB")?;
        text.parse().or_else(|_| units::parse_size(&text)).map(Self).map_err(refused)
    }
}

/// A refused quantity in one line, as serde errors have no place for a hint.
#[expect(clippy::needless_pass_by_value, reason = "the signature `map_err` asks for")]
pub(super) fn refused<E: de::Error>(error: UnitError) -> E {
    E::custom(format_args!("{} ({})", error.message, error.hint))
}

/// The text of a scalar. Numbers are taken as text too, so that `5` is told that it lacks a unit and not that it is a number.
fn written<'de, D: Deserializer<'de>>(deserializer: D, expecting: &'static str) -> Result<String, D::Error> {
    struct Scalar(&'static str);
    impl de::Visitor<'_> for Scalar {
        type Value = String;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
            Ok(text.to_owned())
        }

        fn visit_u64<E: de::Error>(self, number: u64) -> Result<String, E> {
            Ok(number.to_string())
        }

        fn visit_i64<E: de::Error>(self, number: i64) -> Result<String, E> {
            Ok(number.to_string())
        }

        fn visit_f64<E: de::Error>(self, number: f64) -> Result<String, E> {
            Ok(number.to_string())
        }
    }
    deserializer.deserialize_any(Scalar(expecting))
}
