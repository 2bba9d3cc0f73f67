//! Files of JMeter, k6 and vegeta. Those of JMeter and vegeta are made by hand from the documented formats; what k6 itself wrote is
//! in `tests/data/k6`.

use std::io::{self, Read};

use super::labels;
use crate::{
    import::{ERRORS_FROM, FORMATS, Format, ImportError, Reader, Results, Rules},
    record::{ErrorClass, Errors, LatencyFrom, RunRecord, Totals},
};

fn format(name: &str) -> &'static Format {
    FORMATS.iter().find(|format| format.name == name).unwrap()
}

fn results(name: &str, rules: Rules, text: &str) -> Result<Results, ImportError> {
    let mut reader = Reader::new(format(name), rules);
    reader.read("results".as_ref(), &mut text.as_bytes())?;
    reader.finish(std::time::Duration::ZERO)
}

fn record(name: &str, rules: Rules, text: &str) -> RunRecord {
    results(name, rules, text).unwrap_or_else(|error| panic!("{error}\nhint: {}", error.hint)).into_record(labels())
}

fn refusal(name: &str, text: &str) -> String {
    let error = results(name, Rules::default(), text).expect_err("it should be refused");
    format!("{error}\nhint: {}", error.hint)
}

fn errors(record: &RunRecord) -> Errors {
    record.total().errors
}

/// Checks the latencies of the successful requests, in ascending order, to the grain of a histogram.
fn succeeded(total: &Totals, us: &[u64]) {
    assert_eq!(total.response.count(), us.len() as u64);
    for (index, us) in us.iter().enumerate() {
        let found = total.response.quantile((index as f64 + 0.5) / total.response.count() as f64).unwrap();
        assert!(found.abs_diff(*us) <= us / 1_000, "{found} for {us}");
    }
}

fn of(classes: &[ErrorClass]) -> Errors {
    let mut errors = Errors::new();
    classes.iter().for_each(|class| *errors.entry(*class).or_default() += 1);
    errors
}

fn names(record: &RunRecord) -> Vec<&str> {
    record.endpoints.iter().map(|series| series.name.as_str()).collect()
}

const STRICT: Rules = Rules { errors_from: Some(400) };

const JTL: &str = "timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,failureMessage,bytes,sentBytes,grpThreads,allThreads,URL,Latency,IdleTime,Connect
1795294570123,120,list items,200,OK,users 1-1,text,true,,2702,120,1,1,http://h/items,118,0,2
1795294571123,80,list items,200,OK,users 1-1,text,false,\"Test failed: text expected to contain /id/\",2702,120,1,1,http://h/items,78,0,0
1795294572000,7,order,404,Not Found,users 1-1,text,true,,153,120,1,1,http://h/orders,7,0,0
1795294572500,9,order,503,Service Unavailable,users 1-1,text,false,,153,120,1,1,http://h/orders,9,0,0
1795294573000,10000,order,Non HTTP response code: java.net.SocketTimeoutException,Non HTTP response message: Read timed out,users 1-1,text,false,,0,0,1,1,http://h/orders,0,0,1
1795294573500,216,checkout,200,\"Number of samples in transaction : 3, number of failing samples : 1\",users 1-1,,false,,0,0,1,1,null,0,0,0
1795294574000,3,jdbc,,,users 1-1,,true,,0,0,1,1,null,0,0,0
";

#[test]
fn jmeter_samples_are_judged_as_jmeter_judged_them() {
    let record = record("jtl", Rules::default(), JTL);
    assert_eq!(names(&record), ["jdbc", "list items", "order"]);
    assert_eq!(errors(&record), of(&[ErrorClass::CheckFailed, ErrorClass::Status5xx, ErrorClass::TimeoutRequest]));
    let total = record.total();
    succeeded(&total, &[3_000, 7_000, 120_000]);
    assert_eq!(record.started_at.to_string(), "2026-11-21T20:56:10Z");
    let imported = record.provenance.imported.unwrap();
    assert_eq!((imported.rows, imported.latency_from), (6, LatencyFrom::Sent));
    let strict = self::record("jtl", STRICT, JTL);
    assert_eq!(
        errors(&strict),
        of(&[ErrorClass::CheckFailed, ErrorClass::Status4xx, ErrorClass::Status5xx, ErrorClass::TimeoutRequest])
    );
}

#[test]
fn sums_of_several_requests_are_left_out_and_that_is_said() {
    let cautions = results("jtl", Rules::default(), JTL).unwrap().cautions();
    assert_eq!(cautions, ["results: rows of transaction controllers are left out (1): their requests are counted one by one"]);
}

#[test]
fn columns_may_stand_in_another_order_and_those_nobody_needs_may_be_missing() {
    let text = "success,label,responseCode,elapsed,timeStamp\ntrue,a,200,12,1795294570123\n";
    succeeded(&record("jtl", Rules::default(), text).total(), &[12_000]);
    let text = "status,name,metric_value,timestamp,metric_name\n200,a,1.5,1795294570,http_req_duration\n404,a,1.5,1795294570,http_req_duration\n";
    let record = record("k6-csv", Rules::default(), text);
    assert_eq!(errors(&record), of(&[ErrorClass::Status4xx]), "k6 itself expects statuses below 400");
}

const VEGETA_CSV: &str = "1795294570348483650,200,1253583,0,2702,,aGk=,shop,0,GET,http://127.0.0.1:8080/items?page=1,
1795294570448483650,302,900000,0,0,,,shop,1,GET,http://127.0.0.1:8080/items?page=2,Q29udGVudC1UeXBlOiB0ZXh0
1795294571348483650,404,500000,0,9,404 Not Found,,shop,2,GET,http://127.0.0.1:8080/gone,
1795294572348483650,0,250000,0,0,\"Get \"\"http://127.0.0.1:8080/\"\": dial tcp 127.0.0.1:8080: connect: connection refused\",,shop,3,POST,http://127.0.0.1:8080/orders,
1795294573348483650,200,30000000,0,0,unexpected EOF,,shop,4,GET,http://127.0.0.1:8080/items?page=3,
";

const VEGETA_JSON: &str = r#"{"attack":"shop","seq":0,"code":200,"timestamp":"2026-11-21T20:56:10.34848365Z","latency":1253583,"bytes_out":0,"bytes_in":2702,"error":"","body":"aGk=","method":"GET","url":"http://127.0.0.1:8080/items?page=1","headers":null}
{"attack":"shop","seq":1,"code":302,"timestamp":"2026-11-21T21:56:10.44848365+01:00","latency":900000,"bytes_out":0,"bytes_in":0,"error":"","body":null,"method":"GET","url":"http://127.0.0.1:8080/items?page=2","headers":{"Content-Type":["text"]}}

{"attack":"shop","seq":3,"code":0,"timestamp":"2026-11-21T20:56:12.34848365Z","latency":250000,"bytes_out":0,"bytes_in":0,"error":"Get \"http://127.0.0.1:8080/\": dial tcp 127.0.0.1:8080: connect: connection refused","body":null,"method":"POST","url":"http://127.0.0.1:8080/orders","headers":null}
{"attack":"shop","seq":2,"code":404,"timestamp":"2026-11-21T20:56:11.34848365Z","latency":500000,"bytes_out":0,"bytes_in":9,"error":"404 Not Found","body":null,"method":"GET","url":"http://127.0.0.1:8080/gone","headers":null}
{"attack":"shop","seq":4,"code":200,"timestamp":"2026-11-21T20:56:13.34848365Z","latency":3e7,"bytes_out":0,"bytes_in":0,"error":"unexpected EOF","body":null,"method":"GET","url":"http://127.0.0.1:8080/items?page=3","headers":null}
"#;

#[test]
fn both_encodings_of_vegeta_are_the_same_run() {
    let csv = record("vegeta-csv", Rules::default(), VEGETA_CSV);
    assert_eq!(names(&csv), ["GET /gone", "GET /items", "POST /orders"]);
    assert_eq!(errors(&csv), of(&[ErrorClass::Status4xx, ErrorClass::ConnectRefused, ErrorClass::Reset]));
    succeeded(&csv.total(), &[900, 1_254]);
    let json = record("vegeta-json", Rules::default(), VEGETA_JSON);
    assert_eq!((&json.endpoints, &json.started_at), (&csv.endpoints, &csv.started_at));
    assert_eq!(json.fingerprint(), csv.fingerprint(), "two ways to write the same down");
}

const K6_JSON: &str = r#"{"type":"Metric","data":{"name":"http_req_duration","type":"trend","contains":"time","thresholds":[],"submetrics":null},"metric":"http_req_duration"}
{"metric":"http_reqs","type":"Point","data":{"time":"2026-11-21T20:56:10.5Z","value":1,"tags":{"name":"a","status":"200"}}}
{"metric":"http_req_duration","type":"Point","data":{"time":"2026-11-21T20:56:10.5Z","value":700.25,"tags":{"expected_response":"true","method":"GET","name":"http://h/a\u0026b?x=1","status":"404"}}}
"#;

#[test]
fn a_request_of_k6_belongs_to_when_it_began_and_its_script_says_what_was_expected() {
    let record = record("k6-json", Rules::default(), K6_JSON);
    assert_eq!(names(&record), ["GET /a&b"]);
    assert_eq!((errors(&record), record.total().requests), (Errors::new(), 1));
    assert_eq!(record.started_at.to_string(), "2026-11-21T20:56:09Z");
    assert_eq!(errors(&self::record("k6-json", STRICT, K6_JSON)), of(&[ErrorClass::Status4xx]));
}

#[test]
fn numbers_of_k6_tell_why_there_was_no_response() {
    let header = "metric_name,timestamp,metric_value,error_code,expected_response,method,name,status\n";
    for (code, class) in [
        (1050, ErrorClass::TimeoutRequest),
        (1101, ErrorClass::Dns),
        (1211, ErrorClass::TimeoutConnect),
        (1212, ErrorClass::ConnectRefused),
        (1220, ErrorClass::Reset),
        (1310, ErrorClass::Tls),
        (1000, ErrorClass::NoResponse),
    ] {
        let text = format!("{header}http_req_duration,1795294570,0.0,{code},false,GET,a,0\n");
        assert_eq!(errors(&record("k6-csv", Rules::default(), &text)), of(&[class]), "{code}");
    }
}

#[test]
fn the_wrong_format_is_named_with_the_right_one() {
    let beginnings = [
        ("jtl", JTL),
        ("k6-json", K6_JSON),
        ("vegeta-csv", VEGETA_CSV),
        ("vegeta-json", VEGETA_JSON),
        ("k6-csv", "metric_name,timestamp,metric_value\n"),
        ("csv", super::HEADER),
    ];
    for (is, text) in beginnings {
        for format in FORMATS.iter().filter(|format| format.name != is) {
            let expected = format!("results: this looks like a file of format {is}\nhint: import it with --format {is}");
            assert_eq!(refusal(format.name, text), expected, "as {}", format.name);
        }
    }
    for (text, says) in [
        (
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testResults version=\"1.2\">\n",
            "this is XML\nhint: let JMeter write CSV",
        ),
        ("{\n  \"root_group\": {\n", "this is a summary of a k6 run, which holds no single request\nhint: let k6 write them"),
        (
            "Timestamp,User Count,Type,Name,Requests/s,Failures/s,50%\n",
            "this is a statistics file of Locust, which holds figures of many requests each\nhint: percentiles can't be added up",
        ),
    ] {
        assert!(refusal("jtl", text).starts_with(&format!("results: {says}")), "{}", refusal("jtl", text));
    }
}

#[test]
fn files_that_are_cut_short_or_mixed_and_values_that_can_not_be() {
    let cut = |text: &str| text[..text.trim_end().len() - 30].to_owned();
    let k6 = "metric_name,timestamp,metric_value,name,status\n";
    let cases = [
        ("jtl", cut(JTL)),
        ("jtl", JTL.replace("true", "yes")),
        ("jtl", JTL.replace("1795294572000", "2026/11/21 20:56:12")),
        ("jtl", JTL.replace(",80,", ",\"80,5\",")),
        ("jtl", "timeStamp\telapsed\tlabel\tresponseCode\tsuccess\n1\t2\ta\t200\ttrue\n".to_owned()),
        ("k6-csv", format!("{k6}http_req_duration,12,1.0,a,200\n")),
        ("k6-csv", format!("{k6}http_req_duration,1795294570,\"1,5\",a,200\n")),
        ("k6-csv", format!("{k6}http_req_duration,1795294570,1.5,a,OK\n")),
        ("k6-csv", format!("{k6}http_reqs,1795294570,1.0,a,200\n")),
        ("k6-json", cut(K6_JSON)),
        ("k6-json", K6_JSON.to_owned() + "metric_name,timestamp\n"),
        ("k6-json", K6_JSON.replace("700.25", "null")),
        ("vegeta-csv", cut(VEGETA_CSV)),
        ("vegeta-csv", "1795294570348483650,200,1253583,0,2702,,aGk=,shop,0\n".to_owned()),
        ("vegeta-json", cut(VEGETA_JSON)),
        ("vegeta-json", VEGETA_JSON.replace("1253583", "-5")),
    ];
    let all: String = cases.iter().map(|(format, text)| format!("{format}: {}\n\n", refusal(format, text))).collect();
    insta::assert_snapshot!(all, @r#"
        jtl: results:8: 6 values, and there are 17 columns
        hint: each row has a value for each column; a value with a comma in it is put in double quotes

        jtl: results:2: success 'yes' is neither true nor false
        hint: JMeter writes it unless jmeter.save.saveservice.successful is false

        jtl: results:4: timeStamp '2026/11/21 20:56:12' is a date without a time zone
        hint: let JMeter write milliseconds: -Jjmeter.save.saveservice.timestamp_format=ms

        jtl: results:3: elapsed '80,5' is not a number
        hint: latencies are numbers with a decimal point, 0 or more

        jtl: results:1: no column 'timeStamp' in 'timeStamp�elapsed�label�responseCode�success'
        hint: JTL begins with the names of the columns, with commas between them: timeStamp,elapsed,label,responseCode,success

        k6-csv: results:2: timestamp '12' does not count from 1970
        hint: times are counted from 1970, or dates such as 2026-11-21T10:15:00Z

        k6-csv: results:2: metric_value '1,5' is not a number
        hint: latencies are numbers with a decimal point, 0 or more

        k6-csv: results:2: status 'OK' is not one of HTTP
        hint: a status is three digits, or 0 where there was no response

        k6-csv: results: there is no request in it
        hint: a file of results has a row per request

        k6-json: results:3: '{"metric":"http_req_duration","type":"Point","data":{"time":…' is not a line of k6's JSON output
        hint: the file is cut short or mixed with another one: let k6 write it again

        k6-json: results:4: 'metric_name,timestamp' is not a line of k6's JSON output
        hint: the file is cut short or mixed with another one: let k6 write it again

        k6-json: results:3: value is missing
        hint: latencies are numbers with a decimal point, 0 or more

        vegeta-csv: results:5: 11 values, and there are 12 columns
        hint: each row has a value for each column; a value with a comma in it is put in double quotes

        vegeta-csv: results:1: 9 values, and there are 12 columns
        hint: each row has a value for each column; a value with a comma in it is put in double quotes

        vegeta-json: results:6: '{"attack":"shop","seq":4,"code":200,"timestamp":"2026-11-21T…' is not a result of vegeta: EOF while parsing a string
        hint: write the file again: vegeta encode --to json results.bin > results.json

        vegeta-json: results:1: latency '-5' is negative
        hint: latencies are numbers with a decimal point, 0 or more
        "#);
}

#[test]
fn more_addresses_than_can_be_told_apart_are_refused_with_the_way_to_name_them() {
    let text = (0..1_100).fold("metric_name,timestamp,metric_value,name,status,method\n".to_owned(), |text, n| {
        text + &format!("http_req_duration,1795294570,1.0,http://h/items/{n},200,GET\n")
    });
    let message = refusal("k6-csv", &text);
    assert!(message.starts_with("results:1002: 'GET /items/1000' would be one endpoint more than the 1000"), "{message}");
    assert!(message.contains("hint: addresses with numbers in them make an endpoint each: name such requests"), "{message}");
}

/// The same rows again and again, as many bytes as one likes.
struct Endless {
    text: &'static [u8],
    position: usize,
    left: usize,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min(self.left).min(self.text.len() - self.position);
        buffer[..count].copy_from_slice(&self.text[self.position..][..count]);
        self.position = (self.position + count) % self.text.len();
        self.left -= count;
        Ok(count)
    }
}

#[test]
fn what_is_kept_of_a_file_does_not_grow_with_it() {
    let text = VEGETA_JSON.as_bytes();
    let windows = |times: usize| {
        let mut reader = Reader::new(format("vegeta-json"), Rules::default());
        reader.read("results".as_ref(), &mut Endless { text, position: 0, left: text.len() * times }).unwrap();
        let record = reader.finish(std::time::Duration::ZERO).unwrap().into_record(labels());
        assert_eq!(record.provenance.imported.as_ref().unwrap().rows, 5 * times as u64);
        serde_json::to_string(&record.endpoints).unwrap().len()
    };
    assert!(windows(20_000) < 2 * windows(10), "a record is of windows, not of requests");
}

#[test]
fn without_a_word_of_the_tool_a_status_decides() {
    assert_eq!(Rules::default().failure(ERRORS_FROM), Some(ErrorClass::Status5xx));
    assert_eq!(Rules::default().failure(ERRORS_FROM - 1), None);
}
