//! Absolute promises: `p95 < 250ms`, `create-order.p99 < 600ms`, `error_rate < 20% over 10s`.

use std::{fmt, time::Duration};

use super::{Metric, MetricUnit, Quantile};
use crate::units;

/// One promise about this run alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// As written.
    pub expr: String,
    /// Endpoint or scenario it speaks of; `None` for the run as a whole.
    pub scope: Option<String>,
    /// What it speaks of.
    pub metric: Metric,
    /// How the actual value must relate to the limit.
    pub comparator: Comparator,
    /// Limit in the metric's unit.
    pub limit: f64,
    /// When given, it must hold in every span of this length.
    pub over: Option<Duration>,
    /// What breaking it does.
    pub severity: Severity,
    /// When given, breaking it ends the run, once this much of the run is over.
    pub abort_after: Option<Duration>,
    /// Who looks after it, for reports.
    pub owner: Option<String>,
    /// Line of the configuration, for annotations.
    pub line: Option<u64>,
}

/// How the actual value must relate to the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparator {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `==`
    Equal,
}

impl Comparator {
    /// In the order they must be tried when reading: longer ones first.
    const ALL: [(&'static str, Self); 5] =
        [("<=", Self::LessOrEqual), (">=", Self::GreaterOrEqual), ("==", Self::Equal), ("<", Self::Less), (">", Self::Greater)];

    /// Whether `actual` keeps the promise. NaN keeps none.
    #[must_use]
    #[expect(clippy::float_cmp, reason = "`== 0` on counts is exact")]
    pub fn holds(self, actual: f64, limit: f64) -> bool {
        match self {
            Self::Less => actual < limit,
            Self::LessOrEqual => actual <= limit,
            Self::Greater => actual > limit,
            Self::GreaterOrEqual => actual >= limit,
            Self::Equal => actual == limit,
        }
    }
}

impl fmt::Display for Comparator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::ALL.iter().find(|(_, comparator)| comparator == self).map_or("", |(text, _)| text))
    }
}

/// What breaking a threshold does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Severity {
    /// The build fails.
    #[default]
    Fail,
    /// It is said, and the build stays green.
    Warn,
}

/// Why a text is not a threshold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ThresholdError {
    /// What is wrong, with the offending text.
    pub message: String,
    /// What to write instead.
    pub hint: String,
}

impl Threshold {
    /// Reads `[SCOPE.]METRIC COMPARATOR LIMIT [over DURATION]`. Whether the scope exists is for the plan to say.
    ///
    /// # Errors
    /// No comparator, an unknown metric, a limit in a unit that is not the metric's.
    pub fn parse(text: &str) -> Result<Self, ThresholdError> {
        let expr = text.trim();
        let (position, (symbol, comparator)) = Comparator::ALL
            .iter()
            .filter_map(|entry| expr.find(entry.0).map(|position| (position, *entry)))
            .min_by_key(|(position, (symbol, _))| (*position, std::cmp::Reverse(symbol.len())))
            .ok_or_else(|| ThresholdError {
                message: format!("'{expr}' compares nothing"),
                hint: "write METRIC < LIMIT, for example 'p95 < 250ms' or 'error_rate < 1%'".to_owned(),
            })?;
        let (scope, metric) = split_scope(expr[..position].trim())?;
        let right = expr[position + symbol.len()..].trim();
        let (limit, over) = right.split_once(" over ").map_or((right, None), |(limit, over)| (limit.trim(), Some(over)));
        let over = over
            .map(units::parse_duration)
            .transpose()
            .map_err(|error| ThresholdError { message: error.message, hint: error.hint })?;
        Ok(Self {
            expr: expr.to_owned(),
            limit: parse_limit(&metric, limit)?,
            scope,
            metric,
            comparator,
            over,
            severity: Severity::Fail,
            abort_after: None,
            owner: None,
            line: None,
        })
    }

    /// A value of this threshold's metric for people: `182 ms`, `0.42%`.
    #[must_use]
    pub fn display(&self, value: f64) -> String {
        match self.metric.unit() {
            MetricUnit::Micros => units::latency(value),
            MetricUnit::Share => units::percent(value),
            MetricUnit::PerSecond => units::PerSecond(value).to_string(),
            // A mean of counts to a tenth, and down: 4999.96 is not the 5000 it misses.
            MetricUnit::Count => units::significant((value * 10.0).floor() / 10.0, 12),
        }
    }
}

/// `create-order.p99` is scope and metric, `errors.5xx` a metric alone: the longest tail that names a metric wins.
fn split_scope(left: &str) -> Result<(Option<String>, Metric), ThresholdError> {
    if let Ok(metric) = left.parse() {
        return Ok((None, metric));
    }
    for (dot, _) in left.match_indices('.') {
        if let Ok(metric) = left[dot + 1..].parse() {
            return Ok((Some(left[..dot].to_owned()), metric));
        }
    }
    let name = left.rsplit('.').next().unwrap_or(left);
    if name.strip_prefix('p').is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())) {
        let quantiles = Quantile::ALL.map(|quantile| quantile.to_string()).join(", ");
        let hint = format!("quantiles are {quantiles}, and there is max");
        return Err(ThresholdError { message: format!("unknown metric '{name}'"), hint });
    }
    let nearest = Metric::NAMES
        .into_iter()
        .map(|known| (strsim::damerau_levenshtein(known, name), known))
        .min()
        .filter(|(distance, _)| *distance <= 2)
        .map_or_else(|| format!("metrics are {}", Metric::NAMES.join(", ")), |(_, known)| format!("did you mean '{known}'?"));
    Err(ThresholdError { message: format!("unknown metric '{name}'"), hint: nearest })
}

fn parse_limit(metric: &Metric, text: &str) -> Result<f64, ThresholdError> {
    let from_unit = |error: units::UnitError| ThresholdError { message: error.message, hint: error.hint };
    match metric.unit() {
        MetricUnit::Micros => Ok(units::parse_duration(text).map_err(from_unit)?.as_secs_f64() * 1e6),
        MetricUnit::Share => units::parse_share(text).map_err(from_unit),
        MetricUnit::PerSecond => Ok(units::parse_rate(text).map_err(from_unit)?.0),
        MetricUnit::Count => text.replace('_', "").parse::<u64>().map(|count| count as f64).map_err(|_| ThresholdError {
            message: format!("'{text}' is not a whole number"),
            hint: format!("{metric} is a count, for example '{metric} == 0'"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_read() {
        let threshold = Threshold::parse("create-order.p99 < 600ms").unwrap();
        assert_eq!(threshold.scope.as_deref(), Some("create-order"));
        assert_eq!((threshold.metric, threshold.limit), (Metric::Latency(Quantile::P99), 600_000.0));
        let threshold = Threshold::parse("error_rate < 20% over 10s").unwrap();
        assert_eq!((threshold.limit, threshold.over), (0.2, Some(Duration::from_secs(10))));
        let threshold = Threshold::parse("GET /v1.2/x.errors.5xx <= 0.1pp").unwrap();
        assert_eq!(threshold.scope.as_deref(), Some("GET /v1.2/x"));
        assert_eq!((threshold.metric, threshold.limit), (Metric::Errors("5xx".to_owned()), 0.001));
        assert_eq!(Threshold::parse("dropped == 0").unwrap().comparator, Comparator::Equal);
        assert_eq!(Threshold::parse("achieved_rate>=99%").unwrap().comparator, Comparator::GreaterOrEqual);
    }

    #[test]
    fn what_is_no_threshold_is_refused_with_a_hint() {
        for (text, message, hint) in [
            ("p96 < 250ms", "unknown metric 'p96'", "quantiles are p50, p90, p95, p99, p999, and there is max"),
            ("p95 250ms", "'p95 250ms' compares nothing", "METRIC < LIMIT"),
            ("p95 < 250", "'250' has no unit", "write a number with a unit"),
            ("error_rate < 0.5", "'0.5' is not a percentage", "write a percentage"),
            ("dropped == none", "'none' is not a whole number", "dropped is a count"),
        ] {
            let error = Threshold::parse(text).unwrap_err();
            assert_eq!(error.message, message);
            assert!(error.hint.contains(hint), "{}", error.hint);
        }
    }
}
