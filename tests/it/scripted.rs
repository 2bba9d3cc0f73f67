//! Tiny servers that do one thing, good or bad, on each connection.

use std::{
    io::Write as _,
    net::{TcpListener, TcpStream},
    thread,
};

/// Serves every connection on a thread of its own with `serve`. Returns the port. Ends with the process.
pub(crate) fn server(serve: impl Fn(TcpStream) + Clone + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = serve.clone();
            thread::spawn(move || serve(stream));
        }
    });
    port
}

/// A server that answers each request on a connection with the same bytes.
pub(crate) fn answers(response: &'static [u8]) -> u16 {
    server(move |mut stream| while read_request(&mut stream).is_some() && stream.write_all(response).is_ok() {})
}

/// Reads up to the end of a request head. `None` when the client is gone.
pub(crate) fn read_request(stream: &mut impl std::io::Read) -> Option<String> {
    let (mut head, mut byte) = (Vec::new(), [0; 1]);
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    String::from_utf8(head).ok()
}
