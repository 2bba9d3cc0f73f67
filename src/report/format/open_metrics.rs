//! `metrics.txt`: the figures of a run as OpenMetrics text, which GitLab shows in a merge request (`artifacts:reports:metrics`) and
//! Prometheus understands.

use std::fmt::Write as _;

use crate::report::{ReportError, RunView, Traffic, escape::plain};

/// A value with what follows the family's name, and a label of its own.
type Sample = (&'static str, &'static str, Option<f64>);

/// A family of samples, one for each endpoint or several.
struct Family {
    name: &'static str,
    kind: &'static str,
    unit: &'static str,
    help: &'static str,
    /// The samples of an endpoint.
    samples: fn(&Traffic) -> Vec<Sample>,
}

const FAMILIES: [Family; 5] = [
    Family {
        name: "loadgate_response_time_seconds",
        kind: "summary",
        unit: "seconds",
        help: "Response time of requests that succeeded, from the moment they were due.",
        samples: |traffic| {
            let figures = &traffic.response;
            let named = [
                ("quantile=\"0.5\"", figures.p50),
                ("quantile=\"0.9\"", figures.p90),
                ("quantile=\"0.95\"", figures.p95),
                ("quantile=\"0.99\"", figures.p99),
                ("quantile=\"0.999\"", figures.p999),
            ];
            named.into_iter().map(|(label, us)| ("", label, us.map(|us| us as f64 / 1e6))).collect()
        },
    },
    Family {
        name: "loadgate_requests",
        kind: "counter",
        unit: "",
        help: "Requests that came to an outcome.",
        samples: |traffic| vec![("_total", "", Some(traffic.requests as f64))],
    },
    Family {
        name: "loadgate_errors",
        kind: "counter",
        unit: "",
        help: "Requests that failed.",
        samples: |traffic| vec![("_total", "", Some(traffic.errors as f64))],
    },
    Family {
        name: "loadgate_error_ratio",
        kind: "gauge",
        unit: "ratio",
        help: "Share of the requests that failed.",
        samples: |traffic| vec![("", "", traffic.error_rate)],
    },
    Family {
        name: "loadgate_requests_per_second",
        kind: "gauge",
        unit: "",
        help: "Requests per second that came to an outcome.",
        samples: |traffic| vec![("", "", traffic.rate_per_s)],
    },
];

/// Every endpoint; the service as a whole is the endpoint `*`. What was not measured has no sample.
pub(super) fn render(view: &RunView) -> Result<String, ReportError> {
    let failed = |error: std::fmt::Error| ReportError::Render { file: "metrics.txt", reason: error.to_string() };
    text(view).map_err(failed)
}

fn text(view: &RunView) -> Result<String, std::fmt::Error> {
    let suite = label_value(&view.suite);
    let whole = [("*".to_owned(), &view.total)];
    let endpoints: Vec<(String, &Traffic)> =
        view.endpoints.iter().map(|traffic| (label_value(&traffic.endpoint), traffic)).collect();
    let mut text = String::new();
    for Family { name, kind, unit, help, samples } in &FAMILIES {
        writeln!(text, "# TYPE {name} {kind}")?;
        if !unit.is_empty() {
            writeln!(text, "# UNIT {name} {unit}")?;
        }
        writeln!(text, "# HELP {name} {help}")?;
        for (endpoint, traffic) in whole.iter().chain(&endpoints) {
            for (suffix, label, value) in samples(traffic) {
                let Some(value) = value else { continue };
                let more = if label.is_empty() { "" } else { "," };
                writeln!(text, "{name}{suffix}{{suite=\"{suite}\",endpoint=\"{endpoint}\"{more}{label}}} {value}")?;
            }
        }
    }
    text.push_str("# EOF\n");
    Ok(text)
}

/// A name from outside must not be able to end the label it stands in, nor to steer the terminal that shows it.
fn label_value(text: &str) -> String {
    let text = text.split('\n').map(plain).collect::<Vec<_>>().join("\n");
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
