//! Quantities as written: what stands in the file is kept as a text and read when the plan is made, so that all wrong
//! ones can be shown at once.

use std::{fmt, marker::PhantomData, time::Duration};

use serde::{
    Deserialize, Deserializer,
    de::{self, Visitor, value::MapAccessDeserializer},
};

use crate::units::{self, PerSecond, UnitError};

/// A kind of quantity.
pub trait Quantity {
    /// What it is read as.
    type Value;
    /// What to write, for `expected .., found ..`.
    const EXPECTED: &'static str;
    /// What the text looks like, for editors: a regular expression of the part between blanks.
    const PATTERN: &'static str;
    /// Whether a bare number may stand for it.
    const IS_NUMBER: bool = false;
    /// Reads the text.
    ///
    /// # Errors
    /// A text that is no such quantity.
    fn parse(text: &str) -> Result<Self::Value, UnitError>;
}

/// The text of a quantity.
#[derive(Debug)]
pub struct Written<Q> {
    text: String,
    quantity: PhantomData<Q>,
}

impl<Q> Clone for Written<Q> {
    fn clone(&self) -> Self {
        Self { text: self.text.clone(), quantity: PhantomData }
    }
}

impl<Q: Quantity> Written<Q> {
    /// What it means.
    ///
    /// # Errors
    /// A text that is no such quantity.
    pub fn parse(&self) -> Result<Q::Value, UnitError> {
        Q::parse(&self.text)
    }

    /// The text, with variables filled in.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// A length of time: `30s`.
#[derive(Debug)]
pub struct Time;
/// Arrivals per time: `200/s`.
#[derive(Debug)]
pub struct Rate;
/// From one rate to another: `10/s..200/s`.
#[derive(Debug)]
pub struct RateRange;
/// A number of users, or from one to another: `50`, `0..50`.
#[derive(Debug)]
pub struct Users;
/// How much load: `200/s`, or `50` users.
#[derive(Debug)]
pub struct Level;
/// A percentage: `5%`.
#[derive(Debug)]
pub struct Share;
/// A number of bytes: `200kB`.
#[derive(Debug)]
pub struct Size;
/// The length of a pause: `2s`, `1s..3s`, `exp(2s)`, `normal(2s, 500ms)`.
#[derive(Debug)]
pub struct Think;

/// How much load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Amount {
    /// Arrivals at a rate.
    Rate(PerSecond),
    /// Users.
    Users(u32),
}

impl Quantity for Time {
    type Value = Duration;
    const EXPECTED: &'static str = "a duration such as 30s";
    const PATTERN: &'static str = r"(?:[0-9_]*\.?[0-9_]+ *(?:us|µs|ms|s|min|m|h|d) *)+";

    fn parse(text: &str) -> Result<Duration, UnitError> {
        units::parse_duration(text)
    }
}

impl Quantity for Rate {
    type Value = PerSecond;
    const EXPECTED: &'static str = "a rate such as 200/s";
    const PATTERN: &'static str = r"[0-9_]*\.?[0-9_]+ */ *(?:second|sec|s|minute|min|m|hour|h)";

    fn parse(text: &str) -> Result<PerSecond, UnitError> {
        match text.trim().strip_prefix('-') {
            Some(rest) if units::parse_rate(rest).is_ok() => Err(UnitError {
                message: format!("the rate '{}' is negative", text.trim()),
                hint: "write a rate above 0".to_owned(),
            }),
            _ => units::parse_rate(text),
        }
    }
}

impl Quantity for RateRange {
    type Value = (PerSecond, PerSecond);
    const EXPECTED: &'static str = "a ramp such as 10/s..200/s";
    const PATTERN: &'static str = r"[0-9_]*\.?[0-9_]+ */ *(?:second|sec|s|minute|min|m|hour|h) *\.\. *[0-9_]*\.?[0-9_]+ */ *(?:second|sec|s|minute|min|m|hour|h)";

    fn parse(text: &str) -> Result<Self::Value, UnitError> {
        let (from, to) = text.split_once("..").ok_or_else(|| UnitError {
            message: format!("'{}' is not a ramp", text.trim()),
            hint: "write the rates it begins and ends with, for example 10/s..200/s".to_owned(),
        })?;
        Ok((Rate::parse(from)?, Rate::parse(to)?))
    }
}

impl Quantity for Users {
    type Value = (u32, u32);
    const EXPECTED: &'static str = "a number of users such as 50, or 0..50";
    const PATTERN: &'static str = r"[0-9_]+ *(?:\.\. *[0-9_]+)?";
    const IS_NUMBER: bool = true;

    fn parse(text: &str) -> Result<Self::Value, UnitError> {
        match text.split_once("..") {
            Some((from, to)) => Ok((users(from)?, users(to)?)),
            None => users(text).map(|number| (number, number)),
        }
    }
}

impl Quantity for Level {
    type Value = Amount;
    const EXPECTED: &'static str = "a rate such as 200/s, or a number of users such as 50";
    const PATTERN: &'static str = r"[0-9_]*\.?[0-9_]+ */ *(?:second|sec|s|minute|min|m|hour|h)|[0-9_]+";
    const IS_NUMBER: bool = true;

    fn parse(text: &str) -> Result<Amount, UnitError> {
        if text.contains('/') { Rate::parse(text).map(Amount::Rate) } else { users(text).map(Amount::Users) }
    }
}

fn users(text: &str) -> Result<u32, UnitError> {
    text.trim().replace('_', "").parse().map_err(|_| UnitError {
        message: format!("'{}' is not a number of users", text.trim()),
        hint: "write a whole number, for example 50; a rate needs its unit: 50/s".to_owned(),
    })
}

impl Quantity for Share {
    type Value = f64;
    const EXPECTED: &'static str = "a percentage such as 5%";
    const PATTERN: &'static str = r"[0-9_]*\.?[0-9_]+ *(?:%|pp)";

    fn parse(text: &str) -> Result<f64, UnitError> {
        units::parse_share(text)
    }
}

impl Quantity for Size {
    type Value = u64;
    const EXPECTED: &'static str = "a size such as 200kB";
    const PATTERN: &'static str = r"[0-9_]*\.?[0-9_]+ *(?:B|kB|KB|MB|GB|KiB|MiB|GiB)";

    fn parse(text: &str) -> Result<u64, UnitError> {
        units::parse_size(text)
    }
}

/// The length of a pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// Always the same.
    Fixed(Duration),
    /// Evenly between two lengths.
    Uniform(Duration, Duration),
    /// Exponential with this mean.
    Exponential(Duration),
    /// Normal with this mean and standard deviation, never below zero.
    Normal(Duration, Duration),
}

impl Quantity for Think {
    type Value = Pause;
    const EXPECTED: &'static str = "a pause such as 2s, 1s..3s, exp(2s) or normal(2s, 500ms)";
    const PATTERN: &'static str = r"(?:[0-9_]*\.?[0-9_]+ *(?:us|µs|ms|s|min|m|h|d) *)+|(?:[0-9_]*\.?[0-9_]+ *(?:us|µs|ms|s|min|m|h|d) *)+\.\. *(?:[0-9_]*\.?[0-9_]+ *(?:us|µs|ms|s|min|m|h|d) *)+|exp *\( *(?:[0-9_]*\.?[0-9_]+ *(?:us|µs|ms|s|min|m|h|d) *)+\)|normal *\( *(?:[0-9_]*\.?[0-9_]+ *(?:us|µs|ms|s|min|m|h|d) *)+, *(?:[0-9_]*\.?[0-9_]+ *(?:us|µs|ms|s|min|m|h|d) *)+\)";

    fn parse(text: &str) -> Result<Pause, UnitError> {
        let text = text.trim();
        let inside = |name: &str| text.strip_prefix(name)?.trim_start().strip_prefix('(')?.strip_suffix(')');
        if let Some(mean) = inside("exp") {
            return units::parse_duration(mean).map(Pause::Exponential);
        }
        if let Some(arguments) = inside("normal") {
            let (mean, deviation) = arguments.split_once(',').ok_or_else(|| UnitError {
                message: format!("'{text}' has no standard deviation"),
                hint: "write mean and standard deviation, for example normal(2s, 500ms)".to_owned(),
            })?;
            return Ok(Pause::Normal(units::parse_duration(mean)?, units::parse_duration(deviation)?));
        }
        if text.contains('(') {
            let hint = "write 2s, 1s..3s, exp(2s) or normal(2s, 500ms)".to_owned();
            return Err(UnitError { message: format!("'{text}' is not a pause"), hint });
        }
        match text.split_once("..") {
            None => units::parse_duration(text).map(Pause::Fixed),
            Some((from, to)) => {
                let (shortest, longest) = (units::parse_duration(from)?, units::parse_duration(to)?);
                if shortest > longest {
                    let hint = format!("write the shorter one first: {}..{}", to.trim(), from.trim());
                    return Err(UnitError { message: format!("the pause '{text}' ends before it begins"), hint });
                }
                Ok(Pause::Uniform(shortest, longest))
            }
        }
    }
}

impl<'de, Q: Quantity> Deserialize<'de> for Written<Q> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(QuantityVisitor(PhantomData))
    }
}

struct QuantityVisitor<Q>(PhantomData<Q>);

impl<Q: Quantity> Visitor<'_> for QuantityVisitor<Q> {
    type Value = Written<Q>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Q::EXPECTED)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Written { text: text.to_owned(), quantity: PhantomData })
    }

    // A bare number is kept, so that the message can say that its unit is missing.
    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
        self.visit_str(&number.to_string())
    }
}

/// A text, a number or a truth value, of which only that it is one matters: the value of a variable is its text.
#[derive(Clone, Debug)]
pub struct AnyScalar;

impl<'de> Deserialize<'de> for AnyScalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyScalarVisitor)
    }
}

struct AnyScalarVisitor;

impl Visitor<'_> for AnyScalarVisitor {
    type Value = AnyScalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a number")
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<AnyScalar, E> {
        Ok(AnyScalar)
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<AnyScalar, E> {
        Ok(AnyScalar)
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<AnyScalar, E> {
        Ok(AnyScalar)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<AnyScalar, E> {
        Ok(AnyScalar)
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<AnyScalar, E> {
        Ok(AnyScalar)
    }

    fn visit_unit<E: de::Error>(self) -> Result<AnyScalar, E> {
        Ok(AnyScalar)
    }
}

/// A short text, or a map that says more.
#[derive(Clone, Debug)]
pub enum TextOr<T> {
    /// The short form.
    Text(String),
    /// The long form.
    Map(T),
}

/// What a [`TextOr`] expects, for `expected .., found ..`.
pub trait Expected {
    /// Both forms, in words.
    const EXPECTED: &'static str;
    /// The only texts there are, where they are so few.
    const WORDS: &'static [&'static str] = &[];
}

impl<'de, T: Deserialize<'de> + Expected> Deserialize<'de> for TextOr<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de> + Expected> Visitor<'de> for TextOrVisitor<T> {
            type Value = TextOr<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(T::EXPECTED)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(TextOr::Text(text.to_owned()))
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(TextOr::Map)
            }
        }

        deserializer.deserialize_any(TextOrVisitor(PhantomData))
    }
}
