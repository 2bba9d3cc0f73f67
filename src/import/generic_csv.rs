//! The format for everybody who can write four columns: `timestamp_us,endpoint,latency_us,status`, optional `stage`.

use std::io::Read;

use super::{
    error::{Mistake, quoted},
    format::{Format, Row, Rules, Sink},
    number::{self, wrong_value},
    table::Table,
};
use crate::record::LatencyFrom;

pub(super) const FORMAT: Format = Format {
    name: "csv",
    latency_from: LatencyFrom::Unknown,
    fewer_endpoints: "endpoints are kinds of requests, not addresses: write /items/:id in place of /items/17 in the files",
    read,
};

const HEADER: &str = "timestamp_us,endpoint,latency_us,status";
/// The year 2100; what lies beyond is no time in microseconds.
const TIMESTAMP_US_MAX: u64 = 4_102_444_800_000_000;
/// A day: the longest latency a record keeps apart.
const LATENCY_US_MAX: u64 = 86_400_000_000;

fn read(input: &mut dyn Read, rules: &Rules, rows: &mut Sink<'_>) -> Result<Vec<String>, Mistake> {
    let mut table = Table::new(input)?;
    let columns = Columns::of(&table)?;
    while table.next()? {
        let line = table.line();
        let row = columns.row(&table, *rules).map_err(|mistake| mistake.at(line))?;
        rows(line, &row).map_err(|mistake| mistake.at(line))?;
    }
    Ok(Vec::new())
}

/// Where the columns stand; others are not looked at.
struct Columns {
    timestamp: usize,
    endpoint: usize,
    latency: usize,
    status: usize,
    stage: Option<usize>,
}

impl Columns {
    fn of(table: &Table<'_>) -> Result<Self, Mistake> {
        let column = |name: &str| {
            table.column(name).ok_or_else(|| {
                let [only] = table.header() else {
                    let found = table.header().join(",");
                    let hint = format!("the first line must name the columns {HEADER} (any order, others are left alone)");
                    return Mistake::new(format!("no column '{name}' in {}", quoted(&found)), hint).at(table.line());
                };
                let hint = format!("the first line is {HEADER}, with commas between the names");
                Mistake::new(format!("{} is not the names of columns", quoted(only)), hint).at(table.line())
            })
        };
        Ok(Self {
            timestamp: column("timestamp_us")?,
            endpoint: column("endpoint")?,
            latency: column("latency_us")?,
            status: column("status")?,
            stage: table.column("stage"),
        })
    }

    fn row<'t>(&self, table: &'t Table<'_>, rules: Rules) -> Result<Row<'t>, Mistake> {
        let stage = self.stage.map(|column| table.text(column)).transpose()?;
        Ok(Row {
            time_us: timestamp(table.text(self.timestamp)?)?,
            endpoint: table.text(self.endpoint)?,
            stage: stage.filter(|stage| !stage.is_empty()),
            latency_us: latency(table.text(self.latency)?)?,
            has_point: table.text(self.latency)?.contains('.'),
            failed: rules.failure(number::status("status", table.text(self.status)?)?),
        })
    }
}

fn timestamp(text: &str) -> Result<u64, Mistake> {
    let wrong = |what: &str| {
        let hint = "timestamps are microseconds, counted from 1970 or from any moment that is the same for all rows";
        Mistake::new(wrong_value("timestamp_us", text, what), hint)
    };
    match number::micros(text) {
        Ok(us) if us > TIMESTAMP_US_MAX => Err(wrong("lies beyond the year 2100: nanoseconds?")),
        Ok(us) => Ok(us),
        Err(error) => Err(wrong(error.in_words())),
    }
}

fn latency(text: &str) -> Result<u64, Mistake> {
    let wrong = |what: &str, hint: &str| Mistake::new(wrong_value("latency_us", text, what), hint);
    match number::micros(text) {
        Ok(us) if us > LATENCY_US_MAX => {
            Err(wrong("is longer than a day", "latencies are microseconds: divide nanoseconds by 1000"))
        }
        Ok(us) => Ok(us),
        Err(error) => {
            let hint = "latencies are microseconds, 0 or more; a request without a response has status 0 and the time until it was given up";
            Err(wrong(error.in_words(), hint))
        }
    }
}
