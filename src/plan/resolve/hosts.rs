//! Which hosts load may go to.

use std::net::IpAddr;

use super::{Problems, SafetySettings};
use crate::config::Path;

/// Whether a host is this machine itself.
pub(super) fn is_loopback(host: &str) -> bool {
    let host = normal(host);
    host == "localhost" || host.ends_with(".localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Notes when the rules forbid a host.
pub(super) fn check(host: &str, path: &Path, safety: &SafetySettings, problems: &Problems<'_>) {
    let list = |key: &str| Path::root().key("safety").key(key);
    if let Some(pattern) = safety.deny_hosts.iter().find(|pattern| matches(pattern, host)) {
        let hint = "point the target at another service, or change `safety.deny_hosts` if this is meant";
        problems.add_between(
            path,
            &list("deny_hosts"),
            format!("load to '{host}' is forbidden by '{pattern}' under `safety.deny_hosts`"),
            hint,
        );
    } else if safety.allow_hosts.as_ref().is_some_and(|allowed| !allowed.iter().any(|pattern| matches(pattern, host))) {
        let hint = format!("add \"{host}\" to `safety.allow_hosts` if load may go there");
        problems.add_between(path, &list("allow_hosts"), format!("the host '{host}' is not in `safety.allow_hosts`"), hint);
    }
}

/// Whether `staging.example.com` or `*.example.com` (any host below example.com, not itself) names the host.
fn matches(pattern: &str, host: &str) -> bool {
    let (pattern, host) = (normal(pattern), normal(host));
    match pattern.strip_prefix('*') {
        Some(ending) => host.len() > ending.len() && host.ends_with(ending),
        None => host == pattern,
    }
}

/// Case, brackets and a final dot make no difference to where a connection goes.
fn normal(host: &str) -> String {
    host.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase()
}

/// Whether a pattern names hosts; what is wrong is noted.
pub(super) fn check_pattern(pattern: &str, path: &Path, problems: &Problems<'_>) {
    let name = pattern.strip_prefix("*.").unwrap_or(pattern);
    let is_address = name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    if !is_address && !is_name {
        let hint = "write a host without scheme, port or path: 127.0.0.1, staging.example.com or \"*.staging.example.com\"";
        problems.add(path, format!("'{pattern}' is not a host"), hint);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_everything_below_a_domain_and_not_for_the_domain_or_a_lookalike() {
        assert!(matches("*.prod.example.com", "a.prod.example.com"));
        assert!(matches("*.prod.example.com", "A.B.Prod.Example.com."));
        assert!(!matches("*.prod.example.com", "prod.example.com"));
        assert!(!matches("*.example.com", "evilexample.com"));
        assert!(matches("[::1]", "::1") && !matches("example.com", "www.example.com"));
    }

    #[test]
    fn loopback_is_known_by_any_of_its_names() {
        assert!(["localhost", "127.0.0.1", "127.9.9.9", "::1", "LOCALHOST."].into_iter().all(is_loopback));
        assert!(!["10.0.0.1", "example.com", "notlocalhost"].into_iter().any(is_loopback));
    }
}
