//! Bad input to a gate: each is refused with a message and exit code 2, and nothing is sent.

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    time::Duration,
};

use loadgate::{clock, record::file};

use crate::bench::Bench;

const CONFIG: &str = "\
name: shop
target: TARGET
stages: [ { rate: 100/s, duration: 500ms } ]
scenarios: [ { name: items, get: /items } ]
regression: { block: 1s }
thresholds: [ p95 < 1s ]
";

/// The gate refuses and sends nothing. Gives what it says, the temporary folder's name left out.
fn refused(bench: &Bench, args: &[&str]) -> String {
    let text = bench.ends_with(2, &[&["gate"], args].concat());
    assert_eq!(bench.requests(), 0, "{text}");
    assert!(text.contains("error: "), "{text}");
    assert!(text.contains("--- stdout\n\n---"), "errors are no results: {text}");
    text
}

#[test]
fn a_configuration_that_is_wrong_is_refused_with_the_place_and_what_to_do() {
    let mistakes = [
        ("stages:", "stges:", "loadgate.yml:3:1: unknown key 'stges'", "stages"),
        ("100/s", "[ 1 ]", "loadgate.yml:3:19: expected a rate", "such as 200/s"),
        ("name: shop", "name: shop\nname: cart", "loadgate.yml:2:1: ", "name"),
        ("TARGET", "${SHOP_ADDRESS}", "the variable SHOP_ADDRESS is not set", "-e SHOP_ADDRESS=value"),
        ("100/s", "0/s", "a rate of 0 makes no load", "above 0"),
        ("100/s", "-5/s", "the rate '-5/s' is negative", "above 0"),
        ("500ms", "500", "'500' has no unit", "500ms"),
        ("p95 < 1s", "p96 < 1s", "unknown metric 'p96'", "quantiles are p50, p90"),
        ("p95 < 1s", "orders.p95 < 1s", "orders", "items"),
        ("name: shop", "safety: { allow_hosts: [ staging.example.com ] }", "is not in `safety.allow_hosts`", "add \"127.0.0.1\""),
        (
            "name: shop",
            "safety: { deny_hosts: [ 127.0.0.1 ] }",
            "is forbidden by '127.0.0.1' under `safety.deny_hosts`",
            "another",
        ),
        ("name: shop", "safety: { max_rate: 50/s }", "100/s is beyond `safety.max_rate` (50/s)", "lower the rate"),
        ("name: shop", "safety: { max_duration: 100ms }", "beyond `safety.max_duration` (100ms)", "shorten a stage"),
    ];
    let bench = Bench::new("{}", CONFIG);
    for (right, wrong, message, advice) in mistakes {
        assert!(CONFIG.contains(right), "{right}");
        bench.configure(&CONFIG.replacen(right, wrong, 1));
        let text = refused(&bench, &["-e", "HOME=/"]);
        assert!(text.contains(message), "{wrong}: {text}");
        assert!(text.contains(advice), "{wrong}: {text}");
    }
    assert!(!bench.path().join("loadgate-report").exists(), "nothing is written either");
}

#[test]
fn a_flag_can_not_lift_a_limit_it_does_not_name() {
    let bench = Bench::new("{}", &CONFIG.replace("name: shop", "safety: { max_rate: 200/s, allow_hosts: [ 127.0.0.1 ] }"));
    let text = refused(&bench, &["--set", "stages[0].rate=1000/s"]);
    assert!(text.contains("1000/s is beyond `safety.max_rate` (200/s)"), "{text}");
    let text = refused(&bench, &["--set", "target=http://example.com"]);
    assert!(text.contains("the host 'example.com' is not in `safety.allow_hosts`"), "{text}");
}

#[test]
fn files_that_are_no_configuration_are_refused_at_once() {
    let bench = Bench::new("{}", CONFIG);
    let file = |name: &str, write: &dyn Fn(&mut File)| write(&mut File::create(bench.path().join(name)).unwrap());
    file("empty.yml", &|_| {});
    // Sparse: it has the length, and takes no room on the disk.
    file("huge.yml", &|file| file.set_len(100 << 20).unwrap());
    file("deep.yml", &|file| file.write_all("[".repeat(200_000).as_bytes()).unwrap());
    file("bomb.yml", &|file| {
        writeln!(file, "a0: &a0 [ x, x, x, x, x, x, x, x, x ]").unwrap();
        for n in 1..30 {
            writeln!(file, "a{n}: &a{n} [ {} ]", vec![format!("*a{}", n - 1); 9].join(", ")).unwrap();
        }
    });
    file("binary.yml", &|file| file.write_all(&[0x1f, 0x8b, 8, 0, 0xff, 0xfe, 0, 1]).unwrap());
    let began = clock::now();
    for (name, message) in [
        ("none.yml", "there is no such file"),
        (".", "this is a folder"),
        ("empty.yml", "the file is empty"),
        ("huge.yml", "larger than 1 MiB"),
        ("deep.yml", "deep.yml:"),
        ("bomb.yml", "bomb.yml:"),
        ("binary.yml", "is not UTF-8"),
    ] {
        let text = refused(&bench, &["-c", name]);
        assert!(text.contains(message) && text.len() < 2_000, "{name}: {text}");
    }
    // Not a measurement: a bomb that goes off takes minutes or the machine's memory.
    assert!(clock::now() - began < Duration::from_secs(30));
}

/// A bench whose folder of baselines holds one run.
fn with_baseline() -> (Bench, PathBuf) {
    let bench = Bench::new("{}", CONFIG);
    bench.ends_with(0, &["run", "--quiet"]);
    let printed = bench.run(&["baseline", "promote", "--unjudged", "--no-warmup", "loadgate-report/record.json.gz"]);
    let path = String::from_utf8(printed.stdout).unwrap();
    bench.behave("{}");
    (bench, PathBuf::from(path.trim()))
}

#[test]
fn load_is_not_sent_when_a_baseline_is_damaged_newer_or_of_another_suite() {
    let (bench, inside) = with_baseline();
    let path = bench.path().join(&inside);
    let whole = fs::read(&path).unwrap();
    let mut record = file::read(&path).unwrap();
    let refused_with = |bytes: &[u8], message: &str| {
        fs::write(&path, bytes).unwrap();
        let text = refused(&bench, &[]);
        assert!(text.contains(message) && text.contains(inside.to_str().unwrap()), "{text}");
    };
    refused_with(&whole[..whole.len() / 2], "the record is damaged");
    refused_with(b"", "the record is damaged: it is empty");
    refused_with(br#"{"schema": "loadgate/record/v2", "windows": 7}"#, "written as loadgate/record/v2 by a newer loadgate");
    refused_with(br#"{"schema": "loadgate/verdict/v1"}"#, "a loadgate/verdict/v1 file");
    refused_with(b"timestamp,latency\n", "not JSON");
    record.suite = "cart".to_owned();
    file::write(&record, &path).unwrap();
    let text = refused(&bench, &[]);
    assert!(text.contains("a run of suite 'cart' in the folder of suite 'shop'"), "{text}");
    assert!(text.contains("version control"), "{text}");
}

#[test]
fn load_is_not_sent_when_the_report_can_not_be_written() {
    let bench = Bench::new("{}", CONFIG);
    fs::write(bench.path().join("taken"), "a file").unwrap();
    for folder in ["taken", "taken/below"] {
        let text = refused(&bench, &["--out", folder]);
        assert!(text.contains(&format!("{folder}: can't write the reports here")) && text.contains("--out"), "{text}");
        let text = bench.ends_with(2, &["run", "--out", folder]);
        assert!(text.contains("can't write the reports here"), "{text}");
    }
    bench.configure(&format!("{CONFIG}report: {{ dir: taken/below }}\n"));
    refused(&bench, &[]);
    assert_eq!(fs::read_to_string(bench.path().join("taken")).unwrap(), "a file");
}

#[test]
fn a_folder_of_baselines_that_is_a_file_is_refused() {
    let bench = Bench::new("{}", &format!("{CONFIG}baseline: {{ dir: taken }}\n"));
    fs::write(bench.path().join("taken"), "a file").unwrap();
    let text = bench.ends_with(2, &["gate"]);
    assert!(text.contains("taken") && Path::new(&bench.path().join("taken")).is_file(), "{text}");
    assert_eq!(bench.requests(), 0);
}

#[test]
fn flags_that_do_not_exist_are_usage_errors() {
    let bench = Bench::new("{}", CONFIG);
    for args in [&["gate", "--fast"][..], &["gaet"], &["gate", "--log-format", "xml"], &[]] {
        let text = bench.ends_with(2, args);
        assert!(text.contains("Usage: loadgate") || text.contains("--help"), "{text}");
    }
    assert_eq!(bench.requests(), 0);
}
