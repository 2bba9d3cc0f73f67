//! Rows of cells as lines of text, with columns as wide as their widest cell.

/// The rows as lines. Cells are set to the left, but for those of the columns of these numbers.
pub(super) fn lines<R: AsRef<[String]>>(rows: &[R], to_the_right: &[usize]) -> Vec<String> {
    let mut widths: Vec<usize> = Vec::new();
    for row in rows {
        let cells = row.as_ref();
        widths.resize(widths.len().max(cells.len()), 0);
        widths.iter_mut().zip(cells).for_each(|(width, cell)| *width = cell.chars().count().max(*width));
    }
    let line = |row: &R| {
        let cells = row.as_ref().iter().zip(&widths).enumerate().map(|(column, (cell, &width))| {
            if to_the_right.contains(&column) { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
        });
        cells.collect::<Vec<String>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_nothing_trails() {
        let rows = [["endpoint", "count", "found"], ["a", "12,345", "ü"], ["a longer one", "7", ""]];
        let rows = rows.map(|row| row.map(str::to_owned));
        let expected = ["endpoint       count  found", "a             12,345  ü", "a longer one       7"];
        assert_eq!(lines(&rows, &[1]), expected);
        assert!(lines::<Vec<String>>(&[], &[]).is_empty());
    }
}
