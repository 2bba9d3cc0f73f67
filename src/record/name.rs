//! Names: of the suite, which is a folder, and of all that is measured.

/// Longest name of what is measured, in characters.
const NAME_CHARS_MAX: usize = 200;
/// Longest name of a suite.
const SUITE_CHARS_MAX: usize = 100;

/// Whether a suite can be called so: its name is that of a folder.
#[must_use]
pub fn is_suite(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= SUITE_CHARS_MAX
        && !name.starts_with('.')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

/// The nearest text that [`is_suite`], unless nothing is left of it.
#[must_use]
pub fn suite_like(name: &str) -> String {
    let dashed: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' }).collect();
    dashed.trim_matches(['-', '.']).chars().take(SUITE_CHARS_MAX).collect()
}

/// What keeps a name of something that is measured (endpoint, stage) out of reports and thresholds; `None` for a good one.
#[must_use]
pub fn problem(name: &str) -> Option<String> {
    if name.trim().is_empty() {
        Some("a name can't be empty".to_owned())
    } else if name == "*" {
        Some("'*' stands for the service as a whole and can't be a name".to_owned())
    } else if name.chars().any(char::is_control) {
        Some("a name can't hold line breaks or control characters".to_owned())
    } else if name.chars().count() > NAME_CHARS_MAX {
        Some(format!("a name can't be longer than {NAME_CHARS_MAX} characters"))
    } else {
        None
    }
}
