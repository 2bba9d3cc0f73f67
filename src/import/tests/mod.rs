//! Files of results, good and bad.

mod tools;
mod wrong;

use std::{fs, io::Write as _, path::PathBuf, time::Duration};

use super::*;
use crate::record::{Encoded, ErrorClass, Latencies, RunRecord, Window};

const HEADER: &str = "timestamp_us,endpoint,latency_us,status\n";

/// A folder with files of these contents, and their paths.
fn files(contents: &[&[u8]]) -> (tempfile::TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    let write = |(index, bytes): (usize, &&[u8])| {
        let path = folder.path().join(format!("{index}.csv"));
        fs::write(&path, bytes).unwrap();
        path
    };
    let paths = contents.iter().enumerate().map(write).collect();
    (folder, paths)
}

fn labels() -> Labels {
    Labels {
        suite: "shop".to_owned(),
        provenance: crate::record::Provenance::default(),
        runner_class: String::new(),
        started_at: "2026-11-21T10:15:00Z".parse().unwrap(),
    }
}

fn read_all(contents: &[&[u8]], warmup: u64) -> Result<RunRecord, ImportError> {
    let (_folder, paths) = files(contents);
    read(&paths, &FORMATS[0], &Rules::default(), Duration::from_secs(warmup)).map(|results| results.into_record(labels()))
}

fn imported(text: &str) -> RunRecord {
    read_all(&[text.as_bytes()], 0).unwrap_or_else(|error| panic!("{error}\nhint: {}", error.hint))
}

/// Message and hint, the folder's name left out.
fn refusal(bytes: &[u8]) -> String {
    let (folder, paths) = files(&[bytes]);
    let error = read(&paths, &FORMATS[0], &Rules::default(), Duration::ZERO).expect_err("it should be refused");
    format!("{error}\nhint: {}", error.hint).replace(&format!("{}/", folder.path().display()), "")
}

/// Rows below the header: times in seconds, latencies in microseconds.
fn rows(rows: &[(f64, &str, u64, u16)]) -> String {
    let line = |&(seconds, endpoint, us, status): &(f64, &str, u64, u16)| {
        format!("{},{endpoint},{us},{status}\n", (seconds * 1e6) as u64)
    };
    rows.iter().map(line).collect()
}

fn latencies(us: &[u64]) -> Encoded {
    let mut latencies = Latencies::default();
    us.iter().for_each(|us| latencies.record(*us));
    Encoded::from(&latencies)
}

#[test]
fn rows_are_counted_in_the_second_of_their_time() {
    let record = imported(
        &(HEADER.to_owned()
            + &rows(&[(0.2, "/b", 900, 200), (0.9, "/a", 500, 200), (1.0, "/a", 700, 404), (3.5, "/a", 800, 204)])),
    );
    let names: Vec<&str> = record.endpoints.iter().map(|series| series.name.as_str()).collect();
    assert_eq!(names, ["/a", "/b"]);
    let window = |us: &[u64]| Window { requests: us.len() as u64, response: latencies(us), ..Window::default() };
    assert_eq!(record.endpoints[0].stages, [[window(&[500]), window(&[700]), window(&[]), window(&[800])]]);
    let [stage] = record.plan.stages.as_slice() else { panic!("{:?}", record.plan.stages) };
    assert_eq!(
        (stage.name.as_str(), stage.measured, stage.duration_us, stage.played_us),
        ("imported", true, 4_000_000, 4_000_000)
    );
    assert_eq!((stage.offered, stage.started), (0, 0), "what was due, files do not tell");
}

#[test]
fn a_status_of_500_or_none_at_all_is_a_failure_and_one_of_404_only_where_the_user_says_so() {
    let text = HEADER.to_owned()
        + &rows(&[(0.0, "/a", 10, 200), (0.1, "/a", 20, 404), (0.2, "/a", 30, 500), (0.3, "/a", 40, 0), (0.4, "/a", 50, 301)]);
    let total = imported(&text).total();
    let errors = |list: &[(ErrorClass, u64)]| list.iter().copied().collect::<crate::record::Errors>();
    assert_eq!(total.errors, errors(&[(ErrorClass::Status5xx, 1), (ErrorClass::NoResponse, 1)]));
    assert_eq!((Encoded::from(&total.response), Encoded::from(&total.failed)), (latencies(&[10, 20, 50]), latencies(&[30, 40])));
    let (_folder, paths) = files(&[text.as_bytes()]);
    let strict =
        read(&paths, &FORMATS[0], &Rules { errors_from: Some(300) }, Duration::ZERO).unwrap().into_record(labels()).total();
    let classes = [ErrorClass::Status4xx, ErrorClass::Status5xx, ErrorClass::NoResponse, ErrorClass::CheckFailed];
    assert_eq!(strict.errors, errors(&classes.map(|class| (class, 1))));
}

#[test]
fn the_order_of_rows_and_their_spread_over_files_leave_no_trace() {
    let mut lines: Vec<String> =
        (0..3_000_u64).map(|n| format!("{},/e{},{},200\n", n * 7_001, n % 3, 1_000 + n * 7919 % 5_000)).collect();
    let sorted = HEADER.to_owned() + &lines.concat();
    lines.reverse();
    lines.rotate_left(1_234);
    let (a, b) = lines.split_at(1_000);
    let parts = [HEADER.to_owned() + &a.concat(), HEADER.to_owned() + &b.concat()];
    let mut shuffled = read_all(&[parts[0].as_bytes(), parts[1].as_bytes()], 0).unwrap();
    assert_eq!(shuffled.provenance.imported.as_ref().unwrap().files, ["0.csv", "1.csv"]);
    let sorted = imported(&sorted);
    shuffled.provenance = sorted.provenance.clone();
    assert_eq!(shuffled, sorted);
}

#[test]
fn windows_that_are_opened_again_and_again_lose_nothing() {
    let rows: Vec<(u64, String, u64)> =
        (0..5_000_u64).map(|n| (n * 104_729 % 20_000_000, format!("/e{}", n % 2), 100 + n % 900)).collect();
    let gathered = |batch: usize| {
        let mut gather = Gather::in_batches(batch, "");
        for (time_us, endpoint, latency_us) in &rows {
            let row = Row { time_us: *time_us, endpoint, stage: None, latency_us: *latency_us, has_point: false, failed: None };
            gather.add(1, &row).unwrap();
        }
        gather.finish().unwrap().windows
    };
    assert_eq!(gathered(37), gathered(1 << 20));
}

#[test]
fn packed_files_are_unpacked() {
    let text = HEADER.to_owned() + &rows(&[(0.0, "/a", 10, 200), (2.0, "/a", 20, 200)]);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(text.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    assert_eq!(read_all(&[&packed], 0).unwrap(), imported(&text));
    let message = refusal(&packed[..packed.len() - 12]);
    assert!(message.starts_with("0.csv:") && message.contains("\nhint: the packed file is damaged"), "{message}");
}

#[test]
fn what_spreadsheets_and_other_systems_make_of_csv_is_read_alike() {
    let plain = imported("timestamp_us,endpoint,latency_us,status\n0,\"GET /a, b\",10,200\n1000000,/b,20,503\n");
    for text in [
        "\u{feff}timestamp_us,endpoint,latency_us,status\r\n0,\"GET /a, b\",10,200\r\n1000000,/b,20,503\r\n",
        "timestamp_us,endpoint,latency_us,status\r\n0,\"GET /a, b\",10,200\n\r\n\n1000000,\"/b\",\"20\",503",
        "status,latency_us, endpoint ,thread,timestamp_us\n200, 10 ,\"GET /a, b\",7,0\n503,20.4,/b,8,1000000.0\n",
        "\"timestamp_us\",\"endpoint\",\"latency_us\",\"status\",stage\n0,\"GET /a, b\",10,\"200\",\n1e6,/b,2e1,503,\"\"\r\n",
    ] {
        assert_eq!(imported(text), plain, "{text}");
    }
}

#[test]
fn stages_come_in_order_of_time_with_windows_of_their_own() {
    let record = imported(
        "timestamp_us,endpoint,latency_us,status,stage\n5000000,/a,30,200,steady\n0,/a,10,200,ramp\n1900000,/b,20,200,ramp\n6000000,/a,40,200,steady\n",
    );
    let stages: Vec<(&str, u64, u64)> =
        record.plan.stages.iter().map(|stage| (stage.name.as_str(), stage.began_us, stage.duration_us)).collect();
    assert_eq!(stages, [("ramp", 0, 2_000_000), ("steady", 5_000_000, 2_000_000)]);
    let requests = |series: &crate::record::EndpointSeries| -> Vec<Vec<u64>> {
        series.stages.iter().map(|windows| windows.iter().map(|window| window.requests).collect()).collect()
    };
    assert_eq!(requests(&record.endpoints[0]), [[1, 0], [1, 1]]);
    assert_eq!(requests(&record.endpoints[1]), [[0, 1], [0, 0]]);
}

#[test]
fn a_warm_up_is_left_out_and_stands_in_the_plan() {
    let text = HEADER.to_owned()
        + &rows(&[(10.4, "/old", 10, 200), (12.3, "/a", 10, 200), (13.0, "/a", 20, 200), (14.9, "/a", 30, 200)]);
    let record = read_all(&[text.as_bytes()], 2).unwrap();
    let stages: Vec<_> =
        record.plan.stages.iter().map(|stage| (stage.name.as_str(), stage.measured, stage.duration_us)).collect();
    assert_eq!(stages, [("warm-up", false, 3_000_000), ("imported", true, 2_000_000)]);
    assert_eq!((record.endpoints.len(), record.total().requests), (1, 2), "what the warm-up alone asked for is not there");
    assert_eq!(record.endpoints[0].stages[0], []);
    assert_eq!(record.plan.stages[1].began_us, 3_000_000);
    let error = read_all(&[text.as_bytes()], 60).expect_err("nothing is left");
    assert_eq!(
        (error.message.as_str(), error.hint.as_str()),
        ("all rows lie within the warm-up of 1m", "give a shorter --warmup")
    );
}

#[test]
fn times_since_1970_date_the_run_and_others_do_not() {
    let dated = imported(&format!("{HEADER}1795255200123456,/a,10,200\n"));
    assert_eq!(dated.started_at.to_string(), "2026-11-21T10:00:00Z");
    assert_eq!(imported(&format!("{HEADER}123456,/a,10,200\n")).started_at, labels().started_at);
}

#[test]
fn the_record_says_where_it_comes_from() {
    let record = imported(&(HEADER.to_owned() + &rows(&[(0.0, "/a", 10, 200)])));
    let written = serde_json::to_value(&record).unwrap();
    assert_eq!(
        written["provenance"]["imported"],
        serde_json::json!({"format": "csv", "files": ["0.csv"], "rows": 1, "latency_from": "unknown", "began_us": 0})
    );
    assert_eq!(record.origin(), "imported from 0.csv");
    let facts = record.fingerprint().facts;
    assert_eq!(facts[0], ("scenarios", "imported from csv, latencies from a moment the files do not tell".to_owned()));
}

#[test]
fn imported_records_are_comparable_whatever_their_length_and_rate() {
    let short = imported(&(HEADER.to_owned() + &rows(&[(0.0, "/a", 10, 200)])));
    let long = imported(&(HEADER.to_owned() + &rows(&[(5.0, "/a", 10, 200), (50.0, "/b", 20, 500)])));
    assert_eq!(short.fingerprint(), long.fingerprint());
    let staged = imported("timestamp_us,endpoint,latency_us,status,stage\n0,/a,10,200,ramp\n");
    assert_eq!(short.fingerprint().differences(&staged.fingerprint()), ["stages: here 'imported', there 'ramp'"]);
}

#[test]
fn a_long_run_gets_longer_windows_and_one_that_is_too_long_is_refused() {
    let day = 86_400.0;
    let few: Vec<(f64, String)> = (0..10).map(|n| (f64::from(n) * day / 10.0 + f64::from(n), format!("/e{n}"))).collect();
    let of = |rows_: &[(f64, String)], stretch: f64| {
        HEADER.to_owned() + &rows(&rows_.iter().map(|(s, name)| (s * stretch, name.as_str(), 10, 200)).collect::<Vec<_>>())
    };
    let record = imported(&of(&few, 1.0));
    let requests: u64 = record.endpoints.iter().flat_map(|series| series.windows()).map(|window| window.requests).sum();
    assert_eq!((record.plan.window_us, requests), (5_000_000, 10));
    assert_eq!(record.endpoints.iter().map(|series| series.windows().count()).max(), Some(15_554));
    let message = refusal(of(&few, 6.0).as_bytes());
    assert!(message.starts_with("0.csv: 10 endpoints over 7776"), "{message}");
}

#[test]
fn rows_of_a_moment_look_like_another_unit() {
    let milliseconds: Vec<(f64, &str, u64, u16)> = (0..200).map(|n| (f64::from(n) * 1e-4, "/a", 9_000, 200)).collect();
    let (_folder, paths) = files(&[(HEADER.to_owned() + &rows(&milliseconds)).as_bytes()]);
    let results = read(&paths, &FORMATS[0], &Rules::default(), Duration::ZERO).unwrap();
    assert_eq!(results.cautions(), ["all 200 rows lie within 19.9 ms: are the times in the unit of the format?"]);
}

#[test]
fn latencies_that_look_like_milliseconds_are_asked_about() {
    let cautions = |latency: fn(u32) -> String, count: u32| {
        let row = |n: u32| format!("{},/a,{},200\n", n * 100_000, latency(n));
        let (_folder, paths) = files(&[(HEADER.to_owned() + &(0..count).map(row).collect::<String>()).as_bytes()]);
        read(&paths, &FORMATS[0], &Rules::default(), Duration::ZERO).unwrap().cautions()
    };
    let whole = cautions(|n| (5 + n % 7 + n / 190 * 2_000).to_string(), 200);
    let words = "half of the responses took less than 8 us by latency_us: are these milliseconds? Microseconds are read; multiply by 1000";
    assert_eq!(whole, [words]);
    let broken = cautions(|n| format!("{}.25", 180 + n % 40), 200);
    assert!(broken.len() == 1 && broken[0].contains("are these milliseconds?"), "{broken:?}");
    assert_eq!(cautions(|n| (180 + n % 40).to_string(), 200), Vec::<String>::new(), "a service on the same machine");
    assert_eq!(cautions(|n| format!("{}.25", 8_000 + n % 40), 200), Vec::<String>::new(), "a tool that measures nanoseconds");
    assert_eq!(cautions(|_| "8".to_owned(), 20), Vec::<String>::new(), "too few to say");
}
