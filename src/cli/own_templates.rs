//! The reports whose layout is the user's own: tried before any load is made, filled after it.

use std::path::Path;

use super::{Failure, recording, terminal};
use crate::{
    plan::{Fills, Resolved},
    report::{self, HTML_FILE, Judged, OwnTemplate, RunView, STEP_SUMMARY_FILE},
};

/// The templates as the reports know them.
pub(super) fn of(resolved: &Resolved) -> Vec<OwnTemplate> {
    let folder = resolved.config.parent().unwrap_or(Path::new(""));
    let own = resolved.report.own.iter().map(|own| OwnTemplate {
        file: match &own.fills {
            Fills::StepSummary => STEP_SUMMARY_FILE.to_owned(),
            Fills::Page => HTML_FILE.to_owned(),
            Fills::File(name) => name.clone(),
        },
        path: folder.join(&own.template).display().to_string(),
        source: own.source.clone(),
    });
    own.collect()
}

/// Tries each of them with made-up figures.
///
/// # Errors
/// One that can't be filled: the user must change it.
pub(super) fn check(resolved: &Resolved) -> Result<(), Failure> {
    of(resolved).iter().try_for_each(OwnTemplate::check).map_err(Failure::from)
}

/// Fills them. One that can't be filled with what was measured is told of, and the verdict stands all the same.
///
/// # Errors
/// The folder can't be written.
pub(super) fn write(resolved: &Resolved, run: &RunView, judged: Option<&Judged>, folder: &Path) -> Result<(), Failure> {
    let refused = report::write_own(&of(resolved), run, judged, folder).map_err(recording::not_reported)?;
    for error in refused {
        terminal::err(&format!("warning: {error}; what it would fill is not written\nhint: {}", error.hint()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::{
        plan::REPORT_FILES,
        report::{FORMATS, RECORD_FILE},
    };

    #[test]
    fn no_template_can_take_the_name_of_a_file_of_ours() {
        for name in FORMATS.iter().map(|file| file.name).chain([RECORD_FILE]) {
            assert!(REPORT_FILES.contains(&name), "{name}");
        }
    }
}
