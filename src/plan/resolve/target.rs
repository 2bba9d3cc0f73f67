//! `target` -> where the load goes.

use std::time::Duration;

use http::{HeaderName, HeaderValue};
use url::{Host, Url};

use super::{Problems, SafetySettings, hosts, request};
use crate::{
    config::{Loaded, Path, target as written, written::TextOr},
    plan::{HttpVersion, Target, WaitFor},
};

/// Marks the traffic of load tests, so that services can tell it apart.
const MARKER: (&str, &str) = ("x-load-test", "true");
/// How long `wait_for` goes on asking.
const WAIT_TIMEOUT: Duration = Duration::from_secs(120);
/// Pause between two probes.
const WAIT_INTERVAL: Duration = Duration::from_secs(1);

const ADDRESS_HINT: &str = "write scheme, host and port, for example http://127.0.0.1:8080";

pub(super) fn resolve(loaded: &Loaded, safety: &SafetySettings, problems: &Problems<'_>) -> Option<Target> {
    let at = Path::root().key("target");
    let (base_url, url_at, long) = match &loaded.document.target {
        None => {
            problems.missing("target", "say where the load goes: target: http://127.0.0.1:8080");
            return None;
        }
        Some(TextOr::Text(url)) => (url.as_str(), at.clone(), None),
        Some(TextOr::Map(long)) => match &long.base_url {
            Some(url) => (url.as_str(), at.key("base_url"), Some(long)),
            None => {
                problems.add_at_key(&at, "'base_url' is missing here", ADDRESS_HINT);
                return None;
            }
        },
    };
    let mut headers = Vec::new();
    let mut wait_for = None;
    if let Some(long) = long {
        let known = [("auto", ()), ("http1", ())];
        problems.choice(long.protocol.as_deref(), &at.key("protocol"), &known, &["http2", "h2c"]);
        headers = request::headers(&long.headers, &at.key("headers"), loaded, problems);
        wait_for = long.wait_for.as_ref().and_then(|wait| wait_for_of(wait, &at.key("wait_for"), problems));
    }
    if !headers.iter().any(|(name, _)| name == MARKER.0) {
        headers.push((HeaderName::from_static(MARKER.0), HeaderValue::from_static(MARKER.1)));
    }
    let (host, port, base_path) = address(base_url, &url_at, problems)?;
    if loaded.secrets.appear_in(&host) {
        // The host is shown wherever the run is told of; masked, nobody could tell where the load went.
        problems.add(&url_at, "the target's host holds a secret", "write the host openly, and send the secret in a header");
        return None;
    }
    hosts::check(&host, &url_at, safety, problems);
    let name = "target".to_owned();
    Some(Target { name, host, port, base_path, protocol: HttpVersion::Auto, tls: None, headers, wait_for })
}

/// Host, port and path of a web address; what is wrong is noted.
fn address(text: &str, path: &Path, problems: &Problems<'_>) -> Option<(String, u16, String)> {
    let refuse = |message: String, hint: &str| {
        problems.add(path, message, hint);
        None
    };
    let text = text.trim();
    if text.is_empty() {
        return refuse("the target is empty".to_owned(), ADDRESS_HINT);
    }
    if text.starts_with("https://") {
        return refuse("https is not supported yet".to_owned(), "use an http:// address of the service");
    }
    if !text.starts_with("http://") {
        return refuse(format!("'{text}' is not a web address"), ADDRESS_HINT);
    }
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(error) => return refuse(format!("'{text}' is not a web address: {error}"), ADDRESS_HINT),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return refuse(
            "the target holds a user name or a password".to_owned(),
            "send an Authorization header with a secret: headers: { Authorization: \"Basic ${secret.NAME}\" }",
        );
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refuse(format!("'{text}' has a query or a fragment"), "put queries into the paths of the scenarios");
    }
    let host = match url.host()? {
        Host::Domain(name) => name.to_owned(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    };
    let port = url.port_or_known_default().unwrap_or(80);
    if port == 0 {
        return refuse("port 0 can't be connected to".to_owned(), ADDRESS_HINT);
    }
    Some((host, port, url.path().trim_end_matches('/').to_owned()))
}

fn wait_for_of(wait: &written::WaitFor, at: &Path, problems: &Problems<'_>) -> Option<WaitFor> {
    let path = request::path(&wait.get, &at.key("get"), problems);
    let status = wait.status.unwrap_or(200);
    if !request::is_status(status) {
        problems.add(&at.key("status"), format!("{status} is not an HTTP status"), "write a number from 100 to 599");
    }
    Some(WaitFor {
        path: path?,
        status,
        timeout: problems.time_or(wait.timeout.as_ref(), &at.key("timeout"), WAIT_TIMEOUT),
        interval: problems.time_or(wait.interval.as_ref(), &at.key("interval"), WAIT_INTERVAL),
    })
}
