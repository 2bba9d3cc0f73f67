//! A text line by line, in the memory of its longest one.

use std::io::{BufRead, BufReader, Read};

use super::error::Mistake;

/// Longest line; results that hold the bodies of responses have long ones.
const LINE_BYTES_MAX: usize = 16 << 20;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Lines that are not blank, with their numbers.
pub(super) struct Lines<'a> {
    input: BufReader<&'a mut dyn Read>,
    line: Vec<u8>,
    number: u64,
}

impl<'a> Lines<'a> {
    pub(super) fn new(input: &'a mut dyn Read) -> Self {
        Self { input: BufReader::with_capacity(1 << 16, input), line: Vec::new(), number: 0 }
    }

    /// The number of the line that was read last, from 1.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The next line; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<&[u8]>, Mistake> {
        loop {
            self.number += 1;
            if !self.read()? {
                return Ok(None);
            }
            if !self.text().is_empty() {
                break;
            }
        }
        Ok(Some(self.text()))
    }

    fn text(&self) -> &[u8] {
        let line = self.line.strip_prefix(BYTE_ORDER_MARK).filter(|_| self.number == 1).unwrap_or(&self.line);
        line.trim_ascii()
    }

    fn read(&mut self) -> Result<bool, Mistake> {
        self.line.clear();
        loop {
            let part = self.input.fill_buf().map_err(|error| Mistake::io(&error).at(self.number))?;
            if part.is_empty() {
                return Ok(!self.line.is_empty());
            }
            let end = part.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(part.len(), |end| end + 1);
            self.line.extend_from_slice(&part[..taken]);
            self.input.consume(taken);
            if end.is_some() {
                return Ok(true);
            }
            if self.line.len() > LINE_BYTES_MAX {
                let message = format!("a line longer than {} MB", LINE_BYTES_MAX >> 20);
                return Err(Mistake::new(message, "results are one JSON object a line").at(self.number));
            }
        }
    }
}
