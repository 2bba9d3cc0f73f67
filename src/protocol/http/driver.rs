//! One request, from a pooled connection to the last byte of its response.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Uri, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use tokio::time::timeout;

use super::pool::{Connection, Pool};
use crate::{
    clock::{self, Instant},
    plan::{self, Method, Plan, Share, TargetId},
    protocol::{Driver, Exchange, Failure, Keep, Origins, Reply, Terms},
    record::{ErrorClass, Phases},
};

/// Speaks HTTP/1.1 with the targets of a plan.
#[derive(Debug)]
pub struct HttpDriver(Vec<Origin>);

#[derive(Debug)]
struct Origin {
    pool: Pool,
    base_path: String,
    headers: HeaderMap,
}

/// A request with everything that is the same each time it is sent.
#[derive(Clone, Debug)]
pub struct HttpRequest {
    target: TargetId,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
}

impl HttpDriver {
    /// A driver without any connection yet, for one of the threads that share a plan's connections.
    #[must_use]
    pub fn new(plan: &Plan, origins: &Origins, _share: Share) -> Self {
        let origin = |(id, target): (TargetId, &plan::Target)| {
            let mut headers = HeaderMap::new();
            if let Ok(host) = HeaderValue::from_str(&target.authority()) {
                headers.insert(header::HOST, host);
            }
            headers.insert(header::USER_AGENT, HeaderValue::from_static(concat!("loadgate/", env!("CARGO_PKG_VERSION"))));
            headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
            replace(&mut headers, &target.headers);
            let pool = Pool::new(origins.clone(), id, plan.http.timeouts.connect);
            Origin { pool, base_path: target.base_path.clone(), headers }
        };
        Self(plan.targets.iter().enumerate().map(origin).collect())
    }

    /// Sends on an idle connection, else on a new one. A request that an idle connection gives back unsent, because the
    /// target had just closed it, goes out on a new one: it never reached the target.
    async fn send(
        pool: &Pool,
        mut message: Request<Full<Bytes>>,
        sent: &mut Instant,
        opened: &mut bool,
    ) -> Result<(Connection, http::Response<Incoming>), Failure> {
        while let Some(mut connection) = pool.take_idle() {
            *sent = clock::now();
            match connection.try_send_request(message).await {
                Ok(response) => return Ok((connection, response)),
                Err(mut error) => match error.take_message() {
                    Some(unsent) => message = unsent,
                    None => return Err(failure_of(&error.into_error())),
                },
            }
        }
        let mut connection = pool.open().await?;
        (*sent, *opened) = (clock::now(), true);
        match connection.try_send_request(message).await {
            Ok(response) => Ok((connection, response)),
            Err(error) => Err(failure_of(&error.into_error())),
        }
    }

    async fn send_and_receive(
        &self,
        request: &HttpRequest,
        terms: &Terms<'_>,
        sent: &mut Instant,
        opened: &mut bool,
        bytes: &mut u64,
    ) -> Result<Reply, Failure> {
        let pool = &self.0[request.target].pool;
        let (connection, response) = Self::send(pool, request.message(terms.cookie), sent, opened).await?;
        let (head, mut incoming) = response.into_parts();
        let mut body = Vec::new();
        while let Some(frame) = incoming.frame().await {
            let frame = frame.map_err(|error| failure_of(&error))?;
            let data = frame.data_ref().map_or(&[][..], |data| data.as_ref());
            *bytes += data.len() as u64;
            if terms.keep == Keep::Body {
                body.extend_from_slice(data);
            }
        }
        pool.give_back(connection);
        let headers = if terms.keep == Keep::Status { HeaderMap::new() } else { head.headers };
        Ok(Reply { status: head.status, headers, body: body.into() })
    }
}

impl Driver for HttpDriver {
    type Request = HttpRequest;

    fn prepare(&self, request: &plan::Request) -> HttpRequest {
        let origin = &self.0[request.target];
        let mut headers = origin.headers.clone();
        replace(&mut headers, &request.headers);
        let uri = format!("{}{}", origin.base_path, request.path).parse().unwrap_or_else(|_| Uri::from_static("/"));
        let (target, method, body) = (request.target, request.method.clone(), request.body.clone());
        HttpRequest { target, method, uri, headers, body }
    }

    async fn exchange(&self, request: &HttpRequest, terms: &Terms<'_>) -> Exchange {
        let (mut sent, mut opened, mut bytes) = (clock::now(), false, 0);
        let result = timeout(terms.timeout, self.send_and_receive(request, terms, &mut sent, &mut opened, &mut bytes)).await;
        let outcome = result
            .unwrap_or_else(|_| Err(Failure::new(ErrorClass::TimeoutRequest, "no complete response within the request timeout")));
        Exchange { sent, done: clock::now(), bytes, phases: Phases::default(), opened, outcome }
    }
}

impl HttpRequest {
    fn message(&self, cookie: Option<&str>) -> Request<Full<Bytes>> {
        let mut message = Request::new(Full::new(self.body.clone()));
        *message.method_mut() = self.method.clone();
        *message.uri_mut() = self.uri.clone();
        message.headers_mut().clone_from(&self.headers);
        if let Some(cookie) = cookie.and_then(|cookie| HeaderValue::from_str(cookie).ok()) {
            message.headers_mut().insert(header::COOKIE, cookie);
        }
        message
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

    #[test]
    fn a_header_of_the_step_replaces_the_targets() {
        let mut headers = HeaderMap::new();
        headers.insert("x-load-test", HeaderValue::from_static("true"));
        replace(&mut headers, &[(header::HeaderName::from_static("x-load-test"), HeaderValue::from_static("no"))]);
        assert_eq!(headers.get_all("x-load-test").iter().collect::<Vec<_>>(), ["no"]);
    }
}
