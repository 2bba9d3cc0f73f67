//! Whether people said of a regression that it is meant to be: a label on the pull request, and why in its description.
//!
//! Labels are GitHub's to guard: only who may triage the repository can set one. All else that could set it for somebody is refused: a
//! bot, whose rules the pull request may trip, and a configuration that the pull request itself changes, as that says which label
//! counts. What can't be asked counts as not said.

use jiff::Timestamp;
use serde_json::Value;
use tokio::runtime::Builder;

use super::{
    client::{Api, Server},
    event::{Context, Surroundings},
    pulls,
    retry::Patience,
    trouble::ApiError,
};
use crate::env;

/// Longest reason that is kept, in characters: it stands in tables.
const REASON_CHARS_MAX: usize = 300;
/// What branches of a merge queue begin with. Nobody but GitHub can push one.
const QUEUE: &str = "refs/heads/gh-readonly-queue/";

/// What must be there for a regression to be accepted.
#[derive(Clone, Copy, Debug)]
pub struct LabelRule<'a> {
    /// Name of the label.
    pub label: &'a str,
    /// Whether the description must say why, in a line `LABEL: WHY`.
    pub requires_reason: bool,
    /// Path of the configuration that names the label, from the root of the repository; `None` where that is not known.
    pub config: Option<&'a str>,
    /// The branch, where the build is one of the branch itself: then the pull request is the one that was merged as the judged commit.
    pub branch: Option<&'a str>,
}

/// What GitHub says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Somebody accepted the regression.
    Accepted(Labelled),
    /// It seems so, and does not count: why, as a part of a sentence.
    Refused(String),
    /// Nobody did.
    NotSaid,
}

/// Who set a label, when, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labelled {
    /// The words of the description.
    pub reason: String,
    /// The login of who set the label.
    pub by: String,
    /// When it was set.
    pub at: Timestamp,
}

/// Asks GitHub, whose answers of now count: the event that started the workflow may be older than the label.
#[must_use]
pub fn ask_for_label(surroundings: &Surroundings, rule: &LabelRule<'_>, patience: Patience) -> Answer {
    let context = &surroundings.context;
    let unknown = |why: &str| Answer::Refused(format!("GitHub can't be asked for the label {}: {why}", rule.label));
    match &surroundings.server {
        Some(server) => asked(server, context, rule, patience).unwrap_or_else(|error| unknown(&error.to_string())),
        None => unknown("the workflow gives loadgate no token"),
    }
}

fn asked(server: &Server, context: &Context, rule: &LabelRule<'_>, patience: Patience) -> Result<Answer, ApiError> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| ApiError::unreachable("a runtime", &error.to_string()))?;
    let api = {
        let _within = runtime.enter();
        Api::new(server, patience)?
    };
    runtime.block_on(find(&api, context, rule))
}

async fn find(api: &Api, context: &Context, rule: &LabelRule<'_>) -> Result<Answer, ApiError> {
    let Some(number) = number(api, context, rule).await? else { return Ok(Answer::NotSaid) };
    let pull = api.get(&context.path(&format!("pulls/{number}"))).await?;
    if !has_label(&pull, rule.label) {
        return Ok(Answer::NotSaid);
    }
    // What was merged was looked at by whoever merged it, the configuration too.
    if rule.branch.is_none() {
        let files = api.list(&context.path(&format!("pulls/{number}/files")), None).await?;
        if let Some(why) = own_rule(&pull, &files, rule) {
            return Ok(Answer::Refused(why));
        }
    }
    let said = reason(pull["body"].as_str().unwrap_or_default(), rule.label);
    let Some(reason) = said.or_else(|| (!rule.requires_reason).then(|| "no reason was given".to_owned())) else {
        let why = format!(
            "the label {} is set, and the description of the pull request does not say why: it needs a line \"{}: WHY\"",
            rule.label, rule.label
        );
        return Ok(Answer::Refused(why));
    };
    let events = api.list(&context.path(&format!("issues/{number}/events")), None).await?;
    Ok(set_by(&events, rule.label, reason))
}

/// The pull request that may have the label.
async fn number(api: &Api, context: &Context, rule: &LabelRule<'_>) -> Result<Option<u64>, ApiError> {
    match (rule.branch, &context.head_sha) {
        (Some(branch), Some(sha)) => {
            let pulls = api.list(&context.path(&format!("commits/{sha}/pulls")), None).await?;
            Ok(merged_as(&pulls, sha, &context.repository, branch))
        }
        (Some(_), None) => Ok(None),
        (None, _) if context.event == "merge_group" => Ok(env::lookup(env::GITHUB_REF).as_deref().and_then(queued)),
        (None, _) => pulls::find(api, context).await,
    }
}

/// The one that was merged into the branch as this very commit. Later commits of the branch have it among their ancestors, and are not
/// its doing.
fn merged_as(pulls: &[Value], sha: &str, repository: &str, branch: &str) -> Option<u64> {
    let text = |pull: &Value, path: &str| pull.pointer(path).and_then(Value::as_str).map(str::to_owned);
    let is_it = |pull: &&Value| {
        text(pull, "/merged_at").is_some()
            && text(pull, "/merge_commit_sha").as_deref() == Some(sha)
            && text(pull, "/base/ref").as_deref() == Some(branch)
            && text(pull, "/base/repo/full_name").is_some_and(|into| into.eq_ignore_ascii_case(repository))
    };
    pulls.iter().filter(is_it).find_map(|pull| pull["number"].as_u64())
}

/// The pull request that a branch of a merge queue is for: `refs/heads/gh-readonly-queue/main/pr-12-SHA`.
fn queued(reference: &str) -> Option<u64> {
    let (_, name) = reference.strip_prefix(QUEUE)?.rsplit_once('/')?;
    name.strip_prefix("pr-")?.split('-').next()?.parse().ok()
}

fn has_label(pull: &Value, label: &str) -> bool {
    let mut names = pull["labels"].as_array().into_iter().flatten().filter_map(|of| of["name"].as_str());
    names.any(|name| is_same(name, label))
}

/// Labels of a repository differ by more than upper and lower case.
fn is_same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

/// Why the rule may be the pull request's own: who opens one could name a label that it has for another reason.
fn own_rule(pull: &Value, files: &[Value], rule: &LabelRule<'_>) -> Option<String> {
    let Some(config) = rule.config else {
        return Some("it is not known whether the pull request changes the configuration, which names the label".to_owned());
    };
    let is_it = |file: &Value| ["filename", "previous_filename"].iter().any(|key| file[*key].as_str() == Some(config));
    let is_cut = pull["changed_files"].as_u64().is_some_and(|count| count > files.len() as u64);
    if files.iter().any(is_it) {
        let label = rule.label;
        return Some(format!(
            "the pull request changes {config}, which says that the label {label} counts; merge that change by itself first"
        ));
    }
    is_cut.then(|| format!("the pull request changes so many files that it is not known whether {config} is one of them"))
}

/// What the description says: the first line that begins with the label and a colon. Comments are not seen by those who read it, and
/// templates explain themselves in them.
fn reason(description: &str, label: &str) -> Option<String> {
    let of_line = |line: &str| {
        let line = line.trim_start_matches(|c: char| c.is_whitespace() || "-*>".contains(c));
        let (name, rest) = line.split_at_checked(label.len())?;
        let said = rest.trim_start().strip_prefix(':').filter(|_| is_same(name, label))?;
        let words: Vec<&str> = said.split_whitespace().collect();
        let reason: String = words.join(" ").chars().filter(|c| !c.is_control()).take(REASON_CHARS_MAX).collect();
        (!reason.is_empty()).then_some(reason)
    };
    without_comments(description).lines().find_map(of_line)
}

fn without_comments(text: &str) -> String {
    let (mut kept, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("<!--") {
        kept.push_str(before);
        rest = after.split_once("-->").map_or("", |(_, after)| after);
    }
    kept + rest
}

/// Who set the label last: it may have been taken away and set again since.
fn set_by(events: &[Value], label: &str, reason: String) -> Answer {
    let is_it = |event: &&Value| {
        let name = event.pointer("/label/name").and_then(Value::as_str);
        event["event"].as_str() == Some("labeled") && name.is_some_and(|name| is_same(name, label))
    };
    let set = events.iter().rfind(is_it);
    let text = |path: &str| set.and_then(|event| event.pointer(path)).and_then(Value::as_str);
    let at = text("/created_at").and_then(|at| at.parse::<Timestamp>().ok());
    match (text("/actor/login"), at) {
        (Some(login), _) if text("/actor/type") == Some("Bot") || login.ends_with("[bot]") => {
            Answer::Refused(format!("the label {label} was set by {login}, and only a person can accept a regression"))
        }
        (Some(login), Some(at)) => Answer::Accepted(Labelled { reason, by: login.to_owned(), at }),
        _ => Answer::Refused(format!("GitHub does not say who set the label {label}; take it away and set it again")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const LABEL: &str = "perf-accepted";

    #[test]
    fn a_reason_is_a_line_of_its_own_that_people_can_read() {
        let why = |text: &str| reason(text, LABEL);
        assert_eq!(why("Rounds.\r\n\r\nperf-accepted: exact  rounding\tcosts\r\nmore"), Some("exact rounding costs".to_owned()));
        assert_eq!(why("- Perf-Accepted : because"), Some("because".to_owned()));
        for none in [
            "",
            "perf-accepted",
            "perf-accepted:",
            "perf-accepted:  \nwhy",
            "is it perf-accepted: no",
            "perf-accepted-not: why",
            "<!-- perf-accepted: say why -->",
            "<!--\nperf-accepted: say why\n",
            "pärf-accepté: why",
        ] {
            assert_eq!(why(none), None, "{none}");
        }
        assert_eq!(why("<!-- say why -->\nperf-accepted: so"), Some("so".to_owned()));
        assert_eq!(why(&format!("perf-accepted: {}", "ä".repeat(400))).map(|why| why.chars().count()), Some(300));
        assert_eq!(reason("slower: ok: it is safe", "slower: ok"), Some("it is safe".to_owned()));
    }

    #[test]
    fn only_a_person_accepts_and_the_last_one_to_do_so_counts() {
        let event = |what: &str, label: &str, login: &str, at: &str| json!({ "event": what, "label": { "name": label }, "actor": { "login": login, "type": "User" }, "created_at": at });
        let answer = |events: &[Value]| set_by(events, LABEL, "so".to_owned());
        let by = |login: &str, at: &str| {
            Answer::Accepted(Labelled { reason: "so".to_owned(), by: login.to_owned(), at: at.parse().unwrap() })
        };
        let (early, late) = ("2026-11-20T10:00:00Z", "2026-11-21T10:00:00Z");
        let mut events = vec![
            event("labeled", "Perf-Accepted", "ann", early),
            event("unlabeled", LABEL, "bob", late),
            event("labeled", "bug", "eve", late),
        ];
        assert_eq!(answer(&events), by("ann", early));
        events.push(event("labeled", LABEL, "bob", late));
        assert_eq!(answer(&events), by("bob", late));
        let mut bot = event("labeled", LABEL, "labeler", late);
        bot["actor"]["type"] = json!("Bot");
        for set in [bot, event("labeled", LABEL, "github-actions[bot]", late)] {
            let answer = answer(&[set]);
            assert!(matches!(&answer, Answer::Refused(why) if why.contains("only a person can")), "{answer:?}");
        }
        let ghost = json!({ "event": "labeled", "label": { "name": LABEL }, "actor": null, "created_at": late });
        for unknown in [&[][..], &[ghost]] {
            assert!(matches!(answer(unknown), Answer::Refused(why) if why.contains("does not say who")));
        }
    }

    #[test]
    fn a_pull_request_does_not_choose_its_own_label() {
        let rule = LabelRule { label: LABEL, requires_reason: true, config: Some("perf/loadgate.yml"), branch: None };
        let own = |names: &[&str], count: u64, rule: &LabelRule<'_>| {
            let files: Vec<Value> = names.iter().map(|name| json!({ "filename": name })).collect();
            own_rule(&json!({ "changed_files": count }), &files, rule)
        };
        assert_eq!(own(&["src/lib.rs", "loadgate.yml"], 2, &rule), None);
        let why = own(&["src/lib.rs", "perf/loadgate.yml"], 2, &rule).unwrap();
        assert!(why.starts_with("the pull request changes perf/loadgate.yml, which says"), "{why}");
        assert!(own(&["src/lib.rs"], 4_000, &rule).unwrap().contains("so many files"));
        assert!(own(&[], 0, &LabelRule { config: None, ..rule }).unwrap().contains("not known"));
        let moved = [json!({ "filename": "old.yml", "previous_filename": "perf/loadgate.yml" })];
        assert!(own_rule(&json!({}), &moved, &rule).is_some());
    }

    #[test]
    fn a_commit_of_the_branch_is_the_doing_of_the_pull_request_that_was_merged_as_it() {
        let pull = |number: u64, sha: &str, merged_at: Value, into: &str, base: &str| json!({ "number": number, "merge_commit_sha": sha, "merged_at": merged_at, "base": { "ref": base, "repo": { "full_name": into } } });
        let at = || json!("2026-11-21T10:00:00Z");
        let pulls = [
            pull(1, "other", at(), "acme/shop", "main"),
            pull(2, "sha", Value::Null, "acme/shop", "main"),
            pull(3, "sha", at(), "elsewhere/shop", "main"),
            pull(4, "sha", at(), "acme/shop", "next"),
            pull(5, "sha", at(), "Acme/shop", "main"),
        ];
        assert_eq!(merged_as(&pulls, "sha", "acme/shop", "main"), Some(5));
        assert_eq!(merged_as(&pulls[..4], "sha", "acme/shop", "main"), None);
    }

    #[test]
    fn a_merge_queue_names_its_pull_request() {
        assert_eq!(queued("refs/heads/gh-readonly-queue/main/pr-12-1111111111111111"), Some(12));
        assert_eq!(queued("refs/heads/gh-readonly-queue/release/1.4/pr-7-ab"), Some(7));
        for other in ["refs/heads/main", "refs/heads/pr-12-ab", "refs/heads/x/gh-readonly-queue/main/pr-12-ab", "pr-12"] {
            assert_eq!(queued(other), None, "{other}");
        }
    }
}
