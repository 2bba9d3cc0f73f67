//! What the action's installer takes, and what it refuses: played against a mirror on loopback that holds archives made by the
//! script that packs releases.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use crate::{
    program::{component, transcript},
    scripted::{read_request, server},
};

const LINUX: &str = "x86_64-unknown-linux-musl";

/// A release: a copy of the action that pins an archive, and a mirror that has it.
struct Release {
    folder: tempfile::TempDir,
    mirror: u16,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn copy_into(folder: &Path, from: &Path) {
    fs::create_dir_all(folder).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
        fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
    }
}

fn bash(script: &Path, args: &[&str]) -> Command {
    let mut command = Command::new("bash");
    command.args(["--noprofile", "--norc"]).arg(script).args(args).env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin");
    command
}

/// Serves the files of a folder to whoever asks for `/mirror/NAME`.
fn mirror_of(folder: PathBuf) -> u16 {
    server(move |mut stream| {
        let head = read_request(&mut stream).unwrap_or_default();
        let name = head.split(' ').nth(1).and_then(|path| path.strip_prefix("/mirror/")).unwrap_or_default().to_owned();
        let (status, body) = match fs::read(folder.join(&name)) {
            Ok(body) if !name.is_empty() => ("200 OK", body),
            _ => ("404 Not Found", Vec::new()),
        };
        let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
    })
}

impl Release {
    /// A release for `target` of a program that says who it is.
    fn of(target: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        copy_into(&path("repository/action"), &root().join("action"));
        for name in ["Cargo.toml", "README.md", "LICENSE-APACHE", "LICENSE-MIT"] {
            fs::copy(root().join(name), path("repository").join(name)).unwrap();
        }
        fs::write(path("program"), "#!/bin/sh\necho loadgate as released\n").unwrap();
        let ended_well = |output: Output| assert!(output.status.success(), "{}", transcript(&output));
        let (program, archives) = (path("program"), path("archives"));
        let [program, archives] = [&program, &archives].map(|path| path.to_str().unwrap());
        ended_well(bash(&path("repository/action/package.sh"), &[target, program, archives]).output().unwrap());
        ended_well(bash(&path("repository/action/pin.sh"), &[archives, "https://releases.invalid"]).output().unwrap());
        let mirror = mirror_of(path("archives"));
        Self { folder, mirror }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn archive(&self) -> PathBuf {
        fs::read_dir(self.path("archives")).unwrap().next().unwrap().unwrap().path()
    }

    fn mirror(&self) -> String {
        format!("http://127.0.0.1:{}/mirror", self.mirror)
    }

    /// Runs the installer on a runner of this kind. Gives the exit code, everything it said, and the outputs it set.
    fn install(&self, runner: (&str, &str), inputs: &[(&str, &str)]) -> (Option<i32>, String, String) {
        let outputs = self.path("outputs");
        let _ = fs::remove_file(&outputs);
        let output = bash(&self.path("repository/action/install.sh"), &[])
            .current_dir(self.folder.path())
            .env("RUNNER_OS", runner.0)
            .env("RUNNER_ARCH", runner.1)
            .env("RUNNER_TEMP", self.path("temp"))
            .env("GITHUB_OUTPUT", &outputs)
            .env("GITHUB_PATH", self.path("path"))
            .envs(inputs.iter().copied())
            .output()
            .unwrap();
        (output.status.code(), transcript(&output), fs::read_to_string(outputs).unwrap_or_default())
    }

    /// The same, refused with the exit code of a wrong command line.
    fn refuses(&self, runner: (&str, &str), inputs: &[(&str, &str)]) -> String {
        let (code, said, outputs) = self.install(runner, inputs);
        assert_eq!((code, outputs.as_str()), (Some(2), "exit-code=2\n"), "{said}");
        assert!(said.contains("::error title=loadgate::"), "the page of the run must show it: {said}");
        said
    }
}

const LINUX_RUNNER: (&str, &str) = ("Linux", "X64");

fn curl_is_here() -> bool {
    component("curl").is_some()
}

#[test]
fn a_released_binary_is_downloaded_once_checked_and_runs() {
    if !curl_is_here() {
        return;
    }
    let release = Release::of(LINUX);
    let mirror = release.mirror();
    let (code, said, outputs) = release.install(LINUX_RUNNER, &[("WANTED_MIRROR", &mirror)]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("checksum verified"), "{said}");
    let binary = outputs.trim().strip_prefix("binary=").unwrap();
    let output = Command::new(binary).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "loadgate as released\n");
    let path = fs::read_to_string(release.path("path")).unwrap();
    assert!(Path::new(path.trim()).join("loadgate").is_file(), "later steps find it too: {path}");

    fs::remove_file(release.archive()).unwrap();
    let (code, said, _) = release.install(LINUX_RUNNER, &[("WANTED_MIRROR", &mirror)]);
    assert_eq!(code, Some(0), "another step of the job needs no mirror: {said}");
}

#[test]
fn what_a_mirror_changed_is_refused_and_not_kept() {
    if !curl_is_here() {
        return;
    }
    let release = Release::of(LINUX);
    let mirror = release.mirror();
    let released = fs::read(release.archive()).unwrap();
    fs::write(release.archive(), [&released[..], b"one more byte"].concat()).unwrap();
    let said = release.refuses(LINUX_RUNNER, &[("WANTED_MIRROR", &mirror)]);
    assert!(said.contains("the archive is not the one that was released") && said.contains(&mirror), "{said}");
    let left = fs::read_dir(fs::read_dir(release.path("temp")).unwrap().next().unwrap().unwrap().path()).unwrap().count();
    assert_eq!(left, 0, "neither the archive nor what is in it stays");
}

#[test]
fn an_archive_that_a_mirror_lacks_is_named() {
    if !curl_is_here() {
        return;
    }
    let release = Release::of(LINUX);
    fs::remove_file(release.archive()).unwrap();
    let said = release.refuses(LINUX_RUNNER, &[("WANTED_MIRROR", &release.mirror())]);
    assert!(said.contains("can't download http://127.0.0.1:") && said.contains("'download-url'"), "{said}");
}

#[test]
fn a_platform_without_a_release_is_said_and_so_is_a_commit_without_pins() {
    if !curl_is_here() {
        return;
    }
    let release = Release::of(LINUX);
    let said = release.refuses(("Linux", "RISCV64"), &[]);
    assert!(said.contains("no loadgate for runners of Linux RISCV64") && said.contains("input 'binary'"), "{said}");
    let said = release.refuses(("macOS", "ARM64"), &[]);
    assert!(said.contains("pins no checksum for loadgate-") && said.contains("aarch64-apple-darwin"), "{said}");
}

#[test]
fn a_binary_that_is_given_is_taken_and_nothing_is_downloaded() {
    let release = Release::of(LINUX);
    let (code, said, outputs) = release.install(("Plan9", "MIPS"), &[("WANTED_BINARY", "/bin/sh"), ("WANTED_MIRROR", "x")]);
    assert_eq!((code, outputs.as_str()), (Some(0), "binary=/bin/sh\n"), "{said}");
    fs::create_dir(release.path("tools")).unwrap();
    fs::copy(release.path("program"), release.path("tools/loadgate")).unwrap();
    Command::new("chmod").arg("+x").arg(release.path("tools/loadgate")).status().unwrap();
    let (code, said, outputs) = release.install(LINUX_RUNNER, &[("WANTED_BINARY", "tools/loadgate")]);
    assert_eq!((code, outputs.as_str()), (Some(0), "binary=tools/loadgate\n"), "{said}");
    let path = fs::read_to_string(release.path("path")).unwrap();
    let last = Path::new(path.lines().last().unwrap());
    assert!(last.is_absolute() && last.join("loadgate").is_file(), "later steps find it too: {path}");
    let said = release.refuses(LINUX_RUNNER, &[("WANTED_BINARY", "./nothing")]);
    assert!(said.contains("'./nothing' is not an executable"), "{said}");
}

#[test]
fn an_archive_for_windows_holds_an_exe() {
    if !curl_is_here() {
        return;
    }
    let release = Release::of("x86_64-pc-windows-msvc");
    let (code, said, outputs) = release.install(("Windows", "X64"), &[("WANTED_MIRROR", &release.mirror())]);
    assert_eq!(code, Some(0), "{said}");
    assert!(outputs.ends_with("loadgate.exe\n") && Path::new(outputs.trim().strip_prefix("binary=").unwrap()).is_file());
}

#[test]
fn the_installer_knows_the_platforms_that_are_released() {
    let read = |path: &str| fs::read_to_string(root().join(path)).unwrap();
    let targets = |text: &str, before: &str, after: &str| {
        let of_line = |line: &str| Some(line.split_once(before)?.1.split_once(after)?.0.to_owned());
        text.lines().filter_map(of_line).collect::<Vec<_>>()
    };
    let built = targets(&read(".github/workflows/release.yml"), "{ target: ", ",");
    assert_eq!(built.len(), 5);
    assert_eq!(targets(&read("action/install.sh"), ") echo ", " ;;"), built);
    assert_eq!(read("action/version.txt").trim(), env!("CARGO_PKG_VERSION"), "bash action/pin.sh writes it");
}
