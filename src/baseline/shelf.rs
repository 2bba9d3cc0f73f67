//! The places where runs are kept.

use std::{
    ops::Deref,
    path::{Path, PathBuf},
};

use super::{
    error::StoreError,
    git::{BRANCH, Branch, Laid},
    store::Store,
};

/// Where runs are kept.
#[derive(Clone)]
pub enum Shelf {
    /// In a folder.
    Folder(PathBuf),
    /// On a branch of the repository.
    Branch(Branch),
}

/// What is kept now.
pub enum Opened {
    /// In its folder.
    Folder(Store),
    /// Fetched, and gone again with this.
    Branch(Laid),
}

impl Deref for Opened {
    type Target = Store;

    fn deref(&self) -> &Store {
        match self {
            Self::Folder(store) => store,
            Self::Branch(laid) => &laid.store,
        }
    }
}

impl Shelf {
    /// What is kept now, to be read.
    ///
    /// # Errors
    /// The branch can't be fetched.
    pub fn open(&self) -> Result<Opened, StoreError> {
        Ok(match self {
            Self::Folder(dir) => Opened::Folder(Store::at(dir)),
            Self::Branch(branch) => Opened::Branch(branch.lay()?),
        })
    }

    /// Changes what is kept; `why` is told to those who read the history of a branch. Where others change it at the same time, the
    /// change is made more than once, and only the last time counts.
    ///
    /// # Errors
    /// Those of the change; the branch can't be fetched or pushed.
    pub fn change<T, E: From<StoreError>>(&self, why: &str, mut change: impl FnMut(&Store) -> Result<T, E>) -> Result<T, E> {
        match self {
            Self::Folder(dir) => change(&Store::at(dir)),
            Self::Branch(branch) => branch.change(why, change),
        }
    }

    /// How a file is named to people: by its path, or as git names a file of a branch.
    #[must_use]
    pub fn name(&self, store: &Store, path: &Path) -> PathBuf {
        match self {
            Self::Folder(_) => path.to_owned(),
            Self::Branch(_) => format!("{BRANCH}:{}", path.strip_prefix(store.dir()).unwrap_or(path).display()).into(),
        }
    }
}

impl std::fmt::Display for Shelf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Folder(dir) => dir.display().fmt(f),
            Self::Branch(_) => write!(f, "the branch {BRANCH}"),
        }
    }
}
