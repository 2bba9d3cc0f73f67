//! Whether an archive is as it was made.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
};

use flate2::read::MultiGzDecoder;
use sha2::{Digest as _, Sha256};

use super::{Build, MANIFEST_FILE, Manifest, PackError, SCHEMA, hex};
use crate::{
    record::{RunRecord, file},
    report::{VERDICT_FILE, VerdictFile},
};

/// Largest archive that is read, unpacked; a small file can unpack to more than any disk holds.
const UNPACKED_BYTES_MAX: u64 = 8 << 30;
/// Most files of an archive.
const FILES_MAX: usize = 10_000;
/// Largest file that is held in memory to be understood.
const READ_BYTES_MAX: u64 = 256 << 20;

/// What was found.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What the archive says it is.
    pub manifest: Manifest,
    /// SHA-256 of the manifest, to be compared with the one that was told when the archive was made.
    pub manifest_sha256: String,
    /// Everything that is not as it was made, each a sentence that names the file; empty for an archive nobody touched.
    pub faults: Vec<String>,
}

/// A file of the archive as it is now.
struct Found {
    bytes: u64,
    sha256: String,
}

/// Everything of the archive that the checks need.
#[derive(Default)]
struct Contents {
    found: BTreeMap<String, Found>,
    manifest: Option<Vec<u8>>,
    verdict: Option<Vec<u8>>,
    record: Option<(String, Vec<u8>)>,
    faults: Vec<String>,
}

/// Reads the whole archive and compares each file with the manifest, and the manifest with the record and the verdict beside it.
/// Nothing is unpacked to the disk.
///
/// # Errors
/// A file that can't be read, is no archive, or has no manifest.
pub fn verify(path: &Path) -> Result<Checked, PackError> {
    let foreign = |reason: String| PackError::Foreign { path: path.to_owned(), reason };
    let file = File::open(path).map_err(PackError::io(path))?;
    let limited = MultiGzDecoder::new(BufReader::new(file)).take(UNPACKED_BYTES_MAX);
    let mut contents = Contents::default();
    contents.read(limited).map_err(|error| foreign(format!("the archive is damaged, or none that loadgate made: {error}")))?;
    let Some(text) = contents.manifest.take() else { return Err(foreign(format!("there is no {MANIFEST_FILE} in it"))) };
    let manifest = parse(&text).map_err(|reason| foreign(format!("{MANIFEST_FILE}: {reason}")))?;
    let mut faults = std::mem::take(&mut contents.faults);
    faults.extend(contents.differences(&manifest));
    faults.extend(contents.contradictions(&manifest));
    Ok(Checked { manifest, manifest_sha256: hex(Sha256::digest(&text)), faults })
}

fn parse(text: &[u8]) -> Result<Manifest, String> {
    let value: serde_json::Value = serde_json::from_slice(text).map_err(|error| format!("it is not JSON: {error}"))?;
    match value.get("schema").and_then(serde_json::Value::as_str) {
        Some(SCHEMA) => serde_json::from_value(value).map_err(|error| format!("it is damaged: {error}")),
        Some(_) => Err(format!("its schema is not {SCHEMA}")),
        None => Err("it has no schema".to_owned()),
    }
}

impl Contents {
    fn read(&mut self, source: impl Read) -> io::Result<()> {
        let mut archive = tar::Archive::new(source);
        for (number, entry) in archive.entries()?.enumerate() {
            if number == FILES_MAX {
                return Err(io::Error::other(format!("it holds more than {FILES_MAX} files")));
            }
            let mut entry = entry?;
            let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            if !entry.header().entry_type().is_file() || !is_inside(&path) {
                self.faults.push(format!("{}: it is no plain file within the archive, and was not there", shown(&path)));
                continue;
            }
            self.take(path, &mut entry)?;
        }
        Ok(())
    }

    fn take(&mut self, path: String, entry: &mut impl Read) -> io::Result<()> {
        let is_record = path.ends_with(".json.gz") && path.starts_with("report/re") && !path.contains("/baseline-");
        let wanted = path == MANIFEST_FILE || path.ends_with(&format!("/{VERDICT_FILE}")) || (is_record && self.record.is_none());
        let (mut hash, mut kept, mut buffer, mut bytes) = (Sha256::new(), Vec::new(), vec![0; 64 << 10], 0_u64);
        loop {
            let length = entry.read(&mut buffer)?;
            if length == 0 {
                break;
            }
            hash.update(&buffer[..length]);
            bytes += length as u64;
            if wanted && bytes <= READ_BYTES_MAX {
                kept.extend_from_slice(&buffer[..length]);
            }
        }
        if self.found.contains_key(&path) || (path == MANIFEST_FILE && self.manifest.is_some()) {
            self.faults.push(format!("{}: it is in the archive twice", shown(&path)));
            return Ok(());
        }
        if path == MANIFEST_FILE {
            self.manifest = Some(kept);
            return Ok(());
        }
        if path.ends_with(&format!("/{VERDICT_FILE}")) {
            self.verdict = Some(kept);
        } else if wanted {
            self.record = Some((path.clone(), kept));
        }
        self.found.insert(path, Found { bytes, sha256: hex(hash.finalize()) });
        Ok(())
    }

    /// What differs from the list of files.
    fn differences(&self, manifest: &Manifest) -> Vec<String> {
        let mut faults = Vec::new();
        for listed in &manifest.files {
            let name = shown(&listed.path);
            match self.found.get(&listed.path) {
                None => faults.push(format!("{name}: it was taken out of the archive")),
                Some(found) if found.sha256 == listed.sha256 && found.bytes == listed.bytes => {}
                Some(found) => faults.push(format!(
                    "{name}: it was changed: {} bytes with the hash {}, and {} with {} when it was packed",
                    found.bytes,
                    short(&found.sha256),
                    listed.bytes,
                    short(&listed.sha256)
                )),
            }
        }
        let is_listed = |path: &String| manifest.files.iter().any(|listed| listed.path == *path);
        faults.extend(self.found.keys().filter(|path| !is_listed(path)).map(|path| format!("{}: it was added", shown(path))));
        faults
    }

    /// Where the manifest says something else than the files it lists.
    fn contradictions(&self, manifest: &Manifest) -> Vec<String> {
        let mut faults = Vec::new();
        let verdict: Option<VerdictFile> = self.verdict.as_deref().and_then(|text| serde_json::from_slice(text).ok());
        if let Some(verdict) = &verdict
            && (Some(&verdict.verdict), Some(verdict.exit_code)) != (manifest.verdict.as_ref(), manifest.exit_code)
        {
            let said =
                manifest.verdict.as_deref().map_or_else(|| "nobody judged it".to_owned(), |word| format!("'{}'", shown(word)));
            faults.push(format!(
                "{MANIFEST_FILE}: it gives the verdict as {said}, {VERDICT_FILE} as '{}'",
                shown(&verdict.verdict)
            ));
        }
        let Some((path, bytes)) = &self.record else { return faults };
        let record: RunRecord = match file::read_bytes(bytes) {
            Ok(record) => record,
            Err(reason) => {
                faults.push(format!("{}: the record can't be read: {reason}", shown(path)));
                return faults;
            }
        };
        let build = Build::of(&record, verdict.as_ref());
        if build != manifest.build || record.suite != manifest.suite {
            let of = |build: &Build| build.commit.as_deref().map_or_else(|| "no commit".to_owned(), shown);
            faults.push(format!(
                "{MANIFEST_FILE}: what it says of the code and the build (commit {}) is not what {} says (commit {})",
                of(&manifest.build),
                shown(path),
                of(&build)
            ));
        }
        faults
    }
}

/// Whether a path stays within the folder an archive is unpacked in.
fn is_inside(path: &str) -> bool {
    !path.is_empty() && !path.contains('\\') && path.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
}

/// A text from the archive, harmless on a terminal.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

fn short(sha256: &str) -> String {
    shown(sha256).chars().take(12).collect()
}
