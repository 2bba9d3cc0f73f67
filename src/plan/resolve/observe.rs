//! `observe` -> whether requests carry an id that the target's traces have too.

use http::HeaderName;

use super::Problems;
use crate::{
    config::{Loaded, Path},
    plan::{Target, Workload},
};

/// The header of W3C Trace Context.
const TRACEPARENT: &str = "traceparent";

/// Whether each request is sent with an id of its own.
pub(super) fn traces(loaded: &Loaded, problems: &Problems<'_>) -> bool {
    let known = [("off", false), ("w3c", true)];
    let written = loaded.document.observe.traces.as_deref();
    problems.choice(written, &at(), &known, &[]).unwrap_or(false)
}

/// A request that has such a header of its own would be sent with two.
pub(super) fn check_headers(workload: &Workload, targets: &[Target], problems: &Problems<'_>) {
    let is_it = |(name, _): &(HeaderName, _)| name.as_str() == TRACEPARENT;
    let by_target = || targets.iter().any(|target| target.headers.iter().any(|(name, _)| name.as_str() == TRACEPARENT));
    let requests = || workload.scenarios.iter().flat_map(|scenario| scenario.requests());
    if by_target() || requests().any(|step| step.request.headers.iter().any(is_it)) {
        let message = format!("there is a header '{TRACEPARENT}' in the configuration already");
        problems.add(&at(), message, "remove that header, or this line");
    }
}

fn at() -> Path {
    Path::root().key("observe").key("traces")
}
