//! A gate before a real server nobody here wrote: nginx serving real files. The same version again does not fail the build; a
//! version that compresses each text at level 9 does, and the endpoint is named.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use crate::{
    patience::patient,
    program::{component, loadgate, transcript},
};

const CONFIG: &str = include_str!("../../examples/nginx/loadgate.yml");
const SERVER: &str = include_str!("../../examples/nginx/nginx.conf");
const BASELINE: &str = include_str!("../../examples/nginx/baseline.conf");
const CANDIDATE: &str = include_str!("../../examples/nginx/candidate.conf");

/// The example's folder with its files, on a port of its own.
struct Site {
    folder: tempfile::TempDir,
    nginx: PathBuf,
    port: u16,
}

/// A running nginx; ended with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // TERM, not KILL: the master must take its worker along.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

impl Site {
    fn new(nginx: PathBuf) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        fs::create_dir_all(folder.path().join("site")).unwrap();
        fs::create_dir_all(folder.path().join("temp")).unwrap();
        write("nginx.conf", &SERVER.replace("18081", &port.to_string()));
        write("loadgate.yml", &patient(CONFIG));
        write("site/index.html", "<!doctype html><title>Tea</title><h1>Tea</h1>");
        let catalog: String =
            (1..=4000).map(|n| format!("article {n}: a tin of tea, 100 g, in stock, ships tomorrow\n")).collect();
        write("site/catalog.txt", &catalog);
        Self { folder, nginx, port }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn start(&self, variant: &str) -> Server {
        fs::write(self.path().join("variant.conf"), variant).unwrap();
        let child = Command::new(&self.nginx)
            .args(["-p", ".", "-c", "nginx.conf"])
            .current_dir(self.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let server = Server(child);
        // `wait_for:` of the configuration waits too; this makes sure that the port is this server's.
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            std::thread::yield_now();
        }
        server
    }

    fn run(&self, args: &[&str]) -> Output {
        let target = format!("TARGET_URL=http://127.0.0.1:{}", self.port);
        let args: Vec<&str> = if args[0] == "baseline" { args.to_vec() } else { [args, &["--quiet", "-e", &target]].concat() };
        loadgate(self.path(), &args).output().unwrap()
    }
}

#[test]
fn nginx_that_is_unchanged_is_not_failed_and_one_that_compresses_is() {
    let Some(nginx) = component("nginx") else { return };
    let site = Site::new(nginx);
    for run in ["one", "two", "three"] {
        let _server = site.start(BASELINE);
        let output = site.run(&["run", "--out", run]);
        assert_eq!(output.status.code(), Some(0), "{}", transcript(&output));
        let output = site.run(&["baseline", "promote", "--unjudged", &format!("{run}/record.json.gz")]);
        assert_eq!(output.status.code(), Some(0), "{}", transcript(&output));
    }

    let server = site.start(BASELINE);
    let output = site.run(&["gate", "--out", "unchanged"]);
    assert_eq!(output.status.code(), Some(0), "{}", transcript(&output));
    drop(server);

    let _server = site.start(CANDIDATE);
    let output = site.run(&["gate", "--out", "compressing"]);
    assert_eq!(output.status.code(), Some(1), "{}", transcript(&output));
    let verdict: serde_json::Value =
        serde_json::from_slice(&fs::read(site.path().join("compressing/verdict.json")).unwrap()).unwrap();
    assert_eq!(verdict["verdict"], "fail");
    let regressed: Vec<&str> = verdict["comparisons"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["outcome"] == "regressed")
        .filter_map(|row| row["endpoint"].as_str())
        .collect();
    assert!(regressed.contains(&"catalog"), "{regressed:?}\n{}", transcript(&output));
}
