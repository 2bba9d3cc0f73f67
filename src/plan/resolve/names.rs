//! Names: of the suite, which is a folder, and of all that is measured.

use super::Problems;
use crate::config::{Loaded, Path};

/// Longest name.
const NAME_CHARS_MAX: usize = 200;

/// The suite's name: as given, else that of the configuration's folder.
pub(super) fn suite(loaded: &Loaded, problems: &Problems<'_>) -> String {
    let Some(name) = &loaded.document.name else {
        return loaded.folder_name.as_deref().map(sanitised).filter(|name| is_suite(name)).unwrap_or("loadgate".to_owned());
    };
    if !is_suite(name) {
        let better = sanitised(name);
        let hint = if is_suite(&better) {
            format!("baselines live in a folder of this name; use letters, digits, '-', '_' and '.', such as '{better}'")
        } else {
            "use letters, digits, '-', '_' and '.'".to_owned()
        };
        problems.add(&Path::root().key("name"), format!("'{name}' can't be the name of a suite"), hint);
    }
    name.clone()
}

fn is_suite(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 100
        && !name.starts_with('.')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

fn sanitised(name: &str) -> String {
    let dashed: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' }).collect();
    dashed.trim_matches(['-', '.']).chars().take(100).collect()
}

/// Whether a name can stand in reports and thresholds; what is wrong is noted.
pub(super) fn check(name: &str, path: &Path, problems: &Problems<'_>) -> bool {
    let wrong = if name.trim().is_empty() {
        Some("a name can't be empty".to_owned())
    } else if name == "*" {
        Some("'*' stands for the service as a whole and can't be a name".to_owned())
    } else if name.chars().any(char::is_control) {
        Some("a name can't hold line breaks or control characters".to_owned())
    } else if name.chars().count() > NAME_CHARS_MAX {
        Some(format!("a name can't be longer than {NAME_CHARS_MAX} characters"))
    } else {
        None
    };
    if let Some(message) = &wrong {
        problems.add(path, message.clone(), "give a short name, such as list-items");
    }
    wrong.is_none()
}
