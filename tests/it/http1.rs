//! HTTP/1.1 as targets speak it, well and badly: one request at a time through the driver, before servers that do one thing each.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::Duration,
};

use bytes::Bytes;
use http::Method;
use loadgate::{
    plan::{Plan, Request, Share},
    protocol::{
        Driver as _, Exchange, Keep, Origins, Terms,
        http::{HttpDriver, HttpRequest},
    },
    record::{ErrorClass, Side},
};
use tokio::runtime::{Builder, LocalOptions, LocalRuntime};

use crate::{
    load_outcomes::{OK, plan},
    scripted::{answers, read_request, server},
};

/// A driver with the only runtime it may be used in.
pub(crate) struct Client {
    pub(crate) driver: HttpDriver,
    runtime: LocalRuntime,
    timeout: Duration,
}

impl Client {
    pub(crate) fn new(plan: &Plan) -> Self {
        let driver = HttpDriver::new(plan, &Origins::of(plan).unwrap(), Share { thread: 0, threads: 1 });
        let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default()).unwrap();
        Self { driver, runtime, timeout: plan.http.timeouts.request }
    }

    pub(crate) fn request(&self, method: Method, body: &'static str) -> HttpRequest {
        let body = Bytes::from_static(body.as_bytes());
        self.driver.prepare(&Request { target: 0, method, path: "/".to_owned(), headers: Vec::new(), body })
    }

    /// Sends a request and checks what holds for all of them.
    pub(crate) fn send(&self, request: &HttpRequest, keep: Keep) -> Exchange {
        self.runtime.block_on(self.exchange(request, keep))
    }

    pub(crate) async fn exchange(&self, request: &HttpRequest, keep: Keep) -> Exchange {
        let terms = Terms { timeout: self.timeout, keep, expected: &[], trace: None };
        let exchange = self.driver.exchange(&mut self.driver.session(Side::Candidate), request, &terms).await;
        let (time, phases) = ((exchange.done - exchange.sent).as_nanos() as u64, exchange.phases);
        let spent = phases.send + phases.wait + phases.receive;
        assert!(spent == time || (spent == 0 && exchange.outcome.is_err()), "{exchange:?}");
        exchange
    }

    pub(crate) fn get(&self) -> Exchange {
        self.send(&self.request(Method::GET, ""), Keep::Status)
    }

    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }
}

fn status(exchange: &Exchange) -> u16 {
    exchange.outcome.as_ref().map_or(0, |reply| reply.status.as_u16())
}

fn class(exchange: &Exchange) -> Option<ErrorClass> {
    exchange.outcome.as_ref().err().map(|failure| failure.class)
}

/// Serves the first connection with `first`, and answers well on all others.
fn first(first: impl Fn(TcpStream) + Clone + Send + 'static) -> u16 {
    let number = Arc::new(AtomicUsize::new(0));
    server(move |mut stream| {
        if number.fetch_add(1, Ordering::Relaxed) == 0 {
            first(stream);
        } else {
            while read_request(&mut stream).is_some() && stream.write_all(OK).is_ok() {}
        }
    })
}

/// Holds a connection open until the client closes it.
fn linger(stream: &mut TcpStream) {
    let _ = stream.read_to_end(&mut Vec::new());
}

#[test]
fn a_response_ends_where_it_says_and_its_connection_is_used_again_where_it_allows_it() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n2\r\n!!\r\n0\r\nX-Sum: 7\r\n\r\n";
    let interim =
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 201 Made\r\ncontent-length: 1\r\n\r\n!";
    let cases = [
        ("content-length", Method::GET, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", (200, 5, true)),
        ("no body at all", Method::GET, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", (200, 0, true)),
        ("chunked, with extension and trailer", Method::GET, chunked, (200, 7, true)),
        ("interim responses", Method::GET, interim, (201, 1, true)),
        (
            "connection: close",
            Method::GET,
            "HTTP/1.1 200 OK\r\nConnection: close\r\ncontent-length: 2\r\n\r\nok",
            (200, 2, false),
        ),
        ("HTTP/1.0", Method::GET, "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok", (200, 2, false)),
        (
            "HTTP/1.0 kept",
            Method::GET,
            "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok",
            (200, 2, true),
        ),
        ("HEAD with a length", Method::HEAD, "HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n", (200, 0, true)),
        ("HEAD chunked", Method::HEAD, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", (200, 0, true)),
        ("204", Method::DELETE, "HTTP/1.1 204 No Content\r\n\r\n", (204, 0, true)),
        ("304 with a length", Method::GET, "HTTP/1.1 304 Not Modified\r\ncontent-length: 99\r\n\r\n", (304, 0, true)),
        ("lines without carriage return", Method::GET, "HTTP/1.1 200 OK\ncontent-length: 2\n\nok", (200, 2, true)),
        ("no reason", Method::GET, "HTTP/1.1 200\r\ncontent-length: 2\r\n\r\nok", (200, 2, true)),
        (
            "two answers to one question",
            Method::GET,
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 500 No\r\n\r\n",
            (200, 2, false),
        ),
    ];
    for (name, method, response, expected) in cases {
        let client = Client::new(&plan(answers(response.as_bytes())));
        let request = client.request(method, "");
        let (one, two) = (client.send(&request, Keep::Status), client.send(&request, Keep::Status));
        assert_eq!((status(&one), one.bytes, two.connections == 0), expected, "{name}: {one:?}");
        assert!(one.connections > 0 && one.phases.connect > 0, "{name}");
        assert_eq!((status(&two), two.bytes), (expected.0, expected.1), "{name}: {two:?}");
    }
}

#[test]
fn a_response_without_length_ends_with_its_connection() {
    let client = Client::new(&plan(server(|mut stream| {
        let _ = read_request(&mut stream).map(|_| stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nhello"));
    })));
    let (one, two) = (client.get(), client.get());
    assert_eq!((status(&one), one.bytes, status(&two), two.connections > 0), (200, 5, 200, true));
}

#[test]
fn what_a_target_does_wrong_has_a_class_and_words_and_harms_no_other_request() {
    type Serve = fn(&mut TcpStream);
    let cases: [(&str, Serve, ErrorClass, &str); 16] = [
        ("closes at once", |_| {}, ErrorClass::Reset, ""),
        ("closes without an answer", |s| drop(read_request(s)), ErrorClass::Reset, "without a response"),
        ("closes in the head", |s| say(s, b"HTTP/1.1 200 OK\r\ncont"), ErrorClass::Reset, "before the response was complete"),
        ("closes in the body", |s| say(s, b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"), ErrorClass::Reset, "complete"),
        (
            "closes in a chunk",
            |s| say(s, b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nhalf"),
            ErrorClass::Reset,
            "complete",
        ),
        (
            "resets",
            |s| {
                drop(read_request(s));
                reset(s);
            },
            ErrorClass::Reset,
            "reset",
        ),
        ("resets when connected", |s| reset(s), ErrorClass::Reset, ""),
        ("garbage", |s| say(s, b"220 mail.example.com ready\r\n"), ErrorClass::Protocol, "not HTTP/1.1"),
        ("noise", |s| say(s, &[0, 159, 146, 150, 13, 10]), ErrorClass::Protocol, "not HTTP/1.1"),
        (
            "two lengths",
            |s| say(s, b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok"),
            ErrorClass::Protocol,
            "two content-lengths",
        ),
        (
            "two framings",
            |s| say(s, b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
            ErrorClass::Protocol,
            "chunked too",
        ),
        (
            "a broken chunk",
            |s| say(s, b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"),
            ErrorClass::Protocol,
            "no number",
        ),
        (
            "another protocol",
            |s| say(s, b"HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n"),
            ErrorClass::Protocol,
            "switches protocols",
        ),
        ("headers for ever", |s| for_ever(s, b"x: y\r\n"), ErrorClass::Protocol, "128 headers"),
        ("a header for ever", |s| for_ever(s, b"yyyyyyyy"), ErrorClass::Protocol, "64 KiB"),
        ("interim responses for ever", |s| for_ever(s, b"x: y\r\n\r\nHTTP/1.1 103 Hints\r\n"), ErrorClass::Protocol, "never end"),
    ];
    for (name, serve, expected, words) in cases {
        let mut plan = plan(first(move |mut stream| serve(&mut stream)));
        // With one connection and no more, the next request shows that this one gave it back.
        plan.http.connections.max = Some(1);
        let client = Client::new(&plan);
        let (bad, good) = (client.get(), client.get());
        assert_eq!(class(&bad), Some(expected), "{name}: {bad:?}");
        let message = bad.outcome.unwrap_err().message;
        assert!(message.to_lowercase().contains(&words.to_lowercase()), "{name}: {message}");
        assert!(status(&good) == 200 && good.connections > 0, "{name}: {good:?}");
    }
}

/// Answers a request with these bytes and closes.
fn say(stream: &mut TcpStream, bytes: &[u8]) {
    let _ = read_request(stream).map(|_| stream.write_all(bytes));
    let _ = stream.shutdown(Shutdown::Write);
    linger(stream);
}

/// Answers a request with a status and then with the same bytes until nobody takes them.
fn for_ever(stream: &mut TcpStream, bytes: &[u8]) {
    drop(read_request(stream));
    let _ = stream.write_all(b"HTTP/1.1 103 Hints\r\n");
    while stream.write_all(&bytes.repeat(100)).is_ok() {}
}

/// Closes with a RST instead of a FIN.
fn reset(stream: &mut TcpStream) {
    socket2::SockRef::from(&*stream).set_linger(Some(Duration::ZERO)).unwrap();
}

#[test]
fn each_time_limit_has_a_class_of_its_own() {
    let silent: fn(&mut TcpStream) = |stream| linger(stream);
    let half: fn(&mut TcpStream) = |stream| {
        drop(read_request(stream));
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-le");
        linger(stream);
    };
    let body: fn(&mut TcpStream) = |stream| {
        drop(read_request(stream));
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhal");
        linger(stream);
    };
    let (short, long) = (Duration::from_millis(60), Duration::from_secs(60));
    for (name, serve, first_byte, request, expected, bytes) in [
        ("no first byte", silent, short, long, ErrorClass::TimeoutFirstByte, 0),
        ("a request timeout before it", silent, long, short, ErrorClass::TimeoutRequest, 0),
        ("a head that stops", half, short, 3 * short, ErrorClass::TimeoutRequest, 0),
        ("a body that stops", body, short, 3 * short, ErrorClass::TimeoutRequest, 3),
    ] {
        let mut plan = plan(first(move |mut stream| serve(&mut stream)));
        plan.http.connections.max = Some(1);
        (plan.http.timeouts.first_byte, plan.http.timeouts.request) = (first_byte, request);
        let client = Client::new(&plan);
        let (bad, good) = (client.get(), client.get());
        assert_eq!((class(&bad), bad.bytes), (Some(expected), bytes), "{name}: {bad:?}");
        assert!(bad.done - bad.sent >= first_byte.min(request), "{name}: not before its time: {bad:?}");
        assert!(status(&good) == 200 && good.connections > 0, "{name}: {good:?}");
    }
}

#[test]
fn a_connection_that_is_never_made_is_a_connect_timeout() {
    // A listener that accepts nothing, with its queue full: the kernel drops what else comes.
    let listener = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    listener.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap().as_socket().unwrap();
    let queued: Vec<_> = (0..16).map_while(|_| TcpStream::connect_timeout(&address, Duration::from_millis(100)).ok()).collect();
    assert!(queued.len() < 16, "the queue never fills");
    let mut plan = plan(address.port());
    plan.http.timeouts.connect = Duration::from_millis(60);
    let client = Client::new(&plan);
    let late = client.get();
    assert_eq!(class(&late), Some(ErrorClass::TimeoutConnect), "{late:?}");
    assert!(late.phases.connect >= 60_000_000 && late.connections == 0, "{late:?}");
    plan.http.timeouts.request = Duration::from_millis(30);
    assert_eq!(class(&Client::new(&plan).get()), Some(ErrorClass::TimeoutRequest), "the request ran out of time before");
}

#[test]
fn a_body_without_end_is_read_until_the_request_timeout_and_kept_by_nobody() {
    let mut plan = plan(first(|mut stream| {
        drop(read_request(&mut stream));
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10737418240\r\n\r\n");
        while stream.write_all(&[b'x'; 1 << 16]).is_ok() {}
    }));
    plan.http.timeouts.request = Duration::from_millis(300);
    let client = Client::new(&plan);
    let endless = client.get();
    assert_eq!(class(&endless), Some(ErrorClass::TimeoutRequest), "{endless:?}");
    assert!(endless.bytes > 1 << 20, "{endless:?}");
    assert_eq!(status(&client.get()), 200);
}

#[test]
fn a_body_that_is_wanted_is_kept_up_to_a_limit() {
    let client = Client::new(&plan(first(|mut stream| {
        drop(read_request(&mut stream));
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(&[b'x'; 1 << 16]).is_ok() {}
    })));
    let request = client.request(Method::GET, "");
    let long = client.send(&request, Keep::Body);
    assert_eq!(class(&long), Some(ErrorClass::Protocol), "{long:?}");
    let reply = client.send(&request, Keep::Body).outcome.unwrap();
    assert_eq!((reply.body.as_ref(), reply.headers["content-length"].as_bytes()), (&b"ok"[..], &b"2"[..]));
    let reply = client.send(&request, Keep::Head).outcome.unwrap();
    assert!(reply.body.is_empty() && reply.headers.len() == 1);
}

#[test]
fn a_request_may_be_refused_before_it_is_read() {
    // More than the buffers of a connection hold, so that it can't be written before the answer comes.
    let body: &'static str = Box::leak("x".repeat(64 << 20).into_boxed_str());
    let client = Client::new(&plan(first(|mut stream| {
        drop(read_request(&mut stream));
        let _ = stream.write_all(b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n");
        // The socket stays open and unread until the client has seen the answer.
        let _ = stream.set_read_timeout(Some(Duration::from_secs(1)));
        let _ = stream.peek(&mut [0; 1]);
        std::mem::forget(stream);
    })));
    let refused = client.send(&client.request(Method::POST, body), Keep::Status);
    assert_eq!(status(&refused), 413, "{refused:?}");
    assert!(client.get().connections > 0, "half a request has been written on the first connection");
}

#[test]
fn a_request_that_a_server_had_time_to_work_on_is_not_repeated_when_its_connection_breaks() {
    let twice = |method: Method, body| {
        let client = Client::new(&plan(first(|mut stream| {
            drop(read_request(&mut stream));
            let _ = stream.write_all(OK);
            // Takes the next request, works on it, and dies.
            drop(read_request(&mut stream));
            stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
            let _ = std::io::Read::read(&mut stream, &mut [0; 1]);
        })));
        assert_eq!(status(&client.get()), 200);
        client.send(&client.request(method, body), Keep::Status)
    };
    for (method, body) in [(Method::GET, ""), (Method::POST, "order")] {
        let lost = twice(method, body);
        assert_eq!((class(&lost), lost.connections, lost.resent), (Some(ErrorClass::Reset), 0, 0), "{lost:?}");
    }
}

#[test]
fn what_comes_on_an_idle_connection_is_no_answer() {
    let (sender, receiver) = mpsc::channel();
    let client = Client::new(&plan(first(move |mut stream| {
        drop(read_request(&mut stream));
        let _ = stream.write_all(OK);
        let _ = stream.write_all(b"HTTP/1.1 500 Unasked\r\ncontent-length: 0\r\n\r\n");
        sender.send(()).unwrap();
        linger(&mut stream);
    })));
    assert_eq!(status(&client.get()), 200);
    receiver.recv().unwrap();
    // The runtime looks at its sockets, and sees what is there.
    client.block_on(async {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    });
    let next = client.get();
    assert!(status(&next) == 200 && next.connections > 0, "{next:?}");
}
