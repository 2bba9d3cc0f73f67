//! `loadgate pack`: one archive with all that a verdict rests on, and whether one is as it was made.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use super::{Failure, records::EXTENSION, terminal};
use crate::{
    baseline::{Found, Store},
    exit::Exit,
    pack::{self, Checked, ConfigFacts, PackError, Part, REPORT_FOLDER},
    policy::BASELINES_MAX,
    record::{RunRecord, file},
    report::{FORMATS, RECORD_FILE, RECORDS_FOLDER, SET_ASIDE_FOLDER, VERDICT_FILE, VerdictFile},
};

/// The folder that a gate writes to where nothing else is said.
const REPORT_DIR: &str = "loadgate-report";
/// The configuration where nothing else is said.
const CONFIG: &str = "loadgate.yml";

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Report folder that `gate` or `run` wrote [default: loadgate-report]
    #[arg(value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Archive to write [default: SUITE-COMMIT.loadgate.tar.gz]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Configuration of the run, packed as written and without credentials [default: loadgate.yml, where it is there]
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of stored baselines: those that the run can be compared with are packed too
    #[arg(long, value_name = "DIR")]
    baselines: Option<PathBuf>,
    /// Check an archive instead: exit 0 when nothing in it was changed, 1 when something was
    #[arg(long, value_name = "FILE", conflicts_with_all = ["dir", "out", "config", "baselines"])]
    verify: Option<PathBuf>,
    /// With --verify: the hash of the manifest that was told when the archive was made
    #[arg(long, value_name = "SHA256", requires = "verify")]
    manifest: Option<String>,
}

impl From<PackError> for Failure {
    fn from(error: PackError) -> Self {
        let hint = error.hint();
        Self::usage(error).hint(hint)
    }
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    match &args.verify {
        Some(archive) => verify(archive, args.manifest.as_deref()),
        None => make(args),
    }
}

fn make(args: &Args) -> Result<Exit, Failure> {
    let dir = args.dir.clone().unwrap_or_else(|| PathBuf::from(REPORT_DIR));
    let records = records(&dir)?;
    let Some(first) = records.iter().find(|(path, _)| is_of_candidate(path)).map(|(_, record)| record) else {
        let reason = if dir.is_dir() { "there is no record in this folder" } else { "there is no such folder" };
        return Err(PackError::Nothing { path: dir, reason: reason.to_owned() }.into());
    };
    let verdict = Some(dir.join(VERDICT_FILE)).filter(|path| path.is_file()).map(|path| VerdictFile::read(&path)).transpose()?;
    let mut parts: Vec<Part> =
        records.keys().map(|path| Part::file(format!("{REPORT_FOLDER}/{path}"), "record", dir.join(path))).collect();
    for report in FORMATS.iter().filter(|report| dir.join(report.name).is_file()) {
        let what = if report.name == VERDICT_FILE { "verdict" } else { "report" };
        parts.push(Part::file(format!("{REPORT_FOLDER}/{}", report.name), what, dir.join(report.name)));
    }
    parts.push(Part::text("sla.csv", "sla table", pack::sla_csv(verdict.as_ref())?));
    parts.push(Part::text("breaker.csv", "breaker events", pack::breaker_csv(&records)?));
    parts.extend(baselines(args.baselines.as_deref(), first)?);
    let config = configuration(args.config.as_deref(), first, &mut parts)?;
    parts.sort_by(|a, b| a.path.cmp(&b.path));
    let out = args.out.clone().unwrap_or_else(|| PathBuf::from(name_of(first)));
    let sha256 = pack::write(pack::manifest_of(first, verdict.as_ref(), config), &parts, &out)?;
    terminal::err(&format!(
        "packed {} files; keep the hash of the manifest apart from the archive: `loadgate pack --verify {} --manifest {sha256}` then \
         tells any change",
        parts.len() + 1,
        out.display()
    ));
    terminal::out(&out.display().to_string());
    Ok(Exit::Ok)
}

/// The records of a report folder, by their paths in it.
fn records(dir: &Path) -> Result<BTreeMap<String, RunRecord>, Failure> {
    let mut paths: Vec<String> = Vec::new();
    if dir.join(RECORD_FILE).is_file() {
        paths.push(RECORD_FILE.to_owned());
    }
    for folder in [RECORDS_FOLDER, SET_ASIDE_FOLDER] {
        let files = fs::read_dir(dir.join(folder)).into_iter().flatten().flatten();
        let names = files.map(|file| file.file_name().to_string_lossy().into_owned());
        paths.extend(names.filter(|name| name.ends_with(EXTENSION)).map(|name| format!("{folder}/{name}")));
    }
    let read = |path: String| Ok((path.clone(), file::read(&dir.join(&path)).map_err(Failure::usage)?));
    paths.into_iter().map(read).collect()
}

/// Whether a record is one that the verdict is about.
fn is_of_candidate(path: &str) -> bool {
    path == RECORD_FILE || path.starts_with(&format!("{RECORDS_FOLDER}/candidate-"))
}

/// The stored runs that the record can be compared with.
fn baselines(dir: Option<&Path>, record: &RunRecord) -> Result<Vec<Part>, Failure> {
    let Some(dir) = dir else { return Ok(Vec::new()) };
    match Store::at(dir).matching(record, BASELINES_MAX, None)? {
        Found::Runs(stored) => {
            let name = |path: &Path| path.strip_prefix(dir).unwrap_or(path).to_string_lossy().replace('\\', "/");
            Ok(stored.into_iter().map(|run| Part::file(format!("baselines/{}", name(&run.path)), "baseline", run.path)).collect())
        }
        Found::None | Found::Mismatch(_) => {
            let dir = dir.display();
            terminal::err(&format!("warning: {dir} holds no baseline that this run can be compared with, so none is packed"));
            Ok(Vec::new())
        }
    }
}

/// Adds the configuration, and tells whether it is the one the run was made from.
fn configuration(named: Option<&Path>, record: &RunRecord, parts: &mut Vec<Part>) -> Result<Option<ConfigFacts>, Failure> {
    let sha256 = Some(record.provenance.config_sha256.clone()).filter(|hash| !hash.is_empty());
    let there = named.map(Path::to_owned).or_else(|| Some(PathBuf::from(CONFIG)).filter(|path| path.is_file()));
    let Some(file) = there else {
        return Ok(sha256.map(|hash| ConfigFacts { sha256: Some(hash), path: None, is_of_run: None, masked: false }));
    };
    let text = fs::read_to_string(&file).map_err(|error| {
        Failure::usage(format!("{}: {error}", file.display())).hint("give the configuration of the run with -c FILE")
    })?;
    let is_of_run = sha256.as_ref().map(|hash| *hash == pack::sha256_of(text.as_bytes()));
    if is_of_run == Some(false) {
        let file = file.display();
        terminal::err(&format!("warning: {file} is not as it was when the run was made; the manifest says so"));
    }
    let Some(shown) = pack::without_credentials(&text) else {
        let file = file.display();
        terminal::err(&format!(
            "warning: {file} is not packed: loadgate can't read it as YAML, so nobody can tell which of its values are credentials"
        ));
        return Ok(Some(ConfigFacts { sha256, path: None, is_of_run, masked: false }));
    };
    let masked = shown != text;
    let path = format!("config/{}", file.file_name().map_or_else(|| CONFIG.into(), |name| name.to_string_lossy()));
    parts.push(Part::text(&path, "configuration", shown));
    Ok(Some(ConfigFacts { sha256, path: Some(path), is_of_run, masked }))
}

/// `SUITE-1a2b3c4d5.loadgate.tar.gz`.
fn name_of(record: &RunRecord) -> String {
    let commit = record.provenance.commit.as_deref().unwrap_or("nocommit");
    let tame = |text: &str| text.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).collect::<String>();
    let commit: String = tame(commit).chars().take(9).collect();
    format!("{}-{commit}.loadgate.tar.gz", tame(&record.suite).trim_start_matches(['.', '-']))
}

fn verify(archive: &Path, told: Option<&str>) -> Result<Exit, Failure> {
    let Checked { manifest, manifest_sha256, mut faults } = pack::verify(archive)?;
    if told.is_some_and(|told| !told.trim().eq_ignore_ascii_case(&manifest_sha256)) {
        faults.insert(0, format!("{}: it was changed: its hash is {manifest_sha256}", pack::MANIFEST_FILE));
    }
    let archive = archive.display();
    if !faults.is_empty() {
        let many = if faults.len() == 1 { "1 thing in it is".to_owned() } else { format!("{} things in it are", faults.len()) };
        terminal::out(&format!("{archive}: {many} not as packed\n{}", faults.join("\n")));
        return Ok(Exit::Failed);
    }
    let commit = manifest.build.commit.as_deref().unwrap_or("no commit");
    let verdict = manifest.verdict.as_deref().unwrap_or("not judged");
    let files = manifest.files.len();
    let plain = |text: &str| text.chars().filter(|c| !c.is_control()).collect::<String>();
    terminal::out(&format!(
        "{archive}: all {files} files are as packed\nsuite {}, commit {}, verdict: {}\nmanifest {manifest_sha256}",
        plain(&manifest.suite),
        plain(commit),
        plain(verdict)
    ));
    if told.is_none() {
        terminal::err(
            "note: whoever changes a file can write its hash into the manifest; give --manifest SHA256 to rule that out",
        );
    }
    Ok(Exit::Ok)
}
