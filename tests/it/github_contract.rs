//! What is posted, held against GitHub's own description of its API: Prism stands between us and the stand-in, and refuses requests
//! and answers that are not as described.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread,
};

use loadgate::{
    env,
    publish::github::{Server, Session, Settings, Surroundings, Told},
    report::{Annotation, AnnotationLevel, comment::Conclusion},
};

use crate::{
    bench::closed_port,
    fake_github::{FakeGithub, Fault, TOKEN, Then},
    github_comment::{of_run, report, settings, surroundings},
};

/// Prism and the description, where `tests/components.sh` could install them.
fn contract() -> Option<(PathBuf, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/components/contract");
    let (prism, description) = (folder.join("node_modules/.bin/prism"), folder.join("github.json"));
    let is_there = prism.exists() && description.exists();
    let required = env::lookup("LOADGATE_COMPONENTS").is_some_and(|value| value == "required");
    assert!(is_there || !required, "Prism is missing: run `make test`");
    is_there.then_some((prism, description))
}

/// A running Prism and what it says.
pub(crate) struct Prism {
    child: Child,
    port: u16,
    said: Arc<Mutex<Vec<String>>>,
}

impl Prism {
    pub(crate) fn before(github: &FakeGithub) -> Option<Self> {
        let (prism, description) = contract()?;
        let port = closed_port();
        let mut child = Command::new(prism)
            .args(["proxy", "--errors", "--host", "127.0.0.1", "--port", &port.to_string()])
            .arg(description)
            .arg(github.api())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (said, (ready, is_ready)) = (Arc::new(Mutex::new(Vec::new())), mpsc::channel());
        let (lines, kept) = (BufReader::new(child.stdout.take().unwrap()).lines(), Arc::clone(&said));
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if line.contains("is listening") {
                    let _ = ready.send(());
                }
                kept.lock().unwrap().push(line);
            }
        });
        is_ready.recv().unwrap_or_else(|_| panic!("Prism does not start: {:?}", said.lock().unwrap()));
        Some(Self { child, port, said })
    }

    pub(crate) fn api(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn surroundings(&self, github: &FakeGithub, run: u64) -> Surroundings {
        let server = Server { api: self.api(), graphql: github.graphql(), token: TOKEN.to_owned() };
        Surroundings { server: Some(server), ..surroundings(github, run) }
    }

    /// Everything that is not as described.
    pub(crate) fn violations(&self) -> Vec<String> {
        self.said.lock().unwrap().iter().filter(|line| line.contains('✖') || line.contains("iolation")).cloned().collect()
    }
}

impl Drop for Prism {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn tell(around: &Surroundings, verdict: &str, annotations: u64) -> Told {
    let settings = Settings { check: true, ..settings("api") };
    let mut report = of_run(&report(verdict, &format!("### {verdict}")), &around.context, &settings.key);
    report.finding.conclusion = if verdict == "inconclusive" { Conclusion::Neutral } else { Conclusion::Failure };
    let annotation = |line| Annotation {
        path: "perf/loadgate.yml".to_owned(),
        line,
        level: AnnotationLevel::Failure,
        title: "p99".to_owned(),
        message: "slower".to_owned(),
    };
    report.finding.annotations = (1..=annotations).map(annotation).collect();
    let started = "2026-11-20T12:03:04Z".parse().unwrap();
    Session::begin(around, settings, Some(started)).unwrap().unwrap().finish(&report)
}

#[test]
fn everything_that_is_posted_is_as_github_describes_it() {
    let github = FakeGithub::start();
    let Some(prism) = Prism::before(&github) else { return };
    for (run, verdict, annotations) in [(1, "fail", 60), (2, "inconclusive", 1), (3, "pass", 0)] {
        let told = tell(&prism.surroundings(&github, run), verdict, annotations);
        let is_told = told.comment.is_some() && told.annotated && told.remarks.is_empty();
        assert!(is_told, "{told:?} {:#?}", prism.said.lock().unwrap());
    }
    assert_eq!((github.bodies().len(), github.state().checks.len()), (1, 3));
    // A check that has to be looked up, and a token that may make none.
    github.fail(Fault::first(1, "POST", "/check-runs", Then::DoAndReset));
    tell(&prism.surroundings(&github, 4), "pass", 0);
    github.fail(Fault::always("POST", "/check-runs", Then::read_only()));
    tell(&prism.surroundings(&github, 5), "fail", 0);
    let kept = github.state();
    assert_eq!((kept.checks.len(), kept.statuses.len()), (4, 2));
    drop(kept);
    let requests = prism.said.lock().unwrap().iter().filter(|line| line.contains("Request received")).count();
    assert!(requests > 15, "{requests} requests went through it");
    // The faults that were ordered: of POST /check-runs only 201 is described, though GitHub refuses it with 403 as everything.
    let ordered =
        ["socket hang up", "ECONNRESET", "Unable to match the returned status code with those defined in the document: 201"];
    let mut violations = prism.violations();
    violations.retain(|line| !ordered.iter().any(|fault| line.contains(fault)));
    assert!(violations.is_empty(), "{violations:#?}");
}
