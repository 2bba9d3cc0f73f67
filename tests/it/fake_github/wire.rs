//! HTTP/1.1, one exchange a connection.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
};

use serde_json::{Value, json};

use super::Asked;

/// An answer.
pub(crate) struct Exchange {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Value,
}

impl Exchange {
    pub(crate) fn new(status: u16, body: Value) -> Self {
        Self { status, headers: Vec::new(), body }
    }

    pub(crate) fn error(status: u16, headers: &[(String, String)], message: &str) -> Self {
        let body =
            json!({ "message": message, "documentation_url": "https://docs.github.com/rest", "status": status.to_string() });
        Self { status, headers: headers.to_vec(), body }
    }
}

pub(crate) fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (mut length, mut authorization) = (0, None);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().ok()?,
            "authorization" => authorization = Some(value.to_owned()),
            "user-agent" => assert!(value.starts_with("loadgate/"), "{value}"),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Asked { method, path, authorization, body: serde_json::from_slice(&body).unwrap_or_default() })
}

pub(crate) fn write(stream: &mut TcpStream, answer: &Exchange) {
    let body = if answer.status == 204 { String::new() } else { answer.body.to_string() };
    let headers: String = answer.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!(
        "HTTP/1.1 {} X\r\ncontent-type: application/json; charset=utf-8\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n",
        answer.status,
        body.len()
    );
    let _ = stream.write_all((head + &body).as_bytes());
}
