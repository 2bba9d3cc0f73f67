//! What GitHub answers.

use serde_json::{Value, json};

use super::{Asked, Comment, LOGIN, REPOSITORY, State, TOKEN, wire::Exchange};

const WEB: &str = "https://github.com/acme/shop";
const MOMENT: &str = "2026-11-21T12:00:00Z";
/// Longest comment, and longest text of a check.
const CHARS_MAX: usize = 65_536;

pub(super) fn answer(state: &mut State, asked: &Asked, prefix: &str) -> Exchange {
    if asked.authorization.as_deref() != Some(&format!("Bearer {TOKEN}")) {
        return Exchange::error(401, &[], "Bad credentials");
    }
    if asked.method == "POST" && asked.path == format!("{}/graphql", prefix.strip_suffix("/v3").unwrap_or(prefix)) {
        return Exchange::new(200, json!({ "data": { "viewer": { "login": LOGIN } } }));
    }
    let (path, query) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
    let Some(tail) = path.strip_prefix(&format!("{prefix}/repos/{REPOSITORY}/")) else { return missing() };
    let parts: Vec<&str> = tail.split('/').collect();
    let number = |text: &str| text.parse::<u64>().unwrap_or_default();
    match (asked.method.as_str(), parts.as_slice()) {
        ("GET", ["issues", pull, "comments"]) => {
            let all = state.comments.iter().filter(|comment| comment.number == number(pull)).map(comment).collect();
            Exchange::new(200, Value::Array(page(all, query)))
        }
        ("POST", ["issues", pull, "comments"]) => create_comment(state, number(pull), &asked.body),
        (method, ["issues", "comments", id]) => one_comment(state, method, number(id), &asked.body),
        ("POST", ["check-runs"]) => create_check(state, &asked.body),
        ("PATCH", ["check-runs", id]) => update_check(state, number(id), &asked.body),
        ("GET", ["check-runs", id]) => state
            .checks
            .iter()
            .find(|check| check["id"] == number(id))
            .map_or_else(missing, |check| Exchange::new(200, check.clone())),
        ("GET", ["commits", sha, "check-runs"]) => {
            let all: Vec<Value> = state.checks.iter().filter(|check| check["head_sha"] == *sha).cloned().collect();
            Exchange::new(200, json!({ "total_count": all.len(), "check_runs": page(all, query) }))
        }
        ("POST", ["statuses", sha]) => create_status(state, sha, &asked.body),
        ("GET", ["commits", sha, "pulls"]) => {
            let is_in =
                |pull: &&Value| pull["head"]["sha"] == *sha || pull["base"]["sha"] == *sha || pull["merge_commit_sha"] == *sha;
            let of = state.pulls.iter().filter(is_in);
            Exchange::new(200, Value::Array(page(of.cloned().collect(), query)))
        }
        ("GET", ["issues", _, "events"]) => Exchange::new(200, Value::Array(page(state.events.clone(), query))),
        ("GET", ["pulls", _, "files"]) => {
            let files = state.files.iter().map(|name| json!({ "filename": name, "status": "modified" })).collect();
            Exchange::new(200, Value::Array(page(files, query)))
        }
        ("GET", ["pulls"]) => Exchange::new(200, Value::Array(page(state.pulls.clone(), query))),
        ("GET", ["pulls", id]) => state
            .pulls
            .iter()
            .find(|pull| pull["number"] == number(id))
            .map_or_else(missing, |pull| Exchange::new(200, pull.clone())),
        _ => missing(),
    }
}

fn missing() -> Exchange {
    Exchange::error(404, &[], "Not Found")
}

fn invalid(message: &str) -> Exchange {
    let errors = json!([{ "resource": "IssueComment", "code": "unprocessable", "field": "data", "message": message }]);
    Exchange::new(
        422,
        json!({ "message": "Validation Failed", "errors": errors, "documentation_url": "https://docs.github.com/rest" }),
    )
}

/// A page of a list: `per_page` and `page`.
fn page(all: Vec<Value>, query: &str) -> Vec<Value> {
    let asked = |name: &str, default: usize| {
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.filter(|(key, _)| key == name).find_map(|(_, value)| value.parse().ok()).unwrap_or(default)
    };
    let size = asked("per_page", 30).min(100);
    all.into_iter().skip((asked("page", 1) - 1) * size).take(size).collect()
}

fn create_comment(state: &mut State, number: u64, body: &Value) -> Exchange {
    let Some(text) = body["body"].as_str() else { return invalid("body is missing") };
    if text.chars().count() > CHARS_MAX {
        return invalid("Body is too long (maximum is 65536 characters)");
    }
    if !state.pulls.iter().any(|pull| pull["number"] == number) {
        return missing();
    }
    let made = Comment { id: state.id(), number, login: LOGIN.to_owned(), body: text.to_owned() };
    state.comments.push(made.clone());
    Exchange::new(201, comment(&made))
}

fn one_comment(state: &mut State, method: &str, id: u64, body: &Value) -> Exchange {
    let Some(place) = state.comments.iter().position(|comment| comment.id == id) else { return missing() };
    match method {
        "GET" => Exchange::new(200, comment(&state.comments[place])),
        "DELETE" => {
            state.comments.remove(place);
            Exchange::new(204, Value::Null)
        }
        "PATCH" => {
            let Some(text) = body["body"].as_str() else { return invalid("body is missing") };
            if text.chars().count() > CHARS_MAX {
                return invalid("Body is too long (maximum is 65536 characters)");
            }
            text.clone_into(&mut state.comments[place].body);
            Exchange::new(200, comment(&state.comments[place]))
        }
        _ => missing(),
    }
}

fn create_check(state: &mut State, body: &Value) -> Exchange {
    if body["name"].as_str().is_none() || body["head_sha"].as_str().is_none() {
        return invalid("name and head_sha are missing");
    }
    let id = state.id();
    let check = json!({
        "id": id, "node_id": "CR_x", "head_sha": body["head_sha"], "name": body["name"], "external_id": body["external_id"],
        "url": format!("https://api.github.com/repos/{REPOSITORY}/check-runs/{id}"),
        "html_url": format!("{WEB}/runs/{id}"), "details_url": body["details_url"],
        "status": body["status"], "conclusion": null, "started_at": body["started_at"], "completed_at": null,
        "output": {
            "title": null, "summary": null, "text": null, "annotations_count": 0,
            "annotations_url": format!("https://api.github.com/repos/{REPOSITORY}/check-runs/{id}/annotations"),
        },
        "check_suite": { "id": 5 }, "app": null, "pull_requests": [],
    });
    state.checks.push(check.clone());
    Exchange::new(201, check)
}

fn update_check(state: &mut State, id: u64, body: &Value) -> Exchange {
    let added = body.pointer("/output/annotations").and_then(Value::as_array).cloned().unwrap_or_default();
    if added.len() > 50 {
        return invalid("annotations: at most 50");
    }
    if body.pointer("/output/summary").and_then(Value::as_str).is_some_and(|text| text.len() >= CHARS_MAX) {
        return invalid("summary is too long");
    }
    let Some(check) = state.checks.iter_mut().find(|check| check["id"] == id) else { return missing() };
    for name in ["status", "conclusion", "completed_at", "details_url"] {
        if !body[name].is_null() {
            check[name] = body[name].clone();
        }
    }
    for name in ["title", "summary", "text"] {
        if !body["output"][name].is_null() {
            check["output"][name] = body["output"][name].clone();
        }
    }
    state.annotations.extend(added);
    check["output"]["annotations_count"] = json!(state.annotations.len());
    Exchange::new(200, check.clone())
}

fn create_status(state: &mut State, sha: &str, body: &Value) -> Exchange {
    if body["description"].as_str().is_some_and(|text| text.chars().count() > 140) {
        return invalid("description is too long (maximum is 140 characters)");
    }
    let id = state.id();
    let status = json!({
        "url": format!("https://api.github.com/repos/{REPOSITORY}/statuses/{sha}"), "id": id, "node_id": "SC_x", "avatar_url": null,
        "state": body["state"], "description": body["description"], "target_url": body["target_url"], "context": body["context"],
        "created_at": MOMENT, "updated_at": MOMENT, "creator": user(LOGIN),
    });
    state.statuses.push(status.clone());
    Exchange::new(201, status)
}

fn comment(comment: &Comment) -> Value {
    let Comment { id, number, login, body } = comment;
    let api = format!("https://api.github.com/repos/{REPOSITORY}/issues");
    json!({
        "id": id, "node_id": "IC_x", "body": body, "user": user(login), "author_association": "NONE",
        "url": format!("{api}/comments/{id}"), "issue_url": format!("{api}/{number}"),
        "html_url": format!("{WEB}/pull/{number}#issuecomment-{id}"), "created_at": MOMENT, "updated_at": MOMENT,
    })
}

fn user(login: &str) -> Value {
    let mut user = json!({
        "login": login, "id": 1, "node_id": "U_x", "gravatar_id": "", "site_admin": false,
        "type": if login.ends_with("[bot]") { "Bot" } else { "User" },
    });
    let links = [
        "avatar",
        "events",
        "followers",
        "following",
        "gists",
        "html",
        "organizations",
        "received_events",
        "repos",
        "starred",
        "subscriptions",
    ];
    for link in links {
        user[format!("{link}_url")] = json!("https://api.github.com/users/x");
    }
    user["url"] = json!("https://api.github.com/users/x");
    user
}
