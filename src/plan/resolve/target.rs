//! `target` and `targets` -> where the load goes.

use std::time::Duration;

use http::{HeaderName, HeaderValue};
use url::{Host, Url};

use super::{Problems, SafetySettings, commands, hosts, names, request, tls};
use crate::{
    config::{Loaded, Path, nearest_hint, target as written, written::TextOr},
    plan::{HttpVersion, PORT, ShellCommand, Target, TargetId, WaitFor},
};

/// Name of the service under `target:`.
const OWN_NAME: &str = "target";
/// Values of `protocol`.
const VERSIONS: [(&str, HttpVersion); 4] =
    [("auto", HttpVersion::Auto), ("http1", HttpVersion::Http1), ("http2", HttpVersion::Http2), ("h2c", HttpVersion::H2c)];
/// Marks the traffic of load tests, so that services can tell it apart.
const MARKER: (&str, &str) = ("x-load-test", "true");
/// How long `wait_for` goes on asking.
const WAIT_TIMEOUT: Duration = Duration::from_secs(120);
/// Where a service that loadgate starts listens, unless something else is said.
pub(super) const STARTED_URL: &str = "http://127.0.0.1:$PORT";
/// Pause between two probes.
const WAIT_INTERVAL: Duration = Duration::from_secs(1);

const ADDRESS_HINT: &str = "write scheme, host and port, for example http://127.0.0.1:8080";

/// The service of `target:`, then those of `targets:`.
pub(super) fn resolve(loaded: &Loaded, safety: &SafetySettings, problems: &Problems<'_>) -> Option<Vec<Target>> {
    let at = Path::root().key(OWN_NAME);
    let own = loaded.document.target.as_ref();
    if own.is_none() {
        problems.missing(OWN_NAME, "say where the load goes: target: http://127.0.0.1:8080");
    }
    let own = own.and_then(|target| one(OWN_NAME, target, &at, loaded, safety, problems));
    let at = Path::root().key("targets");
    let others = loaded.document.targets.iter().map(|(name, target)| {
        let at = at.key(name);
        if name == OWN_NAME {
            problems.add_at_key(&at, "'target' is the name of the service under `target:`", "give it another name");
            return None;
        }
        let is_name = names::check(name, &at, problems);
        one(name, target, &at, loaded, safety, problems).filter(|_| is_name)
    });
    // All of them are looked at, also after a wrong one.
    let all: Vec<Option<Target>> = [own].into_iter().chain(others).collect();
    all.into_iter().collect()
}

/// The number of a target by its name; an unknown one is noted.
pub(super) fn named(name: &str, at: &Path, loaded: &Loaded, problems: &Problems<'_>) -> Option<TargetId> {
    let mut names = [OWN_NAME].into_iter().chain(loaded.document.targets.keys().map(String::as_str));
    let found = names.clone().position(|known| known == name);
    if found.is_none() {
        let hint = if loaded.document.targets.is_empty() {
            format!("name the service under `targets:`, for example targets: {{ {name}: http://127.0.0.1:8081 }}")
        } else {
            nearest_hint(name, names.by_ref(), "known targets")
        };
        problems.add(at, format!("there is no target '{name}'"), hint);
    }
    found
}

fn one(
    name: &str,
    target: &TextOr<written::Target>,
    at: &Path,
    loaded: &Loaded,
    safety: &SafetySettings,
    problems: &Problems<'_>,
) -> Option<Target> {
    let (base_url, url_at, long) = match target {
        TextOr::Text(url) => (Some(url.as_str()), at.clone(), None),
        TextOr::Map(long) => (long.base_url.as_deref(), at.key("base_url"), Some(long)),
    };
    let start = long.and_then(|long| started(name, long, at, loaded, problems));
    let is_given = |url: &&str| start.is_none() || !url.trim().is_empty();
    let Some(base_url) = base_url.filter(is_given).or(start.is_some().then_some(STARTED_URL)) else {
        problems.add_at_key(at, "'base_url' is missing here", ADDRESS_HINT);
        return None;
    };
    let mut headers = Vec::new();
    let (mut wait_for, mut protocol, mut written_tls) = (None, None, None);
    if let Some(long) = long {
        protocol = problems.choice(long.protocol.as_deref(), &at.key("protocol"), &VERSIONS, &[]);
        written_tls = long.tls.as_ref();
        if name != OWN_NAME && long.baseline_url.is_some() {
            let hint = "only the service under `target:` is compared; all others are the same for both versions";
            problems.add_at_key(&at.key("baseline_url"), "'baseline_url' belongs to `target`", hint);
        }
        headers = request::headers(&long.headers, &at.key("headers"), loaded, problems);
        wait_for = long.wait_for.as_ref().and_then(|wait| wait_for_of(wait, &at.key("wait_for"), problems));
    }
    if !headers.iter().any(|(name, _)| name == MARKER.0) {
        headers.push((HeaderName::from_static(MARKER.0), HeaderValue::from_static(MARKER.1)));
    }
    let Address { host, port, base_path, is_secured } = place(base_url, &url_at, loaded, safety, problems)?;
    if port == 0 && start.is_none() {
        refuse_port(&url_at, "target.start", problems);
        return None;
    }
    let protocol = protocol.unwrap_or_default();
    check_agreement(protocol, written_tls.is_some(), is_secured, at, problems);
    let tls = is_secured.then(|| tls::resolve(written_tls, &at.key("tls"), loaded, problems));
    let has_chosen_port = port == 0;
    Some(Target { name: name.to_owned(), host, port, has_chosen_port, base_path, protocol, tls, headers, wait_for, start })
}

/// The command that starts a service; only that of `target:` has one.
fn started(name: &str, long: &written::Target, at: &Path, loaded: &Loaded, problems: &Problems<'_>) -> Option<ShellCommand> {
    if name == OWN_NAME {
        return commands::command(long.start.as_deref(), &at.key("start"), loaded, problems);
    }
    for (key, command) in [("start", &long.start), ("baseline_start", &long.baseline_start)] {
        if command.is_some() {
            let hint = "start it before loadgate, with `hooks.before`, or with the command of `target.start`";
            problems.add_at_key(&at.key(key), format!("'{key}' belongs to `target`"), hint);
        }
    }
    None
}

/// Refuses `$PORT` where nothing is started.
pub(super) fn refuse_port(at: &Path, command: &str, problems: &Problems<'_>) {
    let message = format!("nothing is started that would listen on {PORT}");
    problems.add(at, message, format!("write the port the service listens on, or the command that starts it: {command}"));
}

/// An address that load may go to.
pub(super) fn place(url: &str, at: &Path, loaded: &Loaded, safety: &SafetySettings, problems: &Problems<'_>) -> Option<Address> {
    let address = address(url, at, problems)?;
    if loaded.secrets.appear_in(&address.host) {
        // The host is shown wherever the run is told of; masked, nobody could tell where the load went.
        problems.add(at, "the target's host holds a secret", "write the host openly, and send the secret in a header");
        return None;
    }
    hosts::check(&address.host, at, safety, problems);
    Some(address)
}

/// Whether scheme, protocol and `tls:` go together.
fn check_agreement(protocol: HttpVersion, has_tls: bool, is_secured: bool, at: &Path, problems: &Problems<'_>) {
    let at_protocol = at.key("protocol");
    match (protocol, is_secured) {
        (HttpVersion::Http2, false) => {
            let hint = "write h2c for HTTP/2 without TLS, or an https:// address";
            problems.add(&at_protocol, "'http2' is spoken over TLS, and this is an http:// address", hint);
        }
        (HttpVersion::H2c, true) => {
            problems.add(&at_protocol, "'h2c' is spoken without TLS, and this is an https:// address", "write http2");
        }
        _ => {}
    }
    if has_tls && !is_secured {
        let hint = "write an https:// address, or set `tls` in the entry of `environments:` that has one";
        problems.add_at_key(&at.key("tls"), "'tls' means nothing for an http:// address", hint);
    }
}

/// A web address in its parts.
pub(super) struct Address {
    pub(super) host: String,
    /// 0 for the one that loadgate chooses.
    pub(super) port: u16,
    pub(super) base_path: String,
    /// Whether it is an `https://` one.
    pub(super) is_secured: bool,
}

/// Stands for a port that is not known yet while an address is taken apart.
const CHOSEN: &str = "1";

/// A web address in its parts; what is wrong is noted.
fn address(text: &str, path: &Path, problems: &Problems<'_>) -> Option<Address> {
    let refuse = |message: String, hint: &str| {
        problems.add(path, message, hint);
        None
    };
    let written = text.trim();
    // A port that is known only when the service is started; it must stand where a port stands.
    let is_chosen = written.contains(PORT);
    let text = written.replacen(PORT, CHOSEN, 1);
    let text = text.as_str();
    if text.is_empty() {
        return refuse("the target is empty".to_owned(), ADDRESS_HINT);
    }
    let is_secured = text.starts_with("https://");
    if !is_secured && !text.starts_with("http://") {
        return refuse(format!("'{written}' is not a web address"), ADDRESS_HINT);
    }
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(error) => return refuse(format!("'{written}' is not a web address: {error}"), ADDRESS_HINT),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return refuse(
            "the target holds a user name or a password".to_owned(),
            "send an Authorization header with a secret: headers: { Authorization: \"Basic ${secret.NAME}\" }",
        );
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refuse(format!("'{written}' has a query or a fragment"), "put queries into the paths of the scenarios");
    }
    let host = match url.host()? {
        Host::Domain(name) => name.to_owned(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    };
    let base_path = url.path().trim_end_matches('/').to_owned();
    if is_chosen {
        if url.port().map(|port| port.to_string()).as_deref() != Some(CHOSEN) || written.matches(PORT).count() > 1 {
            return refuse(
                format!("in '{written}' {PORT} does not stand for a port"),
                "write it behind the host: http://127.0.0.1:$PORT",
            );
        }
        return Some(Address { host, port: 0, base_path, is_secured });
    }
    let port = url.port_or_known_default().unwrap_or(80);
    if port == 0 {
        return refuse("port 0 can't be connected to".to_owned(), ADDRESS_HINT);
    }
    Some(Address { host, port, base_path, is_secured })
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
