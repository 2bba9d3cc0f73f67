//! What a message must be to be the one that is waited for.

use std::fmt::{self, Display};

use regex::Regex;

use super::{JsonPath, Piece, Rule, TemplateId};

/// What a message must be.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// Any message.
    Any,
    /// JSON in which all of these hold.
    Json(Vec<(JsonPath, Rule)>),
    /// Something in it matches.
    Matches(Regex),
    /// One of the last two, made anew each time.
    Rendered(WantedTemplate),
}

/// What a message must be, as far as that is known before it is waited for.
#[derive(Clone, Debug)]
pub enum WantedTemplate {
    /// JSON in which all of these hold.
    Json(Vec<(JsonPath, RuleTemplate)>),
    /// Something in it matches what is rendered.
    Matches {
        /// The pattern as written.
        written: String,
        /// What it is rendered from.
        template: TemplateId,
    },
}

/// A rule about one value, as far as that is known.
#[derive(Clone, Debug)]
pub enum RuleTemplate {
    /// Always the same.
    Fixed(Rule),
    /// A comparison, such as `> 5`, as it is rendered.
    Comparison {
        /// As written.
        written: String,
        /// What it is rendered from.
        template: TemplateId,
    },
    /// The value itself: JSON as it is rendered.
    Value {
        /// As written.
        written: String,
        /// What it is rendered from.
        pieces: Vec<Piece>,
    },
}

impl Wanted {
    /// A message in which something matches a pattern.
    ///
    /// # Errors
    /// What is wrong with the pattern, in words.
    pub fn matching(pattern: &str) -> Result<Self, String> {
        super::rule::regex(pattern).map(Self::Matches)
    }
}

impl Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any message"),
            Self::Matches(regex) => write!(f, "a message ~ {regex}"),
            Self::Json(rules) => rules_in_words(rules, f),
            Self::Rendered(WantedTemplate::Matches { written, .. }) => write!(f, "a message ~ {written}"),
            Self::Rendered(WantedTemplate::Json(rules)) => rules_in_words(rules, f),
        }
    }
}

fn rules_in_words<R: Display>(rules: &[(JsonPath, R)], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("a message with ")?;
    for (n, (path, rule)) in rules.iter().enumerate() {
        write!(f, "{}{path} {rule}", if n > 0 { ", " } else { "" })?;
    }
    Ok(())
}

impl Display for RuleTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(rule) => rule.fmt(f),
            Self::Comparison { written, .. } | Self::Value { written, .. } => f.write_str(written),
        }
    }
}
