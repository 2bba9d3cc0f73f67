//! `k6 run --out json=FILE`: a JSON object a line, for each metric and each sample of it.

use std::{borrow::Cow, io::Read};

use serde::Deserialize;

use super::{
    endpoint::Endpoints,
    error::{Mistake, quoted},
    format::{Format, Rules, Sink},
    k6::{self, Tags},
    lines::Lines,
    number::{self, MILLISECOND},
};
use crate::record::LatencyFrom;

pub(super) const FORMAT: Format =
    Format { name: "k6-json", latency_from: LatencyFrom::Sent, fewer_endpoints: k6::FEWER_ENDPOINTS, read };

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    metric: Cow<'a, str>,
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    data: Data<'a>,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Data<'a> {
    #[serde(borrow)]
    time: Cow<'a, str>,
    value: Option<serde_json::Number>,
    #[serde(borrow)]
    tags: Tags<'a>,
}

fn read(input: &mut dyn Read, rules: &Rules, rows: &mut Sink<'_>) -> Result<Vec<String>, Mistake> {
    let (mut lines, mut endpoints) = (Lines::new(input), Endpoints::default());
    loop {
        let number = lines.number() + 1;
        let Some(line) = lines.next()? else { return Ok(endpoints.notes()) };
        // Most lines are of other metrics: they only need to be whole.
        if !(line.starts_with(b"{") && line.ends_with(b"}")) {
            return Err(broken(line).at(number));
        }
        if !contains(line, k6::DURATION.as_bytes()) {
            continue;
        }
        request(number, line, *rules, &mut endpoints, rows).map_err(|mistake| mistake.at(number))?;
    }
}

fn request(number: u64, line: &[u8], rules: Rules, endpoints: &mut Endpoints, rows: &mut Sink<'_>) -> Result<(), Mistake> {
    let line: Line<'_> = serde_json::from_slice(line).map_err(|_| broken(line))?;
    if line.metric != k6::DURATION || line.kind != "Point" {
        return Ok(());
    }
    let value = line.data.value.map(|value| value.to_string()).unwrap_or_default();
    let ended_us = number::moment("time", &line.data.time)?;
    let latency_us = number::latency("value", &value, MILLISECOND)?;
    rows(number, &line.data.tags.row(endpoints, rules, ended_us, latency_us)?)
}

fn broken(line: &[u8]) -> Mistake {
    let text = quoted(&String::from_utf8_lossy(line));
    Mistake::new(
        format!("{text} is not a line of k6's JSON output"),
        "the file is cut short or mixed with another one: let k6 write it again",
    )
}

fn contains(line: &[u8], wanted: &[u8]) -> bool {
    line.windows(wanted.len()).any(|part| part == wanted)
}
