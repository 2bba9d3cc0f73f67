//! The templates, embedded, and how they escape: every `{{ }}` is made harmless for the format its template is named after.

use minijinja::{
    AutoEscape, Environment, Error, Output, State, UndefinedBehavior, Value, escape_formatter, syntax::SyntaxConfig, value::Serde,
};
use serde::Serialize;

use crate::report::{
    ReportError,
    escape::{markdown, markdown_code, markdown_pre, xml},
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
    let mut environment = Environment::new();
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true);
    environment.set_syntax(syntax.build().map_err(failed)?);
    // A misspelt field is an error, not an empty place in somebody's report.
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(escaping);
    environment.set_formatter(write_escaped);
    environment.add_filter("code", |name: String| Value::from_safe_string(markdown_code(&name)));
    environment.add_filter("pre", |line: String| Value::from_safe_string(markdown_pre(&line)));
    for (name, source) in TEMPLATES {
        environment.add_template(name, source).map_err(failed)?;
    }
    environment.get_template(name).and_then(|template| template.render(Serde(view))).map_err(failed)
}

fn escaping(name: &str) -> AutoEscape {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("md") => AutoEscape::Custom("md".into()),
        Some("xml") => AutoEscape::Custom("xml".into()),
        Some("html") => AutoEscape::Html,
        _ => AutoEscape::None,
    }
}

fn write_escaped(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    let text = match state.auto_escape() {
        AutoEscape::Custom(_) if value.is_safe() => value.to_string(),
        AutoEscape::Custom(format) if format == "xml" => xml(&value.to_string()),
        AutoEscape::Custom(_) => markdown(&value.to_string()),
        _ => return escape_formatter(out, state, value),
    };
    out.write_str(&text).map_err(Error::from)
}
