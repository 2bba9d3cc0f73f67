//! One request, from a pooled connection to the last byte of its response.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use tokio::time::timeout;

use super::pool::{Connection, Pool};
use crate::{
    clock::{self, Instant},
    plan::{Limits, Method, Step, Target},
    protocol::{Addresses, Driver, Exchange, Failure},
    record::ErrorClass,
};

/// Speaks HTTP/1.1 with one target.
#[derive(Debug)]
pub struct HttpDriver {
    pool: Pool,
    base_path: String,
    headers: HeaderMap,
}

/// A request with everything that is the same each time it is sent.
#[derive(Clone, Debug)]
pub struct HttpRequest {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
    expected_status: Vec<StatusCode>,
}

impl HttpDriver {
    /// A driver without any connection yet.
    #[must_use]
    pub fn new(target: &Target, addresses: Addresses, limits: &Limits) -> Self {
        let mut headers = HeaderMap::new();
        if let Ok(host) = HeaderValue::from_str(&target.authority()) {
            headers.insert(header::HOST, host);
        }
        headers.insert(header::USER_AGENT, HeaderValue::from_static(concat!("loadgate/", env!("CARGO_PKG_VERSION"))));
        headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
        replace(&mut headers, &target.headers);
        Self { pool: Pool::new(addresses, limits.connect_timeout), base_path: target.base_path.clone(), headers }
    }

    /// Sends on an idle connection, else on a new one. A request that an idle connection gives back unsent, because the
    /// target had just closed it, goes out on a new one: it never reached the target.
    async fn send(&self, request: &HttpRequest, sent: &mut Instant) -> Result<(Connection, http::Response<Incoming>), Failure> {
        let mut message = request.message();
        while let Some(mut connection) = self.pool.take_idle() {
            *sent = clock::now();
            match connection.try_send_request(message).await {
                Ok(response) => return Ok((connection, response)),
                Err(mut error) => match error.take_message() {
                    Some(unsent) => message = unsent,
                    None => return Err(failure_of(&error.into_error())),
                },
            }
        }
        let mut connection = self.pool.open().await?;
        *sent = clock::now();
        match connection.try_send_request(message).await {
            Ok(response) => Ok((connection, response)),
            Err(error) => Err(failure_of(&error.into_error())),
        }
    }

    async fn send_and_receive(&self, request: &HttpRequest, sent: &mut Instant) -> Result<u64, Failure> {
        let (connection, response) = self.send(request, sent).await?;
        let status = response.status();
        let mut body = response.into_body();
        let mut bytes = 0;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| failure_of(&error))?;
            bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
        }
        self.pool.give_back(connection);
        request.judge(status).map_or(Ok(bytes), Err)
    }
}

impl Driver for HttpDriver {
    type Request = HttpRequest;

    fn prepare(&self, step: &Step) -> HttpRequest {
        let mut headers = self.headers.clone();
        replace(&mut headers, &step.headers);
        let uri = format!("{}{}", self.base_path, step.path).parse().unwrap_or_else(|_| Uri::from_static("/"));
        HttpRequest {
            method: step.method.clone(),
            uri,
            headers,
            body: step.body.clone(),
            expected_status: step.expected_status.clone(),
        }
    }

    async fn exchange(&self, request: &HttpRequest, limit: Duration) -> Exchange {
        let mut sent = clock::now();
        let result = timeout(limit, self.send_and_receive(request, &mut sent)).await;
        let done = clock::now();
        match result {
            Ok(Ok(bytes)) => Exchange { sent, done, bytes, failure: None },
            Ok(Err(failure)) => Exchange { sent, done, bytes: 0, failure: Some(failure) },
            Err(_) => {
                let failure = Failure::new(ErrorClass::TimeoutRequest, "no complete response within the request timeout");
                Exchange { sent, done, bytes: 0, failure: Some(failure) }
            }
        }
    }
}

impl HttpRequest {
    fn message(&self) -> Request<Full<Bytes>> {
        let mut message = Request::new(Full::new(self.body.clone()));
        *message.method_mut() = self.method.clone();
        *message.uri_mut() = self.uri.clone();
        message.headers_mut().clone_from(&self.headers);
        message
    }

    /// Whether a response of this status is a failure.
    fn judge(&self, status: StatusCode) -> Option<Failure> {
        let as_promised =
            if self.expected_status.is_empty() { status.as_u16() < 400 } else { self.expected_status.contains(&status) };
        if as_promised {
            return None;
        }
        let class = match status.as_u16() {
            400..=499 => ErrorClass::Status4xx,
            500.. => ErrorClass::Status5xx,
            _ => ErrorClass::CheckFailed,
        };
        Some(Failure { class, message: format!("status {}", status.as_u16()).into() })
    }
}

/// Lays headers over others: a name that is given replaces all values it had.
fn replace(headers: &mut HeaderMap, over: &[(header::HeaderName, HeaderValue)]) {
    over.iter().for_each(|(name, _)| while headers.remove(name).is_some() {});
    over.iter().for_each(|(name, value)| {
        headers.append(name.clone(), value.clone());
    });
}

fn failure_of(error: &hyper::Error) -> Failure {
    let class = if error.is_parse() || error.is_parse_too_large() || error.is_parse_status() {
        ErrorClass::Protocol
    } else if error.is_timeout() {
        ErrorClass::TimeoutRequest
    } else {
        // What is left is a connection that ended before the response did.
        ErrorClass::Reset
    };
    Failure::of(class, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(expected: &[u16]) -> HttpRequest {
        HttpRequest {
            method: Method::GET,
            uri: Uri::from_static("/"),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            expected_status: expected.iter().map(|&code| StatusCode::from_u16(code).unwrap()).collect(),
        }
    }

    #[test]
    fn a_status_is_judged_by_the_check_where_there_is_one() {
        let class = |expected: &[u16], status| {
            request(expected).judge(StatusCode::from_u16(status).unwrap()).map(|failure| failure.class)
        };
        assert_eq!(class(&[], 204), None);
        assert_eq!(class(&[], 302), None);
        assert_eq!(class(&[], 404), Some(ErrorClass::Status4xx));
        assert_eq!(class(&[404], 404), None);
        assert_eq!(class(&[200, 201], 503), Some(ErrorClass::Status5xx));
        assert_eq!(class(&[201], 200), Some(ErrorClass::CheckFailed));
    }

    #[test]
    fn a_header_of_the_step_replaces_the_targets() {
        let mut headers = HeaderMap::new();
        headers.insert("x-load-test", HeaderValue::from_static("true"));
        replace(&mut headers, &[(header::HeaderName::from_static("x-load-test"), HeaderValue::from_static("no"))]);
        assert_eq!(headers.get_all("x-load-test").iter().collect::<Vec<_>>(), ["no"]);
    }
}
