//! The report folder: found to be writable before any load is sent, and written so that no reader sees half a file.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use super::ReportError;

/// Makes the folder and proves that a file can be written there, so that an hour of load is not lost to a wrong path.
///
/// # Errors
/// Something else stands in the folder's place, or it can't be made or written.
pub fn prepare(dir: &Path) -> Result<(), ReportError> {
    let refused = |reason: String| ReportError::Folder { path: dir.to_owned(), reason };
    if dir.exists() && !dir.is_dir() {
        return Err(refused("it is a file, not a folder".to_owned()));
    }
    fs::create_dir_all(dir).map_err(|error| refused(error.to_string()))?;
    let mut probe = tempfile::NamedTempFile::new_in(dir).map_err(|error| refused(error.to_string()))?;
    probe.write_all(b"probe").map_err(|error| refused(error.to_string()))?;
    probe.close().map_err(|error| refused(error.to_string()))
}

/// Writes a file whole or not at all.
pub(super) fn write(dir: &Path, name: &str, text: &str) -> Result<PathBuf, ReportError> {
    let path = dir.join(name);
    let mut file = tempfile::NamedTempFile::new_in(dir).map_err(ReportError::io(&path))?;
    file.write_all(text.as_bytes()).map_err(ReportError::io(&path))?;
    readable_by_all(file.as_file()).map_err(ReportError::io(&path))?;
    file.persist(&path).map_err(|error| ReportError::io(&path)(error.error))?;
    Ok(path)
}

/// Temporary files are private; a report is meant to be read by others, a web server among them.
#[cfg(unix)]
fn readable_by_all(file: &fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable_by_all(_: &fs::File) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_made_and_left_empty() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("deep/reports");
        prepare(&dir).unwrap();
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 0);
    }

    #[test]
    fn a_file_where_the_folder_should_be_is_named() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("reports");
        fs::write(&dir, "").unwrap();
        let error = prepare(&dir).unwrap_err();
        assert_eq!(error.to_string(), format!("{}: can't write the reports here: it is a file, not a folder", dir.display()));
        assert!(error.hint().contains("--out"));
    }

    #[test]
    fn a_folder_below_a_file_is_refused() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("file"), "").unwrap();
        let error = prepare(&root.path().join("file/reports")).unwrap_err();
        assert!(error.to_string().contains("file/reports: can't write the reports here"), "{error}");
    }

    #[test]
    fn a_report_replaces_the_one_before_whole() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), "a.txt", "a longer first text").unwrap();
        let path = write(root.path(), "a.txt", "second").unwrap();
        assert_eq!(fs::read_to_string(path).unwrap(), "second");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    }
}
