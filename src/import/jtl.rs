//! JMeter's results in CSV (JTL): a row per sample.

use std::io::Read;

use super::{
    endpoint::Endpoints,
    error::{Mistake, quoted},
    format::{Format, Row, Rules, Sink},
    number::{self, MILLISECOND, wrong_value},
    table::Table,
    words,
};
use crate::record::{ErrorClass, LatencyFrom};

pub(super) const FORMAT: Format = Format {
    name: "jtl",
    latency_from: LatencyFrom::Sent,
    fewer_endpoints: "each label is an endpoint: give samplers labels without variables, such as get-item in place of get-item-${id}",
    read,
};

const COLUMNS: [&str; 5] = ["timeStamp", "elapsed", "label", "responseCode", "success"];
/// What the sum of several requests says of itself in place of a response.
const TRANSACTION: &str = "Number of samples in transaction";

fn read(input: &mut dyn Read, rules: &Rules, rows: &mut Sink<'_>) -> Result<Vec<String>, Mistake> {
    let mut table = Table::new(input)?;
    let columns = table.columns(COLUMNS, "JTL")?;
    let message = table.column("responseMessage");
    let (mut endpoints, mut transactions) = (Endpoints::default(), 0_u64);
    while table.next()? {
        let said = message.map_or(Ok(""), |column| table.text(column))?;
        if said.starts_with(TRANSACTION) {
            transactions += 1;
        } else {
            request(&table, columns, said, *rules, &mut endpoints, rows).map_err(|mistake| mistake.at(table.line()))?;
        }
    }
    let mut notes = endpoints.notes();
    if transactions > 0 {
        notes.push(format!(
            "rows of transaction controllers are left out ({transactions}): their requests are counted one by one"
        ));
    }
    Ok(notes)
}

fn request(
    table: &Table<'_>,
    [time, elapsed, label, code, success]: [usize; 5],
    said: &str,
    rules: Rules,
    endpoints: &mut Endpoints,
    rows: &mut Sink<'_>,
) -> Result<(), Mistake> {
    let has_failed = match table.text(success)? {
        "true" => false,
        "false" => true,
        other => {
            let message =
                wrong_value("success", other, if other.is_empty() { "is missing" } else { "is neither true nor false" });
            return Err(Mistake::new(message, "JMeter writes it unless jmeter.save.saveservice.successful is false"));
        }
    };
    let row = Row {
        time_us: moment(table.text(time)?)?,
        endpoint: endpoints.of("", table.text(label)?),
        stage: None,
        latency_us: number::latency("elapsed", table.text(elapsed)?, MILLISECOND)?,
        has_point: false,
        failed: failure(rules, table.text(code)?, said, has_failed),
    };
    rows(table.line(), &row)
}

/// Where JMeter got no response, its code is words; and samplers that do not speak HTTP have codes of their own.
fn failure(rules: Rules, code: &str, said: &str, has_failed: bool) -> Option<ErrorClass> {
    match code.parse::<u16>().ok().filter(|status| (100..=999).contains(status)) {
        Some(status) => rules.judged(status, has_failed),
        None if !has_failed => None,
        None if code.starts_with("Non HTTP") => Some(words::class(&format!("{code} {said}"))),
        None => Some(ErrorClass::CheckFailed),
    }
}

fn moment(text: &str) -> Result<u64, Mistake> {
    if text.contains(['/', ' ']) {
        let message = format!("timeStamp {} is a date without a time zone", quoted(text));
        return Err(Mistake::new(message, "let JMeter write milliseconds: -Jjmeter.save.saveservice.timestamp_format=ms"));
    }
    number::moment("timeStamp", text)
}
