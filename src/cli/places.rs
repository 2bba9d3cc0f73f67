//! Where things stand in the repository, for findings that are shown beside their line.

use std::{fs, path::Path};

use crate::{
    config::Secrets,
    diagnose::shell_word,
    mask::{hidden, is_credential},
    plan::Resolved,
    report::Places,
};

/// Longest command that starts a service and is shown, in characters.
const START_CHARS_MAX: usize = 200;

/// The configuration inside its repository, the lines of its endpoints, and how the run was asked for.
pub(super) fn of(resolved: &Resolved) -> Places {
    let workload = &resolved.plan.workload;
    let endpoint = |(id, line): (&usize, &u64)| Some((workload.endpoints.get(*id)?.name.clone(), *line));
    let asked = &resolved.asked;
    // A line without one of its flags would make another run.
    let are_shown = asked.flags.iter().all(|flag| may_be_shown(flag, &resolved.secrets));
    Places {
        file: in_repository(&resolved.config),
        named: resolved.config.to_str().filter(|_| are_shown).map(str::to_owned),
        flags: asked.flags.iter().map(|flag| shell_word(flag)).collect(),
        beside: asked.beside.clone(),
        start: start(resolved),
        endpoints: workload.lines.iter().filter_map(endpoint).collect(),
    }
}

/// The line of a shell that starts the service at a port of the reader's, where the gate starts it itself.
fn start(resolved: &Resolved) -> Option<String> {
    let command = resolved.plan.target().start.as_ref()?;
    let (text, folder) = (command.text.trim(), command.folder.to_str()?);
    if text.chars().count() > START_CHARS_MAX || !may_be_shown(text, &resolved.secrets) {
        return None;
    }
    let line = if folder.is_empty() { text.to_owned() } else { format!("(cd {} && {text})", shell_word(folder)) };
    Some(format!("export PORT=8080; {line} &"))
}

/// Whether a word or a command holds no credential, and means the same on one line.
fn may_be_shown(text: &str, secrets: &Secrets) -> bool {
    let names_credential = |word: &str| is_credential(word.split('=').next().unwrap_or_default());
    let has_user = text.contains("://") && text.contains('@');
    !secrets.appear_in(text)
        && hidden(text) == text
        && !has_user
        && !text.contains(char::is_control)
        && !text.split_whitespace().any(names_credential)
}

/// The path from the root of the repository that a file lies in; `None` for a file in none.
pub(super) fn in_repository(file: &Path) -> Option<String> {
    let file = fs::canonicalize(file).ok()?;
    let root = file.ancestors().skip(1).find(|folder| folder.join(".git").exists())?;
    let parts = file.strip_prefix(root).ok()?.iter().map(|part| part.to_str()).collect::<Option<Vec<&str>>>()?;
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_credential_is_not_shown_again() {
        for text in ["-e", "SHOP_URL=http://127.0.0.1:1", "scenarios[0].get=/oauth/token", "it's a b", "./serve --port $PORT"] {
            assert!(may_be_shown(text, &Secrets::default()), "{text}");
        }
        for text in [
            "API_TOKEN=abc",
            "target.headers.Authorization=Bearer abc",
            "scenarios[0].get=/x?access_token=abc",
            "./serve --token abc",
            "DB=postgres://app:abc@db/shop",
            "./build\n./serve",
        ] {
            assert!(!may_be_shown(text, &Secrets::default()), "{text}");
        }
    }

    #[test]
    fn a_file_is_named_from_the_root_of_its_repository() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("shop/perf")).unwrap();
        fs::create_dir(root.path().join("shop/.git")).unwrap();
        let file = root.path().join("shop/perf/loadgate.yml");
        fs::write(&file, "").unwrap();
        assert_eq!(in_repository(&file).as_deref(), Some("perf/loadgate.yml"));
        assert_eq!(in_repository(&root.path().join("missing.yml")), None);
    }
}
