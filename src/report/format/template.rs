//! The templates, embedded, and how they escape: every `{{ }}` is made harmless for the format its template is named after.

use minijinja::{
    AutoEscape, Environment, Error, Output, State, UndefinedBehavior, Value, escape_formatter, syntax::SyntaxConfig, value::Serde,
};
use serde::Serialize;

use crate::report::{
    ReportError,
    escape::{csv_field, markdown, markdown_code, markdown_pre, plain, xml},
};

/// Every template with its name.
const TEMPLATES: [(&str, &str); 15] = [
    ("comment.md", include_str!("../../../templates/comment.md")),
    ("comment_merged.md", include_str!("../../../templates/comment_merged.md")),
    ("footer.md", include_str!("../../../templates/footer.md")),
    ("step_summary.md", include_str!("../../../templates/step_summary.md")),
    ("findings.md", include_str!("../../../templates/findings.md")),
    ("figures.md", include_str!("../../../templates/figures.md")),
    ("junit.xml", include_str!("../../../templates/junit.xml")),
    ("report.html", include_str!("../../../templates/report.html")),
    ("forest.html", include_str!("../../../templates/forest.html")),
    ("detail.html", include_str!("../../../templates/detail.html")),
    ("distribution.html", include_str!("../../../templates/distribution.html")),
    ("timeline.html", include_str!("../../../templates/timeline.html")),
    ("diagnose.html", include_str!("../../../templates/diagnose.html")),
    ("diagnose.css", include_str!("../../../templates/diagnose.css")),
    ("report.css", include_str!("../../../templates/report.css")),
];

/// Fills the template of that name.
pub(in crate::report) fn render(name: &'static str, view: impl Serialize) -> Result<String, ReportError> {
    let failed = |error: Error| ReportError::Render { file: name, reason: format!("{error:#}") };
    let mut environment = environment().map_err(failed)?;
    environment.set_auto_escape_callback(escaping);
    environment.set_formatter(write_escaped);
    for (name, source) in TEMPLATES {
        environment.add_template(name, source).map_err(failed)?;
    }
    environment.get_template(name).and_then(|template| template.render(Serde(view))).map_err(failed)
}

/// What templates of any origin share: how they are written, the filters, and what is an error.
pub(in crate::report) fn environment<'source>() -> Result<Environment<'source>, Error> {
    let mut environment = Environment::new();
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true);
    environment.set_syntax(syntax.build()?);
    // A misspelt field is an error, not an empty place in somebody's report.
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.add_filter("code", |name: String| Value::from_safe_string(markdown_code(&name)));
    environment.add_filter("pre", |line: String| Value::from_safe_string(markdown_pre(&line)));
    Ok(environment)
}

fn escaping(name: &str) -> AutoEscape {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("md") => AutoEscape::Custom("md".into()),
        Some("xml") => AutoEscape::Custom("xml".into()),
        Some("html") => AutoEscape::Html,
        _ => AutoEscape::None,
    }
}

/// Writes a value so that nothing in it can break out of the format.
pub(in crate::report) fn write_escaped(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    let text = match state.auto_escape() {
        AutoEscape::Custom(_) if value.is_safe() => value.to_string(),
        AutoEscape::Custom(format) if format == "xml" => xml(&value.to_string()),
        AutoEscape::Custom(format) if format == "csv" => csv_cell(value),
        AutoEscape::Custom(format) if format == "text" => plain(&value.to_string()),
        AutoEscape::Custom(_) => markdown(&value.to_string()),
        _ => return escape_formatter(out, state, value),
    };
    out.write_str(&text).map_err(Error::from)
}

/// A cell of a CSV file (RFC 4180); what a spreadsheet would run becomes text.
fn csv_cell(value: &Value) -> String {
    let text = if value.is_number() { value.to_string() } else { csv_field(&value.to_string()) };
    let is_split = text.contains([',', ';', '"']);
    if is_split { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}
