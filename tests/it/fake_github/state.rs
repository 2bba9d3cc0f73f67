//! What GitHub keeps.

use serde_json::{Value, json};

use super::{Asked, Fault, HEAD, PULL, REPOSITORY};

#[derive(Clone, Debug)]
pub(crate) struct Comment {
    pub id: u64,
    pub number: u64,
    pub login: String,
    pub body: String,
}

/// Everything that is kept, and everything that was asked.
pub(crate) struct State {
    pub comments: Vec<Comment>,
    pub checks: Vec<Value>,
    pub annotations: Vec<Value>,
    pub statuses: Vec<Value>,
    pub pulls: Vec<Value>,
    /// What happened to the pull requests: labels that were set, say. The oldest first.
    pub events: Vec<Value>,
    /// Paths that the pull requests change.
    pub files: Vec<String>,
    pub asked: Vec<Asked>,
    pub faults: Vec<Fault>,
    next: u64,
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            comments: Vec::new(),
            checks: Vec::new(),
            annotations: Vec::new(),
            statuses: Vec::new(),
            pulls: vec![pull(PULL, HEAD)],
            events: Vec::new(),
            files: vec!["src/shop.rs".to_owned()],
            asked: Vec::new(),
            faults: Vec::new(),
            next: 1_000,
        }
    }

    pub(crate) fn id(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Somebody sets a label on the pull request that is there.
    pub(crate) fn set_label(&mut self, label: &str, login: &str, at: &str) {
        let kind = if login.ends_with("[bot]") { "Bot" } else { "User" };
        let id = self.id();
        self.events.push(json!({
            "id": id, "event": "labeled", "label": { "name": label, "color": "ededed" },
            "actor": { "login": login, "type": kind }, "created_at": at,
        }));
        self.pulls[0]["labels"] = json!([{ "id": id, "name": label }]);
    }

    /// A comment that somebody wrote before.
    pub(crate) fn comment(&mut self, login: &str, body: &str) -> u64 {
        let id = self.id();
        self.comments.push(Comment { id, number: PULL, login: login.to_owned(), body: body.to_owned() });
        id
    }
}

/// An open pull request.
pub(crate) fn pull(number: u64, sha: &str) -> Value {
    json!({
        "id": number, "number": number, "state": "open", "title": "Faster", "merged_at": null,
        "body": null, "labels": [], "changed_files": 1, "merge_commit_sha": null,
        "head": { "sha": sha, "ref": "fast", "label": "stranger:fast", "repo": { "full_name": "stranger/shop" } },
        "base": { "sha": sha, "ref": "main", "label": "acme:main", "repo": { "full_name": REPOSITORY } },
    })
}
