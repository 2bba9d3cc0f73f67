//! Templates are compiled, and every name in them is known or refused, before anything is sent.

use std::collections::BTreeSet;

use super::Problems;
use crate::{
    config::{Loaded, Path, nearest_hint},
    plan::{
        Feeder, TemplateId, Templates,
        template::{Compiler, FUNCTIONS, Purpose},
    },
};

/// Names that always mean something else.
const RESERVED: [&str; 13] = ["vu", "iteration", "env", "loop", "true", "false", "none", "null", "not", "and", "or", "in", "is"];

/// Compiles the templates of all scenarios.
pub(super) struct Scribe<'a> {
    pub(super) loaded: &'a Loaded,
    pub(super) problems: &'a Problems<'a>,
    pub(super) feeders: &'a [Feeder],
    compiler: Compiler,
}

/// What a template at one place of a scenario can name, beside what it always can.
#[derive(Clone, Debug, Default)]
pub(super) struct Reach {
    /// Feeders that the scenario takes rows of.
    pub(super) fed: BTreeSet<String>,
    /// Names that steps before this one extract.
    pub(super) extracted: BTreeSet<String>,
}

/// A text that is to be rendered, and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'a> {
    pub(super) text: &'a str,
    pub(super) at: &'a Path,
    /// Bytes of the value at that place before the text begins.
    pub(super) offset: usize,
}

/// Whether a name can be given to a feeder or an extracted value; what is wrong is noted at the key.
pub(super) fn check_name(name: &str, at: &Path, problems: &Problems<'_>) -> bool {
    let is_identifier = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !is_identifier {
        let hint = "templates call it by this name: use letters, digits and '_', and begin with a letter, such as item_id";
        problems.add_at_key(at, format!("'{name}' can't be a name in templates"), hint);
        return false;
    }
    let is_taken = RESERVED.contains(&name) || FUNCTIONS.contains(&name) || Compiler::default().has_global(name);
    if is_taken {
        problems.add_at_key(
            at,
            format!("'{name}' means something else in templates"),
            format!("choose another, such as my_{name}"),
        );
    }
    !is_taken
}

impl<'a> Scribe<'a> {
    pub(super) fn new(loaded: &'a Loaded, problems: &'a Problems<'a>, feeders: &'a [Feeder]) -> Self {
        Self { loaded, problems, feeders, compiler: Compiler::default() }
    }

    pub(super) fn finish(self) -> Templates {
        self.compiler.finish()
    }

    /// Compiles a text; what is wrong with it is noted.
    pub(super) fn compile(&mut self, source: Source<'_>, purpose: Purpose, reach: &Reach) -> Option<TemplateId> {
        let refuse = |offset: Option<usize>, message: String, hint: String| {
            self.problems.add_within(source.at, source.offset + offset.unwrap_or_default(), message, hint);
        };
        let id = match self.compiler.add(source.text, purpose) {
            Ok(id) => id,
            Err(error) => {
                let hint = "a template is {{ name }}, {{ users.name }} or {{ rand(1, 20) }}".to_owned();
                refuse(error.offset, format!("this template can't be read: {}", error.message), hint);
                return None;
            }
        };
        let before = self.problems.count();
        for name in self.compiler.names(&id) {
            if let Err((message, hint)) = self.check_use(&name, reach) {
                refuse(source.text.find(&name), message, hint);
            }
        }
        if self.problems.count() > before {
            return None;
        }
        if let Err(error) = self.compiler.rehearse(&id) {
            let hint = if error.message.starts_with("rand(") {
                "write two numbers, the smaller one first: rand(1, 20)".to_owned()
            } else {
                format!("functions are {}; filters are those of Jinja, such as upper or tojson", FUNCTIONS.join(", "))
            };
            refuse(error.offset, format!("this template can't be rendered: {}", error.message), hint);
            return None;
        }
        Some(id)
    }

    /// Whether a text is one value whose type is to be kept.
    pub(super) fn is_expression(&self, text: &str) -> bool {
        self.compiler.is_expression(text)
    }

    /// Whether a name, with an attribute perhaps, can exist; else a message and a hint.
    fn check_use(&self, name: &str, reach: &Reach) -> Result<(), (String, String)> {
        let (root, attribute) = name.split_once('.').map_or((name, None), |(root, rest)| (root, rest.split('.').next()));
        if root == "vu" || root == "iteration" || reach.extracted.contains(root) {
            return Ok(());
        }
        if root == "env" {
            return self.check_variable(attribute);
        }
        if let Some(feeder) = self.feeders.iter().find(|feeder| &*feeder.name == root) {
            return check_column(feeder, attribute, reach);
        }
        if self.loaded.document.data.contains_key(root) {
            // It is there and wrong, which has been told already.
            return Ok(());
        }
        let feeders = self.feeders.iter().map(|feeder| &*feeder.name);
        let known = ["vu", "iteration", "env"].into_iter().chain(feeders).chain(FUNCTIONS);
        let known = known.chain(reach.extracted.iter().map(String::as_str));
        Err((format!("nothing is called '{root}' here"), nearest_hint(root, known, "names that templates know here")))
    }

    fn check_variable(&self, variable: Option<&str>) -> Result<(), (String, String)> {
        let known = || self.loaded.env.keys().map(String::as_str);
        match variable {
            Some(variable) if !self.loaded.env.contains_key(variable) => {
                let hint = nearest_hint(variable, known(), "entries under `env:`");
                Err((format!("there is no '{variable}' under `env:`"), hint))
            }
            _ => Ok(()),
        }
    }
}

fn check_column(feeder: &Feeder, column: Option<&str>, reach: &Reach) -> Result<(), (String, String)> {
    let (name, Some(column)) = (&*feeder.name, column) else { return Ok(()) };
    if !reach.fed.contains(name) {
        let hint = format!("add `feed: {name}` to the scenario, so that each iteration takes a row; pick({name}) takes any");
        return Err((format!("this scenario takes no rows of '{name}'"), hint));
    }
    let columns = feeder.rows.columns();
    if columns.is_empty() {
        return Err((format!("'{name}' has values without columns"), format!("write {{{{ {name} }}}}")));
    }
    if columns.contains(column) {
        return Ok(());
    }
    let hint = nearest_hint(column, columns.iter().map(String::as_str), "its columns");
    Err((format!("the feeder '{name}' has no column '{column}'"), hint))
}
