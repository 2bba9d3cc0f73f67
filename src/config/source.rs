//! Reading the file: what is missing, too large or no text is said before anything is made of it.

use std::{fs::File, io::Read as _, path::Path};

use super::error::{ConfigError, Position, Problem};

/// Largest configuration file that is read.
pub(super) const FILE_BYTES_MAX: u64 = 1 << 20;

/// The text of a configuration file, without a byte order mark.
pub(super) fn read(path: &Path) -> Result<String, ConfigError> {
    let refuse = |message: String, hint: &str| ConfigError {
        path: path.to_owned(),
        problems: vec![Problem::new(Position::File, message, hint.to_owned())],
        text: String::new(),
    };
    let io = |error: std::io::Error| {
        let hint = match error.kind() {
            std::io::ErrorKind::NotFound => "name the configuration file with -c FILE",
            std::io::ErrorKind::PermissionDenied => "make the file readable",
            _ => "name a readable YAML file with -c FILE",
        };
        refuse(in_words(&error), hint)
    };
    let is_folder = std::fs::metadata(path).map_err(io)?.is_dir();
    if is_folder {
        return Err(refuse("this is a folder, not a file".to_owned(), "name the configuration file itself with -c FILE"));
    }
    let mut bytes = Vec::new();
    // Never trust the length the system tells: a pipe or a growing file has none.
    File::open(path).map_err(io)?.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(refuse(
            "the file is larger than 1 MiB".to_owned(),
            "a configuration is a few kilobytes; is this the right file?",
        ));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let (at, bytes) = (error.utf8_error().valid_up_to(), error.as_bytes());
        let line = bytes[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
        refuse(format!("line {line} is not UTF-8 text (byte 0x{:02x})", bytes[at]), "save the file as UTF-8")
    })?;
    let text = text.trim_start_matches('\u{feff}').to_owned();
    if text.trim().is_empty() {
        return Err(refuse("the file is empty".to_owned(), "a configuration needs at least target, stages and scenarios"));
    }
    Ok(text)
}

/// What the system says of a file, in words.
pub(super) fn in_words(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "the file can't be read: permission denied".to_owned(),
        _ => format!("the file can't be read: {error}"),
    }
}
