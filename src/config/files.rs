//! Files that a configuration names beside itself, read with it: nothing behind it does any I/O.

use std::{collections::BTreeMap, fs::File, io::Read as _, path::Path};

use super::{Document, checks::Check, source, written::TextOr};

/// Largest file of data.
const DATA_BYTES_MAX: u64 = 64 << 20;
/// Largest JSON Schema.
const SCHEMA_BYTES_MAX: u64 = 4 << 20;
/// Largest file of certificates or keys.
const PEM_BYTES_MAX: u64 = 4 << 20;

/// Largest template of a report.
const TEMPLATE_BYTES_MAX: u64 = 1 << 20;

/// The files by their names as written: what is in each, or why it could not be read.
#[derive(Clone, Default)]
pub struct Files(BTreeMap<String, Result<Vec<u8>, String>>);

impl Files {
    /// Reads what a configuration names; relative names start from its folder.
    pub(super) fn named_in(document: &Document, folder: &Path) -> Self {
        let tables = document.data.values().filter_map(|feeder| feeder.csv.as_deref()).map(|name| (name, DATA_BYTES_MAX));
        let schemas = checks(document).filter_map(|check| check.schema.as_deref()).map(|name| (name, SCHEMA_BYTES_MAX));
        let certificates = certificates(document).map(|name| (name, PEM_BYTES_MAX));
        let templates = document.report.templates.iter().flatten().map(|(_, name)| (name.as_str(), TEMPLATE_BYTES_MAX));
        let mut files = BTreeMap::new();
        for (name, bytes_max) in tables.chain(schemas).chain(certificates).chain(templates) {
            files.entry(name.to_owned()).or_insert_with(|| read(&folder.join(name), bytes_max));
        }
        Self(files)
    }

    /// What is in a file.
    ///
    /// # Errors
    /// It could not be read.
    pub fn get(&self, name: &str) -> Result<&[u8], String> {
        match self.0.get(name) {
            Some(Ok(bytes)) => Ok(bytes),
            Some(Err(reason)) => Err(reason.clone()),
            None => Err("it was not read".to_owned()),
        }
    }
}

fn checks(document: &Document) -> impl Iterator<Item = &Check> {
    let scenarios = document.scenarios.iter().flatten().filter_map(|entry| match entry {
        TextOr::Text(_) => None,
        TextOr::Map(scenario) => Some(scenario),
    });
    scenarios.flat_map(|scenario| {
        let steps = [&scenario.setup, &scenario.steps, &scenario.teardown].into_iter().flatten().flatten();
        scenario.check.iter().chain(steps.filter_map(|step| step.check.as_ref()))
    })
}

/// Files of certificates and keys.
fn certificates(document: &Document) -> impl Iterator<Item = &str> {
    let long = |target| match target {
        &TextOr::Text(_) => None,
        TextOr::Map(target) => Some(target),
    };
    let targets = document.target.iter().chain(document.targets.values()).filter_map(long);
    targets.filter_map(|target| target.tls.as_ref()).flat_map(|tls| tls.files()).filter_map(|(_, name)| name)
}

fn read(path: &Path, bytes_max: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let open = File::open(path).and_then(|file| file.take(bytes_max + 1).read_to_end(&mut bytes));
    open.map_err(|error| source::in_words(&error))?;
    if bytes.len() as u64 > bytes_max {
        return Err(format!("the file is larger than {} MiB", bytes_max >> 20));
    }
    Ok(bytes)
}

/// What is in a file may be secret.
impl std::fmt::Debug for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
