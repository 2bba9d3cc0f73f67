//! WebSocket servers that break the protocol, or themselves: whatever they do, it is told by its class and the run goes on.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::Stdio,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};

use loadgate::record::{self, Errors, Totals};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::{
    patience::patient,
    program::{loadgate, transcript},
    scripted::{read_request, server},
    services::send,
};

/// A server that opens each connection and then writes these bytes; `then` says what it does with what is left.
fn opens_and(bytes: &'static [u8], then: fn(TcpStream)) -> u16 {
    server(move |mut stream| {
        let Some(head) = read_request(&mut stream) else { return };
        let Some(key) =
            head.lines().find_map(|line| line.to_ascii_lowercase().starts_with("sec-websocket-key:").then(|| line[18..].trim()))
        else {
            // Somebody who only wants to know whether there is a server.
            return;
        };
        let accept = derive_accept_key(key.as_bytes());
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
        );
        if stream.write_all(answer.as_bytes()).and_then(|()| stream.write_all(bytes)).is_ok() {
            then(stream);
        }
    })
}

/// Reads until the client is gone.
fn stays(mut stream: TcpStream) {
    let _ = std::io::copy(&mut stream, &mut std::io::sink());
}

/// Ends at once.
fn ends(_: TcpStream) {}

/// Five connections that wait for a message; what became of it, and of the connections.
fn outcome(port: u16, rest: &str) -> (Errors, Errors, String) {
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "name: feed\ntarget: http://127.0.0.1:{port}\nrecord: {{ window: 500ms }}\nload: {{ graceful_stop: 1s }}\nscenarios:\n  - name: feed\n    \
         websocket: /ws\n    connections: {{ ramp: 5, hold: 1s }}\n    {rest}\n    \
         steps: [ {{ expect: {{ name: message, within: 600ms }} }} ]\n"
    );
    std::fs::write(folder.path().join("loadgate.yml"), config).unwrap();
    let output = loadgate(folder.path(), &["run"]).output().unwrap();
    let text = transcript(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    let record = record::file::read(&folder.path().join(Path::new("loadgate-report/record.json.gz"))).unwrap();
    let errors = |name: &str| Totals::of(record.endpoint(name).unwrap().windows()).errors;
    (errors("message"), errors("feed.reconnect"), text)
}

fn only(class: &str) -> Errors {
    Errors::from([(class.parse().unwrap(), 5)])
}

#[test]
fn load_of_connections_takes_messages_in_pieces() {
    // "he", then a ping in between, then "llo".
    let port = opens_and(b"\x01\x02he\x89\x00\x80\x03llo", stays);
    let (message, lost, text) = outcome(port, "max_message: 1kB");
    assert_eq!((message, lost), (Errors::new(), Errors::new()), "{text}");
}

#[test]
fn load_of_connections_refuses_what_breaks_the_protocol() {
    let cases: [(&'static [u8], &str, &str); 8] = [
        (b"\x83\x00", "protocol", "invalid opcode: 3"),
        (b"\xc1\x01x", "protocol", "Reserved bits are non-zero"),
        (b"\x81\x81\x01\x02\x03\x04y", "protocol", "masked frame from server"),
        (b"\x09\x00", "protocol", "Fragmented control frame"),
        (b"\x80\x01x", "protocol", "nothing to continue"),
        (b"\x81\x02\xff\xfe", "protocol", "UTF-8"),
        (b"\x82\x7e\x08\x00", "message_too_big", "2048 > 1000"),
        (b"\x01\x7e\x03\x00", "reset", "without a close message"),
    ];
    for (bytes, class, words) in cases {
        let port = opens_and(bytes, if class == "reset" { ends } else { stays });
        let (message, lost, text) = outcome(port, "max_message: 1kB");
        assert_eq!((message, lost), (only(class), only(class)), "{words}: {text}");
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn load_of_connections_knows_how_a_server_ended_them() {
    let cases: [(&'static [u8], &str); 4] = [
        (b"\x88\x02\x03\xe8", "close.1000"),
        (b"\x88\x02\x03\xf3", "close.1011"),
        (b"\x88\x02\x0f\xa0", "close.other"),
        (b"\x88\x00", "close.none"),
    ];
    for (bytes, class) in cases {
        let (message, lost, text) = outcome(opens_and(bytes, stays), "");
        assert_eq!((message, lost), (only(class), only(class)), "{text}");
    }
    let (message, lost, text) = outcome(opens_and(b"", ends), "");
    assert_eq!((message, lost), (only("reset"), only("reset")), "{text}");
}

#[test]
fn load_of_connections_gives_up_on_a_server_that_never_answers_the_handshake() {
    let port = server(|mut stream| {
        let _ = stream.set_read_timeout(Some(Duration::from_secs(30)));
        let mut taken = [0; 4096];
        while matches!(stream.read(&mut taken), Ok(read) if read > 0) {}
    });
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "target: http://127.0.0.1:{port}\nhttp: {{ timeouts: {{ request: 200ms }} }}\nscenarios:\n  \
         - {{ name: feed, websocket: /ws, connections: {{ ramp: 5, hold: 1s }} }}\n"
    );
    std::fs::write(folder.path().join("loadgate.yml"), config).unwrap();
    let output = loadgate(folder.path(), &["run"]).output().unwrap();
    let text = transcript(&output);
    assert!(text.contains("the WebSocket handshake was not answered within 200ms"), "{text}");
    let record = record::file::read(&folder.path().join("loadgate-report/record.json.gz")).unwrap();
    assert_eq!(Totals::of(record.endpoint("feed.connect").unwrap().windows()).errors, only("timeout.request"));
}

#[test]
fn load_of_connections_is_not_held_up_by_a_server_that_never_reads() {
    // It opens the connection and then sleeps on it, so that what is sent piles up.
    let port = opens_and(b"", |stream| {
        std::thread::park_timeout(Duration::from_secs(20));
        drop(stream);
    });
    let folder = tempfile::tempdir().unwrap();
    let big = "x".repeat(200_000);
    let config = format!(
        "target: http://127.0.0.1:{port}\nrecord: {{ window: 500ms }}\nscenarios:\n  - name: feed\n    websocket: /ws\n    \
         connections: {{ ramp: 5, hold: 6s }}\n    write_timeout: 300ms\n    rate: 50/s\n    steps: [ {{ send: {{ text: {big} }} }} ]\n"
    );
    std::fs::write(folder.path().join("loadgate.yml"), config).unwrap();
    let output = loadgate(folder.path(), &["run"]).output().unwrap();
    let text = transcript(&output);
    let record = record::file::read(&folder.path().join("loadgate-report/record.json.gz")).unwrap();
    let lost = Totals::of(record.endpoint("feed.reconnect").unwrap().windows()).errors;
    assert_eq!(lost, only("timeout.write"), "{text}");
}

/// Connections that have pinged.
static PINGED: AtomicUsize = AtomicUsize::new(0);
/// Whether pings are answered from now on.
static ANSWERING: AtomicBool = AtomicBool::new(false);

/// Answers pings, the first one and those behind it as soon as it may.
fn answers_when_told(mut stream: TcpStream) {
    let mut head = [0; 6];
    while stream.read_exact(&mut head).is_ok() && head[0] == 0x89 {
        let mut payload = vec![0; usize::from(head[1] & 0x7f)];
        if stream.read_exact(&mut payload).is_err() {
            return;
        }
        payload.iter_mut().zip(head[2..].iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
        PINGED.fetch_add(1, Ordering::SeqCst);
        while !ANSWERING.load(Ordering::SeqCst) {
            std::thread::park_timeout(Duration::from_millis(1));
        }
        let mut pong = vec![0x8a, payload.len() as u8];
        pong.extend(&payload);
        if stream.write_all(&pong).is_err() {
            return;
        }
    }
}

#[test]
fn load_of_connections_takes_no_peer_for_dead_whose_answer_came_while_the_generator_stood_still() {
    let port = opens_and(b"", answers_when_told);
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "target: http://127.0.0.1:{port}\nscenarios:\n  - name: feed\n    websocket: /ws\n    connections: {{ ramp: 5, hold: 9s }}\n    \
         heartbeat: {{ ping_every: 200ms, pong_timeout: 2s }}\n"
    );
    std::fs::write(folder.path().join("loadgate.yml"), config).unwrap();
    let mut program = loadgate(folder.path(), &["run"]);
    let mut child = program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while PINGED.load(Ordering::SeqCst) < 5 {
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        std::thread::park_timeout(Duration::from_millis(1));
    }
    send("-STOP", child.id());
    ANSWERING.store(true, Ordering::SeqCst);
    // Longer than a peer may be silent: a longer time changes nothing.
    std::thread::park_timeout(Duration::from_millis(2_500));
    send("-CONT", child.id());
    let output = child.wait_with_output().unwrap();
    let text = transcript(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    let record = record::file::read(&folder.path().join("loadgate-report/record.json.gz")).unwrap();
    let total = |name: &str| Totals::of(record.endpoint(name).unwrap().windows());
    assert_eq!((total("feed.heartbeat").errors, total("feed.reconnect").requests), (Errors::new(), 0), "{text}");
}

/// Pushes a message for each of these: sent so many milliseconds before now, or after.
fn pushes(mut stream: TcpStream, sent_ago: &[i64]) {
    for ago in sent_ago {
        let text = format!("{{\"sent_at_ms\": {}}}", loadgate::clock::wall().as_millisecond() - ago);
        let mut frame = vec![0x81, text.len() as u8];
        frame.extend(text.as_bytes());
        if stream.write_all(&frame).is_err() {
            return;
        }
    }
    stays(stream);
}

/// Five connections that listen for a second; what they heard, and what was printed.
fn heard(port: u16, args: &[&str]) -> (Totals, String) {
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "target: http://127.0.0.1:{port}\nrecord: {{ window: 500ms }}\nload: {{ graceful_stop: 1s }}\nscenarios:\n  - name: feed\n    \
         websocket: /ws\n    connections: {{ ramp: 5, hold: 1s }}\n    \
         steps: [ {{ listen: {{ for: 10s, latency_from: $.sent_at_ms }} }} ]\n"
    );
    std::fs::write(folder.path().join("loadgate.yml"), patient(&config)).unwrap();
    let output = loadgate(folder.path(), args).output().unwrap();
    let text = transcript(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    let record = record::file::read(&folder.path().join("loadgate-report/record.json.gz")).unwrap();
    (Totals::of(record.endpoint("feed.message_latency").unwrap().windows()), text)
}

#[test]
fn load_of_connections_counts_how_long_a_message_was_on_its_way_from_when_it_says_it_was_sent() {
    let (latency, text) = heard(opens_and(b"", |stream| pushes(stream, &[250, 60_000])), &["run"]);
    assert_eq!((latency.requests, &latency.errors), (10, &Errors::new()), "{text}");
    let (least, most) = (latency.response.min().unwrap(), latency.response.max().unwrap());
    assert!((249_000..59_000_000).contains(&least), "one of 250 ms, and what it took: {least}");
    assert!((59_900_000..120_000_000).contains(&most), "one of a minute, and what it took: {most}");
    assert!(!text.contains("clock is"), "{text}");
}

#[test]
fn load_of_connections_warns_of_a_target_whose_clock_is_ahead_and_blames_it_for_nothing() {
    let port = opens_and(b"", |stream| pushes(stream, &[-3_600_000, 250]));
    let (latency, text) = heard(port, &["gate", "--no-publish"]);
    assert_eq!((latency.requests, &latency.errors), (10, &Errors::new()), "{text}");
    assert!(text.contains("ahead of the load generator's at least: messages seem to have come before they were sent"), "{text}");
}
