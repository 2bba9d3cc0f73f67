//! `vegeta encode --to csv`: twelve columns without a header.

use std::io::Read;

use super::{
    endpoint::Endpoints,
    error::Mistake,
    format::{Format, Rules, Sink},
    number::{self, NANOSECOND},
    table::Table,
    vegeta::{self, Hit},
};
use crate::record::LatencyFrom;

pub(super) const FORMAT: Format =
    Format { name: "vegeta-csv", latency_from: LatencyFrom::Sent, fewer_endpoints: vegeta::FEWER_ENDPOINTS, read };

const COLUMNS: [&str; 12] =
    ["timestamp", "code", "latency", "bytes_out", "bytes_in", "error", "body", "attack", "seq", "method", "url", "headers"];
const TIMESTAMP: usize = 0;
const CODE: usize = 1;
const LATENCY: usize = 2;
const ERROR: usize = 5;
const METHOD: usize = 9;
const URL: usize = 10;

fn read(input: &mut dyn Read, rules: &Rules, rows: &mut Sink<'_>) -> Result<Vec<String>, Mistake> {
    let mut table = Table::without_header(input, &COLUMNS);
    let mut endpoints = Endpoints::default();
    while table.next()? {
        request(&table, *rules, &mut endpoints, rows).map_err(|mistake| mistake.at(table.line()))?;
    }
    Ok(endpoints.notes())
}

fn request(table: &Table<'_>, rules: Rules, endpoints: &mut Endpoints, rows: &mut Sink<'_>) -> Result<(), Mistake> {
    let hit = Hit {
        method: table.text(METHOD)?,
        url: table.text(URL)?,
        status: number::status("code", table.text(CODE)?)?,
        error: table.text(ERROR)?,
        sent_us: number::moment("timestamp", table.text(TIMESTAMP)?)?,
        latency_us: number::latency("latency", table.text(LATENCY)?, NANOSECOND)?,
    };
    rows(table.line(), &hit.row(endpoints, rules))
}
