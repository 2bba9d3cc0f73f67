//! Which pull request a commit is the head of. Nobody's word is taken for it.

use serde_json::Value;

use super::{
    client::Api,
    event::{Context, Pull},
    trouble::{ApiError, Trouble},
};

/// The pull request that is told; `None` where there is none.
///
/// # Errors
/// GitHub can't be asked.
pub(super) async fn find(api: &Api, context: &Context) -> Result<Option<u64>, ApiError> {
    let (Pull::LookUp(branch), Some(sha)) = (&context.pull, &context.head_sha) else {
        return Ok(match context.pull {
            Pull::Known(number) => Some(number),
            Pull::LookUp(_) | Pull::None => None,
        });
    };
    let of_commit = match api.list(&context.path(&format!("commits/{sha}/pulls")), None).await {
        // The commit of a fork may be none of this repository.
        Err(error) if matches!(error.kind, Trouble::Missing | Trouble::Refused) => Vec::new(),
        found => found?,
    };
    if let Some(number) = verified(&of_commit, sha, &context.repository) {
        return Ok(Some(number));
    }
    let Some(branch) = branch else { return Ok(None) };
    let of_branch = api.list(&context.path(&format!("pulls?state=open&head={}", encoded(branch))), None).await?;
    Ok(verified(&of_branch, sha, &context.repository))
}

/// Whether the pull request still has this commit as its head. Unknown counts as yes.
pub(super) async fn is_head(api: &Api, context: &Context, number: u64) -> bool {
    let Some(sha) = &context.head_sha else { return true };
    let pull = api.get(&context.path(&format!("pulls/{number}"))).await.unwrap_or_default();
    pull.pointer("/head/sha").and_then(Value::as_str).is_none_or(|head| head == sha)
}

/// The open one into this repository whose head is the commit: a commit is a part of many.
fn verified(pulls: &[Value], sha: &str, repository: &str) -> Option<u64> {
    let text = |pull: &Value, path: &str| pull.pointer(path).and_then(Value::as_str).map(str::to_owned);
    let is_it = |pull: &&Value| {
        let into = text(pull, "/base/repo/full_name");
        text(pull, "/head/sha").as_deref() == Some(sha)
            && text(pull, "/state").is_none_or(|state| state == "open")
            && into.is_none_or(|into| into.eq_ignore_ascii_case(repository))
    };
    pulls.iter().filter(is_it).find_map(|pull| pull["number"].as_u64())
}

/// A branch may be named nearly anything.
pub(super) fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_open_pull_request_with_this_very_head_is_told() {
        let pull = |number: u64, sha: &str, state: &str, into: &str| serde_json::json!({ "number": number, "state": state, "head": { "sha": sha }, "base": { "repo": { "full_name": into } } });
        let pulls = [
            pull(1, "other", "open", "acme/shop"),
            pull(2, "sha", "closed", "acme/shop"),
            pull(3, "sha", "open", "elsewhere/shop"),
            pull(4, "sha", "open", "Acme/shop"),
        ];
        assert_eq!(verified(&pulls, "sha", "acme/shop"), Some(4));
        assert_eq!(verified(&pulls[..3], "sha", "acme/shop"), None);
    }

    #[test]
    fn a_branch_cannot_add_to_the_address() {
        assert_eq!(encoded("me:a&head=b#/c d"), "me%3Aa%26head%3Db%23%2Fc+d");
    }
}
