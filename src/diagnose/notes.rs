//! Notes of other programs: CSV, or a JSON object a line, each with a time.

use jiff::Timestamp;
use serde_json::Value;

use crate::record::Note;

/// Most notes that a record keeps of one file; more would be a log, and make every report as long as one.
pub const NOTES_MAX: usize = 5_000;
/// Longest name and text that is kept, in characters.
const TEXT_CHARS_MAX: usize = 200;
/// Columns and keys that may hold the time, the first that is there counts.
const TIMES: [&str; 6] = ["timestamp", "time", "ts", "at", "timestamp_ms", "timestamp_us"];
/// Those that may hold the name of a series or the kind of an event.
const NAMES: [&str; 5] = ["name", "series", "event", "level", "kind"];
/// Those that may hold what was said.
const TEXTS: [&str; 4] = ["text", "message", "msg", "description"];

/// What a file gave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Read {
    /// The notes of the run, in order of time.
    pub notes: Vec<Note>,
    /// Notes of another time.
    pub outside: usize,
    /// Notes beyond [`NOTES_MAX`].
    pub beyond: usize,
}

/// Reads the notes of a run that began at `began` and took `length_us`. A file whose first character is `{` is JSON lines, else CSV.
///
/// # Errors
/// The line that can't be read and why, in words.
pub fn read(text: &str, began: Timestamp, length_us: u64) -> Result<Read, String> {
    let rows = if text.trim_start().starts_with('{') { json_lines(text)? } else { csv(text)? };
    let mut read = Read::default();
    for (at, note) in rows {
        let us = at.as_microsecond() - began.as_microsecond();
        match u64::try_from(us) {
            Ok(at_us) if at_us <= length_us && read.notes.len() == NOTES_MAX => read.beyond += usize::from(at_us <= length_us),
            Ok(at_us) if at_us <= length_us => read.notes.push(Note { at_us, ..note }),
            _ => read.outside += 1,
        }
    }
    read.notes.sort_by_key(|note| note.at_us);
    Ok(read)
}

fn json_lines(text: &str) -> Result<Vec<(Timestamp, Note)>, String> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(n, line)| json_line(line).map_err(|reason| format!("line {}: {reason}", n + 1))).collect()
}

fn json_line(line: &str) -> Result<(Timestamp, Note), String> {
    let value: Value = serde_json::from_str(line).map_err(|error| format!("no JSON object: {error}"))?;
    let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    note(|names| names.iter().find_map(|name| Some((*name, word(value.get(name).filter(|value| !value.is_null())?)))))
}

fn csv(text: &str) -> Result<Vec<(Timestamp, Note)>, String> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let head = reader.headers().map_err(|error| error.to_string())?.clone();
    if !head.iter().any(|column| TIMES.contains(&column)) {
        return Err(format!("line 1: none of the columns {} is there", TIMES.join(", ")));
    }
    let place = |name: &str| head.iter().position(|column| column == name);
    let rows = reader.records().enumerate();
    let rows = rows.map(|(n, row)| {
        let row = row.map_err(|error| error.to_string())?;
        let field = |name: &'static str| Some((name, row.get(place(name)?).filter(|text| !text.is_empty())?.to_owned()));
        note(|names| names.iter().find_map(|name| field(name))).map_err(|reason| format!("line {}: {reason}", n + 2))
    });
    rows.collect()
}

/// A note of the fields that are there; `field` gives the first of some names with its value.
fn note(field: impl Fn(&[&'static str]) -> Option<(&'static str, String)>) -> Result<(Timestamp, Note), String> {
    let Some((column, time)) = field(&TIMES) else { return Err(format!("there is no time: none of {}", TIMES.join(", "))) };
    let at = moment(column, &time)?;
    let value = match field(&["value"]) {
        None => None,
        Some((_, text)) => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Some(number),
            _ => return Err(format!("'{}' is no number", cut(&text))),
        },
    };
    let of = |names: &[&'static str]| field(names).map(|(_, text)| cut(&text)).unwrap_or_default();
    let (name, text) = (of(&NAMES), of(&TEXTS));
    let name = if name.is_empty() { if value.is_some() { "value" } else { "event" }.to_owned() } else { name };
    Ok((at, Note { at_us: 0, name, value, text }))
}

/// A moment as RFC 3339, or a number since 1970: seconds, unless it is so large or so named that it can only be milli- or microseconds.
fn moment(column: &str, text: &str) -> Result<Timestamp, String> {
    let unknown = || format!("'{}' is no time; write 2026-11-20T12:03:04Z, or seconds since 1970", cut(text));
    let Ok(number) = text.parse::<f64>() else { return text.parse().map_err(|_| unknown()) };
    let us = match column {
        "timestamp_us" => number,
        "timestamp_ms" => number * 1e3,
        _ if number.abs() >= 1e14 => number,
        _ if number.abs() >= 1e11 => number * 1e3,
        _ => number * 1e6,
    };
    Timestamp::from_microsecond(us as i64).map_err(|_| unknown())
}

fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(TEXT_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn began() -> Timestamp {
        "2026-11-20T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn csv_and_json_lines_say_the_same() {
        let csv = "time,name,value,message\n2026-11-20T12:00:02Z,cpu,81.5,\n2026-11-20T12:00:01Z,deploy,,\"v2, blue\"\n";
        let json = "{\"ts\":1795176002,\"series\":\"cpu\",\"value\":81.5}\n\n{\"timestamp_ms\":1795176001000,\"event\":\"deploy\",\"msg\":\"v2, blue\"}\n";
        let (csv, json) = (read(csv, began(), 9_000_000).unwrap(), read(json, began(), 9_000_000).unwrap());
        assert_eq!(csv, json);
        let deploy = Note { at_us: 1_000_000, name: "deploy".to_owned(), value: None, text: "v2, blue".to_owned() };
        assert_eq!((&csv.notes[0], csv.notes[1].value, csv.notes[1].at_us), (&deploy, Some(81.5), 2_000_000));
    }

    #[test]
    fn notes_of_another_time_are_counted_and_left_out() {
        let text = "ts,name\n2026-11-20T11:59:59Z,early\n2026-11-20T12:00:10Z,late\n2026-11-20T12:00:05Z,here\n";
        let read = read(text, began(), 9_000_000).unwrap();
        assert_eq!((read.notes.len(), read.outside, read.notes[0].name.as_str()), (1, 2, "here"));
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_line() {
        let fails = |text: &str| read(text, began(), 1).unwrap_err();
        assert!(fails("a,b\n1,2\n").starts_with("line 1: none of the columns timestamp, time"));
        assert_eq!(
            fails("time,name\nyesterday,x\n"),
            "line 2: 'yesterday' is no time; write 2026-11-20T12:03:04Z, or seconds since 1970"
        );
        assert_eq!(fails("{\"ts\":1,\"value\":\"high\"}"), "line 1: 'high' is no number");
        assert!(fails("{\"ts\":1}\n{oops").starts_with("line 2: no JSON object"));
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_odd(text in r#"([{}":, \n]|ts|value|1e9|é){0,60}"#) {
            let _ = read(&text, began(), 1_000_000);
        }
    }
}
