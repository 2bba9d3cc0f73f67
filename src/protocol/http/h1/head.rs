//! The head of a response: its status, and where what follows it ends.

use std::mem::MaybeUninit;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use httparse::{Header, ParserConfig, Status};

use super::{
    body::{Body, Chunks},
    response::Asked,
};
use crate::{
    protocol::{Failure, Keep},
    record::ErrorClass,
};

/// Longest head that is read, in bytes.
pub(super) const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Most headers of one head.
const HEADERS_MAX: usize = 128;
/// What a TLS record with an alert begins with: the answer to a request without TLS on a port with it.
const TLS_ALERT: u8 = 0x15;

/// The head of a response.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Head {
    pub(super) status: StatusCode,
    pub(super) body: Body,
    /// Whether the connection can be used again when the body has ended.
    pub(super) persistent: bool,
    /// Its headers; empty unless they were wanted.
    pub(super) headers: HeaderMap,
}

/// What the headers say about what follows them.
#[derive(Default)]
struct Framing {
    length: Option<u64>,
    chunked: bool,
    close: bool,
    keep_alive: bool,
}

/// Reads a head at the front of `bytes`. Gives it with its length; `None` while it is incomplete.
///
/// # Errors
/// What stands there is no head, or one that can be read in two ways.
pub(super) fn parse(bytes: &[u8], asked: Asked) -> Result<Option<(Head, usize)>, Failure> {
    let mut room = [const { MaybeUninit::<Header<'_>>::uninit() }; HEADERS_MAX];
    let mut response = httparse::Response::new(&mut []);
    let parsed = ParserConfig::default().parse_response_with_uninit_headers(&mut response, bytes, &mut room);
    let length = match parsed {
        Ok(Status::Complete(length)) if length <= HEAD_BYTES_MAX => length,
        Ok(Status::Partial) if bytes.len() <= HEAD_BYTES_MAX => return Ok(None),
        Ok(_) => return Err(protocol("the head of the response is longer than 64 KiB")),
        Err(error) => return Err(not_http(bytes, error)),
    };
    let status = response.code.and_then(|code| StatusCode::from_u16(code).ok());
    let status = status.ok_or_else(|| protocol("the response has no valid status"))?;
    let mut framing = Framing::default();
    response.headers.iter().try_for_each(|header| framing.read(header)).map_err(protocol)?;
    let is_1_1 = response.version == Some(1);
    let body = framing.body(status, asked, is_1_1).map_err(protocol)?;
    let persistent = !framing.close && (is_1_1 || framing.keep_alive) && body != Body::UntilClose;
    let headers = if asked.keep == Keep::Status { HeaderMap::new() } else { copied(response.headers)? };
    Ok(Some((Head { status, body, persistent, headers }, length)))
}

impl Framing {
    fn read(&mut self, header: &Header<'_>) -> Result<(), &'static str> {
        let is = |name: &str| header.name.eq_ignore_ascii_case(name);
        if is("content-length") {
            if self.length.is_some() {
                return Err("the response has two content-lengths");
            }
            self.length = Some(number(header.value).ok_or("the content-length is no number")?);
        } else if is("transfer-encoding") {
            // A target may use no other coding, as the request asks for none (RFC 9110, section 10.1.4).
            if self.chunked || !header.value.trim_ascii().eq_ignore_ascii_case(b"chunked") {
                return Err("the transfer-encoding is not 'chunked'");
            }
            self.chunked = true;
        } else if is("connection") {
            for option in header.value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
                self.close |= option.eq_ignore_ascii_case(b"close");
                self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
            }
        }
        Ok(())
    }

    /// RFC 9112, section 6.3. What could be read in two ways is refused: two readers of it would disagree where the next
    /// response begins.
    fn body(&self, status: StatusCode, asked: Asked, is_1_1: bool) -> Result<Body, &'static str> {
        if self.chunked && self.length.is_some() {
            return Err("the response has a content-length and is chunked too");
        }
        if self.chunked && !is_1_1 {
            return Err("the response is chunked, which HTTP/1.0 does not know");
        }
        let without = asked.head || status.is_informational() || matches!(status.as_u16(), 204 | 304);
        Ok(match self.length {
            _ if without => Body::Length(0),
            _ if self.chunked => Body::Chunked(Chunks::default()),
            Some(length) => Body::Length(length),
            None => Body::UntilClose,
        })
    }
}

/// Digits and nothing else: a sign or a list would be read otherwise by others.
fn number(value: &[u8]) -> Option<u64> {
    let digits = value.trim_ascii();
    let all = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    all.then(|| std::str::from_utf8(digits).ok()?.parse().ok()).flatten()
}

fn copied(headers: &[Header<'_>]) -> Result<HeaderMap, Failure> {
    let mut map = HeaderMap::with_capacity(headers.len());
    for header in headers {
        let name = HeaderName::from_bytes(header.name.as_bytes());
        let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(header.value)) else {
            return Err(protocol("a header of the response has a name or a value that HTTP does not allow"));
        };
        map.append(name, value);
    }
    Ok(map)
}

fn protocol(message: &'static str) -> Failure {
    Failure::new(ErrorClass::Protocol, message)
}

fn not_http(bytes: &[u8], error: httparse::Error) -> Failure {
    match error {
        httparse::Error::TooManyHeaders => protocol("the response has more than 128 headers"),
        _ if bytes.first() == Some(&TLS_ALERT) => protocol("the answer is TLS, not HTTP: the target speaks https on this port"),
        _ => Failure { class: ErrorClass::Protocol, message: format!("the answer is not HTTP/1.1: {error}").into() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GET: Asked = Asked { head: false, keep: Keep::Status };

    fn head(text: &str, asked: Asked) -> Head {
        parse(text.as_bytes(), asked).unwrap().unwrap().0
    }

    fn refusal(text: &str) -> String {
        parse(text.as_bytes(), GET).unwrap_err().message.into_owned()
    }

    #[test]
    fn a_body_ends_where_rfc_9112_says() {
        let body = |text: &str| head(text, GET).body;
        assert_eq!(body("HTTP/1.1 200 OK\r\nContent-Length:  12 \r\n\r\n"), Body::Length(12));
        assert_eq!(body("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"), Body::Chunked(Chunks::default()));
        assert_eq!(body("HTTP/1.1 200 OK\r\n\r\n"), Body::UntilClose);
        assert_eq!(body("HTTP/1.1 204 No\r\ncontent-length: 5\r\n\r\n"), Body::Length(0));
        assert_eq!(body("HTTP/1.1 304 Same\r\ntransfer-encoding: chunked\r\n\r\n"), Body::Length(0));
        assert_eq!(body("HTTP/1.1 103 Hints\r\n\r\n"), Body::Length(0));
        let of_head = head("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n", Asked { head: true, ..GET });
        assert_eq!((of_head.body, of_head.persistent), (Body::Length(0), true));
    }

    #[test]
    fn a_connection_is_kept_by_the_rules_of_its_version() {
        let kept = |text: &str| head(text, GET).persistent;
        assert!(kept("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"));
        assert!(!kept("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nConnection: foo, Close\r\n\r\n"));
        assert!(!kept("HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n"));
        assert!(kept("HTTP/1.0 200 OK\r\ncontent-length: 0\r\nconnection: Keep-Alive\r\n\r\n"));
        assert!(!kept("HTTP/1.1 200 OK\r\n\r\n"));
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        assert!(refusal("HTTP/1.1 200 OK\r\ncontent-length: 5\r\nContent-Length: 5\r\n\r\n").contains("two content-lengths"));
        assert!(refusal("HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n").contains("chunked too"));
        assert!(refusal("HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").contains("HTTP/1.0"));
        for length in ["5, 5", "+5", "-1", "0x5", "", "5 5", "99999999999999999999"] {
            assert!(refusal(&format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n")).contains("no number"), "{length}");
        }
        for coding in ["gzip, chunked", "chunked, chunked", "identity", ""] {
            assert!(refusal(&format!("HTTP/1.1 200 OK\r\ntransfer-encoding: {coding}\r\n\r\n")).contains("not 'chunked'"));
        }
        assert!(
            refusal("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n").contains("not 'ch")
        );
    }

    #[test]
    fn what_is_no_http_is_said_to_be_none() {
        assert!(refusal("220 mail.example.com ready\r\n").contains("not HTTP/1.1"));
        assert!(refusal("HTTP/2.0 200 OK\r\n\r\n").contains("not HTTP/1.1"));
        assert!(refusal("\u{15}\u{3}\u{1}").contains("https"));
        assert!(refusal("HTTP/1.1 099 No\r\n\r\n").contains("no valid status"));
        assert!(refusal(&format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(129))).contains("128 headers"));
        assert!(refusal(&format!("HTTP/1.1 200 OK\r\na: {}", "b".repeat(65_536))).contains("64 KiB"));
    }

    #[test]
    fn headers_are_copied_only_where_they_are_wanted() {
        let text = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nSet-Cookie: a\r\nset-cookie: b\r\n\r\n";
        assert!(head(text, GET).headers.is_empty());
        let wanted = head(text, Asked { keep: Keep::Head, ..GET });
        assert_eq!(wanted.headers.get_all("set-cookie").iter().collect::<Vec<_>>(), ["a", "b"]);
    }
}
