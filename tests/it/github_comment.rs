//! The comment of a pull request, before a GitHub that has everything go wrong.

use std::{sync::Barrier, thread, time::Duration};

use loadgate::{
    publish::github::{Context, Finding, Patience, Pull, Report, Run, Session, Settings, Surroundings, Told},
    report::{
        CommentMode,
        comment::{Conclusion, State, marker},
    },
};

use crate::fake_github::{FakeGithub, Fault, HEAD, PULL, REPOSITORY, TOKEN, Then};

/// Quick, so that tests need not wait as a build would; with room for a busy machine.
const QUICK: Patience = Patience {
    total: Duration::from_secs(60),
    request: Duration::from_secs(20),
    first_pause: Duration::from_millis(5),
    limit_pause: Duration::from_millis(20),
    settle: Duration::from_millis(5),
};

pub(crate) fn settings(key: &str) -> Settings {
    Settings { comment: CommentMode::Sticky, key: key.to_owned(), check: false, before: QUICK, after: QUICK }
}

pub(crate) fn surroundings(github: &FakeGithub, run: u64) -> Surroundings {
    Surroundings {
        server: Some(github.server()),
        context: Context {
            event: "pull_request".to_owned(),
            repository: REPOSITORY.to_owned(),
            head_sha: Some(HEAD.to_owned()),
            pull: Pull::Known(PULL),
            is_fork: false,
            is_dependabot: false,
            run: Run { id: run, attempt: 1, url: Some(format!("https://github.com/{REPOSITORY}/actions/runs/{run}")) },
        },
    }
}

pub(crate) fn report(verdict: &str, text: &str) -> Report {
    let finding = Finding {
        conclusion: if verdict == "fail" { Conclusion::Failure } else { Conclusion::Success },
        title: format!("it is a {verdict}"),
        summary: text.to_owned(),
        annotations: Vec::new(),
    };
    Report { state: state(verdict, 0), texts: vec![text.to_owned(), "short".to_owned()], finding }
}

fn state(verdict: &str, run: u64) -> State {
    State {
        run: Some(run.into()),
        attempt: Some(1),
        sha: Some(HEAD.to_owned()),
        verdict: verdict.to_owned(),
        failing: Vec::new(),
    }
}

/// The report of a run whose comment ends as those of the program do.
pub(crate) fn of_run(report: &Report, context: &Context, key: &str) -> Report {
    let state = State { sha: context.head_sha.clone(), ..state(&report.state.verdict, context.run.id) };
    let line = serde_json::to_string(&state).unwrap();
    let whole = |text: &String| format!("{text}\n\n<!-- loadgate:state {line} -->\n{}\n", marker(key));
    Report { texts: report.texts.iter().map(whole).collect(), state, ..report.clone() }
}

fn tell(surroundings: &Surroundings, settings: Settings, report: &Report) -> Told {
    let report = of_run(report, &surroundings.context, &settings.key);
    Session::begin(surroundings, settings, None).unwrap().unwrap().finish(&report)
}

fn post(github: &FakeGithub, run: u64, verdict: &str, text: &str) -> Told {
    tell(&surroundings(github, run), settings("k"), &report(verdict, text))
}

/// The only comment.
fn only(github: &FakeGithub) -> String {
    let bodies = github.bodies();
    assert_eq!(bodies.len(), 1, "{bodies:#?}");
    bodies[0].clone()
}

#[test]
fn the_first_run_comments_and_the_next_one_edits_that_comment() {
    let github = FakeGithub::start();
    let told = post(&github, 1, "fail", "### slower");
    assert!(told.comment.unwrap().contains("/pull/12#issuecomment-") && !told.comment_is_missing && told.remarks.is_empty());
    post(&github, 2, "pass", "### fine");
    let body = only(&github);
    assert!(body.starts_with("### fine\n") && body.contains(r#""run":2"#), "{body}");
    assert!(body.ends_with("<!-- loadgate:report key=\"k\" v=1 -->\n"), "{body}");
    assert_eq!((github.count("POST", "/comments"), github.count("PATCH", "/comments/")), (1, 1));
}

#[test]
fn a_comment_that_says_the_same_already_is_not_written_again() {
    let github = FakeGithub::start();
    post(&github, 1, "pass", "same");
    let before = github.writes();
    let told = post(&github, 1, "pass", "same");
    assert_eq!(github.writes(), before);
    assert!(told.comment.is_some(), "it is there all the same");
}

#[test]
fn each_key_has_a_comment_of_its_own() {
    let github = FakeGithub::start();
    for key in ["api", "web", "api"] {
        tell(&surroundings(&github, 1), settings(key), &report("pass", key));
    }
    assert_eq!(github.bodies().len(), 2);
}

#[test]
fn the_comment_is_found_on_the_third_page() {
    let github = FakeGithub::start();
    for n in 0..250 {
        github.state().comment("somebody", &format!("talk {n}"));
    }
    post(&github, 1, "fail", "first");
    for n in 0..49 {
        github.state().comment("somebody", &format!("more talk {n}"));
    }
    post(&github, 2, "pass", "second");
    assert_eq!(github.bodies().len(), 300);
    assert_eq!(github.bodies().iter().filter(|body| body.starts_with("second")).count(), 1);
}

#[test]
fn a_comment_of_somebody_else_with_our_marker_is_left_alone() {
    let github = FakeGithub::start();
    let forged = "gotcha\n<!-- loadgate:report key=\"k\" v=1 -->";
    github.state().comment("mallory", forged);
    post(&github, 1, "pass", "ours");
    assert_eq!(github.bodies()[0], forged);
    assert!(github.bodies()[1].starts_with("ours"));
}

#[test]
fn without_a_word_on_who_we_are_a_persons_comment_is_still_left_alone() {
    let github = FakeGithub::start();
    github.fail(Fault::always("POST", "/graphql", Then::read_only()));
    github.state().comment("mallory", "<!-- loadgate:report key=\"k\" v=1 -->");
    post(&github, 1, "pass", "first");
    post(&github, 2, "pass", "second");
    assert_eq!(github.bodies().len(), 2);
    assert!(github.bodies()[1].starts_with("second"));
}

#[test]
fn an_earlier_run_does_not_overwrite_a_later_one() {
    let github = FakeGithub::start();
    post(&github, 2, "pass", "later");
    let told = post(&github, 1, "fail", "earlier");
    assert!(only(&github).starts_with("later"));
    assert!(!told.comment_is_missing && told.remarks[0].1.contains("a later run"), "{told:?}");
}

#[test]
fn a_run_of_a_commit_that_was_replaced_does_not_overwrite_the_comment() {
    let github = FakeGithub::start();
    post(&github, 1, "pass", "of the head");
    let mut old = surroundings(&github, 2);
    old.context.head_sha = Some("3".repeat(40));
    tell(&old, settings("k"), &report("fail", "of a commit that is gone"));
    assert!(only(&github).starts_with("of the head"));
}

#[test]
fn an_earlier_run_that_writes_last_is_overwritten_in_turn() {
    let github = FakeGithub::start();
    let earlier = post(&github, 1, "pass", "first");
    assert!(earlier.comment.is_some());
    // Writers of many runs at once: each may have looked before another wrote.
    let barrier = Barrier::new(8);
    thread::scope(|scope| {
        for run in 2..10 {
            let (github, barrier) = (&github, &barrier);
            scope.spawn(move || {
                barrier.wait();
                post(github, run, "pass", &format!("of run {run}"));
            });
        }
    });
    assert!(only(&github).starts_with("of run 9"), "{}", only(&github));
}

#[test]
fn fifty_writers_at_once_leave_one_comment() {
    let github = FakeGithub::start();
    let barrier = Barrier::new(50);
    thread::scope(|scope| {
        for n in 0..50 {
            let (github, barrier) = (&github, &barrier);
            scope.spawn(move || {
                barrier.wait();
                let told = post(github, 7, "fail", &format!("writer {n}"));
                assert!(!told.comment_is_missing, "{told:?}");
            });
        }
    });
    assert!(only(&github).starts_with("writer "));
}

#[test]
fn a_comment_that_was_made_although_the_answer_is_an_error_is_not_made_twice() {
    for then in [Then::DoAndAnswer(502), Then::DoAndReset] {
        let github = FakeGithub::start();
        github.fail(Fault::first(1, "POST", "/comments", then.clone()));
        let told = post(&github, 1, "pass", "once");
        assert!(only(&github).starts_with("once") && told.comment.is_some(), "{then:?}");
        assert_eq!(github.count("POST", "/comments"), 1, "{then:?}: looked first");
    }
}

#[test]
fn errors_that_pass_are_waited_for() {
    let faults = [
        Then::status(502),
        Then::status(500),
        Then::Reset,
        Then::secondary(403, None),
        Then::secondary(403, Some(0)),
        Then::secondary(429, None),
        Then::secondary(429, Some(1)),
    ];
    for then in faults {
        for method in ["GET", "POST", "PATCH"] {
            let github = FakeGithub::start();
            github.state().comment("somebody", "talk");
            if method == "PATCH" {
                post(&github, 1, "pass", "before");
            }
            github.fail(Fault::first(2, method, "/comments", then.clone()));
            let told = post(&github, 2, "fail", "after");
            assert!(!told.comment_is_missing && github.bodies()[1].starts_with("after"), "{method} {then:?}: {told:?}");
            assert_eq!(github.bodies().len(), 2, "{method} {then:?}");
        }
    }
}

#[test]
fn a_server_that_says_nothing_is_not_waited_for_for_ever() {
    let github = FakeGithub::start();
    github.fail(Fault::first(1, "GET", "/comments", Then::Silence));
    let mut settings = settings("k");
    settings.after.request = Duration::from_millis(200);
    let told = tell(&surroundings(&github, 1), settings, &report("pass", "there"));
    assert!(told.comment.is_some() && only(&github).starts_with("there"));
}

#[test]
fn there_is_an_end_to_all_patience() {
    let github = FakeGithub::start();
    github.fail(Fault::always("GET", "/comments", Then::status(503)));
    let mut settings = settings("k");
    settings.after.total = Duration::from_millis(100);
    let told = tell(&surroundings(&github, 1), settings, &report("pass", "there"));
    assert!(told.comment_is_missing && github.bodies().is_empty());
    let (_, why) = &told.remarks[0];
    assert!(why.contains("503") && why.contains("exit code"), "{why}");
}

#[test]
fn what_there_was_no_time_for_is_said_in_words() {
    let github = FakeGithub::start();
    let mut settings = settings("k");
    settings.after.total = Duration::ZERO;
    let told = tell(&surroundings(&github, 1), settings, &report("pass", "there"));
    let (_, why) = &told.remarks[0];
    assert!(told.comment_is_missing && why.contains("no time was left to ask GitHub"), "{why}");
}

#[test]
fn a_comment_that_is_removed_while_it_is_written_is_written_again() {
    for method in ["PATCH", "GET"] {
        let github = FakeGithub::start();
        post(&github, 1, "pass", "before");
        github.fail(Fault::first(1, method, "/issues/comments/", Then::Answer(404, Vec::new(), "Not Found".to_owned())));
        let told = post(&github, 2, "fail", "after");
        assert!(told.comment.is_some() && told.remarks.is_empty(), "{method}: {told:?}");
        assert!(only(&github).starts_with("after"), "{method}");
    }
}

#[test]
fn a_text_that_is_too_long_is_followed_by_a_shorter_one() {
    let github = FakeGithub::start();
    let told = post(&github, 1, "fail", &"ä".repeat(70_000));
    assert!(told.comment.is_some());
    assert!(only(&github).starts_with("short\n"));
}

#[test]
fn a_token_that_may_only_read_is_a_remark() {
    let github = FakeGithub::start();
    github.fail(Fault::always("POST", "/issues/", Then::read_only()));
    let mut fork = surroundings(&github, 1);
    fork.context.is_fork = true;
    let told = tell(&fork, settings("k"), &report("pass", "text"));
    assert!(told.comment_is_missing && told.remarks[0].1.contains("from a fork"), "{told:?}");
    let told = post(&github, 1, "pass", "text");
    assert!(told.remarks[0].1.contains("pull-requests: write"), "{told:?}");
    assert_eq!(github.count("POST", "/comments"), 2, "and is not asked again");
    // Its pull requests come from branches of the repository itself.
    let mut dependabot = surroundings(&github, 1);
    dependabot.context.is_dependabot = true;
    let told = tell(&dependabot, settings("k"), &report("pass", "text"));
    assert!(told.remarks[0].1.contains("of Dependabot's may only read"), "{told:?}");
}

#[test]
fn the_second_workflow_of_a_fork_is_not_told_to_have_a_second_workflow() {
    for event in ["workflow_run", "pull_request_target"] {
        let github = FakeGithub::start();
        github.fail(Fault::always("POST", "/issues/", Then::read_only()));
        let mut second = surroundings(&github, 1);
        second.context.event = event.to_owned();
        second.context.is_fork = true;
        let told = tell(&second, settings("k"), &report("pass", "text"));
        assert!(told.remarks[0].1.contains("pull-requests: write"), "{event}: {told:?}");
    }
}

#[test]
fn a_commit_is_told_on_the_pull_request_it_is_the_head_of() {
    let github = FakeGithub::start();
    let mut push = surroundings(&github, 1);
    push.context.pull = Pull::LookUp(None);
    tell(&push, settings("k"), &report("pass", "found"));
    assert!(only(&github).starts_with("found"));
}

#[test]
fn a_commit_that_is_no_head_is_told_to_nobody() {
    let github = FakeGithub::start();
    // The pull request is listed for this commit, as those are that merely contain it.
    github.state().pulls[0]["head"]["sha"] = "4".repeat(40).into();
    let mut run = surroundings(&github, 1);
    run.context.event = "workflow_run".to_owned();
    run.context.pull = Pull::LookUp(Some("stranger:fast".to_owned()));
    let told = tell(&run, settings("k"), &report("pass", "text"));
    assert!(github.bodies().is_empty() && !told.comment_is_missing);
    assert!(told.remarks[0].1.contains("No open pull request"), "{told:?}");
}

#[test]
fn a_pull_request_that_is_gone_is_a_remark() {
    let github = FakeGithub::start();
    let mut gone = surroundings(&github, 1);
    gone.context.pull = Pull::Known(99);
    let told = tell(&gone, settings("k"), &report("pass", "text"));
    assert!(told.comment_is_missing && told.remarks[0].1.contains("404"), "{told:?}");
}

#[test]
fn an_enterprise_server_is_asked_below_its_own_address() {
    let github = FakeGithub::below("/api/v3");
    post(&github, 1, "pass", "first");
    post(&github, 2, "pass", "second");
    assert!(only(&github).starts_with("second"));
    assert_eq!(github.count("POST", "/api/graphql"), 2, "each run asks once who it is");
}

#[test]
fn a_running_measurement_is_said_on_top_of_a_comment_that_is_there() {
    let github = FakeGithub::start();
    let at = "2026-11-20T12:03:04Z".parse().unwrap();
    let begin = |run| Session::begin(&surroundings(&github, run), settings("k"), Some(at)).unwrap().unwrap();
    let of = |run, verdict, text| of_run(&report(verdict, text), &surroundings(&github, run).context, "k");
    let first = begin(1);
    assert!(github.bodies().is_empty(), "nobody gets a mail for that");
    first.finish(&of(1, "fail", "slower"));
    let second = begin(2);
    assert!(only(&github).starts_with("⏳ measuring `111111111` (started 12:03 UTC)…\n\nslower"), "{}", only(&github));
    assert_eq!(second.previous().map(|state| state.verdict.as_str()), Some("fail"));
    second.finish(&of(2, "pass", "fine"));
    assert!(only(&github).starts_with("fine"));
}

#[test]
fn a_run_whose_commit_was_replaced_meanwhile_takes_its_own_line_away_and_no_other() {
    let github = FakeGithub::start();
    post(&github, 1, "pass", "of the head");
    let at = "2026-11-20T12:03:04Z".parse().unwrap();
    let begin = |around: &Surroundings| Session::begin(around, settings("k"), Some(at)).unwrap().unwrap();
    let (mut replaced, head) = (surroundings(&github, 2), surroundings(&github, 3));
    replaced.context.head_sha = Some("3".repeat(40));
    let too_late = of_run(&report("fail", "of a commit that is gone"), &replaced.context, "k");
    let alone = begin(&replaced);
    assert!(only(&github).starts_with("⏳ measuring `333333333`"), "{}", only(&github));
    alone.finish(&too_late);
    assert!(only(&github).starts_with("of the head"), "{}", only(&github));
    let (first, second) = (begin(&replaced), begin(&head));
    first.finish(&too_late);
    assert!(only(&github).starts_with("⏳ measuring `111111111`"), "{}", only(&github));
    second.finish(&of_run(&report("pass", "of the head again"), &head.context, "k"));
    assert!(only(&github).starts_with("of the head again"), "{}", only(&github));
}

#[test]
fn modes_write_as_often_as_they_say() {
    let wrote = |mode: CommentMode, verdicts: &[&str]| {
        let github = FakeGithub::start();
        for (run, verdict) in (1..).zip(verdicts) {
            let settings = Settings { comment: mode, ..settings("k") };
            tell(&surroundings(&github, run), settings, &report(verdict, &format!("{verdict} of {run}")));
        }
        let first = github.bodies().first().and_then(|body| body.lines().next().map(str::to_owned));
        (github.writes(), first)
    };
    let verdicts = ["pass", "fail", "fail", "pass"];
    assert_eq!(wrote(CommentMode::Sticky, &verdicts), (4, Some("pass of 4".into())));
    assert_eq!(wrote(CommentMode::OnChange, &verdicts), (2, Some("pass of 4".into())));
    assert_eq!(wrote(CommentMode::OnRegression, &verdicts), (3, Some("pass of 4".into())));
    assert_eq!(wrote(CommentMode::OnRegression, &["pass", "warn"]), (0, None));
    assert_eq!(wrote(CommentMode::Off, &verdicts), (0, None));
}

#[test]
fn the_token_goes_into_no_text_and_no_remark() {
    let github = FakeGithub::start();
    post(&github, 1, "pass", &format!("leaked {TOKEN}"));
    assert!(only(&github).starts_with("leaked ***"));
    let repeats = Then::Answer(400, Vec::new(), format!("no such token: {TOKEN}"));
    github.fail(Fault::always("PATCH", "", repeats));
    let told = post(&github, 2, "pass", "text");
    let (_, why) = &told.remarks[0];
    assert!(why.contains("no such token: ***") && !format!("{told:?}").contains(TOKEN), "{why}");
}

#[test]
fn a_repository_with_a_new_name_is_followed_on_the_same_host_alone() {
    let other = FakeGithub::start();
    let elsewhere = |to: String| vec![("location".to_owned(), to)];
    for (status, base, is_followed) in [(301, None, true), (307, Some(String::new()), true), (308, Some(other.api()), false)] {
        let github = FakeGithub::start();
        let base = base.unwrap_or_else(|| github.api());
        let list = format!("{base}/repos/{REPOSITORY}/issues/{PULL}/comments");
        let moved = |to: String| Then::Answer(status, elsewhere(to), "Moved Permanently".to_owned());
        github.fail(Fault::always("GET", "/repos/acme/old/issues/12/comments", moved(format!("{list}?per_page=100&page=1"))));
        github.fail(Fault::always("POST", "/repos/acme/old/issues/12/comments", moved(list)));
        let mut around = surroundings(&github, 1);
        around.context.repository = "acme/old".to_owned();
        let told = tell(&around, settings("api"), &report("fail", "slower"));
        assert_eq!((told.comment.is_some(), github.bodies().len()), (is_followed, usize::from(is_followed)), "{told:?}");
    }
    assert!(other.state().asked.is_empty(), "the token stays where it belongs");
}

#[test]
fn gates_of_one_run_that_share_a_key_are_told_so() {
    let github = FakeGithub::start();
    let around = surroundings(&github, 1);
    let first = tell(&around, settings("api"), &report("fail", "one leg"));
    assert!(first.remarks.is_empty(), "{first:?}");
    let second = tell(&around, settings("api"), &report("fail", "another leg"));
    assert_eq!(github.bodies().len(), 1);
    assert!(second.comment.is_some() && second.remarks[0].1.contains("has the comment key 'api' too"), "{second:?}");
    let later = tell(&surroundings(&github, 2), settings("api"), &report("fail", "the next run"));
    assert!(later.remarks.is_empty(), "{later:?}");
}
