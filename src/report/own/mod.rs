//! Reports whose layout is the user's own: templates that are filled with what every report shows, and tried before any load.

mod specimen;

use std::{fs, path::Path};

use minijinja::{AutoEscape, Error, ErrorKind, Output, State, Value, value::Serde};
use serde::Serialize;

use super::{FORMATS, Judged, ReportError, RunView, STEP_SUMMARY_FILE, folder, format::template};

/// What a template is filled with.
const VIEW_SCHEMA: &str = "loadgate/report-view/v1";
/// Most instructions of one rendering, so that no loop runs for ever.
const FUEL: u64 = 10_000_000;
/// What to do about a name that nothing is known of.
const NAMES: &str = "docs/templates.md lists the names; a misspelt one is an error, not an empty place";

/// A template of the user's own, and the file it fills.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnTemplate {
    /// The file in the report folder; the end of its name says how what is filled in is made harmless.
    pub file: String,
    /// The template's path, for messages.
    pub path: String,
    /// The template.
    pub source: String,
}

/// All that a template can show.
#[derive(Serialize)]
struct ReportView<'a> {
    schema: &'static str,
    run: &'a RunView,
    judged: Option<&'a Judged>,
}

impl OwnTemplate {
    /// Fills the template with made-up figures: what is wrong with it is found before any load is made.
    ///
    /// # Errors
    /// It is no template, names what there is not, or takes too long.
    pub fn check(&self) -> Result<(), ReportError> {
        let full = specimen::compared();
        self.render(&full.run, Some(&full.judged)).map_err(|error| self.refused(&error, NAMES))?;
        let bare = specimen::without_baseline();
        let hint = "a verdict without a baseline has less to show: write {% if judged.compared %} .. {% endif %}, and the same \
                    for whatever else can be missing";
        self.render(&bare.run, Some(&bare.judged)).map_err(|error| self.refused(&error, hint))?;
        if self.needs_a_verdict() {
            return Ok(());
        }
        let hint = "`loadgate run` fills it too, and has no verdict: write {% if judged %} .. {% endif %}";
        self.render(&bare.run, None).map_err(|error| self.refused(&error, hint)).map(drop)
    }

    /// The job summary is written of verdicts only.
    fn needs_a_verdict(&self) -> bool {
        self.file == STEP_SUMMARY_FILE
    }

    fn render(&self, run: &RunView, judged: Option<&Judged>) -> Result<String, Error> {
        let mut environment = template::environment()?;
        environment.set_fuel(Some(FUEL));
        // For the place of a name that there is not.
        environment.set_debug(true);
        environment.set_auto_escape_callback(escaping);
        environment.set_formatter(write_escaped);
        let template = environment.template_from_named_str(&self.file, &self.source)?;
        template.render(Serde(ReportView { schema: VIEW_SCHEMA, run, judged }))
    }

    fn refused(&self, error: &Error, hint: &'static str) -> ReportError {
        let place = error.line().map_or_else(|| self.path.clone(), |line| format!("{}:{line}", self.path));
        let detail = error.detail().unwrap_or("nothing more is known");
        let (reason, hint) = match error.kind() {
            ErrorKind::SyntaxError => (format!("this is no template: {detail}"), "docs/templates.md shows how one is written"),
            ErrorKind::UndefinedError => {
                let name = error.range().and_then(|range| self.source.get(range)).unwrap_or("such name");
                (format!("there is no `{name}`"), hint)
            }
            ErrorKind::OutOfFuel => (
                format!("filling it takes more than {} million steps", FUEL / 1_000_000),
                "look for loops within loops; a report goes through a few lists once",
            ),
            ErrorKind::TemplateNotFound | ErrorKind::BadInclude => {
                (format!("it asks for another template: {detail}"), "put everything into one file; macros can stand in it too")
            }
            kind => (format!("{kind}: {detail}"), hint),
        };
        ReportError::Template { place, reason, hint }
    }
}

/// Fills the templates and writes the files; returns what is wrong with those that could not be filled. A file of an earlier run
/// does not stay in the place of one of them.
///
/// # Errors
/// The folder can't be written.
pub fn write_own(
    own: &[OwnTemplate],
    run: &RunView,
    judged: Option<&Judged>,
    dir: &Path,
) -> Result<Vec<ReportError>, ReportError> {
    let mut refused = Vec::new();
    for template in own.iter().filter(|template| judged.is_some() || !template.needs_a_verdict()) {
        match template.render(run, judged) {
            Ok(text) => {
                folder::write(dir, &template.file, &text)?;
            }
            Err(error) => {
                refused.push(template.refused(&error, NAMES));
                // What loadgate has just written in its own layout stays.
                if FORMATS.iter().all(|file| file.name != template.file) {
                    let _ = fs::remove_file(dir.join(&template.file));
                }
            }
        }
    }
    Ok(refused)
}

/// How what is filled in is made harmless in a file of this name.
fn escaping(file: &str) -> AutoEscape {
    let extension = file.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).unwrap_or_default();
    match extension.as_str() {
        "md" => AutoEscape::Custom("md".into()),
        "html" | "htm" => AutoEscape::Html,
        "xml" | "svg" => AutoEscape::Custom("xml".into()),
        "csv" => AutoEscape::Custom("csv".into()),
        "json" => AutoEscape::Json,
        _ => AutoEscape::Custom("text".into()),
    }
}

/// As in our own templates, but what is missing leaves an empty place instead of the word `none`. In JSON it is `null`.
fn write_escaped(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    if value.is_none() && !matches!(state.auto_escape(), AutoEscape::Json) {
        return Ok(());
    }
    template::write_escaped(out, state, value)
}
