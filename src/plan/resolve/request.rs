//! Paths, headers, bodies and statuses of requests.

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue, uri::PathAndQuery};

use super::Problems;
use crate::config::{Loaded, Path};

/// Headers that follow from the request and would break it if they were wrong.
const OWN_HEADERS: [&str; 4] = ["content-length", "transfer-encoding", "connection", "upgrade"];

/// A path with query that can be sent as it is; what is wrong is noted.
pub(super) fn path(text: &str, at: &Path, problems: &Problems<'_>) -> Option<String> {
    let refuse = |message: String, hint: &str| {
        problems.add(at, message, hint);
        None
    };
    if text.contains("://") && !text.starts_with('/') {
        return refuse(format!("'{text}' is a whole web address"), "write the path alone; host and port belong in `target`");
    }
    if !text.starts_with('/') {
        return refuse(format!("the path '{text}' does not begin with '/'"), "write it from the root, for example /api/items");
    }
    if text.contains('#') {
        return refuse(format!("the path '{text}' has a fragment"), "leave out '#' and what follows; it is never sent");
    }
    if let Some(bad) = text.chars().find(|c| !c.is_ascii_graphic()) {
        let hint = "write it percent-encoded, for example %20 for a blank";
        return refuse(format!("the path '{text}' holds {}", in_words(bad)), hint);
    }
    match text.parse::<PathAndQuery>() {
        Ok(_) => Some(text.to_owned()),
        Err(error) => refuse(format!("'{text}' is not a path: {error}"), "write characters such as < > \" { } percent-encoded"),
    }
}

fn in_words(c: char) -> String {
    if c == ' ' { "a blank".to_owned() } else { format!("'{}'", c.escape_debug()) }
}

/// Headers ready to be sent, those with a secret marked sensitive; what is wrong is noted.
pub(super) fn headers(
    written: &BTreeMap<String, String>,
    at: &Path,
    loaded: &Loaded,
    problems: &Problems<'_>,
) -> Vec<(HeaderName, HeaderValue)> {
    let mut headers: Vec<(HeaderName, HeaderValue)> = Vec::new();
    for (name, value) in written {
        let at = at.key(name);
        let Ok(header) = name.parse::<HeaderName>() else {
            problems.add_at_key(&at, format!("'{name}' is not the name of a header"), "use letters, digits and '-'");
            continue;
        };
        if OWN_HEADERS.contains(&header.as_str()) {
            problems.add_at_key(
                &at,
                format!("the header '{name}' can't be set"),
                "remove it; loadgate sets it as the request needs it",
            );
            continue;
        }
        if headers.iter().any(|(known, _)| *known == header) {
            problems.add_at_key(&at, format!("the header '{name}' is given twice"), "case makes no difference; keep one");
            continue;
        }
        match HeaderValue::from_bytes(value.as_bytes()) {
            Ok(mut ready) => {
                ready.set_sensitive(loaded.secrets.appear_in(value));
                headers.push((header, ready));
            }
            Err(_) => {
                let hint = "leave out line breaks and control characters";
                problems.add(&at, format!("the value of '{name}' can't be sent"), hint);
            }
        }
    }
    headers
}

/// Whether a number is an HTTP status.
pub(super) fn is_status(status: u16) -> bool {
    (100..=599).contains(&status)
}
