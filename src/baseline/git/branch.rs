//! Baselines on a branch of the repository that has no commit in common with the others.
//!
//! Several builds may store at the same moment. Nothing is pushed by force: who comes second is refused, fetches what the first one
//! stored, and makes its change anew on top of it.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{Access, Git, trouble};
use crate::{
    baseline::{error::StoreError, store::Store},
    clock::{self, Duration},
};

/// The branch.
pub const BRANCH: &str = "loadgate-baselines";
/// Where it is fetched from and pushed to.
const REMOTE: &str = "origin";
/// How often a change is made anew because others were faster. Each time one of them has stored something.
const ROUNDS_MAX: u32 = 50;
/// Longest wait before that.
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// The branch of a repository.
#[derive(Clone)]
pub struct Branch {
    git: Git,
}

/// What the branch holds, in files of our own.
pub struct Laid {
    /// The files, to be read and changed.
    pub store: Store,
    /// Where they are while this lives.
    folder: TempDir,
    /// The commit they are of; `None` where there is no such branch yet.
    tip: Option<String>,
}

impl Branch {
    /// The branch of the repository that a folder is in.
    #[must_use]
    pub fn of(folder: &Path, access: Option<Access>) -> Self {
        Self { git: Git::within(folder, access) }
    }

    /// Fetches the branch.
    ///
    /// # Errors
    /// There is no repository, or it has no `origin`, or that can't be reached.
    pub fn lay(&self) -> Result<Laid, StoreError> {
        let folder = tempfile::Builder::new().prefix("loadgate-baselines-").tempdir();
        let folder = folder.map_err(|error| trouble(&["fetch"], &error.to_string()))?;
        let (store, tip) = (Store::at(folder.path().join("files")), self.fetch(&folder)?);
        std::fs::create_dir(store.dir()).map_err(|source| StoreError::Io { path: store.dir().to_owned(), source })?;
        let laid = Laid { store, folder, tip };
        if let Some(tip) = &laid.tip {
            let git = self.beside(&laid)?;
            git.ask(&["read-tree", tip])?;
            git.ask(&["checkout-index", "--all", "--force"])?;
        }
        Ok(laid)
    }

    /// Makes a change to what is stored, and pushes it. It is made anew on what others stored meanwhile.
    ///
    /// # Errors
    /// Those of the change; the branch can't be fetched or pushed.
    pub fn change<T, E: From<StoreError>>(&self, why: &str, mut change: impl FnMut(&Store) -> Result<T, E>) -> Result<T, E> {
        let mut pushed: Option<(String, T)> = None;
        let mut round = 0;
        loop {
            let laid = self.lay()?;
            if let Some((commit, done)) = pushed.take()
                && self.holds(&laid, &commit)?
            {
                // It got there, and only the answer was lost.
                return Ok(done);
            }
            let done = change(&laid.store)?;
            let Some(commit) = self.commit(&laid, why)? else { return Ok(done) };
            let answer = self.git.call(&["push", "--no-verify", "--quiet", REMOTE, &format!("{commit}:refs/heads/{BRANCH}")])?;
            if answer.is_success {
                return Ok(done);
            }
            round += 1;
            if round >= ROUNDS_MAX || !(is_race(&answer.trouble) || self.fetch(&laid.folder)? != laid.tip) {
                return Err(trouble(&["push"], &answer.trouble).into());
            }
            pushed = Some((commit, done));
            clock::pause(pause(round));
        }
    }

    /// The commit that the branch is at, fetched under a name that no other build uses.
    fn fetch(&self, folder: &TempDir) -> Result<Option<String>, StoreError> {
        let name = folder.path().file_name().unwrap_or_default().to_string_lossy();
        let reference = format!("refs/loadgate/{name}");
        let wanted = format!("+refs/heads/{BRANCH}:{reference}");
        let mut args = vec!["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"];
        // A shallow clone stays one, and a whole one whole.
        if self.git.ask(&["rev-parse", "--is-shallow-repository"])? == "true" {
            args.push("--depth=1");
        }
        args.extend([REMOTE, &wanted]);
        let answer = self.git.call(&args)?;
        if !answer.is_success {
            let is_absent = answer.trouble.contains("couldn't find remote ref");
            return if is_absent { Ok(None) } else { Err(trouble(&args, &answer.trouble)) };
        }
        let tip = self.git.ask(&["rev-parse", &reference])?;
        self.git.ask(&["update-ref", "-d", &reference])?;
        Ok(Some(tip))
    }

    /// The files as a commit on top of the one they were laid out of; `None` where nothing is changed.
    fn commit(&self, laid: &Laid, why: &str) -> Result<Option<String>, StoreError> {
        let git = self.beside(laid)?;
        git.ask(&["add", "--all", "--force", "."])?;
        let tree = git.ask(&["write-tree"])?;
        let mut args = vec!["commit-tree", &tree, "-m", why];
        if let Some(tip) = &laid.tip {
            if git.ask(&["rev-parse", &format!("{tip}^{{tree}}")])? == tree {
                return Ok(None);
            }
            args.extend(["-p", tip]);
        }
        git.ask(&args).map(Some)
    }

    /// Whether a commit is a part of what was fetched.
    fn holds(&self, laid: &Laid, commit: &str) -> Result<bool, StoreError> {
        let Some(tip) = &laid.tip else { return Ok(false) };
        Ok(self.git.call(&["merge-base", "--is-ancestor", commit, tip])?.is_success)
    }

    /// git with an index and a work tree of its own, and the objects of the repository.
    fn beside(&self, laid: &Laid) -> Result<Git, StoreError> {
        let repository = PathBuf::from(self.git.ask(&["rev-parse", "--absolute-git-dir"])?);
        let files = laid.store.dir().to_owned();
        let variables =
            vec![("GIT_DIR", repository), ("GIT_WORK_TREE", files.clone()), ("GIT_INDEX_FILE", laid.folder.path().join("index"))];
        Ok(Git { folder: files, variables, ..self.git.clone() })
    }
}

/// Whether a push was refused because another one came first, or was under way.
fn is_race(said: &str) -> bool {
    ["(fetch first)", "(non-fast-forward)", "cannot lock ref", "failed to update ref", "(incorrect old value provided)"]
        .iter()
        .any(|words| said.contains(words))
}

/// Longer from time to time, and never the same for two builds that wait for one another.
fn pause(round: u32) -> Duration {
    let longest = Duration::from_millis(50).saturating_mul(1 << round.min(8)).min(PAUSE_MAX);
    longest.mul_f64(clock::chance())
}
