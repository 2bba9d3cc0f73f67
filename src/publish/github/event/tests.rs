use serde_json::json;

use super::*;

const HEAD: &str = "1111111111111111111111111111111111111111";
const MERGE: &str = "2222222222222222222222222222222222222222";

fn surroundings(event: &str, payload: &Value, more: &[(&str, &str)]) -> Option<Surroundings> {
    let set = [
        (env::GITHUB_ACTIONS, "true"),
        (env::GITHUB_REPOSITORY, "acme/shop"),
        (env::GITHUB_EVENT_NAME, event),
        (env::GITHUB_SHA, MERGE),
        (env::GITHUB_RUN_ID, "123"),
        (env::GITHUB_RUN_ATTEMPT, "2"),
        (env::GITHUB_SERVER_URL, "https://github.com"),
    ];
    let lookup = |name: &str| more.iter().chain(&set).find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    Surroundings::from(lookup, payload)
}

fn context(event: &str, payload: &Value) -> Context {
    surroundings(event, payload, &[]).unwrap().context
}

fn found(event: &str, payload: &Value) -> (Option<String>, Pull, bool) {
    let context = context(event, payload);
    (context.head_sha, context.pull, context.is_fork)
}

fn pull_request(repository: &str) -> Value {
    json!({ "pull_request": { "number": 12, "head": { "sha": HEAD, "repo": { "full_name": repository } } } })
}

#[test]
fn a_pull_request_is_judged_by_its_head_and_not_by_the_merge_commit() {
    assert_eq!(found("pull_request", &pull_request("acme/shop")), (Some(HEAD.into()), Pull::Known(12), false));
    assert_eq!(found("pull_request_target", &pull_request("acme/shop")), (Some(HEAD.into()), Pull::Known(12), false));
}

#[test]
fn a_fork_is_known_by_its_repository_also_when_that_is_gone() {
    assert!(found("pull_request", &pull_request("stranger/shop")).2);
    let gone = json!({ "pull_request": { "number": 12, "head": { "sha": HEAD, "repo": null } } });
    assert_eq!(found("pull_request", &gone), (Some(HEAD.into()), Pull::Known(12), true));
}

#[test]
fn tokens_of_forks_and_of_dependabot_may_only_read() {
    let reads = |event: &str, payload: &Value, actor: &str| {
        surroundings(event, payload, &[(env::GITHUB_ACTOR, actor)]).unwrap().context.is_read_only()
    };
    let (own, fork) = (pull_request("acme/shop"), pull_request("stranger/shop"));
    assert!(reads("pull_request", &fork, "stranger") && !reads("pull_request", &own, "somebody"));
    assert!(reads("pull_request", &own, "dependabot[bot]") && reads("push", &json!({}), "dependabot[bot]"));
    assert!(!reads("pull_request_target", &fork, "stranger") && !reads("workflow_run", &json!({}), "dependabot[bot]"));
}

#[test]
fn a_merge_queue_has_a_commit_and_no_pull_request() {
    let payload = json!({ "merge_group": { "head_sha": HEAD } });
    assert_eq!(found("merge_group", &payload), (Some(HEAD.into()), Pull::None, false));
}

#[test]
fn a_workflow_run_is_that_of_its_own_head_and_looks_for_the_pull_request_itself() {
    let payload = json!({ "workflow_run": {
        "id": 77, "run_attempt": 3, "event": "pull_request", "head_sha": HEAD, "head_branch": "fast",
        "head_repository": { "full_name": "stranger/shop", "owner": { "login": "stranger" } },
        "pull_requests": [ { "number": 666 } ],
    } });
    let context = context("workflow_run", &payload);
    assert_eq!(context.head_sha.as_deref(), Some(HEAD));
    assert_eq!((context.pull, context.is_fork), (Pull::LookUp(Some("stranger:fast".into())), true));
    assert_eq!((context.run.id, context.run.attempt), (77, 3), "of the run that measured");
}

#[test]
fn a_workflow_run_after_a_schedule_has_no_pull_request() {
    let payload =
        json!({ "workflow_run": { "event": "schedule", "head_sha": HEAD, "head_repository": { "full_name": "acme/shop" } } });
    assert_eq!(found("workflow_run", &payload), (Some(HEAD.into()), Pull::None, false));
}

#[test]
fn other_events_have_the_commit_they_run_for() {
    for event in ["push", "workflow_dispatch"] {
        assert_eq!(found(event, &json!({})), (Some(MERGE.into()), Pull::LookUp(None), false), "{event}");
    }
    assert_eq!(found("schedule", &json!({})), (Some(MERGE.into()), Pull::None, false));
    let deployment = json!({ "deployment": { "sha": HEAD } });
    assert_eq!(found("deployment_status", &deployment).0.as_deref(), Some(HEAD));
}

#[test]
fn an_unknown_event_names_nothing_and_is_no_error() {
    assert_eq!(found("issue_comment", &json!({ "issue": { "number": 3 } })), (None, Pull::None, false));
    assert_eq!(found("", &Value::Null), (None, Pull::None, false));
}

#[test]
fn what_becomes_a_part_of_an_address_is_looked_at_first() {
    let odd = json!({ "pull_request": { "number": 12, "head": { "sha": "../../../user" } } });
    assert_eq!(found("pull_request", &odd).0, None);
    for name in ["acme", "acme/shop/issues", "../x", "acme/", "a b/c"] {
        assert!(surroundings("push", &json!({}), &[(env::GITHUB_REPOSITORY, name)]).is_none(), "{name}");
    }
}

#[test]
fn an_enterprise_server_has_its_own_addresses() {
    let of =
        |more: &[(&str, &str)]| surroundings("push", &json!({}), more).unwrap().server.map(|server| (server.api, server.graphql));
    assert_eq!(of(&[]), None, "without a token");
    let own = [(env::GITHUB_TOKEN, "t"), (env::GITHUB_API_URL, "https://ghes.corp/api/v3")];
    assert_eq!(of(&own), Some(("https://ghes.corp/api/v3".into(), "https://ghes.corp/api/graphql".into())));
    assert_eq!(of(&[(env::GITHUB_TOKEN, "t")]).unwrap().1, "https://api.github.com/graphql");
}

#[test]
fn records_name_the_commit_that_the_check_stands_at() {
    let judged = |event: &str, payload: &Value| {
        let set = [(env::GITHUB_EVENT_NAME, event), (env::GITHUB_SHA, MERGE)];
        let lookup = |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let judged = Judged::from(lookup, payload);
        (judged.commit.unwrap(), judged.pull_request)
    };
    assert_eq!(judged("pull_request", &pull_request("acme/shop")), (HEAD.into(), Some(12)));
    let run = json!({ "workflow_run": { "head_sha": HEAD, "pull_requests": [ { "number": 666 } ] } });
    assert_eq!(judged("workflow_run", &run), (HEAD.into(), None));
    assert_eq!(judged("deployment", &json!({ "deployment": { "sha": HEAD } })), (HEAD.into(), None));
    assert_eq!(judged("issue_comment", &json!({})), (MERGE.into(), None), "all that is known");
}

#[test]
fn outside_of_a_workflow_there_is_nobody_to_tell() {
    assert!(surroundings("push", &json!({}), &[(env::GITHUB_ACTIONS, "false")]).is_none());
}

#[test]
fn a_run_has_a_page() {
    let run = context("push", &json!({})).run;
    assert_eq!(run, Run { id: 123, attempt: 2, url: Some("https://github.com/acme/shop/actions/runs/123".into()) });
}
