//! `target.start`, `target.baseline_start` and `hooks` -> commands for the shell.

use std::{path::PathBuf, time::Duration};

use super::Problems;
use crate::{
    config::{Loaded, Path, hooks as written, written::TextOr},
    plan::{Hook, Hooks, ShellCommand},
};

/// How long a hook may take that does not say.
const HOOK_TIMEOUT: Duration = Duration::from_secs(60);

/// A command; `None` where there is none, or a variable that stands for it is empty.
pub(super) fn command(text: Option<&str>, at: &Path, loaded: &Loaded, problems: &Problems<'_>) -> Option<ShellCommand> {
    let text = text?;
    if text.trim().is_empty() {
        if loaded.written(at).is_none_or(|written| written.trim().is_empty()) {
            problems.add(at, "the command is empty", "write what you would type at the prompt, or remove the line");
        }
        return None;
    }
    if text.contains('\0') {
        problems.add(at, "the command holds a NUL character", "write it without");
        return None;
    }
    let folder = if loaded.is_of_prompt(at) { PathBuf::new() } else { loaded.folder().to_owned() };
    Some(ShellCommand { text: text.to_owned(), folder })
}

pub(super) fn hooks(loaded: &Loaded, problems: &Problems<'_>) -> Hooks {
    let (written, at) = (&loaded.document.hooks, Path::root().key("hooks"));
    let list = |hooks: &[TextOr<written::Hook>], key: &str| {
        let at = at.key(key);
        hooks.iter().enumerate().filter_map(|(n, hook)| one(hook, &at.index(n), key == "after", loaded, problems)).collect()
    };
    Hooks {
        restart: written.restart.as_ref().and_then(|hook| one(hook, &at.key("restart"), false, loaded, problems)),
        before: list(&written.before, "before"),
        after: list(&written.after, "after"),
    }
}

fn one(hook: &TextOr<written::Hook>, at: &Path, is_after: bool, loaded: &Loaded, problems: &Problems<'_>) -> Option<Hook> {
    let (text, path, long) = match hook {
        TextOr::Text(text) => (text, at.clone(), None),
        TextOr::Map(long) => (&long.run, at.key("run"), Some(long)),
    };
    if long.is_some_and(|long| long.always.is_some()) && !is_after {
        problems.add_at_key(&at.key("always"), "'always' means something for 'hooks.after' alone", "remove it");
    }
    let timeout = problems.time_or(long.and_then(|long| long.timeout.as_ref()), &at.key("timeout"), HOOK_TIMEOUT);
    let always = long.and_then(|long| long.always).unwrap_or_default();
    Some(Hook { command: command(Some(text), &path, loaded, problems)?, timeout, always })
}
