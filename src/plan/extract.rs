//! What later steps need of an answer.

use std::{fmt, sync::Arc};

use http::HeaderName;
use minijinja::Value;
use regex::Regex;

use super::JsonPath;

/// A value taken from an answer, under a name that later templates use.
#[derive(Clone, Debug)]
pub struct Extract {
    /// The name.
    pub name: Arc<str>,
    /// Where it is looked for.
    pub place: Place,
    /// What stands in when it is not there; `None`: the request has failed then.
    pub default: Option<Value>,
}

/// A place in an answer.
#[derive(Clone, Debug)]
pub enum Place {
    /// The first thing a path leads to in a JSON body, with its type.
    Json(JsonPath),
    /// The first group of the first match in the body; the whole match where the pattern has no group.
    Regex(Regex),
    /// The value of a header.
    Header(HeaderName),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(path) => path.fmt(f),
            Self::Regex(regex) => write!(f, "/{regex}/"),
            Self::Header(name) => write!(f, "header {name}"),
        }
    }
}
