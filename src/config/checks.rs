//! `check:` as written.

use std::{collections::BTreeMap, fmt};

use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer,
    de::{self, Visitor},
};

use super::written::{Size, Written};

/// What one response must be; failing counts as an error.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Expected statuses.
    pub status: Option<Statuses>,
    /// What headers must be.
    #[schemars(with = "Option<BTreeMap<String, serde_json::Value>>")]
    pub header: Option<BTreeMap<String, serde_yaml::Value>>,
    /// What the body must hold: a text, or `~` and a regular expression.
    pub body: Option<String>,
    /// What values of a JSON body must be, by JSONPath.
    #[schemars(with = "Option<BTreeMap<String, serde_json::Value>>")]
    pub json: Option<BTreeMap<String, serde_yaml::Value>>,
    /// Largest body.
    pub max_bytes: Option<Written<Size>>,
    /// File with a JSON Schema, relative to the configuration's folder.
    pub schema: Option<String>,
}

/// `200` or `[200, 201]`.
#[derive(Clone, Debug)]
pub struct Statuses(pub Vec<u16>);

impl<'de> Deserialize<'de> for Statuses {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StatusesVisitor)
    }
}

struct StatusesVisitor;

impl<'de> Visitor<'de> for StatusesVisitor {
    type Value = Statuses;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a status number such as 200, or a list of them")
    }

    fn visit_u64<E: de::Error>(self, status: u64) -> Result<Statuses, E> {
        let status = u16::try_from(status).map_err(|_| E::invalid_value(de::Unexpected::Unsigned(status), &self))?;
        Ok(Statuses(vec![status]))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Statuses, A::Error> {
        let mut statuses = Vec::new();
        while let Some(status) = list.next_element()? {
            statuses.push(status);
        }
        Ok(Statuses(statuses))
    }
}
