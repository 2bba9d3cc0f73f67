//! The one comment of a pull request that is kept up to date.
//!
//! Listing and creating are two requests, and others may do the same meanwhile. So whoever created a comment looks again: the one with
//! the lowest number stays, whoever made another removes it. A comment of a later run is never overwritten by an earlier one.

use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    client::Api,
    event::Context,
    pulls,
    trouble::{ApiError, Trouble},
};
use crate::{
    clock,
    report::{
        CommentMode,
        comment::{State, has_marker, measuring, not_measuring, without_verdict},
    },
};

/// How often something is done over because somebody else was faster.
const ROUNDS_MAX: u32 = 8;

/// Where comments are by their numbers.
const COMMENTS: &str = "issues/comments/";

/// What became of a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Posted {
    /// It says what it should; where it is.
    There(Option<String>),
    /// The same, over what another gate of the same run said there.
    Over(Option<String>),
    /// It tells of a later run or a later commit, and was left alone.
    Newer,
    /// The mode asks for none.
    NotWanted,
}

/// What a comment shall say.
#[derive(Clone, Debug)]
pub(super) struct Text<'a> {
    /// The whole comment, longest first; a shorter one is taken where GitHub refuses the one before.
    pub rungs: &'a [String],
    pub state: State,
    pub mode: CommentMode,
}

/// A comment of ours.
#[derive(Clone, Debug)]
pub(super) struct Existing {
    pub id: u64,
    pub body: String,
    pub url: Option<String>,
}

impl Existing {
    fn of(value: &Value) -> Option<Self> {
        Some(Self {
            id: value["id"].as_u64()?,
            body: value["body"].as_str().unwrap_or_default().to_owned(),
            url: value["html_url"].as_str().map(str::to_owned),
        })
    }

    pub(super) fn state(&self) -> State {
        State::read(&self.body).unwrap_or_default()
    }
}

/// The comments of a pull request, as far as they are of one key and ours.
pub(super) struct Thread<'a> {
    pub api: &'a Api,
    pub context: &'a Context,
    pub number: u64,
    pub key: &'a str,
}

impl Thread<'_> {
    /// Ours, the one that stays first. A marker alone proves nothing: everybody can write one.
    pub(super) async fn ours(&self) -> Result<Vec<Existing>, ApiError> {
        let all = self.api.list(&self.context.path(&format!("issues/{}/comments", self.number)), None).await?;
        let marked: Vec<&Value> =
            all.iter().filter(|comment| has_marker(comment["body"].as_str().unwrap_or_default(), self.key)).collect();
        if marked.is_empty() {
            return Ok(Vec::new());
        }
        // Where nobody says who we are, a program's comment is taken for ours, and never a person's.
        let login = self.api.login().await.ok();
        let is_ours = |comment: &&&Value| match login {
            Some(login) => comment["user"]["login"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(login)),
            None => comment["user"]["type"] == "Bot",
        };
        let mut ours: Vec<Existing> = marked.iter().filter(is_ours).filter_map(|comment| Existing::of(comment)).collect();
        ours.sort_by_key(|comment| comment.id);
        Ok(ours)
    }

    /// Writes the comment, or leaves it where there is nothing new to say.
    pub(super) async fn write(&self, text: &Text<'_>) -> Result<Posted, ApiError> {
        let (mut rung, mut times) = (0, 0);
        loop {
            let body = text.rungs.get(rung).map_or("", String::as_str);
            let there = self.ours().await;
            let done = match there {
                Err(error) => return Err(error),
                Ok(there) if there.is_empty() => self.create(body, text).await,
                Ok(there) => self.update(&there, body, text).await,
            };
            match done {
                Err(error) if error.kind == Trouble::TooLong && rung + 1 < text.rungs.len() => rung += 1,
                // Somebody removed the comment between two requests; the pull request itself is there.
                Err(error) if error.kind == Trouble::Missing && error.what.contains(COMMENTS) && times < ROUNDS_MAX => times += 1,
                Err(error) if self.api.wait(&error, times).await => times += 1,
                done => return done,
            }
        }
    }

    /// A line on top of a comment that is there already; nobody gets a mail of it.
    pub(super) async fn announce(&self, state: &State, started: Timestamp) -> Result<Option<State>, ApiError> {
        let ours = self.ours().await?;
        let Some(comment) = ours.first() else { return Ok(None) };
        let before = comment.state();
        if !before.is_newer_than(state) {
            let body = measuring(&comment.body, state.sha.as_deref().unwrap_or_default(), started);
            self.api.patch(&self.path_of(comment.id), &json!({ "body": body })).await?;
        }
        Ok(Some(before))
    }

    /// Takes the line of a commit away again.
    pub(super) async fn withdraw(&self, sha: &str) -> Result<(), ApiError> {
        for comment in self.ours().await? {
            let before = not_measuring(&comment.body, sha);
            if before != comment.body {
                self.api.patch(&self.path_of(comment.id), &json!({ "body": before })).await?;
            }
        }
        Ok(())
    }

    /// Says on top of a comment that is there why a commit has no verdict. One that tells of a later run is left as it is.
    pub(super) async fn no_verdict(&self, state: &State, why: &str) -> Result<(), ApiError> {
        let ours = self.ours().await?;
        let Some(comment) = ours.first().filter(|comment| !comment.state().is_newer_than(state)) else { return Ok(()) };
        let body = without_verdict(&comment.body, state.sha.as_deref().unwrap_or_default(), why);
        if body != comment.body {
            self.api.patch(&self.path_of(comment.id), &json!({ "body": body })).await?;
        }
        Ok(())
    }

    async fn create(&self, body: &str, text: &Text<'_>) -> Result<Posted, ApiError> {
        if !text.mode.begins(&text.state.verdict) {
            return Ok(Posted::NotWanted);
        }
        let path = self.context.path(&format!("issues/{}/comments", self.number));
        let made = self.api.once(&Method::POST, &path, Some(&json!({ "body": body }))).await?;
        let Some(made) = Existing::of(&made) else { return Err(ApiError::strange(&format!("POST {path}"), "has no number")) };
        self.settle().await;
        let ours = self.ours().await?;
        match ours.first() {
            Some(first) if first.id < made.id => {
                self.remove(made.id).await?;
                self.update(&ours[..1], body, text).await
            }
            _ => Ok(Posted::There(made.url)),
        }
    }

    async fn update(&self, ours: &[Existing], body: &str, text: &Text<'_>) -> Result<Posted, ApiError> {
        let Some((first, others)) = ours.split_first() else { return Ok(Posted::NotWanted) };
        let before = first.state();
        if before.is_newer_than(&text.state) {
            return Ok(Posted::Newer);
        }
        // Those of earlier runs that ended in the middle; those of this one are removed by whoever made them.
        for left in others.iter().filter(|left| text.state.is_newer_than(&left.state())) {
            self.remove(left.id).await?;
        }
        if !text.mode.goes_on(&before.verdict, &text.state.verdict) {
            return Ok(Posted::There(first.url.clone()));
        }
        if is_same(&first.body, body) {
            return Ok(Posted::There(first.url.clone()));
        }
        if before.sha != text.state.sha && !pulls::is_head(self.api, self.context, self.number).await {
            return Ok(Posted::Newer);
        }
        let is_shared = before.run.is_some() && (&before.run, before.attempt) == (&text.state.run, text.state.attempt);
        self.overwrite(first, body, &text.state).await?;
        Ok(if is_shared { Posted::Over(first.url.clone()) } else { Posted::There(first.url.clone()) })
    }

    /// Writes until what stands there is not older than what was written: an earlier run that had looked before may write after.
    async fn overwrite(&self, comment: &Existing, body: &str, state: &State) -> Result<(), ApiError> {
        let path = self.path_of(comment.id);
        for _ in 0..ROUNDS_MAX {
            self.api.once(&Method::PATCH, &path, Some(&json!({ "body": body }))).await?;
            self.settle().await;
            let now = self.api.get(&path).await?;
            let now = State::read(now["body"].as_str().unwrap_or_default()).unwrap_or_default();
            if !state.is_newer_than(&now) {
                break;
            }
        }
        Ok(())
    }

    async fn remove(&self, id: u64) -> Result<(), ApiError> {
        match self.api.delete(&self.path_of(id)).await {
            Err(error) if error.kind != Trouble::Missing => Err(error),
            _ => Ok(()),
        }
    }

    async fn settle(&self) {
        let jitter = 1.0 + clock::chance();
        tokio::time::sleep(self.api.patience().settle.mul_f64(jitter)).await;
    }

    fn path_of(&self, id: u64) -> String {
        self.context.path(&format!("{COMMENTS}{id}"))
    }
}

/// The same text, however the server keeps the ends of lines.
fn is_same(one: &str, other: &str) -> bool {
    let plain = |text: &str| text.replace("\r\n", "\n").trim_end().to_owned();
    plain(one) == plain(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_lines_are_the_servers() {
        assert!(is_same("a\nb\n", "a\r\nb") && !is_same("a\nb", "a b"));
    }
}
