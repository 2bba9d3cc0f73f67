//! The configuration as a tree whose every value knows where it was written.

use std::fmt;

use super::error::Position;

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) position: Position,
    pub(super) value: Value,
}

/// What stands there.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Scalar(Scalar),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A text, a number, a truth value or nothing.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scalar {
    /// With variables filled in.
    pub(super) text: String,
    /// With variables as they were written.
    pub(super) written: String,
    /// Without quotes: `200` is a number then.
    pub(super) plain: bool,
}

/// One line of a map.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_position: Position,
    pub(super) node: Node,
}

/// The way to a value from the root: `stages[1].rate`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path(Vec<Segment>);

/// One step of a [`Path`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// Into a map.
    Key(String),
    /// Into a list.
    Index(usize),
}

impl Path {
    /// The root.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// On into a map.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.then(Segment::Key(key.to_owned()))
    }

    /// On into a list.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.then(Segment::Index(index))
    }

    fn then(&self, segment: Segment) -> Self {
        Self(self.0.iter().cloned().chain([segment]).collect())
    }

    pub(super) fn segments(&self) -> &[Segment] {
        &self.0
    }
}

impl FromIterator<Segment> for Path {
    fn from_iter<I: IntoIterator<Item = Segment>>(segments: I) -> Self {
        Self(segments.into_iter().collect())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Key(key) if n == 0 => f.write_str(key)?,
                Segment::Key(key) => write!(f, ".{key}")?,
                Segment::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

impl Node {
    pub(super) fn entries(&self) -> &[Entry] {
        if let Value::Map(entries) = &self.value { entries } else { &[] }
    }

    /// The entry of a key, when this is a map that has it.
    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    fn child(&self, segment: &Segment) -> Option<&Self> {
        match (segment, &self.value) {
            (Segment::Key(key), _) => self.entry(key).map(|entry| &entry.node),
            (Segment::Index(index), Value::List(items)) => items.get(*index),
            (Segment::Index(_), _) => None,
        }
    }

    /// The value at the end of a path.
    pub(super) fn find(&self, path: &Path) -> Option<&Self> {
        path.segments().iter().try_fold(self, |node, segment| node.child(segment))
    }

    /// Where a path leads to, or as far towards it as there is something. `key` asks for the key instead of the value.
    pub(super) fn position(&self, path: &Path, key: bool) -> Position {
        let mut node = self;
        let mut position = &self.position;
        for (n, segment) in path.segments().iter().enumerate() {
            let is_last = n + 1 == path.segments().len();
            if let (true, true, Segment::Key(name)) = (key, is_last, segment)
                && let Some(entry) = node.entry(name)
            {
                return entry.key_position.clone();
            }
            let Some(next) = node.child(segment) else { break };
            node = next;
            position = &node.position;
        }
        position.clone()
    }

    /// What stands here, in a word or two for error messages.
    pub(super) fn kind(&self) -> String {
        match &self.value {
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a map".to_owned(),
            Value::Scalar(scalar) => scalar.kind(),
        }
    }
}

impl Scalar {
    /// A text as it stands in the file.
    pub(super) fn new(text: String, plain: bool) -> Self {
        Self { written: text.clone(), text, plain }
    }

    /// What YAML makes of it. A plain text that isn't a number, a truth value or nothing is a text.
    pub(super) fn to_yaml(&self) -> serde_yaml::Value {
        use serde_yaml::Value as Yaml;
        let text = || Yaml::String(self.text.clone());
        if !self.plain {
            return text();
        }
        if matches!(self.text.as_str(), "" | "~" | "null" | "Null" | "NULL") {
            return Yaml::Null;
        }
        // A value that came from a variable may hold anything; what has a blank is never a number.
        if self.text.contains(char::is_whitespace) {
            return text();
        }
        match serde_yaml::from_str(&self.text) {
            Ok(value @ (Yaml::Bool(_) | Yaml::Number(_))) => value,
            _ => text(),
        }
    }

    fn kind(&self) -> String {
        let shown: String = self.written.chars().take(40).collect();
        match self.to_yaml() {
            serde_yaml::Value::Null => "nothing".to_owned(),
            serde_yaml::Value::Bool(_) => format!("the truth value {shown}"),
            serde_yaml::Value::Number(_) => format!("the number {shown}"),
            _ => format!("the text '{shown}'"),
        }
    }
}
