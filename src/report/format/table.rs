//! Text in columns: CSV for spreadsheets, aligned for terminals.

use crate::report::{ReportError, escape::squeezed};

/// A CSV file after RFC 4180.
pub(super) fn csv<const N: usize>(
    file: &'static str,
    head: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> Result<String, ReportError> {
    let failed = |reason: String| ReportError::Render { file, reason };
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(head).map_err(|error| failed(error.to_string()))?;
    for row in rows {
        writer.write_record(&row).map_err(|error| failed(error.to_string()))?;
    }
    let bytes = writer.into_inner().map_err(|error| failed(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| failed(error.to_string()))
}

/// A count, or nothing where it is missing: an empty field is no zero.
pub(super) fn number(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// A figure to nine significant digits, far finer than any measurement and without the noise of binary fractions.
pub(super) fn figure(value: Option<f64>) -> String {
    number(value.map(|value| format!("{value:.8e}").parse::<f64>().unwrap_or(value)))
}

/// Longest cell of a terminal table.
const CELL_MAX: usize = 44;
/// Columns of a terminal that nobody has made wider.
const WIDTH: usize = 80;
/// Least that is left of the names in the first column.
const NAME_MIN: usize = 8;

/// Columns for a terminal, two spaces apart; the first `left` columns and the last are flush left, figures flush right. Names in the first
/// column give way where a line would be longer than a terminal is wide.
pub(super) fn aligned(head: &[&str], left: usize, rows: &[Vec<String>]) -> String {
    let head: Vec<String> = head.iter().map(|&name| name.to_owned()).collect();
    let mut rows: Vec<Vec<String>> =
        std::iter::once(&head).chain(rows).map(|row| row.iter().map(|cell| cut(cell)).collect()).collect();
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let mut widths: Vec<usize> = (0..head.len()).map(width).collect();
    fit(&mut rows, &mut widths);
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| {
            if column < left || column + 1 == head.len() { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// Cuts the names in the first column as far as it takes.
fn fit(rows: &mut [Vec<String>], widths: &mut [usize]) {
    let filled = widths.iter().filter(|width| **width > 0).count();
    let length = widths.iter().sum::<usize>() + 2 * filled.saturating_sub(1);
    let Some(first) = widths.first_mut().filter(|_| length > WIDTH) else { return };
    *first = (*first).min((*first + WIDTH).saturating_sub(length).max(NAME_MIN));
    for name in rows.iter_mut().filter_map(|row| row.first_mut()) {
        *name = squeezed(name, *first);
    }
}

fn cut(cell: &str) -> String {
    match cell.char_indices().nth(CELL_MAX) {
        Some((end, _)) => format!("{}…", &cell[..end]),
        None => cell.to_owned(),
    }
}
