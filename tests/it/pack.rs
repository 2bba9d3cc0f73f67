//! `loadgate pack`, run as a user runs it: what is in an archive, and that no change of it stays unseen.

use std::{
    fs::{self, File},
    io::Read as _,
    path::Path,
};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use loadgate::{
    policy::Threshold,
    record::{BreakerEvent, BreakerState, CiRun, Provenance, file},
    report::ThresholdRow,
};
use tempfile::TempDir;

use crate::{
    program::{loadgate, transcript},
    report::record,
};

const CONFIG: &str = "version: 1\ntarget: { base_url: 'http://127.0.0.1:9', headers: { X-Api-Key: hunter2 } }\n\
                      stages: [ { rate: 10/s, duration: 3s } ]\nscenarios: [ GET /items ]\n";

/// A folder with a report as a gate leaves it, packed to `a.tar.gz`.
fn packed() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("loadgate.yml"), CONFIG).unwrap();
    let path = at.join("loadgate-report/record.json.gz");
    record(&path, "shop");
    let mut run = file::read(&path).unwrap();
    let ci = CiRun { provider: "github".to_owned(), run_id: "77".to_owned(), attempt: 2, url: Some("https://ci/77".to_owned()) };
    run.provenance = Provenance {
        commit: Some("a1b2c3d4e5f6".to_owned()),
        reference: Some("refs/pull/12/merge".to_owned()),
        pull_request: Some(12),
        ci: Some(ci),
        image_digest: Some("sha256:cafe".to_owned()),
        config_sha256: loadgate::pack::sha256_of(CONFIG.as_bytes()),
        ..Provenance::default()
    };
    run.breaker = vec![BreakerEvent { at_us: 1_500_000, state: BreakerState::Open, reason: "60% failed".to_owned() }];
    file::write(&run, &path).unwrap();
    let args = ["compare", "--baseline", "loadgate-report", "--candidate", "loadgate-report", "--json", "verdict.json"];
    loadgate(at, &args).output().unwrap();
    let mut verdict: loadgate::report::VerdictFile =
        serde_json::from_str(&fs::read_to_string(at.join("verdict.json")).unwrap()).unwrap();
    assert!(Threshold::parse("items.p95 < 20ms").is_ok());
    verdict.thresholds = vec![ThresholdRow {
        expr: "items.p95 < 20ms".to_owned(),
        actual: Some(5_100.0),
        outcome: "pass".to_owned(),
        owner: Some("=cmd()".to_owned()),
        line: None,
    }];
    fs::write(at.join("loadgate-report/verdict.json"), serde_json::to_string(&verdict).unwrap()).unwrap();
    fs::write(at.join("loadgate-report/notes.txt"), "of the user's").unwrap();
    let output = loadgate(at, &["pack", "--out", "a.tar.gz"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", transcript(&output));
    let talk = String::from_utf8(output.stderr).unwrap();
    let sha256 = talk.split("--manifest ").nth(1).unwrap()[..64].to_owned();
    (folder, sha256)
}

#[test]
fn a_configuration_that_nobody_can_read_stays_out_of_the_archive() {
    let (folder, _) = packed();
    let at = folder.path();
    fs::write(at.join("odd.yml"), "password: [ hunter2\n").unwrap();
    let output = loadgate(at, &["pack", "-c", "odd.yml", "--out", "d.tar.gz"]).output().unwrap();
    let said = transcript(&output);
    assert!(output.status.success() && said.contains("odd.yml is not packed: loadgate can't read it as YAML"), "{said}");
    let files = unpacked(&at.join("d.tar.gz"));
    assert!(files.iter().all(|(path, _)| !path.starts_with("config/")), "{said}");
}

/// Files by their paths.
type Files = Vec<(String, Vec<u8>)>;

/// The files of an archive, in their order.
fn unpacked(path: &Path) -> Vec<(String, Vec<u8>)> {
    let mut archive = tar::Archive::new(GzDecoder::new(File::open(path).unwrap()));
    let read = |entry: std::io::Result<tar::Entry<'_, _>>| {
        let (mut entry, mut bytes) = (entry.unwrap(), Vec::new());
        entry.read_to_end(&mut bytes).unwrap();
        (entry.path().unwrap().to_string_lossy().into_owned(), bytes)
    };
    archive.entries().unwrap().map(read).collect()
}

fn repack(path: &Path, files: &[(String, Vec<u8>)]) {
    let mut archive = tar::Builder::new(GzEncoder::new(File::create(path).unwrap(), Compression::fast()));
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        // Not `append_data`, which refuses the paths that must be found here.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        archive.append(&header, bytes.as_slice()).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap();
}

/// What `--verify` says of an archive.
fn verified(at: &Path, name: &str, flags: &[&str]) -> (Option<i32>, String) {
    let output = loadgate(at, &[&["pack", "--verify", name], flags].concat()).output().unwrap();
    (output.status.code(), transcript(&output))
}

#[test]
fn an_archive_holds_what_the_verdict_rests_on_and_says_of_which_build() {
    let (folder, sha256) = packed();
    let files = unpacked(&folder.path().join("a.tar.gz"));
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    let expected =
        ["breaker.csv", "config/loadgate.yml", "report/record.json.gz", "report/verdict.json", "sla.csv", "manifest.json"];
    assert_eq!(names, expected, "and not what else lies in the folder");
    let text = |name: &str| String::from_utf8(files.iter().find(|(path, _)| path == name).unwrap().1.clone()).unwrap();
    assert_eq!(text("breaker.csv"), "record,at_s,state,reason\r\nrecord.json.gz,1.500,open,60% failed\r\n");
    let sla = "endpoint,threshold,limit,actual,unit,outcome,owner\r\nitems,items.p95 < 20ms,< 20000,5100,us,pass,'=cmd()\r\n";
    assert_eq!(text("sla.csv"), sla);
    assert!(text("config/loadgate.yml").contains("X-Api-Key: \"***\"") && !text("config/loadgate.yml").contains("hunter2"));
    let manifest: serde_json::Value = serde_json::from_str(&text("manifest.json")).unwrap();
    let build = &manifest["build"];
    assert_eq!(
        (&manifest["schema"], &build["commit"], &build["pull_request"], &build["image_digest"]),
        (&"loadgate/pack/v1".into(), &"a1b2c3d4e5f6".into(), &12.into(), &"sha256:cafe".into())
    );
    let ci = (&build["ci"]["run_id"], &build["ci"]["attempt"], &build["ci"]["url"]);
    assert_eq!(ci, (&"77".into(), &2.into(), &"https://ci/77".into()));
    assert_eq!((&manifest["config"]["is_of_run"], &manifest["config"]["masked"]), (&true.into(), &true.into()));
    let (code, said) = verified(folder.path(), "a.tar.gz", &["--manifest", &sha256]);
    assert!(code == Some(0) && said.contains("all 5 files are as packed") && said.contains("commit a1b2c3d4e5f6"), "{said}");
}

#[test]
fn the_same_files_make_the_same_archive() {
    let (folder, _) = packed();
    let output = loadgate(folder.path(), &["pack", "loadgate-report"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "shop-a1b2c3d4e.loadgate.tar.gz\n", "{}", transcript(&output));
    let bytes = |name: &str| fs::read(folder.path().join(name)).unwrap();
    assert!(bytes("a.tar.gz") == bytes("shop-a1b2c3d4e.loadgate.tar.gz"));
}

#[test]
fn every_change_of_an_archive_is_named() {
    let (folder, sha256) = packed();
    let at = folder.path();
    let files = unpacked(&at.join("a.tar.gz"));
    let says = |change: &dyn Fn(&mut Files), words: &str| {
        let mut files = files.clone();
        change(&mut files);
        repack(&at.join("b.tar.gz"), &files);
        let (code, said) = verified(at, "b.tar.gz", &[]);
        assert!(code == Some(1) && said.contains(words), "'{words}' in {said}");
    };
    let replaced = |files: &mut Vec<(String, Vec<u8>)>, name: &str, from: &str, to: &str| {
        let (_, bytes) = files.iter_mut().find(|(path, _)| path == name).unwrap();
        *bytes = String::from_utf8(bytes.clone()).unwrap().replacen(from, to, 1).into_bytes();
    };
    says(&|files| replaced(files, "sla.csv", "5100", "4100"), "sla.csv: it was changed");
    says(&|files| files.retain(|(path, _)| path != "breaker.csv"), "breaker.csv: it was taken out of the archive");
    says(&|files| files.push(("report/more.txt".to_owned(), vec![1])), "report/more.txt: it was added");
    says(&|files| files.push(("../evil".to_owned(), vec![1])), "../evil: it is no plain file within the archive");
    says(&|files| files.push(files[0].clone()), "breaker.csv: it is in the archive twice");
    says(&|files| replaced(files, "manifest.json", "a1b2c3d4e5f6", "ffffffffffff"), "is not what report/record.json.gz says");
    says(
        &|files| replaced(files, "manifest.json", "\"exit_code\": ", "\"exit_code\": 1"),
        "manifest.json: it gives the verdict as",
    );
    // What is changed on both sides only the hash tells that was kept elsewhere.
    let mut both = files.clone();
    replaced(&mut both, "sla.csv", "5100", "4100");
    let hash =
        |name: &str, of: &[(String, Vec<u8>)]| loadgate::pack::sha256_of(&of.iter().find(|(path, _)| path == name).unwrap().1);
    let (before, after) = (hash("sla.csv", &files), hash("sla.csv", &both));
    replaced(&mut both, "manifest.json", &before, &after);
    repack(&at.join("b.tar.gz"), &both);
    assert_eq!(verified(at, "b.tar.gz", &[]).0, Some(0));
    let (code, said) = verified(at, "b.tar.gz", &["--manifest", &sha256]);
    assert!(code == Some(1) && said.contains("manifest.json: it was changed"), "{said}");
}

#[test]
fn what_is_no_archive_and_no_report_is_refused() {
    let (folder, _) = packed();
    let at = folder.path();
    let bytes = fs::read(at.join("a.tar.gz")).unwrap();
    fs::write(at.join("cut.tar.gz"), &bytes[..bytes.len() / 2]).unwrap();
    fs::write(at.join("text.tar.gz"), "hello").unwrap();
    repack(&at.join("bare.tar.gz"), &[("a".to_owned(), vec![1])]);
    for (args, words) in [
        (vec!["pack", "--verify", "cut.tar.gz"], "cut.tar.gz: the archive is damaged"),
        (vec!["pack", "--verify", "text.tar.gz"], "text.tar.gz: the archive is damaged, or none that loadgate made"),
        (vec!["pack", "--verify", "bare.tar.gz"], "there is no manifest.json in it"),
        (vec!["pack", "--verify", "none.tar.gz"], "none.tar.gz: "),
        (vec!["pack", "nowhere"], "nowhere: there is no such folder"),
        (vec!["pack", "."], "there is no record in this folder"),
        (vec!["pack", "-c", "none.yml"], "none.yml: "),
    ] {
        let output = loadgate(at, &args).output().unwrap();
        let said = transcript(&output);
        assert!(output.status.code() == Some(2) && said.contains(words) && said.contains("hint: "), "'{words}' in {said}");
    }
}

#[test]
fn a_configuration_that_was_changed_since_and_baselines_are_told() {
    let (folder, _) = packed();
    let at = folder.path();
    fs::write(at.join("loadgate.yml"), format!("{CONFIG}# later\n")).unwrap();
    fs::remove_file(at.join("verdict.json")).unwrap();
    fs::copy(at.join("loadgate-report/record.json.gz"), at.join("same.json.gz")).unwrap();
    let output =
        loadgate(at, &["baseline", "promote", "--unjudged", "--no-warmup", "--dir", "base", "same.json.gz"]).output().unwrap();
    assert!(output.status.success(), "{}", transcript(&output));
    let args = ["pack", "--baselines", "base", "--out", "c.tar.gz"];
    let output = loadgate(at, &args).output().unwrap();
    let said = transcript(&output);
    assert!(said.contains("loadgate.yml is not as it was when the run was made"), "{said}");
    assert!(said.contains("base holds no baseline that this run can be compared with"), "the run itself is none: {said}");
    let mut other = file::read(&at.join("loadgate-report/record.json.gz")).unwrap();
    other.started_at = "2026-11-19T12:03:04Z".parse().unwrap();
    file::write(&other, &at.join("other.json.gz")).unwrap();
    let output =
        loadgate(at, &["baseline", "promote", "--unjudged", "--no-warmup", "--dir", "base", "other.json.gz"]).output().unwrap();
    assert!(output.status.success(), "{}", transcript(&output));
    loadgate(at, &args).output().unwrap();
    let packed = unpacked(&at.join("c.tar.gz"));
    assert_eq!(packed.iter().filter(|(path, _)| path.starts_with("baselines/shop/")).count(), 1, "{:?}", packed.len());
}
