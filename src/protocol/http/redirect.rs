//! Redirects: where an answer sends its user, and what is asked for there.

use bytes::Bytes;
use http::{
    Method, StatusCode,
    header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, LOCATION},
};
use url::Url;

use crate::{
    mask::shortened,
    plan::{Request, Target, TargetId},
    protocol::{Exchange, Failure, Reply},
    record::ErrorClass,
};

/// The request that a redirect asks for; `None` when the answer is no redirect.
///
/// # Errors
/// It leads to a place that load must not go to, or to none.
pub(super) fn next(reply: &Reply, request: &Request, targets: &[Target]) -> Result<Option<Request>, Failure> {
    let keeps_method = match reply.status {
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => request.method != Method::POST,
        StatusCode::SEE_OTHER => request.method == Method::HEAD,
        StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => true,
        _ => return Ok(None),
    };
    let Some(location) = reply.headers.get(LOCATION) else { return Ok(None) };
    let shown = shortened(&String::from_utf8_lossy(location.as_bytes()));
    let refused = |reason: &str| Failure::told(ErrorClass::Redirect, &format!("redirect to {shown}: {reason}"));
    let here = address(&targets[request.target], &request.path);
    let there = location.to_str().ok().and_then(|location| here?.join(location).ok());
    let there = there.ok_or_else(|| refused("this is no web address"))?;
    let target =
        place(&there, request.target, targets).ok_or_else(|| refused("it leads out of the targets of the configuration"))?;
    let path = path(&there, &targets[target]).ok_or_else(|| refused("it leads out of the base path of the target"))?;
    let mut headers = request.headers.clone();
    if target != request.target {
        headers.retain(|(name, value)| *name != AUTHORIZATION && !value.is_sensitive());
    }
    if keeps_method {
        return Ok(Some(Request { target, method: request.method.clone(), path, headers, body: request.body.clone() }));
    }
    headers.retain(|(name, _)| *name != CONTENT_TYPE && *name != CONTENT_ENCODING);
    Ok(Some(Request { target, method: Method::GET, path, headers, body: Bytes::new() }))
}

/// The web address of a path of a target.
pub(super) fn address(target: &Target, path: &str) -> Option<Url> {
    Url::parse(&format!("{}://{}{}{path}", target.scheme(), target.authority(), target.base_path)).ok()
}

/// The target an address belongs to; where several do, the one we come from.
fn place(address: &Url, from: TargetId, targets: &[Target]) -> Option<TargetId> {
    let host = address.host_str()?.trim_matches(['[', ']']);
    let is_it = |target: &Target| {
        target.scheme() == address.scheme()
            && target.host.eq_ignore_ascii_case(host)
            && Some(target.port) == address.port_or_known_default()
    };
    if is_it(&targets[from]) { Some(from) } else { targets.iter().position(is_it) }
}

/// The path below a target's base path.
fn path(address: &Url, target: &Target) -> Option<String> {
    let below = address.path().strip_prefix(target.base_path.as_str())?;
    let below = if below.is_empty() { "/" } else { below };
    let query = address.query().map(|query| format!("?{query}")).unwrap_or_default();
    below.starts_with('/').then(|| format!("{below}{query}"))
}

impl Exchange {
    /// The exchange that goes on with another request, to where its answer led.
    pub(super) fn followed_by(self, request: Request, next: Self) -> Self {
        let mut phases = self.phases;
        phases.add(&next.phases);
        Self {
            sent: self.sent,
            bytes: self.bytes + next.bytes,
            phases,
            connections: self.connections + next.connections,
            resent: self.resent + next.resent,
            request: Some(Box::new(request)),
            ..next
        }
    }

    /// The exchange whose answer is itself what it fails by.
    pub(super) fn rejected(self, failure: Failure) -> Self {
        Self { rejected: self.outcome.ok().map(Box::new), outcome: Err(failure), ..self }
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::*;
    use crate::plan::HttpVersion;

    fn target(host: &str, base_path: &str) -> Target {
        Target {
            name: host.to_owned(),
            host: host.to_owned(),
            port: 80,
            has_chosen_port: false,
            base_path: base_path.to_owned(),
            protocol: HttpVersion::Auto,
            tls: None,
            headers: Vec::new(),
            wait_for: None,
            start: None,
        }
    }

    fn redirected(status: u16, location: &'static str, method: Method) -> Result<Option<Request>, String> {
        let headers = HeaderMap::from_iter([(LOCATION, HeaderValue::from_static(location))]);
        let reply = Reply { status: StatusCode::from_u16(status).unwrap(), headers, body: Bytes::new(), bytes: 0 };
        let json = (CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let token = (AUTHORIZATION, HeaderValue::from_static("Bearer x"));
        let own = (HeaderName::from_static("x-own"), HeaderValue::from_static("1"));
        let headers = vec![json, token, own];
        let request = Request { target: 0, method, path: "/a/b?c".to_owned(), headers, body: Bytes::from_static(b"{}") };
        next(&reply, &request, &[target("one", "/v1"), target("two", "")]).map_err(|failure| failure.message.into_owned())
    }

    #[test]
    fn method_and_body_are_kept_or_not_as_the_status_says() {
        let to = |status, method| {
            let request = redirected(status, "x", method).unwrap().unwrap();
            (request.method.to_string(), request.path, request.body.len(), request.headers.len())
        };
        let got = |method: &str, bytes, headers| (method.to_owned(), "/a/x".to_owned(), bytes, headers);
        assert_eq!(to(307, Method::POST), got("POST", 2, 3));
        assert_eq!(to(308, Method::PUT), got("PUT", 2, 3));
        assert_eq!(to(303, Method::PUT), got("GET", 0, 2));
        assert_eq!(to(302, Method::POST), got("GET", 0, 2));
        assert_eq!(to(301, Method::GET), got("GET", 2, 3));
        assert_eq!(redirected(304, "x", Method::GET), Ok(None));
    }

    #[test]
    fn a_redirect_leads_to_targets_only() {
        let refusal = |location| redirected(302, location, Method::GET).unwrap_err();
        assert_eq!(refusal("http://three/x"), "redirect to http://three/x: it leads out of the targets of the configuration");
        assert_eq!(refusal("https://one/v1/x"), "redirect to https://one/v1/x: it leads out of the targets of the configuration");
        assert_eq!(refusal("/x"), "redirect to /x: it leads out of the base path of the target");
        let long = refusal("http://three/0123456789012345678901234567890123456789012345678901234567890123456789/secret-value");
        assert!(
            long.contains("/s..: it leads") || long.contains("..: it leads"),
            "a cut is marked, as masking looks for it: {long}"
        );
        assert_eq!(refusal("http://"), "redirect to http://: this is no web address");
    }

    #[test]
    fn credentials_do_not_follow_to_another_target() {
        let request = redirected(307, "http://two/x?y=1", Method::POST).unwrap().unwrap();
        assert_eq!((request.target, request.path.as_str()), (1, "/x?y=1"));
        let names: Vec<&str> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["content-type", "x-own"]);
    }
}
