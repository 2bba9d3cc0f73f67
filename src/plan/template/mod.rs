//! `{{ .. }}` in paths, headers and bodies: compiled once at load, rendered for each request from the values of one user.

mod escape;
mod functions;
mod scope;

use std::{
    collections::BTreeSet,
    io::{self, Write},
    sync::Arc,
};

use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value, syntax::SyntaxConfig};

pub(super) use functions::NAMES as FUNCTIONS;
pub use scope::{Names, Scope};

/// Most bytes that one template may become.
const RENDERED_BYTES_MAX: usize = 1 << 20;
/// Most instructions of one rendering, so that no loop runs for ever.
const FUEL: u64 = 100_000;
/// Longest text that is shown of what went wrong.
const MESSAGE_CHARS_MAX: usize = 200;

/// What a template makes, and so how values are written into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A path with its query: what is not legal there is percent-encoded.
    Path,
    /// Text as it is.
    Text,
    /// JSON: a value keeps its type.
    Json,
    /// A regular expression, in which a value means itself.
    Pattern,
}

/// One compiled template of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateId(Arc<str>);

/// The compiled templates of a plan; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Templates(Arc<Environment<'static>>);

/// Templates while a plan is made.
#[derive(Debug)]
pub(super) struct Compiler {
    environment: Environment<'static>,
    count: usize,
}

/// A text that is no template, or not one that can be rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// What is wrong.
    pub message: String,
    /// Where in the source it begins, in bytes, where that is known.
    pub offset: Option<usize>,
}

/// Whether a text asks to be rendered.
#[must_use]
pub(super) fn is_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%")
}

impl Default for Compiler {
    fn default() -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        // Collecting every value in reach each time a rendering fails would cost more than the rendering.
        environment.set_debug(false);
        if let Ok(syntax) = SyntaxConfig::builder().keep_trailing_newline(true).build() {
            environment.set_syntax(syntax);
        }
        environment.set_auto_escape_callback(|name| match name.split('.').next() {
            Some("json") => AutoEscape::Json,
            Some("path") => AutoEscape::Custom("path".into()),
            Some(escape::PATTERN) => AutoEscape::Custom(escape::PATTERN.into()),
            _ => AutoEscape::None,
        });
        environment.set_formatter(escape::write);
        functions::add_to(&mut environment);
        Self { environment, count: 0 }
    }
}

impl Compiler {
    /// Compiles a template.
    ///
    /// # Errors
    /// The text is no template.
    pub(super) fn add(&mut self, source: &str, purpose: Purpose) -> Result<TemplateId, TemplateError> {
        let kind = match purpose {
            Purpose::Path => "path",
            Purpose::Text => "text",
            Purpose::Json => "json",
            Purpose::Pattern => escape::PATTERN,
        };
        let name = format!("{kind}.{}", self.count);
        self.count += 1;
        self.environment
            .add_template_owned(name.clone(), source.to_owned())
            .map_err(|error| TemplateError::of(&error, source))?;
        Ok(TemplateId(name.into()))
    }

    /// Whether a name always means something, without anybody giving it.
    #[must_use]
    pub(super) fn has_global(&self, name: &str) -> bool {
        self.environment.globals().any(|(global, _)| global == name)
    }

    /// Whether a text is `{{ expression }}` and nothing else.
    #[must_use]
    pub(super) fn is_expression(&self, source: &str) -> bool {
        let inner = source.trim().strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
        inner.is_some_and(|inner| self.environment.compile_expression_owned(inner.to_owned()).is_ok())
    }

    /// The names a template needs from outside, attributes included: `users.name`. Functions that always exist are left out.
    #[must_use]
    pub(super) fn names(&self, id: &TemplateId) -> BTreeSet<String> {
        let Ok(template) = self.environment.get_template(&id.0) else { return BTreeSet::new() };
        let known: BTreeSet<&str> = self.environment.globals().map(|(name, _)| name).collect();
        let root = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
        template.undeclared_variables(true).into_iter().filter(|name| !known.contains(root(name).as_str())).collect()
    }

    /// Renders a template for two users who know nothing, to find filters and functions that do not exist, or whose arguments are
    /// missing or wrong. What depends on values is not judged: those are not there, or differ from one user to the other.
    ///
    /// # Errors
    /// A rendering with any values would fail.
    pub(super) fn rehearse(&self, id: &TemplateId) -> Result<(), TemplateError> {
        let of_user = |n: u64| {
            let mut scope = Scope::default();
            scope.begin(0, n, n);
            render(&self.environment, id, &Arc::new(scope)).err()
        };
        let Some(error) = of_user(0) else { return Ok(()) };
        let is_wrong_call = || error.kind() == ErrorKind::InvalidOperation && functions::is_of_call(error.detail());
        let is_same = || of_user(1_000_000).is_some_and(|other| other.detail() == error.detail());
        if is_certain(error.kind()) || (is_wrong_call() && is_same()) {
            return Err(TemplateError::of(&error, &source_of(&self.environment, id)));
        }
        Ok(())
    }

    /// The templates, ready to be rendered.
    #[must_use]
    pub(super) fn finish(self) -> Templates {
        Templates(Arc::new(self.environment))
    }
}

/// Whether an error does not depend on the values that were put in.
fn is_certain(kind: ErrorKind) -> bool {
    use ErrorKind::{
        BadEscape, MissingArgument, OutOfFuel, SyntaxError, TemplateNotFound, TooManyArguments, UnknownFilter, UnknownFunction,
        UnknownTest,
    };
    matches!(
        kind,
        BadEscape
            | MissingArgument
            | OutOfFuel
            | SyntaxError
            | TemplateNotFound
            | TooManyArguments
            | UnknownFilter
            | UnknownFunction
            | UnknownTest
    )
}

impl Templates {
    /// What a template becomes for one user.
    ///
    /// # Errors
    /// A value is missing or of the wrong kind, a limit is reached.
    pub fn render(&self, id: &TemplateId, scope: &Arc<Scope>) -> Result<String, TemplateError> {
        render(&self.0, id, scope).map_err(|error| TemplateError::of(&error, &source_of(&self.0, id)))
    }
}

fn render(environment: &Environment<'static>, id: &TemplateId, scope: &Arc<Scope>) -> Result<String, Error> {
    let mut capped = Capped::default();
    environment.get_template(&id.0)?.render_captured_to(scope_value(scope), &mut capped)?;
    String::from_utf8(capped.0).map_err(|_| Error::new(ErrorKind::WriteFailure, "what was rendered is no text"))
}

fn source_of(environment: &Environment<'static>, id: &TemplateId) -> String {
    environment.get_template(&id.0).map(|template| template.source().to_owned()).unwrap_or_default()
}

fn scope_value(scope: &Arc<Scope>) -> Value {
    Value::from_dyn_object(Arc::clone(scope))
}

/// Text up to a limit.
#[derive(Debug, Default)]
struct Capped(Vec<u8>);

impl Write for Capped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > RENDERED_BYTES_MAX {
            return Err(io::Error::other("what was rendered is larger than 1 MiB"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Where an expression begins of which the engine tells only the call: `pick(items).id` from the bracket on.
fn beginning(source: &str, start: usize) -> usize {
    let is_call = source.get(start..).is_some_and(|rest| rest.starts_with('('));
    let before = source.get(..start).filter(|_| is_call).unwrap_or_default();
    let name = before.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.');
    if is_call { name.len() } else { start }
}

impl TemplateError {
    fn of(error: &Error, source: &str) -> Self {
        let culprit = error.range().and_then(|range| source.get(beginning(source, range.start)..range.end));
        let detail = match (error.kind(), culprit) {
            (ErrorKind::UndefinedError, Some(name)) if error.detail().is_none() => format!("'{name}' is undefined"),
            _ => error.detail().map_or_else(|| error.kind().to_string(), str::to_owned),
        };
        let message = match error.kind() {
            ErrorKind::WriteFailure => std::error::Error::source(error).map_or_else(|| detail.clone(), ToString::to_string),
            ErrorKind::OutOfFuel => format!("it takes more than {FUEL} steps"),
            _ => detail,
        };
        Self {
            message: message.chars().take(MESSAGE_CHARS_MAX).collect(),
            offset: error.range().map(|range| beginning(source, range.start)),
        }
    }
}

#[cfg(test)]
mod tests;
