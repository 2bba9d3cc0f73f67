//! `data` -> feeders, read and whole.

use std::{collections::HashSet, sync::Arc};

use minijinja::{Value, value::Serde};
use sha2::{Digest as _, Sha256};

use super::{Problems, templates};
use crate::{
    config::{Loaded, Path, data as written},
    plan::{Feeder, Order, Rows, Table, feed::shuffled},
};

pub(super) fn resolve(loaded: &Loaded, seed: u64, problems: &Problems<'_>) -> Vec<Feeder> {
    let at = Path::root().key("data");
    let feeders = loaded.document.data.iter();
    feeders.filter_map(|(name, feeder)| one(name, feeder, &at.key(name), (loaded, seed), problems)).collect()
}

fn one(
    name: &str,
    written: &written::Feeder,
    at: &Path,
    (loaded, seed): (&Loaded, u64),
    problems: &Problems<'_>,
) -> Option<Feeder> {
    let is_name = templates::check_name(name, at, problems);
    let orders = [("sequential", Order::Sequential), ("random", Order::Random), ("shuffle", Order::Shuffle)];
    let order = problems.choice(written.order.as_deref(), &at.key("order"), &orders, &[]).unwrap_or_default();
    let ends = [("recycle", false), ("stop", true)];
    let ends = problems.choice(written.on_end.as_deref(), &at.key("on_end"), &ends, &[]).unwrap_or(false);
    problems.choice(written.partition.as_deref(), &at.key("partition"), &[("per_worker", ())], &["none", "shared"]);
    if ends && order == Order::Random {
        let hint = "write `order: shuffle`: each row once, in an order that is drawn";
        problems.add(&at.key("on_end"), "rows that are drawn at random never end", hint);
    }
    let (rows, sha256) = match (&written.csv, &written.inline) {
        (Some(file), None) => table(file, &at.key("csv"), loaded, problems)?,
        (None, Some(values)) => listed(values, &at.key("inline"), problems)?,
        (Some(_), Some(_)) => {
            problems.add_at_key(&at.key("inline"), "a feeder has either 'csv' or 'inline'", "keep one of them");
            return None;
        }
        (None, None) => {
            problems.add_at_key(at, format!("the feeder '{name}' has no rows"), "write csv: FILE or inline: [ .. ]");
            return None;
        }
    };
    let length = u32::try_from(rows.len()).ok()?;
    let shuffled = (order == Order::Shuffle).then(|| shuffled(length, seed));
    is_name.then(|| Feeder { name: name.into(), rows, order, ends, shuffled, sha256 })
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn table(file: &str, at: &Path, loaded: &Loaded, problems: &Problems<'_>) -> Option<(Rows, String)> {
    let refuse = |message: String, hint: &str| {
        problems.add(at, format!("{file}: {message}"), hint);
        None
    };
    let bytes = match loaded.files.get(file) {
        Ok(bytes) => bytes,
        Err(reason) => return refuse(reason, "name a CSV file, relative to the configuration's folder"),
    };
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.trim_start_matches('\u{feff}'),
        Err(error) => {
            let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
            let byte = bytes[error.valid_up_to()];
            return refuse(format!("line {line} is not UTF-8 text (byte 0x{byte:02x})"), "save the file as UTF-8");
        }
    };
    let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
    let columns: Vec<String> = match reader.headers() {
        Ok(header) => header.iter().map(|column| column.trim().to_owned()).collect(),
        Err(error) => return refuse(error.to_string(), "the first line names the columns: name,password"),
    };
    let mut seen = HashSet::new();
    if let Some(column) = columns.iter().find(|column| column.is_empty() || !seen.insert(column.as_str())) {
        let message =
            if column.is_empty() { "a column has no name".to_owned() } else { format!("two columns are called '{column}'") };
        return refuse(message, "the first line names the columns, each by a name of its own: name,password");
    }
    let records: Result<Vec<csv::StringRecord>, csv::Error> = reader.into_records().collect();
    match records {
        Ok(records) if records.is_empty() => refuse("there is no row below the names of the columns".to_owned(), "add rows"),
        Ok(records) => Some((Rows::Table(Arc::new(Table { columns, records })), digest(bytes))),
        Err(error) => refuse(in_words(&error), "give every row as many values as there are columns; quote values with commas"),
    }
}

fn in_words(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let line = pos.as_ref().map_or(0, csv::Position::line);
            format!("line {line} has {len} values, and there are {expected_len} columns")
        }
        _ => error.to_string(),
    }
}

fn listed(values: &[serde_yaml::Value], at: &Path, problems: &Problems<'_>) -> Option<(Rows, String)> {
    if values.is_empty() {
        problems.add(at, "a feeder without rows", "write at least one value: inline: [A-1, A-2]");
        return None;
    }
    let maps = values.iter().filter(|value| value.is_mapping()).count();
    if maps != 0 && maps != values.len() {
        problems.add(at, "some rows are maps and some are not", "write either values or maps of them");
        return None;
    }
    let text = serde_json::to_vec(values).unwrap_or_default();
    let rows = values.iter().map(|value| Value::from(Serde(value))).collect();
    Some((Rows::Values(Arc::new(rows)), digest(&text)))
}
