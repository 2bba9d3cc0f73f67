//! Names: of the suite, which is a folder, and of all that is measured.

use super::Problems;
use crate::{
    config::{Loaded, Path},
    record::name::{self, is_suite, suite_like},
};

/// The suite's name: as given, else that of the configuration's folder.
pub(super) fn suite(loaded: &Loaded, problems: &Problems<'_>) -> String {
    let Some(name) = &loaded.document.name else {
        return loaded.folder_name.as_deref().map(suite_like).filter(|name| is_suite(name)).unwrap_or("loadgate".to_owned());
    };
    if !is_suite(name) {
        let better = suite_like(name);
        let hint = if is_suite(&better) {
            format!("baselines live in a folder of this name; use letters, digits, '-', '_' and '.', such as '{better}'")
        } else {
            "use letters, digits, '-', '_' and '.'".to_owned()
        };
        problems.add(&Path::root().key("name"), format!("'{name}' can't be the name of a suite"), hint);
    }
    name.clone()
}

/// Whether a name can stand in reports and thresholds; what is wrong is noted.
pub(super) fn check(name: &str, path: &Path, problems: &Problems<'_>) -> bool {
    let wrong = name::problem(name);
    if let Some(message) = &wrong {
        problems.add(path, message.clone(), "give a short name, such as list-items");
    }
    wrong.is_none()
}
