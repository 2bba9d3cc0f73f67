//! Several sides in one table, for a terminal.

use super::table::aligned;
use crate::report::Several;

/// The table and what the signs mean, then the verdicts.
#[must_use]
pub fn console_several(several: &Several) -> String {
    let head: Vec<&str> = several.head.iter().map(String::as_str).collect();
    let table = aligned(&head, 2, &several.rows);
    format!(
        "{table}changes against the first side: ✖ worse, ▲ warning, ? can't tell, ≈ too small or too unsure to count, ✔ unchanged or better\n\n{}\n",
        several.verdicts.join("\n")
    )
}
