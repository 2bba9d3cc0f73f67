//! The configuration exactly as written, one file per section, every value with its place.
//!
//! [`load`] reads the file, lays the environment and the flags over it, fills in variables and checks names and types.
//! What the values mean is for `plan` to say, through [`Loaded::position`] and [`Loaded::error`].

pub mod baseline;
pub mod checks;
pub mod control;
pub mod data;
mod decode;
pub mod diagnose;
mod document;
mod error;
pub mod feed;
mod files;
pub mod github;
pub mod hooks;
pub mod http;
mod nearest;
mod node;
mod not_yet;
pub mod observe;
mod overlay;
mod parse;
pub mod regression;
pub mod report;
pub mod safety;
pub mod scenarios;
mod schema;
mod secrets;
mod source;
pub mod stages;
mod stray;
pub mod target;
pub mod thresholds;
mod traps;
mod variables;
pub mod websocket;
pub mod written;

use std::{
    collections::BTreeMap,
    path::{Path as FilePath, PathBuf},
};

use sha2::{Digest as _, Sha256};

pub use document::{Document, Secret};
pub use error::{ConfigError, Position, Problem};
pub use files::Files;
pub use nearest::hint as nearest_hint;
pub use node::{Path, Segment};
pub use schema::json_schema;
pub use secrets::Secrets;

use node::{Node, Value};
use variables::FilledIn;

/// What the command line changes in a configuration.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `-e NAME=VALUE`, in the order given; the last of a name wins.
    pub variables: Vec<(String, String)>,
    /// `--set PATH=VALUE`, in the order given.
    pub set: Vec<(String, String)>,
    /// `--env NAME`.
    pub environment: Option<String>,
    /// `--start-candidate COMMAND`.
    pub start_candidate: Option<String>,
    /// `--start-baseline COMMAND`.
    pub start_baseline: Option<String>,
}

/// The flag that stands for `target.start`.
const START_CANDIDATE: &str = "--start-candidate";
/// The flag that stands for `target.baseline_start`.
const START_BASELINE: &str = "--start-baseline";

impl Overrides {
    /// The commands that flags give, each with its flag and its key under `target`.
    fn commands(&self) -> impl Iterator<Item = (&'static str, &'static str, &str)> {
        let given = [(START_CANDIDATE, "start", &self.start_candidate), (START_BASELINE, "baseline_start", &self.start_baseline)];
        given.into_iter().filter_map(|(flag, key, command)| Some((flag, key, command.as_deref()?)))
    }
}

/// A configuration of known names and right types, before anyone asked what it means.
#[derive(Clone)]
pub struct Loaded {
    /// The sections.
    pub document: Document,
    /// The file, as the user named it.
    pub path: PathBuf,
    /// The name of the folder it lies in, where there is one.
    pub folder_name: Option<String>,
    /// SHA-256 of the file as written, in hexadecimal.
    pub sha256: String,
    /// What must never be shown.
    pub secrets: Secrets,
    /// The entries of `env:` with the values they have in this run.
    pub env: BTreeMap<String, String>,
    /// Files that the configuration names.
    pub files: Files,
    root: Node,
    text: String,
}

/// Reads a configuration.
///
/// # Errors
/// Everything that is wrong before the meaning of a value matters: a file that can't be read, text that is no YAML, unknown
/// keys, wrong types, unset variables, parts of the language that are not built yet.
pub fn load(path: &FilePath, overrides: &Overrides) -> Result<Loaded, ConfigError> {
    let text = source::read(path)?;
    let refuse = |problems: Vec<Problem>| ConfigError { path: path.to_owned(), problems, text: text.clone() };
    let mut root = parse::parse(&text, None).map_err(|problem| refuse(vec![problem]))?;
    if !matches!(root.value, Value::Map(_)) {
        let message = format!("expected a map of keys and values, found {}", root.kind());
        let hint = "a configuration begins with a key, such as `target: http://127.0.0.1:8080`".to_owned();
        return Err(refuse(vec![Problem::new(root.position, message, hint)]));
    }
    let problems = not_yet::find(&root);
    if !problems.is_empty() {
        return Err(refuse(problems));
    }
    let one = |problem| refuse(vec![problem]);
    let environments = overlay::take_environments(&mut root).map_err(one)?;
    let folder = path.parent().unwrap_or(FilePath::new(""));
    for environment in &environments {
        check_environment(&root, &environments, &environment.key, overrides, folder).map_err(refuse)?;
    }
    if let Some(chosen) = &overrides.environment {
        overlay::environment(&mut root, &environments, chosen).map_err(one)?;
    }
    for (path, value) in &overrides.set {
        overlay::set(&mut root, path, value).map_err(one)?;
    }
    for (flag, key, command) in overrides.commands() {
        overlay::start(&mut root, flag, key, command);
    }
    // Once more, for what the flags brought in.
    let problems = not_yet::find(&root);
    if !problems.is_empty() {
        return Err(refuse(problems));
    }
    let FilledIn { secrets, env } = variables::fill_in(&mut root, &overrides.variables, folder).map_err(refuse)?;
    let document = document_of(&root, &secrets).map_err(refuse)?;
    let sha256 = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let files = Files::named_in(&document, folder);
    Ok(Loaded { document, path: path.to_owned(), folder_name: folder_name(folder), sha256, secrets, env, files, root, text })
}

fn folder_name(folder: &FilePath) -> Option<String> {
    let folder = if folder.as_os_str().is_empty() { FilePath::new(".") } else { folder };
    Some(folder.canonicalize().ok()?.file_name()?.to_string_lossy().into_owned())
}

/// A slip in an environment that isn't chosen today would only show on the night it is. Variables that are set elsewhere
/// may be missing here, so an environment with unset ones is not looked into.
fn check_environment(
    root: &Node,
    environments: &[node::Entry],
    name: &str,
    overrides: &Overrides,
    folder: &FilePath,
) -> Result<(), Vec<Problem>> {
    let mut laid = root.clone();
    overlay::environment(&mut laid, environments, name).map_err(|problem| vec![problem])?;
    let Ok(FilledIn { secrets, .. }) = variables::fill_in(&mut laid, &overrides.variables, folder) else { return Ok(()) };
    document_of(&laid, &secrets).map(|_| ())
}

/// The sections of a tree, whose names and types are right and whose templates stand where they are rendered.
fn document_of(root: &Node, secrets: &Secrets) -> Result<Document, Vec<Problem>> {
    let stray = || stray::find(root);
    let mut problems = match decode::decode(root) {
        Ok(document) => match stray() {
            none if none.is_empty() => return Ok(document),
            stray => stray,
        },
        // A template that is no number is a template first of all.
        Err(problem) => vec![stray().into_iter().find(|stray| stray.position == problem.position).unwrap_or(problem)],
    };
    problems.iter_mut().for_each(|problem| problem.hide(secrets));
    Err(problems)
}

/// Values may be secret; the file's name is all that is safe to show.
impl std::fmt::Debug for Loaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loaded").field("path", &self.path).field("secrets", &self.secrets).finish_non_exhaustive()
    }
}

impl Loaded {
    /// Line of the file that a value stands at, from 1; `None` for one that a flag gave.
    #[must_use]
    pub fn line(&self, path: &Path) -> Option<u64> {
        match self.position(path) {
            Position::At(line, _) => u64::try_from(line).ok(),
            Position::File | Position::Flag(_) => None,
        }
    }

    /// Where a value was written, or the nearest thing around it that was.
    #[must_use]
    pub fn position(&self, path: &Path) -> Position {
        self.root.position(path, false)
    }

    /// Where a key was written.
    #[must_use]
    pub fn key_position(&self, path: &Path) -> Position {
        self.root.position(path, true)
    }

    /// A text as it was written, before variables were filled in.
    #[must_use]
    pub fn written(&self, path: &Path) -> Option<&str> {
        match &self.root.find(path)?.value {
            Value::Scalar(scalar) => Some(&scalar.written),
            _ => None,
        }
    }

    /// Where a character of a text was written, counted in bytes of the text; the place of the text itself where variables or
    /// several lines make that impossible to say.
    #[must_use]
    pub fn position_within(&self, path: &Path, offset: usize) -> Position {
        let node = self.root.find(path);
        let scalar = node.and_then(|node| match &node.value {
            Value::Scalar(scalar) if scalar.text == scalar.written => Some(scalar),
            _ => None,
        });
        match (node, scalar) {
            (Some(node), Some(scalar)) => {
                let characters = scalar.text.get(..offset).map_or(0, |before| before.chars().count());
                variables::within(&node.position, scalar, characters)
            }
            _ => self.position(path),
        }
    }

    /// Everything that was found wrong with the meaning, in the order of the file, no secret in it.
    #[must_use]
    pub fn error(&self, mut problems: Vec<Problem>) -> ConfigError {
        let place = |problem: &Problem| match problem.position {
            Position::At(line, column) => (line, column),
            Position::File | Position::Flag(_) => (0, 0),
        };
        problems.sort_by_key(place);
        problems.iter_mut().for_each(|problem| problem.hide(&self.secrets));
        ConfigError { path: self.path.clone(), problems, text: self.text.clone() }
    }

    /// Whether a command was given by a flag of its own: it means what it would mean at the prompt, so it runs where that is.
    #[must_use]
    pub fn is_of_prompt(&self, path: &Path) -> bool {
        matches!(self.position(path), Position::Flag(flag) if flag == START_CANDIDATE || flag == START_BASELINE)
    }

    /// The folder that relative paths of the configuration start from; empty for the current one.
    #[must_use]
    pub fn folder(&self) -> &FilePath {
        self.path.parent().unwrap_or(FilePath::new(""))
    }
}

#[cfg(test)]
mod tests;
