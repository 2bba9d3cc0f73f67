//! A request as HTTP/2 wants it, made once for all the times it is sent.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, header, uri::PathAndQuery};

use crate::{
    plan::{self, Target},
    protocol::http::h1::{Preamble, content_length},
};

/// Headers that speak of the connection, which HTTP/2 has other means for (RFC 9113, section 8.2.2).
const OF_CONNECTION: [&str; 6] = ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "te"];

/// A request ready to be sent.
#[derive(Clone, Debug)]
pub(in crate::protocol::http) struct Prepared {
    method: Method,
    /// `None`: there is no such path.
    uri: Option<Uri>,
    headers: HeaderMap,
    /// What is sent along.
    pub(super) body: Bytes,
}

impl Prepared {
    /// Makes a request ready.
    pub(in crate::protocol::http) fn new(target: &Target, preamble: &Preamble, request: &plan::Request) -> Self {
        let mut headers = HeaderMap::new();
        let mut host = None;
        for (name, value) in preamble.headers_of(request) {
            if *name == header::HOST {
                host = Some(value);
            } else if !OF_CONNECTION.contains(&name.as_str()) {
                headers.append(name.clone(), value.clone());
            }
        }
        if let Some(length) = content_length(request) {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
        let uri = uri(target, host, &preamble.path_of(request));
        Self { method: request.method.clone(), uri, headers, body: request.body.clone() }
    }

    /// What opens a stream; `None` where the path can't be sent.
    pub(super) fn opening(&self, cookies: Option<&str>, traceparent: Option<&str>) -> Option<Request<()>> {
        let mut request = Request::new(());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone()?;
        request.headers_mut().clone_from(&self.headers);
        if let Some(cookies) = cookies.and_then(|cookies| HeaderValue::from_str(cookies).ok()) {
            // Several fields of this name are the rule in HTTP/2 (RFC 9113, section 8.2.3).
            request.headers_mut().append(HeaderName::from_static("cookie"), cookies);
        }
        if let Some(traceparent) = traceparent.and_then(|value| HeaderValue::from_str(value).ok()) {
            request.headers_mut().insert(HeaderName::from_static("traceparent"), traceparent);
        }
        Some(request)
    }
}

/// Scheme, host and path; the host is the one of the `host` header, where there is one.
fn uri(target: &Target, host: Option<&HeaderValue>, path: &str) -> Option<Uri> {
    let authority = host.and_then(|host| host.to_str().ok()).map_or_else(|| target.authority(), str::to_owned);
    let path = path.parse::<PathAndQuery>().ok()?;
    Uri::builder().scheme(target.scheme()).authority(authority).path_and_query(path).build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{HttpSettings, HttpVersion};

    fn prepared(request: &plan::Request) -> Prepared {
        let target = Target {
            name: "target".to_owned(),
            host: "shop".to_owned(),
            port: 443,
            has_chosen_port: false,
            base_path: "/v1".to_owned(),
            protocol: HttpVersion::Http2,
            tls: Some(plan::Tls::default()),
            headers: vec![(HeaderName::from_static("x-load-test"), HeaderValue::from_static("true"))],
            wait_for: None,
            start: None,
        };
        let mut settings = HttpSettings::default();
        settings.connections.reuse = false;
        Prepared::new(&target, &Preamble::new(&target, &settings), request)
    }

    fn request(path: &str, headers: &[(&'static str, &'static str)], body: &'static str) -> plan::Request {
        let headers = headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let method = if body.is_empty() { Method::GET } else { Method::POST };
        plan::Request { target: 0, method, path: path.to_owned(), headers: headers.collect(), body: body.into() }
    }

    #[test]
    fn the_host_stands_in_the_address_and_headers_of_connections_are_left_out() {
        let opening = prepared(&request("/items?a=b", &[("te", "trailers")], "")).opening(None, None).unwrap();
        assert_eq!(opening.uri(), "https://shop/v1/items?a=b");
        let names: Vec<&str> = opening.headers().keys().map(HeaderName::as_str).collect();
        assert_eq!(names, ["user-agent", "accept", "x-load-test"]);
        let other = prepared(&request("/", &[("host", "orders.example.com")], "")).opening(None, None).unwrap();
        assert_eq!(other.uri(), "https://orders.example.com/v1/");
    }

    #[test]
    fn a_body_has_its_length_and_a_user_their_cookies() {
        let opening = prepared(&request("/", &[("cookie", "a=1")], "hello")).opening(Some("b=2"), Some("00-1-2-01")).unwrap();
        assert_eq!(opening.headers()["content-length"], "5");
        assert_eq!(opening.headers()["traceparent"], "00-1-2-01");
        assert_eq!(opening.headers().get_all("cookie").iter().collect::<Vec<_>>(), ["a=1", "b=2"]);
        assert!(prepared(&request("/", &[], "")).opening(Some("a=1\r\nx: y"), None).unwrap().headers().get("cookie").is_none());
    }

    #[test]
    fn a_path_that_is_none_opens_no_stream() {
        assert!(prepared(&request("/a b", &[], "")).opening(None, None).is_none());
    }
}
