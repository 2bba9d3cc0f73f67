//! The check of a commit: always completed, whatever goes wrong.

use std::{panic, thread};

use loadgate::{
    publish::github::{Finding, Report, Session, Settings},
    report::{Annotation, AnnotationLevel, CommentMode, comment::Conclusion},
};
use serde_json::Value;

use crate::{
    fake_github::{FakeGithub, Fault, HEAD, Then},
    github_comment::{of_run, report, settings, surroundings},
};

fn with_check() -> Settings {
    Settings { comment: CommentMode::Off, check: true, ..settings("api") }
}

fn begin(github: &FakeGithub, run: u64) -> Session {
    Session::begin(&surroundings(github, run), with_check(), None).unwrap().unwrap()
}

fn only(github: &FakeGithub) -> Value {
    let state = github.state();
    assert_eq!(state.checks.len(), 1, "{:#?}", state.checks);
    state.checks[0].clone()
}

fn no_verdict(conclusion: Conclusion) -> Finding {
    Finding { conclusion, title: "the target is unreachable".to_owned(), summary: String::new(), annotations: Vec::new() }
}

/// A gate that has said on the comment of an earlier run that it measures.
fn announced(github: &FakeGithub) -> Session {
    let wanted = || Settings { check: true, ..settings("api") };
    let earlier = surroundings(github, 1);
    let told = of_run(&report("fail", "slower"), &earlier.context, "api");
    Session::begin(&earlier, wanted(), None).unwrap().unwrap().finish(&told);
    let started = "2026-11-20T12:03:04Z".parse().unwrap();
    let session = Session::begin(&surroundings(github, 2), wanted(), Some(started)).unwrap().unwrap();
    assert!(github.bodies()[0].starts_with("⏳ measuring"), "{}", github.bodies()[0]);
    session
}

fn with_annotations(count: u64) -> Report {
    let annotation = |line| Annotation {
        path: "loadgate.yml".to_owned(),
        line,
        level: AnnotationLevel::Failure,
        title: "p99".to_owned(),
        message: "slower".to_owned(),
    };
    let mut report = report("fail", "summary");
    report.finding.annotations = (1..=count).map(annotation).collect();
    report
}

#[test]
fn a_check_is_in_progress_while_load_is_made_and_completed_afterwards() {
    let github = FakeGithub::start();
    let session = begin(&github, 7);
    let check = only(&github);
    assert_eq!((check["status"].as_str(), check["head_sha"].as_str()), (Some("in_progress"), Some(HEAD)));
    assert_eq!((check["name"].as_str(), check["external_id"].as_str()), (Some("loadgate / api"), Some("7/1/api")));
    let told = session.finish(&report("fail", "summary"));
    let check = only(&github);
    assert_eq!((check["status"].as_str(), check["conclusion"].as_str()), (Some("completed"), Some("failure")));
    assert_eq!(check["output"]["title"], "it is a fail");
    assert!(told.check.unwrap().contains("/runs/") && told.annotated);
}

#[test]
fn conclusions_are_those_of_the_verdict() {
    for (conclusion, name) in [
        (Conclusion::Success, "success"),
        (Conclusion::Failure, "failure"),
        (Conclusion::Neutral, "neutral"),
        (Conclusion::Cancelled, "cancelled"),
    ] {
        let github = FakeGithub::start();
        let mut report = report("pass", "summary");
        report.finding.conclusion = conclusion;
        begin(&github, 1).finish(&report);
        assert_eq!(only(&github)["conclusion"], name);
    }
}

#[test]
fn a_gate_that_has_no_verdict_says_so() {
    let github = FakeGithub::start();
    begin(&github, 1).give_up(&no_verdict(Conclusion::Failure), None);
    assert_eq!(only(&github)["output"]["title"], "the target is unreachable");
}

#[test]
fn a_gate_that_ends_early_completes_its_check_before_it_looks_after_the_comment() {
    for conclusion in [Some(Conclusion::Cancelled), Some(Conclusion::Failure), None] {
        let github = FakeGithub::start();
        let session = announced(&github);
        let before = github.state().asked.len();
        match conclusion {
            Some(conclusion) => drop(session.give_up(&no_verdict(conclusion), None)),
            None => drop(session),
        }
        let first = github.state().asked[before].clone();
        assert!(
            first.method == "PATCH" && first.path.contains("/check-runs/"),
            "{conclusion:?}: {} {}",
            first.method,
            first.path
        );
        assert!(github.bodies()[0].starts_with("slower"), "{}", github.bodies()[0]);
    }
}

#[test]
fn a_gate_that_failed_by_itself_is_as_patient_as_one_with_a_verdict() {
    let github = FakeGithub::start();
    let session = begin(&github, 1);
    // After a signal there is no time for this.
    github.fail(Fault::first(2, "PATCH", "/check-runs/", Then::secondary(403, None)));
    session.give_up(&no_verdict(Conclusion::Failure), None);
    assert_eq!(only(&github)["status"], "completed");
}

#[test]
fn a_gate_that_dies_completes_its_check() {
    let github = FakeGithub::start();
    let session = begin(&github, 1);
    let died = thread::spawn(move || {
        let _session = session;
        panic::resume_unwind(Box::new("something unforeseen"));
    });
    assert!(died.join().is_err());
    let check = only(&github);
    assert_eq!((check["status"].as_str(), check["conclusion"].as_str()), (Some("completed"), Some("failure")));
}

#[test]
fn a_check_that_could_not_be_opened_is_made_at_the_end() {
    let github = FakeGithub::start();
    github.fail(Fault::first(1, "POST", "/check-runs", Then::Answer(400, Vec::new(), "not now".to_owned())));
    let session = begin(&github, 1);
    assert!(github.state().checks.is_empty());
    let told = session.finish(&report("pass", "summary"));
    assert_eq!(only(&github)["conclusion"], "success");
    assert!(told.remarks.is_empty(), "{told:?}");
}

#[test]
fn a_check_that_was_made_although_the_answer_is_an_error_is_not_made_twice() {
    for then in [Then::DoAndAnswer(502), Then::DoAndReset] {
        let github = FakeGithub::start();
        github.fail(Fault::first(1, "POST", "/check-runs", then));
        begin(&github, 1).finish(&report("pass", "summary"));
        assert_eq!(only(&github)["conclusion"], "success");
    }
}

#[test]
fn a_check_that_was_made_and_could_not_be_looked_up_before_the_load_is_completed_after_it() {
    let github = FakeGithub::start();
    github.fail(Fault::first(1, "POST", "/check-runs", Then::DoAndReset));
    github.fail(Fault::first(5, "GET", "/check-runs", Then::status(502)));
    let session = begin(&github, 1);
    assert_eq!(github.count("GET", "/check-runs"), 5, "nobody said whether it is there");
    let told = session.finish(&report("pass", "summary"));
    assert_eq!(only(&github)["conclusion"], "success");
    assert!(told.check.is_some() && told.remarks.is_empty(), "{told:?}");
}

#[test]
fn a_check_of_an_earlier_attempt_is_not_taken_for_ours() {
    let github = FakeGithub::start();
    begin(&github, 1).finish(&report("fail", "summary"));
    github.fail(Fault::first(1, "POST", "/check-runs", Then::status(502)));
    begin(&github, 2).finish(&report("pass", "summary"));
    let conclusions: Vec<Value> = github.state().checks.iter().map(|check| check["conclusion"].clone()).collect();
    assert_eq!(conclusions, ["failure", "success"]);
}

#[test]
fn annotations_go_in_batches_and_each_of_them_once() {
    let github = FakeGithub::start();
    github.fail(Fault::first(1, "PATCH", "/check-runs/", Then::DoAndAnswer(502)));
    begin(&github, 1).finish(&with_annotations(101));
    assert_eq!(only(&github)["output"]["annotations_count"], 101);
    let lines: Vec<u64> = github.state().annotations.iter().map(|found| found["start_line"].as_u64().unwrap()).collect();
    assert_eq!(lines, (1..=101).collect::<Vec<_>>());
    assert_eq!(only(&github)["conclusion"], "failure");
}

#[test]
fn a_verdict_that_could_not_be_told_in_time_is_told_at_the_last_moment_and_stays_what_it_is() {
    let github = FakeGithub::start();
    // As often as a request is tried; then GitHub is well again.
    github.fail(Fault::first(5, "PATCH", "/check-runs/", Then::status(502)));
    let told = begin(&github, 1).finish(&report("pass", "summary"));
    assert!(told.remarks[0].1.contains("could not be completed"), "{told:?}");
    let check = only(&github);
    assert_eq!((check["status"].as_str(), check["conclusion"].as_str()), (Some("completed"), Some("success")));
    assert_eq!(check["output"]["title"], "it is a pass");
}

#[test]
fn a_status_that_could_not_be_set_in_time_stays_what_it_is() {
    let github = FakeGithub::start();
    github.fail(Fault::always("POST", "/check-runs", Then::read_only()));
    let session = begin(&github, 1);
    github.fail(Fault::first(5, "POST", "/statuses/", Then::status(502)));
    session.finish(&report("pass", "summary"));
    let statuses: Vec<Value> = github.state().statuses.iter().map(|status| status["state"].clone()).collect();
    assert_eq!(statuses, ["pending", "success"]);
}

#[test]
fn annotations_that_are_refused_do_not_keep_the_verdict_from_being_told() {
    let github = FakeGithub::start();
    github.fail(Fault::first(1, "PATCH", "/check-runs/", Then::Answer(422, Vec::new(), "Invalid request".to_owned())));
    let told = begin(&github, 1).finish(&with_annotations(3));
    let check = only(&github);
    assert_eq!((check["conclusion"].as_str(), check["output"]["title"].as_str()), (Some("failure"), Some("it is a fail")));
    assert!(github.state().annotations.is_empty() && !told.annotated && told.remarks.is_empty(), "{told:?}");
}

#[test]
fn a_token_that_may_make_no_check_runs_makes_a_status() {
    let github = FakeGithub::start();
    github.fail(Fault::always("POST", "/check-runs", Then::read_only()));
    let told = begin(&github, 1).finish(&report("fail", "summary"));
    let statuses: Vec<Value> = github.state().statuses.iter().map(|status| status["state"].clone()).collect();
    assert_eq!(statuses, ["pending", "failure"]);
    assert_eq!(github.state().statuses[1]["context"], "loadgate / api");
    assert!(told.remarks[0].1.contains("commit status") && !told.annotated, "{told:?}");
}

#[test]
fn a_token_that_may_make_neither_is_a_remark() {
    let github = FakeGithub::start();
    github.fail(Fault::always("POST", "", Then::read_only()));
    let told = begin(&github, 1).finish(&report("pass", "summary"));
    assert!(told.remarks[0].1.contains("checks: write"), "{told:?}");
    assert_eq!(told.remarks.len(), 1);
}

#[test]
fn an_event_without_a_commit_makes_no_check() {
    let github = FakeGithub::start();
    let mut unknown = surroundings(&github, 1);
    unknown.context.head_sha = None;
    Session::begin(&unknown, with_check(), None).unwrap().unwrap().finish(&report("pass", "summary"));
    assert_eq!(github.writes(), 0);
}
