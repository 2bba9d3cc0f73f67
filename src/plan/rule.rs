//! What one value of an answer must be.

use std::fmt;

use regex::{Regex, RegexBuilder};
use serde_json::Value;

/// Most memory that one regular expression may take, in bytes.
const REGEX_BYTES_MAX: usize = 1 << 20;

/// A promise about one value: `> 0`, `~ ^application/json`, or the value itself.
#[derive(Clone, Debug)]
pub struct Rule {
    written: String,
    test: Test,
}

#[derive(Clone, Debug)]
enum Test {
    Equal(Value),
    Different(Value),
    Compared(Comparison, f64),
    Matches(Regex),
}

#[derive(Clone, Copy, Debug)]
enum Comparison {
    Less,
    AtMost,
    AtLeast,
    More,
}

impl Rule {
    /// Reads a rule. A text begins with an operator (`==`, `!=`, `<`, `<=`, `>`, `>=`, `~`) or is the value itself; anything
    /// else is the value.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(written: &Value) -> Result<Self, String> {
        let Value::String(text) = written else {
            return Ok(Self { written: written.to_string(), test: Test::Equal(written.clone()) });
        };
        let rest = |operator: &str| text.strip_prefix(operator).map(str::trim);
        let compared = |comparison, operand: &str| match operand.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Test::Compared(comparison, number)),
            _ => Err(format!("'{text}' compares with something that is no number")),
        };
        let test = if let Some(pattern) = rest("~") {
            Test::Matches(regex(pattern)?)
        } else if let Some(operand) = rest("==") {
            Test::Equal(scalar(operand))
        } else if let Some(operand) = rest("!=") {
            Test::Different(scalar(operand))
        } else if let Some(operand) = rest("<=") {
            compared(Comparison::AtMost, operand)?
        } else if let Some(operand) = rest(">=") {
            compared(Comparison::AtLeast, operand)?
        } else if let Some(operand) = rest("<") {
            compared(Comparison::Less, operand)?
        } else if let Some(operand) = rest(">") {
            compared(Comparison::More, operand)?
        } else {
            Test::Equal(written.clone())
        };
        Ok(Self { written: text.clone(), test })
    }

    /// The rule that a value is this one, whatever it looks like.
    #[must_use]
    pub fn equal(value: Value) -> Self {
        Self { written: value.to_string(), test: Test::Equal(value) }
    }

    /// Whether a text is a comparison with something, and not the value itself.
    #[must_use]
    pub fn is_comparison(text: &str) -> bool {
        ["~", "==", "!=", "<", ">"].iter().any(|operator| text.starts_with(operator))
    }

    /// Whether a JSON value is as promised.
    #[must_use]
    pub fn holds(&self, value: &Value) -> bool {
        match &self.test {
            Test::Equal(expected) => equal(expected, value),
            Test::Different(expected) => !equal(expected, value),
            Test::Compared(comparison, bound) => value.as_f64().is_some_and(|number| comparison.holds(number, *bound)),
            Test::Matches(regex) => match value {
                Value::String(text) => regex.is_match(text),
                other => regex.is_match(&other.to_string()),
            },
        }
    }

    /// Whether a text is as promised; a number in it counts as one.
    #[must_use]
    pub fn holds_for_text(&self, text: &str) -> bool {
        let as_text = |expected: &Value| expected.as_str().map_or_else(|| expected.to_string(), str::to_owned);
        match &self.test {
            Test::Equal(expected) => as_text(expected) == text,
            Test::Different(expected) => as_text(expected) != text,
            Test::Compared(comparison, bound) => text.trim().parse::<f64>().is_ok_and(|number| comparison.holds(number, *bound)),
            Test::Matches(regex) => regex.is_match(text),
        }
    }
}

impl Comparison {
    fn holds(self, number: f64, bound: f64) -> bool {
        match self {
            Self::Less => number < bound,
            Self::AtMost => number <= bound,
            Self::AtLeast => number >= bound,
            Self::More => number > bound,
        }
    }
}

/// A regular expression of bounded size. Matching takes time proportional to the text, whatever the pattern.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn regex(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern).size_limit(REGEX_BYTES_MAX).build().map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => format!("the regular expression '{pattern}' is too large"),
        other => {
            let text = other.to_string();
            let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            format!("'{pattern}' is not a regular expression: {reason}")
        }
    })
}

/// What stands behind `==`: a number, a truth value, null or a quoted text as JSON has it, else a text.
fn scalar(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(value @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_))) => value,
        _ => Value::String(text.to_owned()),
    }
}

/// 5 and 5.0 are the same number.
fn equal(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn holds(rule: &Value, value: &Value) -> bool {
        Rule::parse(rule).unwrap().holds(value)
    }

    #[test]
    fn a_value_is_compared_as_what_it_is() {
        assert!(holds(&json!("> 0"), &json!(1)) && !holds(&json!("> 0"), &json!(0)) && !holds(&json!("> 0"), &json!("1")));
        assert!(holds(&json!("<= 2.5"), &json!(2.5)) && holds(&json!(">=2"), &json!(2)) && holds(&json!("< 3"), &json!(2)));
        assert!(holds(&json!(true), &json!(true)) && !holds(&json!(true), &json!("true")));
        assert!(holds(&json!("== 5"), &json!(5.0)) && !holds(&json!("5"), &json!(5)) && holds(&json!("5"), &json!("5")));
        assert!(holds(&json!("!= null"), &json!("x")) && !holds(&json!("!= null"), &json!(null)));
        assert!(holds(&json!("~ ^a.c$"), &json!("abc")) && holds(&json!("~ 2"), &json!([1, 2])));
        assert!(holds(&json!([1, 2]), &json!([1, 2])));
    }

    #[test]
    fn a_text_is_compared_as_text_or_as_the_number_in_it() {
        let holds = |rule: Value, text| Rule::parse(&rule).unwrap().holds_for_text(text);
        assert!(holds(json!("~ application/json"), "application/json; charset=utf-8"));
        assert!(holds(json!(5), "5") && holds(json!("> 4"), "5") && !holds(json!("> 4"), "x"));
        assert!(holds(json!("a b"), "a b") && holds(json!("!= a"), "b"));
    }

    #[test]
    fn a_value_that_looks_like_a_comparison_can_be_meant_as_it_is() {
        let rule = Rule::equal(json!("> 5"));
        assert!(rule.holds(&json!("> 5")) && !rule.holds(&json!(6)));
        assert!(["~ x", "==5", "!= a", "< 1", "<= 1", "> 1", ">= 1"].iter().all(|text| Rule::is_comparison(text)));
        assert!(!Rule::is_comparison("a > 5") && !Rule::is_comparison("="));
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        assert_eq!(Rule::parse(&json!("> many")).unwrap_err(), "'> many' compares with something that is no number");
        assert_eq!(Rule::parse(&json!("~ (")).unwrap_err(), "'(' is not a regular expression: unclosed group");
        assert_eq!(regex("(a{1000}){1000}").unwrap_err(), "the regular expression '(a{1000}){1000}' is too large");
    }
}
