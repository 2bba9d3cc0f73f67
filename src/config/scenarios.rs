//! `scenarios:` as written.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{self, Visitor},
};

use super::written::{Expected, TextOr, Time, Written};

/// `GET /api/items`, or a map.
pub type ScenarioEntry = TextOr<Scenario>;

/// A scenario of several `steps`, or a shorthand of one request.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Name; of a shorthand also the endpoint's.
    pub name: Option<String>,
    /// Share of the arrivals, relative to the other scenarios; 1 by default.
    pub weight: Option<u32>,
    /// What one arrival does, in order.
    pub steps: Option<Vec<Step>>,
    /// Path of a GET.
    pub get: Option<String>,
    /// Path of a POST.
    pub post: Option<String>,
    /// Path of a PUT.
    pub put: Option<String>,
    /// Path of a PATCH.
    pub patch: Option<String>,
    /// Path of a DELETE.
    pub delete: Option<String>,
    /// Path of a HEAD.
    pub head: Option<String>,
    /// Headers of the request.
    pub headers: Option<BTreeMap<String, String>>,
    /// Body as it is sent.
    pub body: Option<String>,
    /// Body that is sent as JSON.
    pub json: Option<serde_yaml::Value>,
    /// Name under `targets:` of the service that is asked.
    pub target: Option<String>,
    /// Until the response is complete.
    pub timeout: Option<Written<Time>>,
    /// What the response must be.
    pub check: Option<Check>,
}

impl Expected for Scenario {
    const EXPECTED: &'static str = "a request such as GET /api/items, or a map with `name` and `get` or `steps`";
}

impl Scenario {
    /// The request of a shorthand.
    #[must_use]
    pub fn as_step(&self) -> Step {
        Step {
            name: self.name.clone(),
            get: self.get.clone(),
            post: self.post.clone(),
            put: self.put.clone(),
            patch: self.patch.clone(),
            delete: self.delete.clone(),
            head: self.head.clone(),
            headers: self.headers.clone(),
            body: self.body.clone(),
            json: self.json.clone(),
            target: self.target.clone(),
            timeout: self.timeout.clone(),
            check: self.check.clone(),
        }
    }
}

/// One request.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The endpoint's name.
    pub name: Option<String>,
    /// Path of a GET.
    pub get: Option<String>,
    /// Path of a POST.
    pub post: Option<String>,
    /// Path of a PUT.
    pub put: Option<String>,
    /// Path of a PATCH.
    pub patch: Option<String>,
    /// Path of a DELETE.
    pub delete: Option<String>,
    /// Path of a HEAD.
    pub head: Option<String>,
    /// Headers of the request.
    pub headers: Option<BTreeMap<String, String>>,
    /// Body as it is sent.
    pub body: Option<String>,
    /// Body that is sent as JSON.
    pub json: Option<serde_yaml::Value>,
    /// Name under `targets:` of the service that is asked.
    pub target: Option<String>,
    /// Until the response is complete.
    pub timeout: Option<Written<Time>>,
    /// What the response must be.
    pub check: Option<Check>,
}

impl Step {
    /// The methods this step gives a path for, each with its key and path; a right step gives one.
    #[must_use]
    pub fn requests(&self) -> Vec<(&'static str, &str)> {
        [
            ("get", &self.get),
            ("post", &self.post),
            ("put", &self.put),
            ("patch", &self.patch),
            ("delete", &self.delete),
            ("head", &self.head),
        ]
        .into_iter()
        .filter_map(|(key, path)| Some((key, path.as_deref()?)))
        .collect()
    }
}

/// What one response must be; failing counts as an error.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Expected statuses.
    pub status: Option<Statuses>,
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
