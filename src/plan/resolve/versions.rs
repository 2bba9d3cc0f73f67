//! `target.baseline_url` and `regression.compare` -> which version stands beside the candidate, if any.

use super::{Problems, SafetySettings, commands, target};
use crate::{
    config::{Loaded, Path, target as written, written::TextOr},
    plan::{Load, Target},
    policy::Mode,
};

/// Name of the baseline among the targets of a plan.
const NAME: &str = "baseline";

/// How the candidate is compared: `auto` is decided here, by whether there is a baseline that can be asked.
pub(super) fn mode(loaded: &Loaded, problems: &Problems<'_>) -> Mode {
    let at = Path::root().key("regression").key("compare");
    let known = [("auto", None), ("baseline", Some(Mode::Baseline)), ("ab", Some(Mode::Ab))];
    let written = problems.choice(loaded.document.regression.compare.as_deref(), &at, &known, &[]).flatten();
    let is_there = baseline_url(loaded).is_some() || baseline_start(loaded).is_some();
    if written == Some(Mode::Ab) && !is_there {
        let hint = "say where it is, target.baseline_url, or how it is started: target.baseline_start, or --start-baseline";
        problems.add(&at, "'ab' asks two versions at the same time, and there is no second one", hint);
    }
    written.unwrap_or(if is_there { Mode::Ab } else { Mode::Baseline })
}

/// The baseline: everything like the candidate but its address and the command that starts it. `own` is the candidate, where it is
/// right.
pub(super) fn baseline(
    loaded: &Loaded,
    own: Option<&Target>,
    safety: &SafetySettings,
    problems: &Problems<'_>,
) -> Option<Target> {
    let at = Path::root().key("target");
    let start = commands::command(baseline_start(loaded), &at.key("baseline_start"), loaded, problems);
    let (written, url_at) = (baseline_url(loaded), at.key("baseline_url"));
    if written.is_none() && start.is_none() {
        return None;
    }
    let address = written.map(|url| target::place(url, &url_at, loaded, safety, problems));
    let own = own?;
    let like = Target { name: NAME.to_owned(), start, ..own.clone() };
    let Some(address) = address else {
        // Where both get a port, all else of the address is the same.
        let place = if own.port == 0 { None } else { target::place(target::STARTED_URL, &url_at, loaded, safety, problems) };
        return Some(place.map_or_else(|| like.clone(), |place| at_place(place, &like)));
    };
    let address = address?;
    if address.port == 0 && like.start.is_none() {
        target::refuse_port(&url_at, "target.baseline_start", problems);
    }
    if address.is_secured != own.tls.is_some() {
        let hint = "write both addresses with http:// or both with https://, else what TLS costs counts as a difference";
        problems.add(&url_at, "one version is asked over TLS, and the other is not", hint);
    }
    Some(at_place(address, &like))
}

fn at_place(target::Address { host, port, base_path, is_secured }: target::Address, like: &Target) -> Target {
    Target { host, port, has_chosen_port: port == 0, base_path, tls: like.tls.clone().filter(|_| is_secured), ..like.clone() }
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
    if mode == Mode::Baseline && (baseline_url(loaded).is_some() || baseline_start(loaded).is_some()) {
        notes.push("the baseline under `target` gets no load, as `regression.compare` is `baseline`".to_owned());
    }
    if mode == Mode::Ab && loaded.document.regression.drift.is_some() {
        notes.push("`regression.drift` looks at stored runs of one version, and has no effect where two are compared".to_owned());
    }
    let address = |target: &Target| (target.authority(), target.base_path.clone());
    let is_same = |baseline: &&Target| baseline.start.is_none() && address(baseline) == address(own);
    if let Some(baseline) = baseline.filter(is_same) {
        let place = loaded.secrets.mask(&format!("{}{}", baseline.authority(), baseline.base_path));
        notes.push(format!("baseline and candidate are the same service, {place}: this finds no change of it"));
    }
    notes
}

/// The address of the baseline as written; an empty one, as an unset variable leaves it, is none.
fn baseline_url(loaded: &Loaded) -> Option<&str> {
    filled(long(loaded)?.baseline_url.as_deref())
}

/// The command that starts the baseline, likewise.
fn baseline_start(loaded: &Loaded) -> Option<&str> {
    filled(long(loaded)?.baseline_start.as_deref())
}

fn long(loaded: &Loaded) -> Option<&written::Target> {
    match loaded.document.target.as_ref()? {
        TextOr::Text(_) => None,
        TextOr::Map(target) => Some(target),
    }
}

fn filled(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.trim().is_empty())
}
