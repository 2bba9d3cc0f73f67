//! `comment.md`: what a pull request shows.

use crate::report::{
    ReportError, View,
    comment::{Around, COMMENT_BYTES_MAX, Comment},
};

/// The comment as fully as it fits.
pub(super) fn render(view: &View) -> Result<String, ReportError> {
    Ok(Comment::of(view, &Around::default()).fitting(COMMENT_BYTES_MAX)?.1)
}

/// The text cut to at most `bytes_max` bytes at the end of a line, with a line that says so. Folded parts that the cut left
/// open are closed.
#[must_use]
pub fn capped_lines(text: &str, bytes_max: usize) -> String {
    const NOTE: &str = "\n*Shortened; the report folder has everything.*\n";
    const CLOSE: &str = "\n</details>\n";
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    let room = bytes_max.saturating_sub(NOTE.len() + CLOSE.len());
    let end = text.bytes().take(room).rposition(|byte| byte == b'\n').map_or(0, |position| position + 1);
    let kept = &text[..end];
    let open = kept.matches("<details>").count() > kept.matches("</details>").count();
    format!("{kept}{}{NOTE}", if open { CLOSE } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_falls_between_lines_and_closes_what_is_open() {
        let text = format!("head\n<details>\n{}</details>\n", "| ä | row |\n".repeat(100));
        let cut = capped_lines(&text, 500);
        assert!(cut.len() <= 500, "{}", cut.len());
        assert!(cut.ends_with("| ä | row |\n\n</details>\n\n*Shortened; the report folder has everything.*\n"), "{cut}");
        assert_eq!(capped_lines("short", 500), "short");
        assert!(capped_lines(&"x".repeat(900), 500).starts_with("\n*Shortened"));
    }
}
