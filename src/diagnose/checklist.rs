//! What to try: a line that sends the request again, what it must bring, and the command that measures the endpoint again.

use super::{Blast, shell, suspect};
use crate::{
    record::{RunRecord, StepFacts},
    verdict::{ThresholdOutcome, Verdict},
};

/// Most tasks of a list: who has mended so many measures again.
const TASKS_MAX: usize = 20;

/// One thing to try.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// Endpoint it is about.
    pub endpoint: String,
    /// What was found, each a sentence.
    pub found: Vec<String>,
    /// Arguments of curl that send its request again; `None` where the record does not say what is sent.
    pub curl: Option<String>,
    /// Variables to set before.
    pub variables: Vec<String>,
    /// Whether parts of the request have to be filled in by hand.
    pub has_gaps: bool,
    /// Statuses that are right; empty for anything below 400.
    pub status: Vec<u16>,
    /// What the body must contain.
    pub contains: Option<String>,
    /// What else is checked, in words.
    pub checks: Vec<String>,
    /// Who looks after it.
    pub owner: Option<String>,
}

/// A task for each endpoint that is affected. Where none is: for the one that failed most or is slowest, when a promise about all is broken,
/// and for the one that changed the most, when the service as a whole regressed.
pub(super) fn of(verdict: &Verdict, runs: &[RunRecord], blast: &Blast) -> Vec<Task> {
    let broken = |scope: Option<&str>| {
        let of = verdict.thresholds.iter().filter(move |of| {
            matches!(of.outcome, ThresholdOutcome::Fail | ThresholdOutcome::Warn) && of.threshold.scope.as_deref() == scope
        });
        of.collect::<Vec<_>>()
    };
    let of_all = broken(None);
    let mut suspects: Vec<_> = blast.endpoints.iter().filter(|of| of.is_affected).collect();
    if suspects.is_empty() && !of_all.is_empty() {
        suspects.extend(blast.endpoints.iter().max_by_key(|of| (of.errors, of.p99_us)));
    }
    let of_service = suspect::of_service(verdict).filter(|_| !suspects.iter().any(|of| of.is_affected));
    if let Some(found) = &of_service {
        let is_known = suspects.iter().any(|of| of.endpoint == found.endpoint);
        suspects.extend(blast.endpoints.iter().filter(|of| of.endpoint == found.endpoint && !is_known));
    }
    let task = |of: &super::Affected| {
        let mut found: Vec<String> = of.broken.iter().chain(&of.regressed).cloned().collect();
        if of.errors > 0 {
            found.push(format!("{} of {} requests failed", of.errors, of.requests));
        }
        if found.is_empty() {
            found.extend(of_all.iter().map(|of| of.reason.clone()));
        }
        let suspected = of_service.iter().filter(|suspect| suspect.endpoint == of.endpoint);
        found.extend(suspected.flat_map(|suspect| suspect.found.iter().cloned()));
        let failure = runs.iter().flat_map(|run| &run.failures).find(|failure| failure.endpoint == of.endpoint);
        let facts = runs.iter().flat_map(|run| &run.plan.steps).find(|step| step.endpoint == of.endpoint);
        let owners = [Some(of.endpoint.as_str()), Some(of.scenario.as_str()), None];
        let owner = owners.iter().flat_map(|scope| broken(*scope)).find_map(|of| of.threshold.owner.clone());
        let curl = facts.map(|facts| shell::curl(facts, failure));
        let has_gaps = curl.as_ref().is_some_and(|(line, _)| line.contains("{{") || line.contains("***"));
        let (curl, variables) = curl.map_or((None, Vec::new()), |(line, variables)| (Some(line), variables));
        let expected = facts.cloned().unwrap_or_else(StepFacts::default);
        Task {
            endpoint: of.endpoint.clone(),
            found,
            curl,
            variables,
            has_gaps,
            status: expected.status,
            contains: expected.contains,
            checks: expected.checks,
            owner,
        }
    };
    suspects.into_iter().take(TASKS_MAX).map(task).collect()
}

/// A shell script that sends each request once and says whether the answer is as promised; exit 1 where one is not, 2 where one found no
/// service. `None` where there is nothing that can be sent as it is.
#[must_use]
pub fn script(tasks: &[Task]) -> Option<String> {
    let lines: Vec<String> = tasks.iter().filter_map(line).collect();
    let mut variables: Vec<&str> =
        tasks.iter().filter(|task| !task.has_gaps).flat_map(|task| &task.variables).map(String::as_str).collect();
    variables.sort_unstable();
    variables.dedup();
    let guard = |name: &&str| {
        let words = if *name == shell::PORT {
            "start the service and set it to the port it listens at"
        } else {
            "set it to the value of this header"
        };
        format!(": \"${{{name}:?{words}}}\"\n")
    };
    let needed: String = variables.iter().map(guard).collect();
    (!lines.is_empty()).then(|| format!("{HEAD}{needed}{}{TAIL}", lines.concat()))
}

fn line(task: &Task) -> Option<String> {
    let curl = task.curl.as_ref()?;
    if task.has_gaps {
        return Some(format!("echo {}\n", shell::word(&format!("skipped  {}: fill in its request by hand", task.endpoint))));
    }
    let status = if task.status.is_empty() {
        "'<400'".to_owned()
    } else {
        shell::word(&task.status.iter().map(u16::to_string).collect::<Vec<_>>().join(" "))
    };
    // `grep -F` takes lines as alternatives: a text of several lines is left to the eye.
    let text = task.contains.as_deref().filter(|text| !text.contains('\n')).unwrap_or_default();
    Some(format!("check {} {status} {} {curl}\n", shell::word(&task.endpoint), shell::word(text)))
}

const HEAD: &str = r#"#!/bin/sh
# Made by loadgate: sends the request of each endpoint that failed once, and says whether the answer is as promised.
# Exit code 0: all are; 1: at least one is not; 2: there was no service to ask. It tells nothing of how fast they are under load.
failed=0
unreached=0
body=$(mktemp) || exit 2
trap 'rm -f "$body"' EXIT
check() { # name, statuses that are right, text the body must contain, arguments of curl
  name=$1; right=$2; text=$3; shift 3
  status=$(curl -sSg --max-time 30 -o "$body" -w '%{http_code}' "$@")
  case $? in
    0) ;;
    3|5|6|7|127) echo "absent   $name: there is no service at this address"; unreached=1; return ;;
    *) status=000 ;;
  esac
  ok=no
  if [ "$right" = '<400' ]; then
    if [ "$status" -ge 100 ] && [ "$status" -lt 400 ]; then ok=yes; fi
  else
    case " $right " in *" $status "*) ok=yes ;; esac
  fi
  if [ "$ok" = no ]; then echo "FAILED   $name: status $status, expected $right"; failed=1; return; fi
  if [ -n "$text" ] && ! grep -qF -- "$text" "$body"; then echo "FAILED   $name: '$text' is not in the body"; failed=1; return; fi
  echo "ok       $name: status $status"
}
"#;

const TAIL: &str = r#"if [ "$failed" = 0 ] && [ "$unreached" = 1 ]; then exit 2; fi
exit "$failed"
"#;
