//! `vegeta encode --to json`: a JSON object a line, one per request.

use std::{borrow::Cow, io::Read};

use serde::Deserialize;

use super::{
    endpoint::Endpoints,
    error::{Mistake, quoted},
    format::{Format, Rules, Sink},
    lines::Lines,
    number::{self, NANOSECOND},
    vegeta::{self, Hit},
};
use crate::record::LatencyFrom;

pub(super) const FORMAT: Format =
    Format { name: "vegeta-json", latency_from: LatencyFrom::Sent, fewer_endpoints: vegeta::FEWER_ENDPOINTS, read };

#[derive(Deserialize)]
struct Line<'a> {
    code: u16,
    #[serde(borrow)]
    timestamp: Cow<'a, str>,
    /// Nanoseconds.
    latency: serde_json::Number,
    #[serde(borrow, default)]
    error: Cow<'a, str>,
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow)]
    url: Cow<'a, str>,
}

fn read(input: &mut dyn Read, rules: &Rules, rows: &mut Sink<'_>) -> Result<Vec<String>, Mistake> {
    let (mut lines, mut endpoints) = (Lines::new(input), Endpoints::default());
    loop {
        let number = lines.number() + 1;
        let Some(line) = lines.next()? else { return Ok(endpoints.notes()) };
        request(number, line, *rules, &mut endpoints, rows).map_err(|mistake| mistake.at(number))?;
    }
}

fn request(number: u64, line: &[u8], rules: Rules, endpoints: &mut Endpoints, rows: &mut Sink<'_>) -> Result<(), Mistake> {
    let line: Line<'_> = serde_json::from_slice(line).map_err(|error| broken(line, &error))?;
    let hit = Hit {
        method: &line.method,
        url: &line.url,
        status: number::status("code", &line.code.to_string())?,
        error: &line.error,
        sent_us: number::moment("timestamp", &line.timestamp)?,
        latency_us: number::latency("latency", &line.latency.to_string(), NANOSECOND)?,
    };
    rows(number, &hit.row(endpoints, rules))
}

fn broken(line: &[u8], error: &serde_json::Error) -> Mistake {
    let text = quoted(&String::from_utf8_lossy(line));
    let why = error.to_string();
    // Each line is an input of its own to the reader of JSON, so the place it names is of no use.
    let why = why.split(" at line ").next().unwrap_or_default();
    Mistake::new(
        format!("{text} is not a result of vegeta: {why}"),
        "write the file again: vegeta encode --to json results.bin > results.json",
    )
}
