//! One archive with all that a verdict rests on, bound to the commit and the build, that tells when anything in it was changed.
//!
//! A `tar.gz` that every system unpacks: the files of the report folder, the configuration, the baselines it was compared with,
//! two tables made of them, and last a manifest with the hash of each. The same files make the same bytes.

mod configuration;
mod error;
mod free_text;
mod manifest;
mod tables;
mod verify;
mod write;

use sha2::{Digest as _, Sha256};

pub use configuration::without_credentials;
pub use error::PackError;
pub use manifest::{Build, ConfigFacts, Manifest, PackedFile, SCHEMA, manifest_of};
pub use tables::{breaker_csv, sla_csv};
pub use verify::{Checked, verify};
pub use write::{Content, Part, write};

/// Where the manifest is in the archive.
pub const MANIFEST_FILE: &str = "manifest.json";
/// Folder of the archive that everything else is in, as it was in the report folder.
pub const REPORT_FOLDER: &str = "report";

/// SHA-256 of bytes, as manifests write it.
#[must_use]
pub fn sha256_of(bytes: &[u8]) -> String {
    hex(Sha256::digest(bytes))
}

/// A digest in hexadecimal.
fn hex(digest: impl AsRef<[u8]>) -> String {
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
