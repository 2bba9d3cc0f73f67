//! Whether a message is the one that is waited for, where that may differ from round to round.

use std::{borrow::Cow, sync::Arc};

use crate::{
    engine::{
        content::Content,
        render::{pieces, text, told},
    },
    plan::{Rule, RuleTemplate, Scope, Templates, Wanted, WantedTemplate},
    protocol::Failure,
};

/// What a failure calls it.
const PART: &str = "expect";

/// What is waited for this time. What can't be rendered is a failure, and nothing is waited for.
pub(super) fn rendered<'a>(wanted: &'a Wanted, templates: &Templates, scope: &Arc<Scope>) -> Result<Cow<'a, Wanted>, Failure> {
    let Wanted::Rendered(template) = wanted else { return Ok(Cow::Borrowed(wanted)) };
    let made = match template {
        WantedTemplate::Matches { template, .. } => {
            let pattern = text(PART, (templates, scope), template)?;
            Wanted::matching(&pattern).map_err(|message| told(&format!("{PART}: {message}")))?
        }
        WantedTemplate::Json(rules) => {
            let mut made = Vec::with_capacity(rules.len());
            for (path, rule) in rules {
                made.push((path.clone(), self::rule(rule, (templates, scope))?));
            }
            Wanted::Json(made)
        }
    };
    Ok(Cow::Owned(made))
}

fn rule(rule: &RuleTemplate, (templates, scope): (&Templates, &Arc<Scope>)) -> Result<Rule, Failure> {
    match rule {
        RuleTemplate::Fixed(rule) => Ok(rule.clone()),
        RuleTemplate::Comparison { template, .. } => {
            let comparison = text(PART, (templates, scope), template)?;
            Rule::parse(&serde_json::Value::String(comparison)).map_err(|message| told(&format!("{PART}: {message}")))
        }
        RuleTemplate::Value { written, pieces: of } => {
            let json = pieces(PART, (templates, scope), of)?;
            let value = serde_json::from_slice::<serde_json::Value>(&json);
            value.map(Rule::equal).map_err(|error| told(&format!("{PART}: '{written}' became no JSON: {error}")))
        }
    }
}

/// Whether a message is the one that is waited for.
pub(super) fn is_wanted(wanted: &Wanted, message: &Content<'_>) -> bool {
    match wanted {
        Wanted::Any => true,
        Wanted::Matches(regex) => regex.is_match(&message.text()),
        Wanted::Json(rules) => message
            .json()
            .as_ref()
            .is_ok_and(|document| rules.iter().all(|(path, rule)| path.first(document).is_some_and(|value| rule.holds(&value)))),
        // It is rendered before anything is waited for.
        Wanted::Rendered(_) => false,
    }
}
