//! Named facts of a run: the machine, the code, the tool.

use serde::Serialize;

use super::text;
use crate::{
    record::{EndpointSeries, Imported, Phases, RunRecord},
    report::{
        WebAddress,
        escape::{capped, plain},
    },
    units::{self, Micros},
};

/// A name and a value for people.
#[derive(Clone, Debug, Serialize)]
pub struct Fact {
    /// What it is.
    pub name: &'static str,
    /// Its value on one line.
    pub value: String,
}

impl Fact {
    pub(super) fn new(name: &'static str, value: impl Into<String>) -> Self {
        Self { name, value: value.into() }
    }
}

/// Where and of what runs of one plan were made, as the first of them tells, and what kept their requests waiting.
pub(super) fn of_runs(runs: &[RunRecord]) -> Vec<Fact> {
    runs.first().map_or_else(Vec::new, of_run).into_iter().chain(stalled(runs)).collect()
}

/// How much of the time of sending was spent waiting for an HTTP/2 server to make room for bodies, where any was.
fn stalled(runs: &[RunRecord]) -> Option<Fact> {
    let mut sum = Phases::default();
    runs.iter().flat_map(|run| &run.endpoints).flat_map(EndpointSeries::windows).for_each(|window| sum.add(&window.phases));
    let [stalled, send] = [sum.stalled, sum.send].map(|ns| Micros(ns / 1_000).to_string());
    (sum.stalled > 0).then(|| Fact::new("bodies waited for the target to make room", format!("{stalled} of {send} of sending")))
}

fn of_run(run: &RunRecord) -> Vec<Fact> {
    let provenance = &run.provenance;
    let (origin, made_by) = match &provenance.imported {
        None => (Fact::new("target", plain(&run.plan.target)), of_machine(run)),
        Some(imported) => (Fact::new("imported from", capped(&imported.files.join(", "))), of_files(run, imported)),
    };
    let mut facts = vec![origin, Fact::new("started", text::moment(run.started_at))];
    facts.extend(made_by);
    facts.push(Fact::new("loadgate", plain(&run.tool_version)));
    facts.push(Fact::new("fingerprint", run.fingerprint().id));
    let mut known = |name, value: Option<String>| facts.extend(value.map(|value| Fact::new(name, value)));
    known("commit", provenance.commit.as_deref().map(plain));
    known("ref", provenance.reference.as_deref().map(plain));
    known("pull request", provenance.pull_request.map(|number| number.to_string()));
    known("CI run", ci(run));
    known("CI page", ci_url(run));
    let hash = Some(&provenance.config_sha256).filter(|hash| !hash.is_empty());
    known("configuration (SHA-256)", hash.map(|hash| plain(hash)));
    facts
}

fn of_machine(run: &RunRecord) -> Vec<Fact> {
    let machine = &run.environment;
    vec![
        Fact::new("runner", format!("{}, {} {}", plain(&machine.runner_class), machine.os, machine.arch)),
        Fact::new("processor", processor(run)),
        Fact::new("memory", format!("{} GB", units::significant(machine.memory_bytes as f64 / 1e9, 3))),
        Fact::new("generator threads", run.plan.threads.to_string()),
        Fact::new("seed", run.plan.seed.to_string()),
    ]
}

/// Of the machine that made the load the files tell nothing.
fn of_files(run: &RunRecord, imported: &Imported) -> Vec<Fact> {
    let class = &run.environment.runner_class;
    vec![
        Fact::new("format", plain(&imported.format)),
        Fact::new("rows", text::count(imported.rows)),
        Fact::new("latencies", imported.latency_from.in_words()),
        Fact::new("runner", if class.is_empty() { text::NONE.to_owned() } else { plain(class) }),
    ]
}

/// `github run 123, attempt 1`.
pub(super) fn ci(run: &RunRecord) -> Option<String> {
    let ci = run.provenance.ci.as_ref()?;
    Some(format!("{} run {}, attempt {}", plain(&ci.provider), plain(&ci.run_id), ci.attempt))
}

/// The page of the CI run, when it is a plain web address: it comes from outside.
pub(super) fn ci_url(run: &RunRecord) -> Option<String> {
    let url = WebAddress::new(run.provenance.ci.as_ref()?.url.as_deref()?)?;
    Some(url.as_str().to_owned())
}

/// `4 cores, AMD EPYC 7763`.
pub(super) fn processor(run: &RunRecord) -> String {
    let model = plain(&run.environment.cpu_model);
    let cores = text::counted(run.environment.cores as usize, "core");
    if model.trim().is_empty() { cores } else { format!("{cores}, {model}") }
}
