//! The root-cause pages in words: what happened when, what it reaches, what to try.

use serde::Serialize;

use super::{Places, text};
use crate::{
    diagnose::{Affected, Chronicle, Dependency, Diagnosis, Event, Failing, Link, PORT, Reach, Task, diagnose, script},
    record::RunRecord,
    report::{
        chart::{Lanes, lanes, seconds},
        escape::{capped, plain},
    },
    units,
    verdict::Verdict,
};

/// Endpoints that are listed.
const ENDPOINTS_MAX: usize = 40;
/// Findings of one task that are listed.
const FOUND_MAX: usize = 4;
/// What to do about a service that the gate has started itself.
const START_FIRST: &str = "Start the service first, and set $PORT to the port it listens at.";

/// All that helps to find a cause.
#[derive(Clone, Debug, Serialize)]
pub struct DiagnosisView {
    /// The series on one axis; `None` where nothing was measured.
    pub chart: Option<Lanes>,
    /// Which run the chart is of, where there are several.
    pub of_run: Option<String>,
    /// What happened, in order of time.
    pub events: Vec<HappenedView>,
    /// How much of it is neither drawn nor listed, in a sentence.
    pub events_left_out: Option<String>,
    /// How many series of others are not drawn, in a sentence.
    pub series_left_out: Option<String>,
    /// The slowest moments in a sentence.
    pub slowest: Option<String>,
    /// What moved with the p99.
    pub links: Vec<LinkView>,
    /// Endpoints, the most affected first.
    pub endpoints: Vec<AffectedView>,
    /// How many of them are not listed, in a sentence.
    pub left_out: Option<String>,
    /// The scenarios.
    pub scenarios: Vec<ReachView>,
    /// What failed, by class.
    pub errors: Vec<FailingView>,
    /// What the endpoints need.
    pub dependencies: Vec<DependencyView>,
    /// What the circuit breaker did.
    pub breaker: Option<String>,
    /// What to try.
    pub tasks: Vec<TaskView>,
    /// The tasks as a shell script.
    #[serde(skip)]
    pub script: Option<String>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HappenedView {
    /// When, from the start of the run.
    pub at: String,
    /// `stage`, `deploy`: what it was.
    pub kind: String,
    /// In words.
    pub text: String,
}

/// A series that was held against the p99.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LinkView {
    /// Its name.
    pub series: String,
    /// Rank correlation: `+0.93`.
    pub correlation: String,
    /// `at the same time`, `2s earlier`.
    pub when: String,
    /// In words.
    pub text: String,
}

/// How many endpoints of a scenario are affected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReachView {
    /// The scenario.
    pub name: String,
    /// `2 of 3`
    pub affected: String,
}

/// The failed requests of one class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailingView {
    /// Name of the class.
    pub class: &'static str,
    /// How many.
    pub requests: String,
    /// The endpoints they were seen on.
    pub endpoints: String,
}

/// Something that endpoints need.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DependencyView {
    /// Its name.
    pub name: String,
    /// Endpoints that need it and are affected.
    pub affected: String,
    /// Endpoints that need it and are well.
    pub well: String,
    /// What follows from it.
    pub text: &'static str,
}

/// One endpoint.
#[derive(Clone, Debug, Serialize)]
pub struct AffectedView {
    /// Its name.
    pub name: String,
    /// Its scenario.
    pub scenario: String,
    /// `fail` or `same`: colour class.
    pub class: &'static str,
    /// A sign that needs no colour.
    pub sign: &'static str,
    /// What is wrong with it.
    pub found: String,
    /// Failed share.
    pub failed: String,
    /// 99 %.
    pub p99: String,
    /// What it needs.
    pub depends_on: String,
}

/// One thing to try.
#[derive(Clone, Debug, Serialize)]
pub struct TaskView {
    /// Endpoint as configured.
    #[serde(skip)]
    endpoint: String,
    /// Endpoint for people.
    pub name: String,
    /// What was found.
    pub found: Vec<String>,
    /// Whether its address has a port that is chosen when the service is started.
    #[serde(skip)]
    needs_port: bool,
    /// The line that starts the service, where somebody has to.
    pub start: Option<String>,
    /// The line that sends the request again.
    pub curl: Option<String>,
    /// What to know before it is typed.
    pub note: Option<String>,
    /// What the answer must be.
    pub expected: Vec<String>,
    /// The command that measures this endpoint again, where the configuration is known.
    pub retest: Option<String>,
    /// Who looks after it.
    pub owner: Option<String>,
}

impl DiagnosisView {
    /// What there is to say; `None` when nothing failed.
    pub(super) fn of(verdict: &Verdict, candidate: &[RunRecord]) -> Option<Self> {
        let Diagnosis { chronicle, blast, tasks } = diagnose(verdict, candidate)?;
        let beyond = blast.endpoints.len().saturating_sub(ENDPOINTS_MAX);
        Some(Self {
            chart: chronicle.as_ref().map(lanes),
            of_run: chronicle
                .as_ref()
                .filter(|of| of.run.1 > 1)
                .map(|of| format!("run {} of {}, the one with the highest p99", of.run.0, of.run.1)),
            events: chronicle.as_ref().map(events).unwrap_or_default(),
            events_left_out: chronicle.as_ref().and_then(events_left_out),
            series_left_out: chronicle.as_ref().and_then(series_left_out),
            slowest: chronicle.as_ref().and_then(slowest),
            links: chronicle.iter().flat_map(|chronicle| &chronicle.links).map(link).collect(),
            endpoints: blast.endpoints.iter().take(ENDPOINTS_MAX).map(AffectedView::of).collect(),
            left_out: (beyond > 0).then(|| {
                format!("{} more are not listed, all of them less affected than these.", text::counted(beyond, "endpoint"))
            }),
            scenarios: blast.scenarios.iter().map(reach).collect(),
            errors: blast.errors.iter().map(failing).collect(),
            dependencies: blast.dependencies.iter().map(dependency).collect(),
            breaker: blast.breaker.map(|of| {
                let times = if of.opened == 1 { "once".to_owned() } else { format!("{} times", of.opened) };
                let (state, withheld) = (of.state.name(), text::count(of.withheld));
                format!(
                    "It opened {times} and was {state} at the end; {withheld} arrivals were not sent. First: {}.",
                    capped(&of.reason)
                )
            }),
            script: script(&tasks),
            tasks: tasks.iter().map(TaskView::of).collect(),
        })
    }

    /// The same, with the commands that start the service and measure again.
    pub(super) fn placed(mut self, places: &Places) -> Self {
        for task in &mut self.tasks {
            task.retest = places.gate_of(&task.endpoint);
            task.start = places.start_of(task.needs_port);
            if task.start.is_some() {
                let note = task.note.take().map(|note| note.replace(START_FIRST, "").trim().to_owned());
                task.note = note.filter(|note| !note.is_empty());
            }
        }
        self
    }
}

fn names(names: &[String]) -> String {
    if names.is_empty() { text::NONE.to_owned() } else { names.iter().map(|name| plain(name)).collect::<Vec<_>>().join(", ") }
}

fn events(chronicle: &Chronicle) -> Vec<HappenedView> {
    let row = |event: &Event| HappenedView { at: seconds(event.at_s), kind: capped(&event.kind), text: capped(&event.text) };
    chronicle.events.iter().map(row).collect()
}

fn reach(of: &Reach) -> ReachView {
    ReachView { name: plain(&of.scenario), affected: format!("{} of {}", of.affected, of.endpoints) }
}

fn failing(of: &Failing) -> FailingView {
    FailingView { class: of.class, requests: text::count(of.count), endpoints: names(&of.endpoints) }
}

fn events_left_out(chronicle: &Chronicle) -> Option<String> {
    let kept = if chronicle.slowest.is_empty() { "the first ones" } else { "those nearest to the slowest moments" };
    let them = more(chronicle.events_left_out, "event", "events")?;
    Some(format!("{them} not listed: stages and what loadgate changed come first, then {kept}."))
}

fn series_left_out(chronicle: &Chronicle) -> Option<String> {
    let them = more(chronicle.series_left_out, "series", "series")?;
    Some(format!("{them} in the record; those that moved most clearly with the p99 are shown."))
}

/// `1 more event is`, `4,960 more events are`.
fn more(n: usize, one: &str, several: &str) -> Option<String> {
    match n {
        0 => None,
        1 => Some(format!("1 more {one} is")),
        n => Some(format!("{} more {several} are", text::count(n as u64))),
    }
}

fn slowest(chronicle: &Chronicle) -> Option<String> {
    let p99 = chronicle.series.first()?;
    let moment = |place: &usize| Some(format!("{} ({})", seconds(chronicle.at_s[*place]), units::latency(p99.values[*place]?)));
    let moments: Vec<String> = chronicle.slowest.iter().filter_map(moment).collect();
    (!moments.is_empty()).then(|| format!("Slowest moments by p99: {}.", moments.join(", ")))
}

fn link(link: &Link) -> LinkView {
    let when = if link.lead_s == 0.0 {
        "at the same time".to_owned()
    } else {
        format!("{} {}", seconds(link.lead_s.abs()), if link.lead_s > 0.0 { "earlier" } else { "later" })
    };
    let words = match (link.clear, link.rho > 0.0) {
        (false, _) => "no clear relation",
        (true, true) => "rises and falls with the p99",
        (true, false) => "falls when the p99 rises",
    };
    LinkView { series: capped(&link.series), correlation: format!("{:+.2}", link.rho), when, text: words.to_owned() }
}

fn dependency(of: &Dependency) -> DependencyView {
    let follows = match (of.affected.len(), of.well.len()) {
        (0, _) => "nothing that needs it is affected",
        (1, 0) => "the only one that needs it is affected",
        (_, 0) => "all that need it are affected: look here first",
        _ => "some that need it are well",
    };
    DependencyView { name: plain(&of.name), affected: names(&of.affected), well: names(&of.well), text: follows }
}

impl AffectedView {
    fn of(of: &Affected) -> Self {
        let found: Vec<String> = of.broken.iter().chain(&of.regressed).take(FOUND_MAX).map(|reason| capped(reason)).collect();
        Self {
            name: plain(&of.endpoint),
            scenario: plain(&of.scenario),
            class: if of.is_affected { "fail" } else { "same" },
            sign: if of.is_affected { "✖" } else { "✔" },
            found: match (found.is_empty(), of.is_affected) {
                (false, _) => found.join("; "),
                (true, true) => "requests fail".to_owned(),
                (true, false) => "nothing found".to_owned(),
            },
            failed: if of.requests == 0 { text::NONE.to_owned() } else { units::percent(of.errors as f64 / of.requests as f64) },
            p99: text::latency(of.p99_us.map(|us| us as f64)),
            depends_on: names(&of.depends_on),
        }
    }
}

/// What to know before the line is typed.
fn note(task: &Task) -> Option<String> {
    let (ports, secrets): (Vec<&String>, Vec<&String>) = task.variables.iter().partition(|name| *name == PORT);
    let mut sentences = Vec::new();
    if !ports.is_empty() {
        sentences.push(START_FIRST.to_owned());
    }
    if task.has_gaps {
        sentences.push("Fill in {{ .. }} and *** first: they are made anew for each request, or must not be shown.".to_owned());
    } else if !secrets.is_empty() {
        let secrets = secrets.iter().map(|name| format!("${name}")).collect::<Vec<_>>().join(", ");
        sentences.push(format!("Set {secrets} first: what must not be shown is not in the record."));
    }
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

impl TaskView {
    fn of(task: &Task) -> Self {
        let status: Vec<String> = task.status.iter().map(u16::to_string).collect();
        let right = if status.is_empty() { "a status below 400".to_owned() } else { format!("status {}", status.join(" or ")) };
        let mut expected = vec![right];
        expected.extend(task.contains.iter().map(|text| format!("the body contains '{}'", capped(text))));
        expected.extend(task.checks.iter().map(|check| capped(check)));
        let note = note(task);
        Self {
            endpoint: task.endpoint.clone(),
            name: plain(&task.endpoint),
            found: task.found.iter().take(FOUND_MAX).map(|found| capped(found)).collect(),
            needs_port: task.variables.iter().any(|name| name == PORT),
            start: None,
            curl: task.curl.as_ref().map(|args| format!("curl -sSgi {args}")),
            note,
            expected,
            retest: None,
            owner: task.owner.as_deref().map(capped),
        }
    }
}
