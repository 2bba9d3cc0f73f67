//! Baselines on a branch of a repository: git as it is, and a bare repository that several builds push to.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::Barrier,
    thread,
};

use loadgate::baseline::{BRANCH, Branch, Found, Lineage, Shelf, Store};

use crate::{
    baseline::{day, record, run, with},
    bench::Bench,
    program::{component, transcript},
};

const CONFIG: &str = "\
name: shop
target: TARGET
stages:
  - { rate: 100/s, duration: 200ms, warmup: true }
  - { rate: 100/s, duration: 500ms }
scenarios: [ { name: items, get: /items } ]
record: { window: 250ms }
regression: { block: 250ms }
baseline: { store: git, promote: { from: push_to_main, only_if: passed } }
";

/// A repository that others push to, with a few commits on main.
struct Remote {
    folder: tempfile::TempDir,
    git: PathBuf,
}

impl Remote {
    fn new() -> Option<Self> {
        let remote = Self { git: component("git")?, folder: tempfile::tempdir().unwrap() };
        let first = remote.path("first");
        remote.git(remote.folder.path(), &["init", "--quiet", "--bare", "--initial-branch", "main", "origin.git"]);
        remote.git(remote.folder.path(), &["init", "--quiet", "--initial-branch", "main", "first"]);
        remote.git(&first, &["remote", "add", "origin", &remote.url()]);
        for n in 1..=3 {
            remote.commit(&first, &format!("commit {n}"));
        }
        remote.git(&first, &["push", "--quiet", "origin", "main"]);
        Some(remote)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn url(&self) -> String {
        format!("file://{}", self.path("origin.git").display())
    }

    fn git(&self, folder: &Path, args: &[&str]) -> String {
        let person = ["-c", "user.name=shop", "-c", "user.email=shop@example.com", "-c", "protocol.file.allow=always"];
        let output = Command::new(&self.git).current_dir(folder).args(person).args(args).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", transcript(&output));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn commit(&self, folder: &Path, message: &str) -> String {
        self.git(folder, &["commit", "--quiet", "--allow-empty", "-m", message]);
        self.git(folder, &["rev-parse", "HEAD"])
    }

    /// A clone as a runner makes it: one commit deep.
    fn shallow(&self, name: &str) -> PathBuf {
        self.git(self.folder.path(), &["clone", "--quiet", "--depth", "1", &self.url(), name]);
        self.path(name)
    }

    fn stored(&self) -> Vec<String> {
        let files = self.git(&self.path("origin.git"), &["ls-tree", "-r", "--name-only", BRANCH]);
        // The figures of runs for the history lie beside them.
        files.lines().filter(|file| !file.contains("/history/")).map(str::to_owned).collect()
    }
}

#[test]
fn builds_that_store_at_the_same_moment_lose_nothing_and_touch_nothing_else() {
    const BUILDS: u32 = 6;
    let Some(remote) = Remote::new() else { return };
    let clones: Vec<PathBuf> = (1..=BUILDS).map(|n| remote.shallow(&format!("build-{n}"))).collect();
    let together = Barrier::new(clones.len());
    thread::scope(|scope| {
        for (n, clone) in (1..=BUILDS).zip(&clones) {
            let together = &together;
            // Two begin within the same second, of the same commit: their names are the same.
            let run = record(run("shop", &if n == 2 { day(1).replace(".123", ".456") } else { day(n) }));
            scope.spawn(move || {
                let shelf = Shelf::Branch(Branch::of(clone, None));
                together.wait();
                shelf.change("Baseline", |store| store.promote(&run)).unwrap();
            });
        }
    });
    let stored = remote.stored();
    assert_eq!(stored.len(), BUILDS as usize, "{stored:#?}");
    assert_eq!(remote.git(&remote.path("origin.git"), &["rev-list", "--count", BRANCH]), BUILDS.to_string(), "one commit each");
    assert_eq!(remote.git(&remote.path("origin.git"), &["rev-list", "--count", "main"]), "3");
    for clone in &clones {
        assert_eq!(remote.git(clone, &["status", "--porcelain", "--ignored"]), "");
        assert_eq!(remote.git(clone, &["for-each-ref", "refs/loadgate"]), "");
        assert_eq!(remote.git(clone, &["rev-parse", "--is-shallow-repository"]), "true");
    }
    let opened = Shelf::Branch(Branch::of(&clones[0], None)).open().unwrap();
    let Found::Runs(runs) = opened.matching(&record(run("shop", &day(20))), 20, None).unwrap() else { panic!("not found") };
    assert_eq!(runs.len(), BUILDS as usize);
}

#[test]
fn a_branch_that_is_not_there_is_empty_and_a_remote_that_is_not_there_is_told() {
    let Some(remote) = Remote::new() else { return };
    let clone = remote.shallow("build");
    assert!(Branch::of(&clone, None).lay().unwrap().store.list(None).unwrap().is_empty());
    remote.git(&clone, &["remote", "set-url", "origin", "file:///nowhere/at/all"]);
    let Err(error) = Branch::of(&clone, None).lay() else { panic!("it is not there") };
    assert!(error.to_string().starts_with("git fetch: ") && error.hint().is_some(), "{error}");
    let nowhere = tempfile::tempdir().unwrap();
    let Err(error) = Branch::of(nowhere.path(), None).lay() else { panic!("there is no repository") };
    assert!(error.to_string().contains("not a git repository"), "{error}");
}

#[test]
fn a_pull_request_is_compared_with_runs_of_what_it_descends_from() {
    let Some(remote) = Remote::new() else { return };
    let first = remote.path("first");
    let start = remote.git(&first, &["rev-parse", "HEAD"]);
    remote.git(&first, &["switch", "--quiet", "-c", "change"]);
    remote.commit(&first, "the change");
    remote.git(&first, &["switch", "--quiet", "main"]);
    let later = remote.commit(&first, "somebody else's");
    let folder = tempfile::tempdir().unwrap();
    let store = Store::at(folder.path());
    let of = |commit: &str, n| record(with(run("shop", &day(n)), "/provenance/commit", commit));
    store.promote(&of(&start, 1)).unwrap();
    store.promote(&of(&later, 2)).unwrap();
    let commits = |lineage: Option<&Lineage>| {
        let Found::Runs(runs) = store.matching(&of("f", 9), 20, lineage).unwrap() else { panic!("not found") };
        runs.into_iter().map(|stored| stored.record.provenance.commit.unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(commits(None), [later.clone(), start.clone()]);
    remote.git(&first, &["switch", "--quiet", "change"]);
    assert_eq!(commits(Lineage::of(&first).as_ref()), std::slice::from_ref(&start));
    // What a runner checks out: a merge of which only the last commit is there.
    remote.git(&first, &["merge", "--quiet", "--no-ff", "-m", "merge", "main"]);
    remote.git(&first, &["push", "--quiet", "origin", "change"]);
    remote.git(remote.folder.path(), &["clone", "--quiet", "--depth", "1", "--branch", "change", &remote.url(), "merge"]);
    let lineage = Lineage::of(&remote.path("merge")).unwrap();
    assert!(lineage.holds(&later, "2100-01-01T00:00:00Z".parse().unwrap()), "the merge names it");
    assert!(lineage.holds(&start, "2020-11-01T00:00:00Z".parse().unwrap()), "it is older than the merge");
    assert!(!lineage.holds(&"0".repeat(40), "2100-01-01T00:00:00Z".parse().unwrap()), "a run made after the merge");
    assert_eq!(commits(Lineage::of(&remote.path("origin.git")).as_ref()), [start], "what main was then");
}

/// A gate as a step of a workflow, in a checkout.
fn gate(bench: &Bench, (event, reference): (&str, &str), args: &[&str]) -> Output {
    let payload = if event == "pull_request" { r#"{"pull_request": {"number": 12}}"# } else { "{}" };
    fs::write(bench.path().join("event.json"), payload).unwrap();
    let mut command = bench.command(&[&["gate", "--quiet"], args].concat());
    command.env("GITHUB_ACTIONS", "true").env("GITHUB_EVENT_NAME", event).env("GITHUB_REF", reference);
    command.env("GITHUB_SHA", "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d");
    command.env("GITHUB_EVENT_PATH", bench.path().join("event.json")).output().unwrap()
}

#[test]
fn load_is_stored_by_itself_in_builds_of_main_alone() {
    let Some(remote) = Remote::new() else { return };
    let bench = Bench::new("{}", CONFIG);
    remote.git(bench.path(), &["init", "--quiet", "--initial-branch", "main"]);
    remote.git(bench.path(), &["remote", "add", "origin", &remote.url()]);
    remote.git(bench.path(), &["pull", "--quiet", "origin", "main"]);
    let (main, refused) = (("push", "refs/heads/main"), "refs/heads/feature");
    for (event, args) in [
        (("pull_request", "refs/pull/12/merge"), &[][..]),
        (("push", refused), &["--update-baseline", "auto"]),
        (("workflow_run", "refs/heads/main"), &[]),
        (("pull_request_target", "refs/heads/main"), &["--update-baseline", "auto"]),
        (main, &["--update-baseline", "off"]),
        (main, &["--set", "baseline.branch=trunk"]),
    ] {
        let output = gate(&bench, event, args);
        assert_eq!(output.status.code(), Some(0), "{event:?}: {}", transcript(&output));
        assert!(!transcript(&output).contains("stored as a baseline"), "{event:?}: {}", transcript(&output));
        assert_eq!(remote.git(&remote.path("origin.git"), &["branch", "--list", BRANCH]), "", "{event:?}");
    }
    let text = transcript(&gate(&bench, main, &[]));
    assert!(text.contains(&format!("note: stored as a baseline: {BRANCH}:shop/")), "{text}");
    assert_eq!(remote.stored().len(), 1);
    let listed = bench.ends_with(0, &["baseline", "list", "-c", "loadgate.yml"]);
    assert!(listed.contains(&format!("{BRANCH}:shop/")), "{listed}");
    gate(&bench, ("pull_request", "refs/pull/12/merge"), &[]);
    assert_eq!(bench.verdict()["baseline"]["runs"], 1, "{:#}", bench.verdict());
    let notes = bench.verdict()["design"]["notes"].to_string();
    assert!(notes.contains("none of the stored runs is of what this pull request descends from"), "{notes}");

    // What failed is no measure, and a remote that refuses is no reason to fail.
    bench.behave("{ defaults: { status: 500 } }");
    let failing = ["--set", "thresholds=[error_rate < 1%]"];
    let output = gate(&bench, main, &failing);
    assert_eq!(output.status.code(), Some(1), "{}", transcript(&output));
    assert!(transcript(&output).contains("not stored as a baseline: the gate did not pass"), "{}", transcript(&output));
    bench.behave("{}");
    let hook = remote.path("origin.git/hooks/pre-receive");
    fs::write(&hook, "#!/bin/sh\necho 'nobody may write here' >&2\nexit 1\n").unwrap();
    assert!(Command::new("chmod").arg("+x").arg(&hook).status().unwrap().success());
    let output = gate(&bench, main, &[]);
    assert_eq!(output.status.code(), Some(0), "{}", transcript(&output));
    assert!(transcript(&output).contains("this run is not stored as a baseline: git push: "), "{}", transcript(&output));
    assert_eq!(remote.stored().len(), 1);
}
