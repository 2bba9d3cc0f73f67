//! What a file is, told from its beginning: the wrong format is named before the first row is misread.

use super::error::Mistake;

/// Bytes that are looked at.
const LOOKED_AT: usize = 4_096;

/// What a file can be.
enum Kind {
    /// Of a format with this name.
    Format(&'static str),
    /// Of no use here: what it is, and what to do.
    Useless(&'static str, &'static str),
}

/// Refuses a file that is plainly something else than `format`. What can't be told is left to the format.
pub(super) fn check(beginning: &[u8], format: &str) -> Result<(), Mistake> {
    let text = String::from_utf8_lossy(&beginning[..beginning.len().min(LOOKED_AT)]);
    match of(text.trim_start_matches('\u{feff}').trim_start()) {
        Some(Kind::Format(name)) if name != format => {
            Err(Mistake::new(format!("this looks like a file of format {name}"), format!("import it with --format {name}")))
        }
        Some(Kind::Useless(what, hint)) => Err(Mistake::new(format!("this is {what}"), hint)),
        Some(Kind::Format(_)) | None => Ok(()),
    }
}

fn of(text: &str) -> Option<Kind> {
    const XML: Kind = Kind::Useless("XML", "let JMeter write CSV: -Jjmeter.save.saveservice.output_format=csv");
    const SUMMARY: Kind = Kind::Useless(
        "a summary of a k6 run, which holds no single request",
        "let k6 write them: k6 run --out csv=results.csv, or --out json=results.json",
    );
    const LOCUST: Kind = Kind::Useless(
        "a statistics file of Locust, which holds figures of many requests each",
        "percentiles can't be added up: write a row per request from Locust's request event, as generic CSV",
    );
    let first = text.lines().next().unwrap_or_default();
    let has = |words: &[&str]| words.iter().all(|word| first.contains(word));
    let is_object = first.starts_with('{');
    let kind = match () {
        () if first.starts_with("<?xml") || first.starts_with("<testResults") => XML,
        () if has(&["Request Count", "Failure Count"]) || has(&["User Count", "Requests/s"]) => LOCUST,
        () if has(&["metric_name", "metric_value"]) => Kind::Format("k6-csv"),
        () if has(&["timeStamp", "elapsed"]) => Kind::Format("jtl"),
        () if has(&["timestamp_us", "latency_us"]) && !is_object => Kind::Format("csv"),
        () if is_object && has(&["\"metric\"", "\"type\""]) => Kind::Format("k6-json"),
        () if is_object && has(&["\"latency\"", "\"timestamp\"", "\"code\""]) => Kind::Format("vegeta-json"),
        () if is_object && text.contains("\"root_group\"") => SUMMARY,
        () if is_rows_of_vegeta(first) => Kind::Format("vegeta-csv"),
        () => return None,
    };
    Some(kind)
}

/// Nanoseconds since 1970, a status, a latency; and no header above.
fn is_rows_of_vegeta(first: &str) -> bool {
    let values: Vec<&str> = first.splitn(4, ',').collect();
    let is_number = |value: &str| !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    matches!(values[..], [time, status, latency, _] if time.len() == 19 && status.len() <= 3 && [time, status, latency].into_iter().all(is_number))
}
