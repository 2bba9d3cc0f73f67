//! Where a configuration keeps baselines.

use super::provenance;
use crate::{
    baseline::{Access, Branch, Lineage, Shelf},
    env,
    plan::{BaselineSettings, BaselineStore, Resolved},
    record::RunRecord,
};

/// The place that the settings name.
pub(super) fn of(settings: &BaselineSettings) -> Shelf {
    match settings.store {
        BaselineStore::File => Shelf::Folder(settings.dir.clone()),
        BaselineStore::Git => Shelf::Branch(Branch::of(&settings.dir, access())),
    }
}

/// The token of the workflow: checkouts should keep none, as every later step could read it there.
fn access() -> Option<Access> {
    env::lookup(env::GITHUB_ACTIONS)?;
    Some(Access { server: env::lookup(env::GITHUB_SERVER_URL)?, token: env::lookup(env::GITHUB_TOKEN)? })
}

/// What a pull request descends from: runs of main that are newer than its start would make it look worse by what others did. Of other
/// builds all runs count.
pub(super) fn lineage(resolved: &Resolved) -> Option<Lineage> {
    provenance::detect(String::new()).pull_request?;
    Lineage::of(resolved.config.parent()?)
}

/// Why a branch is changed, for those who read its history.
pub(super) fn reason(what: &str, run: Option<&RunRecord>) -> String {
    let Some(run) = run else { return format!("{what} a run") };
    let commit = run.provenance.commit.as_deref().map_or("an unknown commit", |commit| commit.get(..8).unwrap_or(commit));
    format!("{what} {commit} ({})", run.suite)
}
