//! Making an archive.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};
use sha2::{Digest as _, Sha256};

use super::{MANIFEST_FILE, Manifest, PackError, PackedFile, hex};

/// Something to be packed.
#[derive(Clone, Debug)]
pub struct Part {
    /// Path in the archive, with `/`.
    pub path: String,
    /// What it is, as the manifest says it.
    pub what: &'static str,
    /// Where its bytes come from.
    pub content: Content,
}

/// The bytes of a part.
#[derive(Clone, Debug)]
pub enum Content {
    /// Of a file.
    File(PathBuf),
    /// Made for the archive.
    Text(String),
}

impl Part {
    /// Bytes that lie in a file.
    #[must_use]
    pub fn file(path: String, what: &'static str, file: PathBuf) -> Self {
        Self { path, what, content: Content::File(file) }
    }

    /// Bytes that were made for the archive.
    #[must_use]
    pub fn text(path: &str, what: &'static str, text: String) -> Self {
        Self { path: path.to_owned(), what, content: Content::Text(text) }
    }

    fn bytes(&self) -> Result<Vec<u8>, PackError> {
        match &self.content {
            Content::Text(text) => Ok(text.clone().into_bytes()),
            Content::File(file) => fs::read(file).map_err(PackError::io(file)),
        }
    }
}

/// Writes the archive whole or not at all, its manifest last, and returns the hash of the manifest: whoever keeps it elsewhere
/// can tell whether the manifest itself was changed.
///
/// # Errors
/// A part that can't be read, an archive that can't be written.
pub fn write(mut manifest: Manifest, parts: &[Part], out: &Path) -> Result<String, PackError> {
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(PackError::io(folder))?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(PackError::io(out))?;
    let mut archive = Archive::new(&mut file, manifest.build.started_at.map_or(0, |at| at.as_second().unsigned_abs()));
    for part in parts {
        let bytes = part.bytes()?;
        archive.add(&part.path, &bytes).map_err(PackError::io(out))?;
        let sha256 = hex(Sha256::digest(&bytes));
        manifest.files.push(PackedFile {
            path: part.path.clone(),
            what: part.what.to_owned(),
            bytes: bytes.len() as u64,
            sha256,
        });
    }
    let text = serde_json::to_string_pretty(&manifest)
        .map_err(|error| PackError::Form { file: MANIFEST_FILE, reason: error.to_string() })?
        + "\n";
    archive.add(MANIFEST_FILE, text.as_bytes()).and_then(|()| archive.finish()).map_err(PackError::io(out))?;
    readable_by_all(file.as_file()).map_err(PackError::io(out))?;
    file.persist(out).map_err(|error| PackError::io(out)(error.error))?;
    Ok(hex(Sha256::digest(text.as_bytes())))
}

/// An archive that is the same for the same files: no times but that of the run, no owners.
struct Archive<W: Write> {
    tar: tar::Builder<GzEncoder<W>>,
    time_s: u64,
}

impl<W: Write> Archive<W> {
    fn new(out: W, time_s: u64) -> Self {
        Self { tar: tar::Builder::new(GzEncoder::new(out, Compression::default())), time_s }
    }

    fn add(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(self.time_s);
        header.set_entry_type(tar::EntryType::Regular);
        self.tar.append_data(&mut header, path, bytes)
    }

    fn finish(self) -> io::Result<()> {
        self.tar.into_inner()?.finish().and_then(|mut out| out.flush())
    }
}

/// Temporary files are private; an archive is meant to be handed on.
#[cfg(unix)]
fn readable_by_all(file: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable_by_all(_: &fs::File) -> io::Result<()> {
    Ok(())
}
