//! A request as bytes, made once for all the times it is sent.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, header};

use crate::{
    plan::{self, HttpSettings, Method, Target},
    protocol::http::encoding,
};

/// What all requests to a target begin with.
#[derive(Debug)]
pub(in crate::protocol::http) struct Preamble {
    base_path: String,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// A request as it goes over the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::protocol::http) struct Serialised {
    bytes: Bytes,
    /// Where headers begin.
    headers: usize,
    /// Where the cookies of a user go, and what they are preceded by.
    cookies: (usize, &'static str),
    /// Whether the method is HEAD, whose response has no body.
    pub(super) head: bool,
    /// Whether sending it twice does what sending it once does (RFC 9110, section 9.2.2).
    pub(in crate::protocol::http) idempotent: bool,
}

impl Preamble {
    /// What every request to `target` has.
    pub(in crate::protocol::http) fn new(target: &Target, settings: &HttpSettings) -> Self {
        let mut headers = Vec::new();
        if let Ok(host) = HeaderValue::from_str(&host(target)) {
            headers.push((header::HOST, host));
        }
        let agent = concat!("loadgate/", env!("CARGO_PKG_VERSION"));
        headers.push((header::USER_AGENT, HeaderValue::from_static(agent)));
        headers.push((header::ACCEPT, HeaderValue::from_static("*/*")));
        if settings.compression {
            headers.push((header::ACCEPT_ENCODING, HeaderValue::from_static(encoding::ACCEPTED)));
        }
        if !settings.connections.reuse {
            headers.push((header::CONNECTION, HeaderValue::from_static("close")));
        }
        headers.retain(|(name, _)| target.headers.iter().all(|(given, _)| given != name));
        headers.extend_from_slice(&target.headers);
        Self { base_path: target.base_path.clone(), headers }
    }

    /// All headers of a request but its length. Its own replace those of the target that have the same name.
    pub(in crate::protocol::http) fn headers_of<'a>(
        &'a self,
        request: &'a plan::Request,
    ) -> impl Iterator<Item = &'a (HeaderName, HeaderValue)> {
        let given = |name: &HeaderName| request.headers.iter().any(|(given, _)| given == name);
        self.headers.iter().filter(move |(name, _)| !given(name)).chain(&request.headers)
    }

    /// Path and query of a request, those of the target included.
    pub(in crate::protocol::http) fn path_of(&self, request: &plan::Request) -> String {
        [self.base_path.as_str(), &request.path].concat()
    }

    /// The bytes of a request.
    pub(in crate::protocol::http) fn serialise(&self, request: &plan::Request) -> Serialised {
        let mut bytes = Vec::with_capacity(256 + request.path.len() + request.body.len());
        [request.method.as_str(), " ", &self.base_path, &request.path, " HTTP/1.1\r\n"]
            .iter()
            .for_each(|part| bytes.extend_from_slice(part.as_bytes()));
        let headers = bytes.len();
        let mut cookies = None;
        for (name, value) in self.headers_of(request) {
            [name.as_str().as_bytes(), b": ", value.as_bytes()].iter().for_each(|part| bytes.extend_from_slice(part));
            if *name == header::COOKIE {
                cookies = Some((bytes.len(), "; "));
            }
            bytes.extend_from_slice(b"\r\n");
        }
        if let Some(length) = content_length(request) {
            bytes.extend_from_slice(format!("content-length: {length}\r\n").as_bytes());
        }
        // Before the line end that the last header has already, so that a line of cookies begins with its own.
        let cookies = cookies.unwrap_or((bytes.len() - 2, "\r\ncookie: "));
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&request.body);
        Serialised {
            bytes: bytes.into(),
            headers,
            cookies,
            head: request.method == Method::HEAD,
            idempotent: request.method.is_idempotent(),
        }
    }
}

/// The length a request tells of its body: a method that may have one says that there is none, too.
pub(in crate::protocol::http) fn content_length(request: &plan::Request) -> Option<usize> {
    let may_have = matches!(request.method, Method::POST | Method::PUT | Method::PATCH);
    (may_have || !request.body.is_empty()).then_some(request.body.len())
}

impl Serialised {
    /// The bytes to send, with the cookies of a user and the id of a trace if there are any. Copies nothing where there are none.
    pub(super) fn with(&self, cookies: Option<&str>, traceparent: Option<&str>) -> Cow<'_, [u8]> {
        // A line break in a cookie would begin a header of its own.
        let cookies = cookies.filter(|cookies| HeaderValue::from_str(cookies).is_ok());
        if cookies.is_none() && traceparent.is_none() {
            return Cow::Borrowed(&self.bytes);
        }
        let (place, prefix) = self.cookies;
        let (head, after) = self.bytes.split_at(place);
        let (line, headers) = head.split_at(self.headers.min(place));
        let trace = traceparent.map_or_else(String::new, |value| format!("traceparent: {value}\r\n"));
        let (prefix, cookies) = cookies.map_or(("", ""), |cookies| (prefix, cookies));
        Cow::Owned([line, trace.as_bytes(), headers, prefix.as_bytes(), cookies.as_bytes(), after].concat())
    }
}

/// The host as a request names it: the port is left out where it is the scheme's own (RFC 9110, section 7.2).
fn host(target: &Target) -> String {
    let authority = target.authority();
    let own = if target.tls.is_some() { ":443" } else { ":80" };
    authority.strip_suffix(own).map_or(authority.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Connections, HttpVersion};

    fn target(port: u16, headers: &[(&'static str, &'static str)]) -> Target {
        Target {
            name: "target".to_owned(),
            host: "shop".to_owned(),
            port,
            has_chosen_port: false,
            base_path: "/v1".to_owned(),
            protocol: HttpVersion::Auto,
            tls: None,
            headers: owned(headers),
            wait_for: None,
            start: None,
        }
    }

    fn owned(headers: &[(&'static str, &'static str)]) -> Vec<(HeaderName, HeaderValue)> {
        headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    fn request(method: Method, headers: &[(&'static str, &'static str)], body: &'static str) -> plan::Request {
        plan::Request { target: 0, method, path: "/items?a=b".to_owned(), headers: owned(headers), body: body.into() }
    }

    fn text(preamble: &Preamble, request: &plan::Request, cookies: Option<&str>) -> String {
        let bytes = preamble.serialise(request).with(cookies, None).to_vec();
        String::from_utf8(bytes).unwrap().replace(concat!("loadgate/", env!("CARGO_PKG_VERSION")), "loadgate/VERSION")
    }

    #[test]
    fn a_request_is_written_out_whole() {
        let preamble = Preamble::new(&target(80, &[("x-load-test", "true")]), &HttpSettings::default());
        insta::assert_snapshot!(text(&preamble, &request(Method::GET, &[], ""), None), @"
        GET /v1/items?a=b HTTP/1.1
        host: shop
        user-agent: loadgate/VERSION
        accept: */*
        x-load-test: true
        ");
        let post = request(Method::POST, &[("x-load-test", "no"), ("accept", "text/html")], "hello");
        insta::assert_snapshot!(text(&preamble, &post, Some("a=1; b=2")), @"
        POST /v1/items?a=b HTTP/1.1
        host: shop
        user-agent: loadgate/VERSION
        x-load-test: no
        accept: text/html
        content-length: 5
        cookie: a=1; b=2

        hello
        ");
        assert!(text(&preamble, &post, None).ends_with("content-length: 5\r\n\r\nhello"));
        assert!(text(&preamble, &request(Method::GET, &[], ""), Some("a=1")).ends_with("\r\ncookie: a=1\r\n\r\n"));
    }

    #[test]
    fn a_method_that_may_have_a_body_says_that_it_has_none() {
        let preamble = Preamble::new(&target(80, &[]), &HttpSettings::default());
        assert!(text(&preamble, &request(Method::PUT, &[], ""), None).contains("content-length: 0\r\n"));
        assert!(!text(&preamble, &request(Method::DELETE, &[], ""), None).contains("content-length"));
    }

    #[test]
    fn cookies_of_a_user_join_those_that_are_always_sent() {
        let preamble = Preamble::new(&target(80, &[("cookie", "region=eu")]), &HttpSettings::default());
        let text = text(&preamble, &request(Method::GET, &[], ""), Some("a=1"));
        assert!(text.contains("\r\ncookie: region=eu; a=1\r\n") && text.matches("cookie").count() == 1, "{text}");
    }

    #[test]
    fn a_cookie_can_not_begin_another_header() {
        let preamble = Preamble::new(&target(80, &[]), &HttpSettings::default());
        assert!(!text(&preamble, &request(Method::GET, &[], ""), Some("a=1\r\nx: y")).contains("cookie"));
    }

    #[test]
    fn the_id_of_a_trace_is_a_header_beside_the_cookies() {
        let preamble = Preamble::new(&target(80, &[]), &HttpSettings::default());
        let sent = |cookies| {
            let request = preamble.serialise(&request(Method::POST, &[], "hello"));
            String::from_utf8(request.with(cookies, Some("00-1-2-01")).to_vec()).unwrap()
        };
        let (bare, with_cookies) = (sent(None), sent(Some("a=1")));
        assert!(bare.starts_with("POST /v1/items?a=b HTTP/1.1\r\ntraceparent: 00-1-2-01\r\nhost: shop\r\n"), "{bare}");
        assert_eq!(with_cookies, bare.replace("\r\n\r\nhello", "\r\ncookie: a=1\r\n\r\nhello"));
    }

    #[test]
    fn settings_show_in_the_headers() {
        let connections = Connections { reuse: false, ..Connections::default() };
        let settings = HttpSettings { compression: true, connections, ..HttpSettings::default() };
        let text = text(&Preamble::new(&target(8080, &[]), &settings), &request(Method::GET, &[], ""), None);
        for line in ["host: shop:8080\r\n", "accept-encoding: gzip, deflate\r\n", "connection: close\r\n"] {
            assert!(text.contains(line), "{text}");
        }
    }
}
