//! CSV with a header, row by row: RFC 4180, and what spreadsheets and other systems make of it.

use std::{
    cell::Cell,
    io::{self, Read},
    rc::Rc,
};

use csv::{ByteRecord, Reader, ReaderBuilder, Terminator};

use super::error::{Mistake, quoted};

/// Longest row; a quote that is never closed would else take the rest of the file into memory.
const ROW_BYTES_MAX: usize = 1 << 20;
/// Bytes asked for at a time.
const BUFFER_BYTES: usize = 1 << 16;

/// A table whose columns are found by their names.
pub(super) struct Table<'a> {
    reader: Reader<Metered<'a>>,
    unclaimed: Rc<Cell<usize>>,
    row: ByteRecord,
    /// The line the row begins in, from 1.
    line: u64,
    header: Vec<String>,
}

impl<'a> Table<'a> {
    /// A table whose first row holds values: the columns are known by their order.
    pub(super) fn without_header(input: &'a mut dyn Read, columns: &[&str]) -> Self {
        Self { header: columns.iter().map(ToString::to_string).collect(), ..Self::over(input) }
    }

    fn over(input: &'a mut dyn Read) -> Self {
        let unclaimed = Rc::new(Cell::new(0));
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            // The carriage return before a line feed is taken off with the spaces, so lines may end either way, and are counted right.
            .terminator(Terminator::Any(b'\n'))
            .buffer_capacity(BUFFER_BYTES)
            .from_reader(Metered { input, last: b'\n', unclaimed: Rc::clone(&unclaimed) });
        Self { reader, unclaimed, row: ByteRecord::new(), line: 0, header: Vec::new() }
    }

    /// Reads the header.
    pub(super) fn new(input: &'a mut dyn Read) -> Result<Self, Mistake> {
        let mut table = Self::over(input);
        const HINT: &str = "the first line names the columns";
        if !table.read()? {
            return Err(Mistake::new("the file is empty", HINT));
        }
        let names = table.row.iter().map(|name| std::str::from_utf8(trimmed(name)).map(str::to_owned));
        let names: Result<Vec<String>, _> = names.collect();
        table.header = names.map_err(|_| table.not_text())?;
        let repeated = table.header.iter().enumerate().find(|(index, name)| table.header[..*index].contains(name));
        match repeated {
            Some((_, name)) => Err(Mistake::new(format!("two columns are called {}", quoted(name)), HINT).at(table.line)),
            None => Ok(table),
        }
    }

    /// Where the column of that name stands, if there is one.
    pub(super) fn column(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|column| column == name)
    }

    /// Where the columns of these names stand, all of which are needed. `whose` says what writes them.
    pub(super) fn columns<const N: usize>(&self, names: [&str; N], whose: &str) -> Result<[usize; N], Mistake> {
        let mut found = [0; N];
        for (place, name) in found.iter_mut().zip(names) {
            *place = self.column(name).ok_or_else(|| {
                let columns = quoted(&self.header.join(","));
                let hint = format!("{whose} begins with the names of the columns, with commas between them: {}", names.join(","));
                Mistake::new(format!("no column '{name}' in {columns}"), hint).at(1)
            })?;
        }
        Ok(found)
    }

    /// Names of the columns, as they stand.
    pub(super) fn header(&self) -> &[String] {
        &self.header
    }

    /// The line of the row.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Goes to the next row; false at the end.
    pub(super) fn next(&mut self) -> Result<bool, Mistake> {
        if !self.read()? {
            return Ok(false);
        }
        if self.row.len() != self.header.len() {
            let (has, needs) = (self.row.len(), self.header.len());
            let hint = "each row has a value for each column; a value with a comma in it is put in double quotes";
            return Err(Mistake::new(format!("{has} values, and there are {needs} columns"), hint).at(self.line));
        }
        Ok(true)
    }

    /// A value of the row.
    pub(super) fn text(&self, column: usize) -> Result<&str, Mistake> {
        let value = trimmed(self.row.get(column).unwrap_or_default());
        std::str::from_utf8(value).map_err(|_| self.not_text())
    }

    /// The reader stands behind the line feed that ends the row; a value in quotes may hold some more. One that is never closed
    /// holds the last one too.
    fn begin_of_row(&self) -> u64 {
        let text = self.row.as_slice();
        let inside = text.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.reader.position().line() - inside - u64::from(text.last() != Some(&b'\n'))
    }

    fn not_text(&self) -> Mistake {
        Mistake::new("not UTF-8 text", "save the file as UTF-8").at(self.line)
    }

    /// Reads a line that is not blank.
    fn read(&mut self) -> Result<bool, Mistake> {
        loop {
            self.unclaimed.set(0);
            let before = self.reader.position().line();
            let more = self.reader.read_byte_record(&mut self.row).map_err(|error| match error.into_kind() {
                csv::ErrorKind::Io(error) if error.get_ref().is_some_and(|inner| inner.is::<TooLong>()) => Mistake::new(
                    format!("a row longer than {} kB", ROW_BYTES_MAX / 1024),
                    "a double quote is not closed, or lines do not end in a line feed",
                )
                .at(before),
                csv::ErrorKind::Io(error) => Mistake::io(&error).at(before),
                other => Mistake::new(format!("{other:?}"), "the file is not CSV").at(before),
            })?;
            if !more {
                return Ok(false);
            }
            self.line = self.begin_of_row();
            let blank = self.row.len() == 1 && trimmed(&self.row[0]).is_empty();
            if !blank {
                return Ok(true);
            }
        }
    }
}

fn trimmed(value: &[u8]) -> &[u8] {
    value.trim_ascii()
}

/// An input that ends with a line feed, and with an error when it is asked for too much before a row is complete.
struct Metered<'a> {
    input: &'a mut dyn Read,
    last: u8,
    unclaimed: Rc<Cell<usize>>,
}

#[derive(Debug, thiserror::Error)]
#[error("a row is too long")]
struct TooLong;

impl Read for Metered<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.unclaimed.get() > ROW_BYTES_MAX {
            return Err(io::Error::other(TooLong));
        }
        let mut count = self.input.read(buffer)?;
        if let (0, Some(byte), true) = (count, buffer.first_mut(), self.last != b'\n') {
            (*byte, count) = (b'\n', 1);
        }
        self.last = buffer[..count].last().copied().unwrap_or(self.last);
        self.unclaimed.set(self.unclaimed.get() + count);
        Ok(count)
    }
}
