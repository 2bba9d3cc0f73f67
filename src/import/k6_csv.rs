//! `k6 run --out csv=FILE`: a row per sample of each metric.

use std::{borrow::Cow, io::Read};

use super::{
    endpoint::Endpoints,
    error::Mistake,
    format::{Format, Rules, Sink},
    k6::{self, Tags},
    number::{self, MILLISECOND},
    table::Table,
};
use crate::record::LatencyFrom;

pub(super) const FORMAT: Format =
    Format { name: "k6-csv", latency_from: LatencyFrom::Sent, fewer_endpoints: k6::FEWER_ENDPOINTS, read };

fn read(input: &mut dyn Read, rules: &Rules, rows: &mut Sink<'_>) -> Result<Vec<String>, Mistake> {
    let mut table = Table::new(input)?;
    let needed = table.columns(["metric_name", "timestamp", "metric_value", "name", "status"], "CSV of k6")?;
    let others = ["method", "url", "expected_response", "error_code"].map(|name| table.column(name));
    let mut endpoints = Endpoints::default();
    while table.next()? {
        let line = table.line();
        if table.text(needed[0])? == k6::DURATION {
            request(&table, needed, others, *rules, &mut endpoints, rows).map_err(|mistake| mistake.at(line))?;
        }
    }
    Ok(endpoints.notes())
}

fn request(
    table: &Table<'_>,
    [_, time, value, name, status]: [usize; 5],
    others: [Option<usize>; 4],
    rules: Rules,
    endpoints: &mut Endpoints,
    rows: &mut Sink<'_>,
) -> Result<(), Mistake> {
    let text = |column: usize| table.text(column).map(Cow::Borrowed);
    // k6 can be told to leave tags out.
    let optional = |column: Option<usize>| column.map_or(Ok(Cow::Borrowed("")), text);
    let [method, url, expected_response, error_code] = others;
    let tags = Tags {
        name: text(name)?,
        status: text(status)?,
        method: optional(method)?,
        url: optional(url)?,
        expected_response: optional(expected_response)?,
        error_code: optional(error_code)?,
    };
    let ended_us = number::moment("timestamp", table.text(time)?)?;
    let latency_us = number::latency("metric_value", table.text(value)?, MILLISECOND)?;
    rows(table.line(), &tags.row(endpoints, rules, ended_us, latency_us)?)
}
