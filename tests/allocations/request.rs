//! What is asked of memory: nothing for a request, once its connection is there; no more for a hundred million rows of results
//! than for a million.

use std::{
    io::{self, Read as _, Write as _},
    net::TcpListener,
    path::Path,
    thread,
    time::Duration,
};

use bytes::Bytes;
use loadgate::{
    import::{FORMATS, Reader, Rules},
    plan::{Control, HttpSettings, HttpVersion, Limits, Method, Plan, Request, Share, Target, Workload},
    protocol::{Driver as _, Keep, Origins, Terms, http::HttpDriver},
    record::Side,
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
        start: None,
    };
    Plan {
        suite: "test".to_owned(),
        baseline: None,
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
        let terms = Terms { timeout: Duration::from_secs(60), keep, expected: &[], trace: None };
        let mut session = driver.session(Side::Candidate);
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

/// Results that are made while they are read: rows of a minute and five endpoints, in no order of time.
struct Results {
    rows: u64,
    made: u64,
    ready: io::Cursor<Vec<u8>>,
}

impl Results {
    fn new(rows: u64) -> Self {
        Self { rows, made: 0, ready: io::Cursor::new(b"timestamp_us,endpoint,latency_us,status\n".to_vec()) }
    }
}

impl io::Read for Results {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.ready.position() == self.ready.get_ref().len() as u64 {
            let mut text = std::mem::take(&mut self.ready).into_inner();
            text.clear();
            for n in self.made..self.rows.min(self.made + 500) {
                let (time_us, us) = (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 60_000_000, 1_000 + n * 7_919 % 9_000);
                writeln!(text, "{time_us},/e{},{us},200", n % 5)?;
            }
            self.made = self.rows.min(self.made + 500);
            self.ready = io::Cursor::new(text);
        }
        self.ready.read(buffer)
    }
}

/// Most memory that reading so many rows takes at a time.
fn peak_bytes(rows: u64) -> u64 {
    let measured = allocation_counter::measure(|| {
        let mut reader = Reader::new(&FORMATS[0], Rules::default());
        reader.read(Path::new("results.csv"), &mut Results::new(rows)).unwrap();
        drop(reader.finish(Duration::ZERO).unwrap());
    });
    measured.bytes_max
}

#[test]
fn results_without_end_are_read_in_the_memory_of_their_windows() {
    let (once, thrice) = (peak_bytes(300_000), peak_bytes(900_000));
    assert!(once > 1_000_000, "something is counted: {once}");
    assert!(thrice < once + once / 10, "{once} bytes for so many rows, {thrice} for thrice as many");
}
