//! `target.baseline_url` and `regression.compare` -> which version stands beside the candidate, if any.

use super::{Problems, SafetySettings, target};
use crate::{
    config::{Loaded, Path, written::TextOr},
    plan::{Load, Target},
    policy::Mode,
};

/// Name of the baseline among the targets of a plan.
const NAME: &str = "baseline";

/// How the candidate is compared: `auto` is decided here, by whether the baseline can be asked.
pub(super) fn mode(loaded: &Loaded, problems: &Problems<'_>) -> Mode {
    let at = Path::root().key("regression").key("compare");
    let known = [("auto", None), ("baseline", Some(Mode::Baseline)), ("ab", Some(Mode::Ab))];
    let written = problems.choice(loaded.document.regression.compare.as_deref(), &at, &known, &[]).flatten();
    let is_there = baseline_url(loaded).is_some();
    if written == Some(Mode::Ab) && !is_there {
        let hint = "say where it is: target: { base_url: http://127.0.0.1:8080, baseline_url: http://127.0.0.1:8081 }";
        problems.add(&at, "'ab' asks two versions at the same time, and there is no `target.baseline_url`", hint);
    }
    written.unwrap_or(if is_there { Mode::Ab } else { Mode::Baseline })
}

/// The baseline: everything like the candidate but its address. `own` is the candidate, where it is right.
pub(super) fn baseline(
    loaded: &Loaded,
    own: Option<&Target>,
    safety: &SafetySettings,
    problems: &Problems<'_>,
) -> Option<Target> {
    let url = baseline_url(loaded)?;
    let at = Path::root().key("target").key("baseline_url");
    let address = target::place(url, &at, loaded, safety, problems)?;
    let own = own?;
    if address.is_secured != own.tls.is_some() {
        let hint = "write both addresses with http:// or both with https://, else what TLS costs counts as a difference";
        problems.add(&at, "one version is asked over TLS, and the other is not", hint);
    }
    let target::Address { host, port, base_path, .. } = address;
    Some(Target { name: NAME.to_owned(), host, port, base_path, ..own.clone() })
}

/// Refuses load that two versions can't share evenly.
pub(super) fn check_load(load: &Load, at: &Path, mode: Mode, problems: &Problems<'_>) {
    let Load::Users(crowd) = load else { return };
    if let Some(odd) = [crowd.from, crowd.to].into_iter().find(|users| mode == Mode::Ab && users % 2 == 1) {
        let message = format!("two versions can't share {odd} users evenly, and each user stays with one of them");
        problems.add(at, message, "write an even number");
    }
}

/// Refuses a number of requests in flight that leaves a version none.
pub(super) fn check_limits(max_in_flight: usize, mode: Mode, problems: &Problems<'_>) {
    if mode == Mode::Ab && max_in_flight == 1 {
        let at = Path::root().key("load").key("max_in_flight");
        problems.add(&at, "two versions can't share one request in flight", "write 2 or more: each version has half of them");
    }
}

/// What a user should know of the versions.
pub(super) fn notes(loaded: &Loaded, own: &Target, baseline: Option<&Target>, mode: Mode) -> Vec<String> {
    let mut notes = Vec::new();
    if mode == Mode::Baseline && baseline.is_some() {
        notes.push("`target.baseline_url` gets no load, as `regression.compare` is `baseline`".to_owned());
    }
    let address = |target: &Target| (target.authority(), target.base_path.clone());
    if let Some(baseline) = baseline.filter(|baseline| mode == Mode::Ab && address(baseline) == address(own)) {
        let place = loaded.secrets.mask(&format!("{}{}", baseline.authority(), baseline.base_path));
        notes.push(format!("baseline and candidate are the same service, {place}: this finds no change of it"));
    }
    notes
}

/// The address of the baseline as written; an empty one, as an unset variable leaves it, is none.
fn baseline_url(loaded: &Loaded) -> Option<&str> {
    match loaded.document.target.as_ref()? {
        TextOr::Text(_) => None,
        TextOr::Map(target) => target.baseline_url.as_deref().filter(|url| !url.trim().is_empty()),
    }
}
