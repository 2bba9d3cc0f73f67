//! `baseline` and `report` -> folders, formats, numbers kept.

use std::path::PathBuf;

use super::{
    Problems,
    own_reports::{self, OwnReport},
};
use crate::config::{Loaded, Path};

/// Branch where none is written.
const BRANCH: &str = "main";

/// Where earlier records live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaselineSettings {
    /// Where they are kept.
    pub store: BaselineStore,
    /// The folder; a relative one of the configuration starts from the configuration's own folder. Of [`BaselineStore::Git`] any
    /// folder of the repository.
    pub dir: PathBuf,
    /// Branch that later versions start from: what is played on it teaches what noise is usual.
    pub branch: String,
    /// Records that `baseline prune` keeps per fingerprint.
    pub keep: usize,
    /// Whether `gate` stores runs of the branch by itself when they did not fail the build.
    pub promote: bool,
}

/// Where earlier records are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BaselineStore {
    /// In a folder.
    #[default]
    File,
    /// On a branch of the repository.
    Git,
}

/// What is written after a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportSettings {
    /// The folder; a relative one of the configuration starts from the configuration's own folder.
    pub dir: PathBuf,
    /// In the order of the configuration.
    pub formats: Vec<ReportFormat>,
    /// Those whose layout is the user's own, in the order of their names.
    pub own: Vec<OwnReport>,
}

/// A kind of report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReportFormat {
    /// `summary.json`, `verdict.json`
    Json,
    /// `report.html`
    Html,
    /// `comment.md`, `step_summary.md`
    Md,
    /// `junit.xml`
    Junit,
    /// `summary.csv`, `windows.csv`
    Csv,
    /// `load-performance.json`
    Gitlab,
    /// `metrics.txt`
    Openmetrics,
}

impl ReportFormat {
    /// All of them, with their names in the configuration.
    pub const ALL: [(&'static str, Self); 7] = [
        ("json", Self::Json),
        ("html", Self::Html),
        ("md", Self::Md),
        ("junit", Self::Junit),
        ("csv", Self::Csv),
        ("gitlab", Self::Gitlab),
        ("openmetrics", Self::Openmetrics),
    ];
}

pub(super) fn baseline(loaded: &Loaded, problems: &Problems<'_>) -> BaselineSettings {
    let written = &loaded.document.baseline;
    let at = Path::root().key("baseline");
    let stores = [("file", BaselineStore::File), ("git", BaselineStore::Git)];
    let store = problems.choice(written.store.as_deref(), &at.key("store"), &stores, &["s3", "http"]).unwrap_or_default();
    if let Some(promote) = &written.promote {
        let at = at.key("promote");
        problems.choice(promote.from.as_deref(), &at.key("from"), &[("push_to_main", ())], &[]);
        problems.choice(promote.only_if.as_deref(), &at.key("only_if"), &[("passed", ())], &[]);
    }
    let dir = match store {
        BaselineStore::File => folder(written.dir.as_deref(), "baselines", &at.key("dir"), loaded, problems),
        BaselineStore::Git => {
            if written.dir.is_some() {
                let why = "baselines on a branch (store: git) lie in no folder";
                problems.add(&at.key("dir"), why, "remove the line, or write store: file");
            }
            loaded.folder().to_owned()
        }
    };
    let keep = written.keep.unwrap_or(50);
    if keep == 0 {
        problems.add(&at.key("keep"), "keeping 0 baselines leaves nothing to compare with", "write 1 or more; 50 is the default");
    }
    BaselineSettings {
        store,
        dir,
        branch: branch(written.branch.as_deref(), &at.key("branch"), problems),
        keep: usize::try_from(keep).unwrap_or(usize::MAX),
        promote: written.promote.is_some(),
    }
}

/// The name of a branch as people write it.
fn branch(written: Option<&str>, at: &Path, problems: &Problems<'_>) -> String {
    let branch = written.unwrap_or(BRANCH);
    if let Some(name) = branch.strip_prefix("refs/") {
        let name = name.strip_prefix("heads/").unwrap_or(BRANCH);
        problems.add(at, format!("'{branch}' is a reference, not the name of a branch"), format!("write {name}"));
    } else if branch.is_empty() || branch.contains(char::is_whitespace) {
        problems.add(
            at,
            format!("'{branch}' can't be the name of a branch"),
            format!("write it as git does; {BRANCH} is the default"),
        );
    }
    branch.to_owned()
}

pub(super) fn report(loaded: &Loaded, problems: &Problems<'_>) -> ReportSettings {
    let written = &loaded.document.report;
    let at = Path::root().key("report");
    let formats = match &written.formats {
        None => ReportFormat::ALL.iter().map(|(_, format)| *format).collect(),
        Some(names) => {
            let at = at.key("formats");
            let mut formats = Vec::new();
            for (n, name) in names.iter().enumerate() {
                match problems.choice(Some(name), &at.index(n), &ReportFormat::ALL, &[]) {
                    Some(format) if !formats.contains(&format) => formats.push(format),
                    _ => {}
                }
            }
            formats
        }
    };
    let own = own_reports::resolve(loaded, &formats, problems);
    ReportSettings { dir: folder(written.dir.as_deref(), "loadgate-report", &at.key("dir"), loaded, problems), formats, own }
}

/// The files of `diagnose.events`; they need not exist before the load is made.
pub(super) fn events(loaded: &Loaded, problems: &Problems<'_>) -> Vec<PathBuf> {
    let at = Path::root().key("diagnose").key("events");
    let files = loaded.document.diagnose.events.iter().flat_map(|files| &files.0);
    let file = |(n, name): (usize, &String)| {
        if name.trim().is_empty() {
            problems.add(&at.index(n), "the file's name is empty", "write the path of a CSV file or of JSON lines");
        }
        loaded.folder().join(name)
    };
    files.enumerate().map(file).collect()
}

/// Each secret comes from one place.
pub(super) fn secrets(loaded: &Loaded, problems: &Problems<'_>) {
    for (name, secret) in &loaded.document.secrets {
        let at = Path::root().key("secrets").key(name);
        let hint = "write { env: NAME } or { file: PATH }";
        match (&secret.env, &secret.file) {
            (Some(_), Some(_)) => problems.add_at_key(&at, format!("the secret '{name}' has two sources"), hint),
            (None, None) => problems.add_at_key(&at, format!("the secret '{name}' has no source"), hint),
            _ => {}
        }
    }
}

fn folder(written: Option<&str>, default: &str, at: &Path, loaded: &Loaded, problems: &Problems<'_>) -> PathBuf {
    let folder = written.unwrap_or(default);
    if folder.trim().is_empty() {
        problems.add(at, "the folder's name is empty", format!("write a path, or remove the line for '{default}'"));
    }
    loaded.folder().join(folder)
}
