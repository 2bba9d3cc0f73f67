//! Results of other load tools -> [`RunRecord`](crate::record::RunRecord), so that they are judged by the same gate.
//!
//! A format is a file here and a line in [`FORMATS`]: it turns its input into [`Row`]s. What follows is the same for all of
//! them: rows are counted into windows (`gather`), and the windows become a record (`assemble`). Nothing keeps rows, so a file of
//! any size is read in the memory that its windows take; and as windows are histograms, the order of the rows does not matter.

mod align;
mod assemble;
mod endpoint;
mod error;
mod format;
mod gather;
mod generic_csv;
mod jtl;
mod k6;
mod k6_csv;
mod k6_json;
mod kind;
mod lines;
mod names;
mod number;
mod source;
mod table;
mod vegeta;
mod vegeta_csv;
mod vegeta_json;
mod words;

use std::{
    io::{self, BufRead as _, BufReader},
    path::{Path, PathBuf},
    time::Duration,
};

pub use self::{
    align::{Apart, align},
    assemble::{Labels, Results},
    error::ImportError,
    format::{ERRORS_FROM, Format, Row, Rules},
};
use self::{error::Mistake, gather::Gather};
use crate::record::Imported;

/// All formats, in the order `--help` names them.
pub static FORMATS: [Format; 6] =
    [generic_csv::FORMAT, jtl::FORMAT, k6_csv::FORMAT, k6_json::FORMAT, vegeta_csv::FORMAT, vegeta_json::FORMAT];

/// Bytes asked for at a time.
const BUFFER_BYTES: usize = 1 << 16;

/// Reads files of one format as the results of one run.
///
/// # Errors
/// See [`Reader::read`] and [`Reader::finish`].
pub fn read(files: &[PathBuf], format: &'static Format, rules: &Rules, warmup: Duration) -> Result<Results, ImportError> {
    let mut reader = Reader::new(format, *rules);
    for path in files {
        let mut input = source::open(path).map_err(|error| ImportError::of(path, Mistake::io(&error)))?;
        reader.read(path, &mut *input)?;
    }
    reader.finish(warmup)
}

/// Reads inputs one after another, all of one run.
pub struct Reader {
    format: &'static Format,
    rules: Rules,
    gather: Gather,
    files: Vec<PathBuf>,
    notes: Vec<String>,
}

impl Reader {
    /// Nothing read yet.
    #[must_use]
    pub fn new(format: &'static Format, rules: Rules) -> Self {
        Self { format, rules, gather: Gather::new(format.fewer_endpoints), files: Vec::new(), notes: Vec::new() }
    }

    /// Reads an input to its end. `path` is what messages and the record call it.
    ///
    /// # Errors
    /// An input that can't be read, is not what the format says, or has no row; more endpoints or longer a run than a record
    /// can hold.
    pub fn read(&mut self, path: &Path, input: &mut dyn io::Read) -> Result<(), ImportError> {
        let at = |mistake: Mistake| ImportError::of(path, mistake);
        let before = self.gather.rows();
        let mut input = BufReader::with_capacity(BUFFER_BYTES, input);
        let beginning = input.fill_buf().map_err(|error| at(Mistake::io(&error)))?;
        kind::check(beginning, self.format.name).map_err(at)?;
        let notes = (self.format.read)(&mut input, &self.rules, &mut |line, row| self.gather.add(line, row)).map_err(at)?;
        if self.gather.rows() == before {
            return Err(at(Mistake::new("there is no request in it", "a file of results has a row per request")));
        }
        self.notes.extend(notes.into_iter().map(|note| format!("{}: {note}", path.display())));
        self.files.push(path.to_owned());
        Ok(())
    }

    /// All that was read. The first `warmup` of it is left out, in whole windows.
    ///
    /// # Errors
    /// Nothing is left after the warm-up; a run that is too long for its number of endpoints.
    pub fn finish(self, warmup: Duration) -> Result<Results, ImportError> {
        let imported = Imported {
            format: self.format.name.to_owned(),
            files: self.files.iter().map(|path| file_name(path)).collect(),
            rows: self.gather.rows(),
            latency_from: self.format.latency_from,
            began_us: 0,
        };
        let whole = |mistake| ImportError::of(self.files.first().map_or(Path::new("results"), PathBuf::as_path), mistake);
        Results::of(self.gather.finish().map_err(whole)?, imported, warmup, self.notes).map_err(whole)
    }
}

/// Folders are the affair of the machine the import ran on.
fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests;
