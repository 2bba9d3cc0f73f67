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
        has_chosen_port: false,
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

/// Results of a tool that are made while they are read: rows of a minute and five endpoints, in no order of time.
struct Results {
    row: Row,
    rows: u64,
    made: u64,
    ready: io::Cursor<Vec<u8>>,
}

/// A row: its moment in microseconds since 1970, the number of its endpoint, its latency in microseconds.
type Row = fn(time_us: u64, endpoint: u64, us: u64) -> String;

/// A moment of 2026, in microseconds.
const BEGAN_US: u64 = 1_795_294_500_000_000;

impl Results {
    fn new(header: &str, row: Row, rows: u64) -> Self {
        Self { row, rows, made: 0, ready: io::Cursor::new(header.as_bytes().to_vec()) }
    }
}

impl io::Read for Results {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.ready.position() == self.ready.get_ref().len() as u64 {
            let mut text = std::mem::take(&mut self.ready).into_inner();
            text.clear();
            for n in self.made..self.rows.min(self.made + 500) {
                let time_us = BEGAN_US + n.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 60_000_000;
                text.extend((self.row)(time_us, n % 5, 1_000 + n * 7_919 % 9_000).into_bytes());
            }
            self.made = self.rows.min(self.made + 500);
            self.ready = io::Cursor::new(text);
        }
        self.ready.read(buffer)
    }
}

/// Most memory that reading so many rows of a format takes at a time.
fn peak_bytes(format: &str, header: &str, row: Row, rows: u64) -> u64 {
    let format = FORMATS.iter().find(|known| known.name == format).unwrap();
    let measured = allocation_counter::measure(|| {
        let mut reader = Reader::new(format, Rules::default());
        reader.read(Path::new("results"), &mut Results::new(header, row, rows)).unwrap();
        drop(reader.finish(Duration::ZERO).unwrap());
    });
    measured.bytes_max
}

/// More than a batch of rows is read, and twice as many.
fn is_read_in_the_memory_of_its_windows(format: &str, header: &str, row: Row) {
    let (once, twice) = (peak_bytes(format, header, row, 300_000), peak_bytes(format, header, row, 600_000));
    assert!(once > 1_000_000, "{format}: something is counted: {once}");
    assert!(twice < once + once / 10, "{format}: {once} bytes for so many rows, {twice} for twice as many");
}

#[test]
fn csv_without_end_is_read_in_the_memory_of_its_windows() {
    let header = "timestamp_us,endpoint,latency_us,status\n";
    is_read_in_the_memory_of_its_windows("csv", header, |time_us, endpoint, us| format!("{time_us},/e{endpoint},{us},200\n"));
}

#[test]
fn jtl_without_end_is_read_in_the_memory_of_its_windows() {
    let header = "timeStamp,elapsed,label,responseCode,responseMessage,success\n";
    is_read_in_the_memory_of_its_windows("jtl", header, |time_us, endpoint, us| {
        format!("{},{},e{endpoint},200,OK,true\n", time_us / 1_000, us / 1_000)
    });
}

#[test]
fn csv_of_k6_without_end_is_read_in_the_memory_of_its_windows() {
    let header = "metric_name,timestamp,metric_value,name,status,method\n";
    is_read_in_the_memory_of_its_windows("k6-csv", header, |time_us, endpoint, us| {
        format!("http_req_duration,{},{},/e{endpoint},200,GET\n", time_us / 1_000_000, us as f64 / 1e3)
    });
}

#[test]
fn csv_of_vegeta_without_end_is_read_in_the_memory_of_its_windows() {
    is_read_in_the_memory_of_its_windows("vegeta-csv", "", |time_us, endpoint, us| {
        format!("{time_us}000,200,{us}000,0,0,,,shop,0,GET,http://h/e{endpoint},\n")
    });
}

#[test]
fn json_of_vegeta_without_end_is_read_in_the_memory_of_its_windows() {
    is_read_in_the_memory_of_its_windows("vegeta-json", "", |time_us, endpoint, us| {
        format!(r#"{{"code":200,"timestamp":"{time_us}","latency":{us}000,"method":"GET","url":"http://h/e{endpoint}"}}"#) + "\n"
    });
}
