//! `${NAME}`, `${NAME:-default}` and `${secret.NAME}`: filled in at load, in values only, never in keys.
//!
//! A value is filled in after the file was parsed, so nothing in a variable can change the structure. `$$` is a literal
//! `$`; `$NAME` without braces stays as it is (it is the shell's).

use std::{collections::BTreeMap, io::Read as _, path::Path as FilePath};

use super::{
    error::{Position, Problem},
    node::{Node, Path, Scalar, Segment, Value},
    secrets::Secrets,
    source,
};
use crate::env;

/// Largest secret file; a token or a password is shorter by far.
const SECRET_BYTES_MAX: u64 = 1 << 16;

/// Where values come from, in order of precedence: `-e` flags, the process environment, the `env:` section.
pub(super) struct Variables<'a> {
    flags: &'a [(String, String)],
    section: BTreeMap<String, String>,
    /// The value of each secret, or why there is none.
    secrets: BTreeMap<String, Result<String, String>>,
}

/// What is wrong with a reference, and how many characters into the text it begins.
struct BadReference {
    offset: usize,
    message: String,
    hint: String,
}

/// What is known once all variables are filled in.
pub(super) struct FilledIn {
    pub(super) secrets: Secrets,
    /// Entries of `env:`, each with the value it has.
    pub(super) env: BTreeMap<String, String>,
}

/// Fills in all variables of a tree and gives the secrets it knows.
pub(super) fn fill_in(root: &mut Node, flags: &[(String, String)], folder: &FilePath) -> Result<FilledIn, Vec<Problem>> {
    let mut variables = Variables { flags, section: BTreeMap::new(), secrets: BTreeMap::new() };
    let mut problems = Vec::new();
    // The `env:` section itself may use flags and the process environment, but not its own entries.
    for name in ["env", "secrets"] {
        if let Some(section) = section_of(root, name) {
            variables.fill_in_node(section, &Path::root().key(name), &mut problems);
        }
    }
    variables.section = scalars(root.entry("env").map(|entry| &entry.node));
    let mut secrets = Secrets::default();
    if let Some(section) = root.entry("secrets") {
        for entry in section.node.entries() {
            let value = variables.read_secret(&entry.node, folder);
            if let Ok(value) = &value {
                secrets.add(value);
            }
            variables.secrets.insert(entry.key.clone(), value);
        }
    }
    if let Value::Map(entries) = &mut root.value {
        for entry in entries.iter_mut().filter(|entry| entry.key != "env" && entry.key != "secrets") {
            variables.fill_in_node(&mut entry.node, &Path::root().key(&entry.key), &mut problems);
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let value =
        |(name, text): (&String, &String)| (name.clone(), variables.flag_or_environment(name).unwrap_or_else(|| text.clone()));
    let env = variables.section.iter().map(value).collect();
    Ok(FilledIn { secrets, env })
}

fn section_of<'a>(root: &'a mut Node, name: &str) -> Option<&'a mut Node> {
    let Value::Map(entries) = &mut root.value else { return None };
    entries.iter_mut().find(|entry| entry.key == name).map(|entry| &mut entry.node)
}

fn scalars(section: Option<&Node>) -> BTreeMap<String, String> {
    section
        .into_iter()
        .flat_map(Node::entries)
        .filter_map(|entry| match &entry.node.value {
            Value::Scalar(scalar) => Some((entry.key.clone(), scalar.text.clone())),
            _ => None,
        })
        .collect()
}

impl Variables<'_> {
    fn fill_in_node(&self, node: &mut Node, path: &Path, problems: &mut Vec<Problem>) {
        match &mut node.value {
            Value::List(items) => {
                items.iter_mut().enumerate().for_each(|(n, item)| self.fill_in_node(item, &path.index(n), problems));
            }
            Value::Map(entries) => {
                entries.iter_mut().for_each(|entry| self.fill_in_node(&mut entry.node, &path.key(&entry.key), problems));
            }
            Value::Scalar(scalar) => match self.expand(&scalar.written, path) {
                Ok(text) => scalar.text = text,
                Err(bad) => {
                    let position = within(&node.position, scalar, bad.offset);
                    problems.push(Problem::new(position, bad.message, bad.hint));
                }
            },
        }
    }

    fn expand(&self, text: &str, path: &Path) -> Result<String, BadReference> {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(dollar) = rest.find('$') {
            filled.push_str(&rest[..dollar]);
            let at = text.len() - rest.len() + dollar;
            rest = &rest[dollar + 1..];
            if let Some(after) = rest.strip_prefix('$') {
                filled.push('$');
                rest = after;
            } else if let Some(after) = rest.strip_prefix('{') {
                let bad = |(message, hint)| BadReference { offset: text[..at].chars().count(), message, hint };
                let (reference, after) = after.split_once('}').ok_or_else(|| {
                    bad(("'${' without '}'".to_owned(), "close it with '}', or write $$ for a literal $".to_owned()))
                })?;
                filled.push_str(&self.value_of(reference, path).map_err(bad)?);
                rest = after;
            } else {
                filled.push('$');
            }
        }
        filled.push_str(rest);
        Ok(filled)
    }

    /// The value of what stands between the braces, or a message and a hint.
    fn value_of(&self, reference: &str, path: &Path) -> Result<String, (String, String)> {
        let (name, default) = reference.split_once(":-").map_or((reference, None), |(name, default)| (name, Some(default)));
        if let Some(secret) = name.strip_prefix("secret.") {
            return self.secret(secret, default, path);
        }
        if !is_name(name) {
            let message = format!("'${{{reference}}}' is not a variable");
            return Err((message, "write ${NAME} or ${NAME:-default}; $$ is a literal $".to_owned()));
        }
        self.flag_or_environment(name)
            .or_else(|| self.section.get(name).cloned())
            .or_else(|| default.map(str::to_owned))
            .ok_or_else(|| {
                let of_shell = if is_command(path) { format!("; ${name} without braces is the shell's") } else { String::new() };
                let hint =
                    format!("set it in the environment, with -e {name}=value, or give a default: ${{{name}:-default}}{of_shell}");
                (format!("the variable {name} is not set"), hint)
            })
    }

    fn flag_or_environment(&self, name: &str) -> Option<String> {
        let flag = self.flags.iter().rev().find(|(flag, _)| flag == name).map(|(_, value)| value.clone());
        flag.or_else(|| env::lookup(name))
    }

    fn secret(&self, name: &str, default: Option<&str>, path: &Path) -> Result<String, (String, String)> {
        if !may_hold_secrets(path) {
            let hint = "secrets belong in `target` and `hooks`, and in paths, headers and bodies of `scenarios`".to_owned();
            return Err((format!("the secret '{name}' can't be used in '{path}', which is shown in reports"), hint));
        }
        match (self.secrets.get(name), default) {
            (Some(Ok(value)), _) => Ok(value.clone()),
            (_, Some(default)) => Ok(default.to_owned()),
            (Some(Err(reason)), None) => Err((
                format!("the secret '{name}' has no value: {reason}"),
                format!("provide it, or give a default: ${{secret.{name}:-}}"),
            )),
            (None, None) => {
                let known = self.secrets.keys().map(String::as_str);
                let hint = super::nearest::hint(name, known, "secrets under `secrets:`");
                Err((format!("there is no secret '{name}'"), hint))
            }
        }
    }

    /// Reads `{ env: NAME }` or `{ file: PATH }`. Anything else is refused later, when the section is read as a whole.
    fn read_secret(&self, node: &Node, folder: &FilePath) -> Result<String, String> {
        let source = scalars(Some(node));
        if let Some(name) = source.get("env") {
            return self.flag_or_environment(name).ok_or_else(|| format!("the variable {name} is not set"));
        }
        let file = source.get("file").ok_or_else(|| "it has neither `env` nor `file`".to_owned())?;
        let mut value = String::new();
        std::fs::File::open(folder.join(file))
            .and_then(|opened| opened.take(SECRET_BYTES_MAX).read_to_string(&mut value))
            .map_err(|error| format!("{file}: {}", source::in_words(&error)))?;
        Ok(value.trim_end_matches(['\n', '\r']).to_owned())
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Whether the shell reads the value.
fn is_command(path: &Path) -> bool {
    let path = path.to_string();
    path == "target.start" || path == "target.baseline_start" || path.starts_with("hooks.")
}

/// Names, thresholds and folders reach records and reports; what is sent to the target does not.
fn may_hold_secrets(path: &Path) -> bool {
    let keys: Vec<&str> = path
        .segments()
        .iter()
        .filter_map(|segment| match segment {
            Segment::Key(key) => Some(key.as_str()),
            Segment::Index(_) => None,
        })
        .collect();
    match keys.first() {
        Some(&("target" | "hooks")) => true,
        Some(&"scenarios") => keys.contains(&"headers") || keys.contains(&"json") || keys.last() != Some(&"name"),
        _ => false,
    }
}

/// The place of a character within a scalar; for a quoted one the quote comes first.
pub(super) fn within(position: &Position, scalar: &Scalar, offset: usize) -> Position {
    match position {
        Position::At(line, column) if !scalar.written.contains('\n') => {
            Position::At(*line, column + offset + usize::from(!scalar.plain))
        }
        other => other.clone(),
    }
}
