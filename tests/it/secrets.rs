//! A secret is sent to the target and stands nowhere else.

use std::{
    fs,
    io::{Read as _, Write as _},
    path::Path,
    process::Output,
    sync::{Arc, Mutex},
};

use crate::{
    bench::Bench,
    program::transcript,
    scripted::{read_request, server},
};

const TOKEN: &str = "tok-5ecret-0f-the-env";
const KEY: &str = "key-5ecret-0f-the-file";

const CONFIG: &str = "\
name: shop
target:
  base_url: TARGET
  headers: { Authorization: 'Bearer ${secret.TOKEN}' }
  wait_for: { get: '/health?key=${secret.KEY}', timeout: 300ms, interval: 50ms }
secrets: { TOKEN: { env: SHOP_TOKEN }, KEY: { file: key.txt } }
stages: [ { rate: 50/s, duration: 500ms } ]
scenarios:
  - { name: items, get: '/items?key=${secret.KEY}', headers: { X-Key: '${secret.KEY}' } }
  - { name: order, post: /orders, json: { key: '${secret.KEY}' } }
  - 'GET /plain/${secret.KEY}'
regression: { block: 1s }
thresholds: [ error_rate < 1% ]
";

fn gate(bench: &Bench) -> Output {
    bench.command(&["gate"]).env("SHOP_TOKEN", TOKEN).env("GITHUB_STEP_SUMMARY", bench.path().join("told.md")).output().unwrap()
}

fn assert_secretless(what: &str, bytes: &[u8]) {
    let mut unpacked = Vec::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        flate2::read::GzDecoder::new(bytes).read_to_end(&mut unpacked).unwrap();
    } else {
        unpacked.extend_from_slice(bytes);
    }
    let text = String::from_utf8_lossy(&unpacked);
    for secret in [TOKEN, KEY, "5ecret"] {
        assert!(!text.contains(secret), "{what} holds a secret: {text}");
    }
}

/// Looks into everything that was printed and written, but for what the user wrote. Gives the number of files.
fn assert_told_nowhere(bench: &Bench, output: &Output) -> usize {
    assert_secretless("stdout", &output.stdout);
    assert_secretless("stderr", &output.stderr);
    files(bench.path())
        .into_iter()
        .filter(|path| !path.ends_with("key.txt"))
        .map(|path| {
            assert_secretless(&path.display().to_string(), &fs::read(&path).unwrap());
        })
        .count()
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn bench(config: &str) -> Bench {
    let bench = Bench::new("{}", config);
    fs::write(bench.path().join("key.txt"), format!("{KEY}\n")).unwrap();
    bench
}

#[test]
fn load_with_secrets_tells_them_to_the_target_only_even_when_it_echoes_them() {
    let heads = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&heads);
    let port = server(move |mut stream| {
        while let Some(head) = read_request(&mut stream) {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            let status = if head.starts_with("GET /health") { "200 OK".to_owned() } else { format!("500 bad {TOKEN} {KEY}") };
            let echo = format!("{head}{}", String::from_utf8_lossy(&body));
            let _ = write!(stream, "HTTP/1.1 {status}\r\nx-echo: {TOKEN}\r\ncontent-length: {}\r\n\r\n{echo}", echo.len());
            log.lock().unwrap().push(echo);
        }
    });
    let bench = bench(&CONFIG.replace("TARGET", &format!("http://127.0.0.1:{port}")));
    let output = gate(&bench);
    assert_eq!(output.status.code(), Some(1), "every answer is a 500: {}", transcript(&output));
    let heads = heads.lock().unwrap();
    assert!(heads.len() > 25 && heads.iter().all(|head| head.contains(TOKEN)), "the target gets the token");
    assert!(heads.iter().all(|head| head.contains(KEY)), "and the key");
    assert!(assert_told_nowhere(&bench, &output) >= 10, "reports, summary and configuration were looked into");
}

#[test]
fn load_with_secrets_to_a_target_that_answers_garbage_does_not_repeat_it() {
    let port = server(|mut stream| {
        while let Some(head) = read_request(&mut stream) {
            let answer = if head.starts_with("GET /health") {
                "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_owned()
            } else {
                format!("{TOKEN} {KEY}\r\n\r\n")
            };
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    let bench = bench(&CONFIG.replace("TARGET", &format!("http://127.0.0.1:{port}")));
    let output = gate(&bench);
    assert_eq!(output.status.code(), Some(1), "{}", transcript(&output));
    assert_told_nowhere(&bench, &output);
}

#[test]
fn a_secret_in_the_path_that_is_probed_is_masked_when_the_target_never_gets_ready() {
    let bench = Bench::new("{ defaults: { status: 503 } }", CONFIG);
    fs::write(bench.path().join("key.txt"), KEY).unwrap();
    let output = gate(&bench);
    let text = transcript(&output);
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(text.contains("probes of /health?key=***"), "{text}");
    assert_told_nowhere(&bench, &output);
}

#[test]
fn a_configuration_error_shows_no_secret() {
    let wrong = [
        ("rate: 50/s", "rate: '${secret.KEY}'"),
        ("base_url: TARGET", "base_url: 'ftp://${secret.KEY}/'"),
        ("base_url: TARGET", "base_url: 'http://user:${secret.KEY}@127.0.0.1:1/'"),
        ("get: '/items?key=${secret.KEY}'", "get: 'items ${secret.KEY}'"),
        ("X-Key: '${secret.KEY}'", "X-Key: \"a\\n${secret.KEY}\""),
        ("name: items", "name: 'items ${secret.KEY}'"),
        ("error_rate < 1%", "'${secret.KEY} < 1%'"),
        ("TOKEN: { env: SHOP_TOKEN }", "TOKEN: { env: SHOP_TOKEN, fiel: x }"),
    ];
    for (right, instead) in wrong {
        assert!(CONFIG.contains(right), "{right}");
        let bench = bench(&CONFIG.replace(right, instead));
        let output = gate(&bench);
        assert_eq!(output.status.code(), Some(2), "{instead}: {}", transcript(&output));
        assert_told_nowhere(&bench, &output);
        assert_eq!(bench.requests(), 0);
    }
}

#[test]
fn a_secret_in_the_host_is_refused_and_not_repeated() {
    let config = CONFIG.replace("base_url: TARGET", "base_url: 'http://${secret.TOKEN}:80'");
    let bench = Bench::new("{}", &config);
    fs::write(bench.path().join("key.txt"), KEY).unwrap();
    let output = gate(&bench);
    assert_eq!(output.status.code(), Some(2), "{}", transcript(&output));
    assert!(transcript(&output).contains("the target's host holds a secret"), "{}", transcript(&output));
    assert_told_nowhere(&bench, &output);
}

#[test]
fn load_of_users_who_log_in_shows_nothing_of_what_they_were_given() {
    let port = server(|mut stream| {
        while let Some(head) = read_request(&mut stream) {
            let (status, body) = if head.starts_with("GET /login") {
                ("200 OK", r#"{"ticket":"given-5ecret"}"#.to_owned())
            } else if head.starts_with("GET /step-up") {
                ("200 OK", r#"{"first":"5ecret of the setup"}"#.to_owned())
            } else {
                ("500 Oops", format!(r#"{{"refresh_token":"r-5ecret","heard":"{}"}}"#, head.replace("\r\n", " ")))
            };
            let _ = write!(stream, "HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        }
    });
    let config = format!(
        "name: shop\ntarget: {{ base_url: 'http://127.0.0.1:{port}' }}\nstages: [ {{ vus: 2, duration: 500ms }} ]\n\
         scenarios:\n  - name: visit\n    setup: [ {{ get: /login, extract: {{ ticket: $.ticket }} }} ]\n    \
         steps: [ {{ think: 20ms }}, {{ get: '/me/{{{{ ticket }}}}' }} ]\n  - name: other\n    \
         setup: [ {{ get: /step-up, check: {{ body: welcome }} }} ]\n    steps: [ {{ get: /x }} ]\nregression: {{ block: 1s }}\n"
    );
    let bench = bench(&config);
    let output = gate(&bench);
    let failures = fs::read_to_string(bench.path().join("loadgate-report/failures.json"))
        .unwrap_or_else(|error| panic!("{error}: {}", transcript(&output)));
    assert!(failures.contains("GET /me/***") && failures.contains("refresh_token"), "{failures} {}", transcript(&output));
    assert_told_nowhere(&bench, &output);
}
