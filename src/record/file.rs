//! `record.json.gz`: reading and writing records.

use std::{
    fs::File,
    io::{BufReader, Read, Write},
    path::{Path, PathBuf},
};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use serde::{Serialize, de::DeserializeOwned};

use super::{DuetNoise, NOISE_SCHEMA, PIN_SCHEMA, POINT_SCHEMA, Pin, RunPoint, RunRecord};

/// The name and major version of the format.
pub const SCHEMA: &str = "loadgate/record/v1";
/// Largest unpacked record that is read; a day of 1-second windows over 20 endpoints stays below it.
const UNPACKED_BYTES_MAX: u64 = 1 << 30;

/// Why a record could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The file can't be opened, read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file ends early or was damaged.
    #[error("{path}: the record is damaged: {reason}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Something else than a record of a version this program knows.
    #[error("{path}: {found}, not a {wanted} file")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        found: String,
        /// The schema that was looked for.
        wanted: &'static str,
    },
}

/// Reads a record, packed or not.
///
/// # Errors
/// A file that is missing, truncated, damaged, foreign, too large, or of a newer major version.
pub fn read(path: &Path) -> Result<RunRecord, RecordError> {
    read_schema(path, SCHEMA)
}

/// Reads what a comparison taught of noise.
///
/// # Errors
/// As [`read`], and figures that can't be.
pub fn read_noise(path: &Path) -> Result<DuetNoise, RecordError> {
    let noise: DuetNoise = read_schema(path, NOISE_SCHEMA)?;
    match noise.fault() {
        None => Ok(noise),
        Some(reason) => Err(RecordError::Damaged { path: path.to_owned(), reason }),
    }
}

/// Reads a record whose bytes are those of a file, packed or not.
///
/// # Errors
/// What is wrong with it, in words.
pub fn read_bytes(bytes: &[u8]) -> Result<RunRecord, String> {
    let source: Box<dyn Read> = if bytes.starts_with(&[0x1f, 0x8b]) { Box::new(GzDecoder::new(bytes)) } else { Box::new(bytes) };
    let mut text = Vec::new();
    source.take(UNPACKED_BYTES_MAX).read_to_end(&mut text).map_err(|error| error.to_string())?;
    check_schema(&text, SCHEMA).map_err(|found| match found {
        Found::Damage(reason) => reason,
        Found::Foreign(found) => format!("it is {found}"),
    })?;
    serde_json::from_slice(&text).map_err(|error| error.to_string())
}

/// Reads the figures of a run.
///
/// # Errors
/// As [`read`], and figures that can't be.
pub fn read_point(path: &Path) -> Result<RunPoint, RecordError> {
    let point: RunPoint = read_schema(path, POINT_SCHEMA)?;
    match point.fault() {
        None => Ok(point),
        Some(reason) => Err(RecordError::Damaged { path: path.to_owned(), reason }),
    }
}

/// Reads a pin.
///
/// # Errors
/// As [`read`].
pub fn read_pin(path: &Path) -> Result<Pin, RecordError> {
    read_schema(path, PIN_SCHEMA)
}

fn read_schema<T: DeserializeOwned>(path: &Path, wanted: &'static str) -> Result<T, RecordError> {
    let io = |source| RecordError::Io { path: path.to_owned(), source };
    let damaged = |reason: String| RecordError::Damaged { path: path.to_owned(), reason };
    let mut bytes = Vec::new();
    let mut file = BufReader::new(File::open(path).map_err(io)?);
    let mut magic = [0; 2];
    let packed = file.read_exact(&mut magic).is_ok() && magic == [0x1f, 0x8b];
    let file = BufReader::new(File::open(path).map_err(io)?);
    let source: Box<dyn Read> = if packed { Box::new(GzDecoder::new(file)) } else { Box::new(file) };
    source.take(UNPACKED_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|error| damaged(error.to_string()))?;
    if bytes.len() as u64 > UNPACKED_BYTES_MAX {
        return Err(damaged("it is larger than any record".to_owned()));
    }
    check_schema(&bytes, wanted).map_err(|found| match found {
        Found::Damage(reason) => damaged(reason),
        Found::Foreign(found) => RecordError::Foreign { path: path.to_owned(), found, wanted },
    })?;
    serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))
}

enum Found {
    Damage(String),
    Foreign(String),
}

/// Looks at the `schema` alone first, so that a newer file is refused for being newer and not for a field we can't parse.
fn check_schema(bytes: &[u8], wanted: &str) -> Result<(), Found> {
    #[derive(serde::Deserialize)]
    struct Head {
        schema: Option<String>,
    }
    if bytes.is_empty() {
        return Err(Found::Damage("it is empty".to_owned()));
    }
    let any_version = wanted.trim_end_matches(|c: char| c.is_ascii_digit());
    match serde_json::from_slice::<Head>(bytes) {
        Ok(Head { schema: Some(schema) }) if schema == wanted => Ok(()),
        Ok(Head { schema: Some(schema) }) if schema.starts_with(any_version) => {
            Err(Found::Foreign(format!("written as {schema} by a newer loadgate")))
        }
        Ok(Head { schema: Some(schema) }) => {
            Err(Found::Foreign(format!("a {} file", schema.chars().take(60).collect::<String>())))
        }
        Ok(Head { schema: None }) => Err(Found::Foreign("JSON without a schema".to_owned())),
        Err(error) if error.is_eof() => Err(Found::Damage("it ends early".to_owned())),
        Err(_) => Err(Found::Foreign("not JSON".to_owned())),
    }
}

/// Writes a record so that a reader sees the old file or the whole new one, never a part.
///
/// # Errors
/// The folder can't be made or written.
pub fn write(record: &RunRecord, path: &Path) -> Result<(), RecordError> {
    write_whole(path, |file| {
        let mut packed = GzEncoder::new(file, Compression::default());
        serde_json::to_writer(&mut packed, record)?;
        packed.finish().map(drop)
    })
}

/// Writes what a comparison taught of noise, as [`write`] does, for people to read and version control to compare.
///
/// # Errors
/// The folder can't be made or written.
pub fn write_noise(noise: &DuetNoise, path: &Path) -> Result<(), RecordError> {
    write_whole(path, |file| {
        noise.serialize(&mut serde_json::Serializer::pretty(&mut *file))?;
        file.write_all(b"\n")
    })
}

/// Writes the figures of a run, as [`write`] does.
///
/// # Errors
/// The folder can't be made or written.
pub fn write_point(point: &RunPoint, path: &Path) -> Result<(), RecordError> {
    write_line(point, path)
}

/// Writes a pin, as [`write`] does.
///
/// # Errors
/// The folder can't be made or written.
pub fn write_pin(pin: &Pin, path: &Path) -> Result<(), RecordError> {
    write_line(pin, path)
}

fn write_line(value: &impl Serialize, path: &Path) -> Result<(), RecordError> {
    write_whole(path, |file| {
        serde_json::to_writer(&mut *file, value)?;
        file.write_all(b"\n")
    })
}

fn write_whole(path: &Path, write: impl FnOnce(&mut tempfile::NamedTempFile) -> std::io::Result<()>) -> Result<(), RecordError> {
    let io = |source| RecordError::Io { path: path.to_owned(), source };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(io)?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(io)?;
    write(&mut file).map_err(io)?;
    file.flush().map_err(io)?;
    file.as_file().sync_all().map_err(io)?;
    readable_by_all(file.as_file()).map_err(io)?;
    file.persist(path).map_err(|error| io(error.error))?;
    Ok(())
}

/// Temporary files are private; a baseline is meant to be shared.
#[cfg(unix)]
fn readable_by_all(file: &File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable_by_all(_: &File) -> std::io::Result<()> {
    Ok(())
}
