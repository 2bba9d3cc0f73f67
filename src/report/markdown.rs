//! `comment.md` and `step_summary.md`, from templates that only place what the view holds.

use minijinja::{AutoEscape, Environment, Value, context, syntax::SyntaxConfig, value::Serde};

use super::{escape, view::View};

/// A comment longer than this is refused by GitHub; ours is cut below it, at the end of a line.
const COMMENT_BYTES_MAX: usize = 60_000;

/// What a pull request shows.
pub(super) fn comment(view: &View) -> Result<String, minijinja::Error> {
    Ok(cut(&render(view, false)?))
}

/// What the page of the job shows: the same with every table open.
pub(super) fn step_summary(view: &View) -> Result<String, minijinja::Error> {
    render(view, true)
}

fn render(view: &View, open: bool) -> Result<String, minijinja::Error> {
    let mut templates = Environment::new();
    templates.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    templates.set_auto_escape_callback(|_| AutoEscape::Custom("markdown".into()));
    templates.set_formatter(|out, state, value| {
        let text = if value.is_safe() { value.to_string() } else { escaped(value) };
        let _ = state;
        out.write_str(&text).map_err(minijinja::Error::from)
    });
    templates.add_template("comment.md", include_str!("../../templates/comment.md.j2"))?;
    templates.get_template("comment.md")?.render(context! { view => Serde(view), open })
}

/// Numbers need no escaping; everything else might come from anywhere.
fn escaped(value: &Value) -> String {
    if value.is_number() { value.to_string() } else { escape::markdown(&value.to_string()) }
}

/// Cuts at the end of a line, keeping the marker lines at the end that later runs find the comment by.
fn cut(text: &str) -> String {
    if text.len() <= COMMENT_BYTES_MAX {
        return text.to_owned();
    }
    let markers: String =
        text.lines().filter(|line| line.starts_with("<!-- loadgate:")).map(|line| format!("{line}\n")).collect();
    let tail = format!("\n</details>\n\nThe rest is in the report: this comment would be too long.\n\n{markers}");
    let room = COMMENT_BYTES_MAX - tail.len();
    let end = text.char_indices().take_while(|(at, _)| *at <= room).filter(|(_, c)| *c == '\n').map(|(at, _)| at).last();
    format!("{}{tail}", &text[..end.unwrap_or(0)])
}
