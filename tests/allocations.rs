//! What a request costs in memory: nothing, once its connection is there.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    thread,
    time::Duration,
};

use bytes::Bytes;
use loadgate::{
    plan::{Control, HttpSettings, HttpVersion, Limits, Method, Plan, Request, Share, Target, Workload},
    protocol::{
        Driver as _, Keep, Origins, Terms,
        http::{HttpDriver, Jar},
    },
};

const REQUESTS: u64 = 1_000;

/// A server for one connection. Returns its port.
fn server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // Requests are small, and the next one comes only after the answer: a read is a request.
        while stream.read(&mut [0; 4096]).unwrap() > 0 {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nserver: test\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok")
                .unwrap();
        }
    });
    port
}

fn plan(port: u16) -> Plan {
    let target = Target {
        name: "target".to_owned(),
        host: "127.0.0.1".to_owned(),
        port,
        base_path: String::new(),
        protocol: HttpVersion::Http1,
        tls: None,
        headers: Vec::new(),
        wait_for: None,
    };
    Plan {
        suite: "test".to_owned(),
        targets: vec![target],
        stages: Vec::new(),
        workload: Workload::default(),
        http: HttpSettings::default(),
        control: Control::default(),
        limits: Limits::default(),
        window: Duration::from_secs(1),
        seed: 1,
    }
}

#[test]
fn a_static_request_on_an_open_connection_allocates_nothing() {
    let plan = plan(server());
    let driver = HttpDriver::new(&plan, &Origins::of(&plan).unwrap(), Share { thread: 0, threads: 1 });
    let (method, path) = (Method::GET, "/".to_owned());
    let request = driver.prepare(&Request { target: 0, method, path, headers: Vec::new(), body: Bytes::new() });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let send = |keep: Keep, times: u64| {
        let terms = Terms { timeout: Duration::from_secs(60), keep, expected: &[] };
        let mut session = Jar::default();
        runtime.block_on(async {
            for _ in 0..times {
                assert!(driver.exchange(&mut session, &request, &terms).await.outcome.is_ok());
            }
        });
    };
    let allocations = |keep: Keep| allocation_counter::measure(|| send(keep, REQUESTS)).count_total;
    send(Keep::Status, 10);
    let of_status = allocations(Keep::Status);
    assert!(of_status < REQUESTS / 100, "{of_status} allocations for {REQUESTS} requests");
    assert!(allocations(Keep::Head) >= REQUESTS, "headers that are kept take memory, or nothing is counted here");
}
