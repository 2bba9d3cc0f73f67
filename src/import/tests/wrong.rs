//! Files that are refused: each with its line and what to do.

use std::fmt::Write as _;

use super::{HEADER, refusal, rows};

/// The refusals of these files, one under another.
fn refusals(files: &[&str]) -> String {
    files.iter().fold(String::new(), |mut all, text| {
        let _ = writeln!(all, "{}\n", refusal(text.as_bytes()));
        all
    })
}

/// A good row, then this one.
fn row(text: &str) -> String {
    format!("{HEADER}1000,/a,250,200\n{text}\n")
}

#[test]
fn files_without_the_right_header() {
    let text = refusals(&[
        "",
        "\n\r\n",
        "timestamp_us,endpoint,latency,status\n0,/a,1,200\n",
        "timestamp_us;endpoint;latency_us;status\n0;/a;1;200\n",
        "0,/a,1,200\n",
        "timestamp_us,endpoint,latency_us,status,status\n",
        HEADER,
        "\u{0}\u{1}PK",
    ]);
    insta::assert_snapshot!(text, @r"
    0.csv: the file is empty
    hint: the first line names the columns

    0.csv: the file is empty
    hint: the first line names the columns

    0.csv:1: no column 'latency_us' in 'timestamp_us,endpoint,latency,status'
    hint: the first line must name the columns timestamp_us,endpoint,latency_us,status (any order, others are left alone)

    0.csv:1: 'timestamp_us;endpoint;latency_us;status' is not the names of columns
    hint: the first line is timestamp_us,endpoint,latency_us,status, with commas between the names

    0.csv:1: no column 'timestamp_us' in '0,/a,1,200'
    hint: the first line must name the columns timestamp_us,endpoint,latency_us,status (any order, others are left alone)

    0.csv:1: two columns are called 'status'
    hint: the first line names the columns

    0.csv: there is no request in it
    hint: a file of results has a row per request

    0.csv:1: '��PK' is not the names of columns
    hint: the first line is timestamp_us,endpoint,latency_us,status, with commas between the names
    ");
}

#[test]
fn rows_with_values_that_can_not_be() {
    let text = refusals(
        &[
            "2000,/a,-5,200",
            "2000,/a,NaN,200",
            "2000,/a,,0",
            "2000,/a,86400000001,200",
            "2000,/a,1e30,200",
            "2000,/a,fast,200",
            "-1,/a,250,200",
            "2026-11-21T10:15:00Z,/a,250,200",
            "1795255200123456789,/a,250,200",
            "2000,/a,250,20",
            "2000,/a,250,OK",
            "2000,/a,250,",
            "2000,,250,200",
            "2000,*,250,200",
            "2000,/a,250",
            "2000,/a,b,250,200",
        ]
        .map(row)
        .each_ref()
        .map(String::as_str),
    );
    insta::assert_snapshot!(text, @r"
    0.csv:3: latency_us '-5' is negative
    hint: latencies are microseconds, 0 or more; a request without a response has status 0 and the time until it was given up

    0.csv:3: latency_us 'NaN' is not a number
    hint: latencies are microseconds, 0 or more; a request without a response has status 0 and the time until it was given up

    0.csv:3: latency_us is missing
    hint: latencies are microseconds, 0 or more; a request without a response has status 0 and the time until it was given up

    0.csv:3: latency_us '86400000001' is longer than a day
    hint: latencies are microseconds: divide nanoseconds by 1000

    0.csv:3: latency_us '1e30' is longer than a day
    hint: latencies are microseconds: divide nanoseconds by 1000

    0.csv:3: latency_us 'fast' is not a number
    hint: latencies are microseconds, 0 or more; a request without a response has status 0 and the time until it was given up

    0.csv:3: timestamp_us '-1' is negative
    hint: timestamps are microseconds, counted from 1970 or from any moment that is the same for all rows

    0.csv:3: timestamp_us '2026-11-21T10:15:00Z' is not a number
    hint: timestamps are microseconds, counted from 1970 or from any moment that is the same for all rows

    0.csv:3: timestamp_us '1795255200123456789' lies beyond the year 2100: nanoseconds?
    hint: timestamps are microseconds, counted from 1970 or from any moment that is the same for all rows

    0.csv:3: status '20' is not one of HTTP
    hint: a status is three digits, or 0 where there was no response

    0.csv:3: status 'OK' is not one of HTTP
    hint: a status is three digits, or 0 where there was no response

    0.csv:3: status is missing
    hint: a status is three digits, or 0 where there was no response

    0.csv:3: endpoint '': a name can't be empty
    hint: give it a short name, such as list-items

    0.csv:3: endpoint '*': '*' stands for the service as a whole and can't be a name
    hint: give it a short name, such as list-items

    0.csv:3: 3 values, and there are 4 columns
    hint: each row has a value for each column; a value with a comma in it is put in double quotes

    0.csv:3: 5 values, and there are 4 columns
    hint: each row has a value for each column; a value with a comma in it is put in double quotes
    ");
}

#[test]
fn the_line_is_right_whatever_ends_the_lines() {
    for text in [
        "timestamp_us,endpoint,latency_us,status\n0,/a,1,200\n\n1,/a,-1,200\n",
        "timestamp_us,endpoint,latency_us,status\r\n0,/a,1,200\n\r\n1,/a,-1,200",
        "\u{feff}timestamp_us,endpoint,latency_us,status\r\n\r\n0,\"/a\",1,200\r\n1,/a,-1,200\r\n2,/a,1,200\r\n",
        "timestamp_us,endpoint,latency_us,status\n0,/a,1,200\n\n1,/a,-1,200",
        "timestamp_us,endpoint,latency_us,status,note\n0,/a,1,200,\"a\nb\"\n1,/a,-1,200,\"c\n\nd\"\n",
        "timestamp_us,endpoint,latency_us,status\n0,\"/a\",1,\"200\"\r\n\n1,\"/a\",\"-1\",\"200\"\r\n",
    ] {
        assert!(
            refusal(text.as_bytes()).starts_with("0.csv:4: latency_us '-1' is negative\nhint: "),
            "{}",
            refusal(text.as_bytes())
        );
    }
}

#[test]
fn text_of_another_encoding() {
    assert_eq!(
        refusal(b"timestamp_us,endpoint,latency_us,status\n0,/caf\xe9,1,200\n"),
        "0.csv:2: not UTF-8 text\nhint: save the file as UTF-8"
    );
    let utf16: Vec<u8> = "\u{feff}timestamp_us,endpoint".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(refusal(&utf16), "0.csv:1: not UTF-8 text\nhint: save the file as UTF-8");
}

#[test]
fn times_that_count_from_different_moments() {
    let text = HEADER.to_owned() + "1795255200123456,/a,1,200\n1795255201123456,/a,1,200\n12,/a,1,200\n";
    insta::assert_snapshot!(refusal(text.as_bytes()), @r"
    0.csv:4: the time 12 is 20778 days away from the rows before
    hint: one record is one run: are all times microseconds since the same moment?
    ");
    let back = HEADER.to_owned() + &rows(&[(86_400.0 * 8.0, "/a", 1, 200), (0.0, "/a", 1, 200)]);
    assert!(refusal(back.as_bytes()).starts_with("0.csv:3: the time 0 is 8 days away"), "{}", refusal(back.as_bytes()));
}

#[test]
fn more_endpoints_than_can_be_told_apart() {
    let addresses: String = (0..1_200).map(|n| format!("{n},/items/{n},1,200\n")).collect();
    insta::assert_snapshot!(refusal((HEADER.to_owned() + &addresses).as_bytes()), @r"
    0.csv:1002: '/items/1000' would be one endpoint more than the 1000 that are kept apart
    hint: endpoints are kinds of requests, not addresses: write /items/:id in place of /items/17 in the files
    ");
}

#[test]
fn rows_without_end() {
    let short = HEADER.to_owned() + "0,/a,1,200\n\n0,\"/a,1,200\n1,/a,1,200\n2,/a,1,200\n";
    assert!(refusal(short.as_bytes()).starts_with("0.csv:4: 2 values"), "where it begins: {}", refusal(short.as_bytes()));
    let open = HEADER.to_owned() + "0,\"/a,1,200\n" + &"1,/a,1,200\n".repeat(300_000);
    insta::assert_snapshot!(refusal(open.as_bytes()), @r"
    0.csv:2: a row longer than 1024 kB
    hint: a double quote is not closed, or lines do not end in a line feed
    ");
    let one_line = (HEADER.to_owned() + &"1,/a,1,200\n".repeat(300_000)).replace('\n', "\r");
    assert!(refusal(one_line.as_bytes()).starts_with("0.csv:1: a row longer than 1024 kB"), "{}", refusal(one_line.as_bytes()));
}
