//! The check of a commit: a check run, or a commit status where the token may not make one.

use http::Method;
use serde_json::{Map, Value, json};

use super::{
    annotations,
    client::Api,
    event::Context,
    pulls::encoded,
    trouble::{ApiError, Trouble},
};
use crate::report::{Annotation, comment::Conclusion};

/// Longest title that is sent.
const TITLE_CHARS_MAX: usize = 140;
/// GitHub takes 65,535 characters.
const SUMMARY_BYTES_MAX: usize = 60_000;

/// What a finished check says.
#[derive(Clone, Debug)]
pub struct Finding {
    /// How it ends.
    pub conclusion: Conclusion,
    /// The finding in a line.
    pub title: String,
    /// The text, in Markdown.
    pub summary: String,
    /// What is shown beside the lines of files.
    pub annotations: Vec<Annotation>,
}

/// What stands for the gate at the commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Check {
    /// A check run.
    Run { id: u64, url: Option<String> },
    /// A commit status.
    Status,
}

/// What a check is called, and which run it belongs to.
pub(super) struct Label<'a> {
    pub api: &'a Api,
    pub context: &'a Context,
    pub sha: &'a str,
    /// Stable: required checks are found by it.
    pub name: String,
    /// Which run, attempt and key: tells our check from one of an earlier run.
    pub external: String,
}

impl Label<'_> {
    /// Opens the check before load is made: a re-run clears an old failure at once.
    ///
    /// # Errors
    /// The token may make neither a check run nor a status, or GitHub can't be reached.
    pub(super) async fn open(&self, started_at: &str) -> Result<Check, ApiError> {
        let body = json!({
            "name": self.name, "head_sha": self.sha, "status": "in_progress",
            "started_at": started_at, "external_id": self.external,
        });
        match self.create(self.with_page(body, "details_url")).await {
            Err(error) if matches!(error.kind, Trouble::Forbidden | Trouble::Missing) => {
                // What was refused first is the better reason, also when this is refused too.
                self.status("pending", "measuring").await.map_err(|_| error)?;
                Ok(Check::Status)
            }
            check => check,
        }
    }

    /// Completes the check. `true` where the findings stand beside the lines of files.
    ///
    /// # Errors
    /// GitHub can't be reached, or refuses the check.
    pub(super) async fn complete(&self, check: &Check, finding: &Finding, completed_at: &str) -> Result<bool, ApiError> {
        let Check::Run { id, .. } = check else {
            return self.status(state(finding.conclusion), &finding.title).await.map(|()| false);
        };
        let path = self.context.path(&format!("check-runs/{id}"));
        match self.send(&path, finding, &finding.annotations, completed_at).await {
            // The verdict counts: it does not stay untold because GitHub does not like what stands beside it.
            Err(error) if !finding.annotations.is_empty() && matches!(error.kind, Trouble::Refused | Trouble::TooLong) => {
                self.send(&path, finding, &[], completed_at).await.map(|()| false)
            }
            sent => sent.map(|()| true),
        }
    }

    /// Ends the check run with its annotations, in as many parts as it takes.
    async fn send(&self, path: &str, finding: &Finding, all: &[Annotation], completed_at: &str) -> Result<(), ApiError> {
        let mut body = json!({
            "name": self.name, "status": "completed",
            "conclusion": finding.conclusion.name(), "completed_at": completed_at,
        });
        let mut batches = all.chunks(annotations::BATCH);
        let mut sent = 0;
        loop {
            let batch = batches.next().unwrap_or_default();
            let output = output(finding, batch);
            body["output"] = Value::Object(output);
            self.append(path, body, sent, batch.len()).await?;
            sent += batch.len();
            if sent >= all.len() {
                return Ok(());
            }
            body = json!({});
        }
    }

    /// Annotations are added to those that are there. So before this is repeated one looks whether they came through.
    async fn append(&self, path: &str, mut body: Value, before: usize, added: usize) -> Result<(), ApiError> {
        let mut times = 0;
        loop {
            match self.api.once(&Method::PATCH, path, Some(&body)).await {
                Err(error) if self.api.wait(&error, times).await => {
                    times += 1;
                    let there = self.api.get(path).await?;
                    let count = there.pointer("/output/annotations_count").and_then(Value::as_u64).unwrap_or_default();
                    if added > 0 && usize::try_from(count).is_ok_and(|count| count >= before + added) {
                        body["output"]["annotations"] = json!([]);
                    }
                }
                answer => return answer.map(|_| ()),
            }
        }
    }

    async fn create(&self, body: Value) -> Result<Check, ApiError> {
        let path = self.context.path("check-runs");
        let mut times = 0;
        loop {
            match self.api.once(&Method::POST, &path, Some(&body)).await {
                Err(error) if self.api.wait(&error, times).await => {
                    times += 1;
                    if let Some(there) = self.find().await? {
                        return Ok(there);
                    }
                }
                made => return run(&made?).ok_or_else(|| ApiError::strange(&format!("POST {path}"), "has no number")),
            }
        }
    }

    /// The check of this very run and attempt: the one that was made although nobody said so, or a new one.
    ///
    /// # Errors
    /// As [`Label::open`], and where nobody says whether there is one: two of them would contradict each other.
    pub(super) async fn find_or_open(&self, started_at: &str) -> Result<Check, ApiError> {
        match self.find().await {
            Ok(Some(there)) => Ok(there),
            Err(error) if matches!(error.kind, Trouble::Passing | Trouble::Limited(_)) => Err(error),
            // A token that may not look is told what it may do by opening one.
            Ok(None) | Err(_) => self.open(started_at).await,
        }
    }

    /// The check run of this very run and attempt.
    async fn find(&self) -> Result<Option<Check>, ApiError> {
        let path = self.context.path(&format!("commits/{}/check-runs?filter=all&check_name={}", self.sha, encoded(&self.name)));
        let all = self.api.list(&path, Some("check_runs")).await?;
        Ok(all.iter().find(|check| check["external_id"] == self.external).and_then(run))
    }

    /// The latest status of a name counts, so sending one twice does no harm.
    async fn status(&self, state: &str, description: &str) -> Result<(), ApiError> {
        let body = json!({ "state": state, "context": self.name, "description": shortened(description, TITLE_CHARS_MAX) });
        let path = self.context.path(&format!("statuses/{}", self.sha));
        self.api.post_again(&path, &self.with_page(body, "target_url")).await.map(|_| ())
    }

    fn with_page(&self, mut body: Value, field: &str) -> Value {
        if let Some(url) = &self.context.run.url {
            body[field] = json!(url);
        }
        body
    }
}

/// A status knows no more than this.
fn state(conclusion: Conclusion) -> &'static str {
    match conclusion {
        Conclusion::Success | Conclusion::Neutral => "success",
        Conclusion::Failure => "failure",
        Conclusion::Cancelled => "error",
    }
}

fn run(value: &Value) -> Option<Check> {
    Some(Check::Run { id: value["id"].as_u64()?, url: value["html_url"].as_str().map(str::to_owned) })
}

fn output(finding: &Finding, batch: &[Annotation]) -> Map<String, Value> {
    let mut output = Map::new();
    output.insert("title".to_owned(), json!(shortened(&finding.title, TITLE_CHARS_MAX)));
    output.insert("summary".to_owned(), json!(crate::report::capped_lines(&finding.summary, SUMMARY_BYTES_MAX)));
    if !batch.is_empty() {
        output.insert("annotations".to_owned(), batch.iter().map(annotations::json).collect());
    }
    output
}

/// One line of at most so many characters.
pub(super) fn shortened(text: &str, chars: usize) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match line.char_indices().nth(chars) {
        Some(_) => line.chars().take(chars - 1).chain(['…']).collect(),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_one_line_and_short() {
        assert_eq!(shortened("a\nb", 10), "a b");
        assert_eq!(shortened(&"ä".repeat(20), 10), format!("{}…", "ä".repeat(9)));
    }

    #[test]
    fn a_status_says_as_much_as_it_can() {
        assert_eq!(state(Conclusion::Neutral), "success", "as a neutral check does not block either");
        assert_eq!(state(Conclusion::Cancelled), "error");
    }
}
