//! Opening a file of results, packed with gzip or not.

use std::{
    fs::File,
    io::{self, BufRead as _, BufReader, Read},
    path::Path,
};

use flate2::bufread::MultiGzDecoder;

/// The contents of a file or pipe. What it is shows in its first bytes, as names lie.
pub(super) fn open(path: &Path) -> io::Result<Box<dyn Read>> {
    let mut input = BufReader::with_capacity(1 << 16, File::open(path)?);
    let packed = input.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    Ok(if packed { Box::new(MultiGzDecoder::new(input)) } else { Box::new(input) })
}
