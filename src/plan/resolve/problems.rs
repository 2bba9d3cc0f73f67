//! Collecting what is wrong, so that one look at the output mends all of it.

use std::{cell::RefCell, fmt::Display, ops::RangeInclusive, time::Duration};

use crate::{
    config::{
        Loaded, Path, Position, Problem, nearest_hint,
        written::{Quantity, Share, Time, Written},
    },
    units,
};

/// What was found so far.
pub(super) struct Problems<'a> {
    loaded: &'a Loaded,
    found: RefCell<Vec<Problem>>,
}

impl<'a> Problems<'a> {
    pub(super) fn new(loaded: &'a Loaded) -> Self {
        Self { loaded, found: RefCell::default() }
    }

    /// Something wrong with a value.
    pub(super) fn add(&self, path: &Path, message: impl Into<String>, hint: impl Into<String>) {
        self.add_at(self.loaded.position(path), message, hint);
    }

    /// Two values that do not go together: told at the first, unless the other alone came from a flag.
    pub(super) fn add_between(&self, path: &Path, other: &Path, message: impl Into<String>, hint: impl Into<String>) {
        let positions = [path, other].map(|path| self.loaded.position(path));
        let from_flag = positions.iter().find(|position| matches!(position, Position::Flag(_)));
        self.add_at(from_flag.unwrap_or(&positions[0]).clone(), message, hint);
    }

    /// Something wrong with a key, or with all that stands below it.
    pub(super) fn add_at_key(&self, path: &Path, message: impl Into<String>, hint: impl Into<String>) {
        self.add_at(self.loaded.key_position(path), message, hint);
    }

    /// Something wrong with a part of a text, `offset` bytes into it.
    pub(super) fn add_within(&self, path: &Path, offset: usize, message: impl Into<String>, hint: impl Into<String>) {
        self.add_at(self.loaded.position_within(path, offset), message, hint);
    }

    /// A section that must be there, and is missing or has nothing in it.
    pub(super) fn missing(&self, section: &str, hint: impl Into<String>) {
        let path = Path::root().key(section);
        if self.loaded.written(&path).is_some() {
            self.add_at_key(&path, format!("'{section}' is empty"), hint);
        } else {
            self.add_at(Position::File, format!("'{section}' is missing"), hint);
        }
    }

    fn add_at(&self, position: Position, message: impl Into<String>, hint: impl Into<String>) {
        self.found.borrow_mut().push(Problem::new(position, message, hint.into()));
    }

    pub(super) fn into_all(self) -> Vec<Problem> {
        self.found.into_inner()
    }

    /// How much was found so far.
    pub(super) fn count(&self) -> usize {
        self.found.borrow().len()
    }

    /// The value of a quantity; `None` when it is wrong, which is noted.
    pub(super) fn read<Q: Quantity>(&self, written: &Written<Q>, path: &Path) -> Option<Q::Value> {
        written.parse().map_err(|error| self.add(path, error.message, error.hint)).ok()
    }

    /// A time above zero.
    pub(super) fn time(&self, written: &Written<Time>, path: &Path) -> Option<Duration> {
        let time = self.read(written, path)?;
        if time.is_zero() {
            self.add(path, format!("'{}' is no time at all", written.text()), "write a duration above 0, for example 5s");
            return None;
        }
        Some(time)
    }

    /// A time above zero, or the default where none is written. A wrong one is noted and the default stands in for it.
    pub(super) fn time_or(&self, written: Option<&Written<Time>>, path: &Path, default: Duration) -> Duration {
        written.and_then(|written| self.time(written, path)).unwrap_or(default)
    }

    /// A time within a range.
    pub(super) fn time_in(&self, time: Duration, path: &Path, range: &RangeInclusive<Duration>) {
        if !range.contains(&time) {
            let hint = format!("write a duration from {} to {}", units::duration(*range.start()), units::duration(*range.end()));
            self.add(path, format!("'{}' is out of range", units::duration(time)), hint);
        }
    }

    /// A number within a range; `None` where none is written, or one that is out of it, which is noted. `else_holds` says what
    /// holds without it.
    pub(super) fn number<T>(&self, written: Option<T>, path: &Path, range: &RangeInclusive<T>, else_holds: &str) -> Option<T>
    where
        T: PartialOrd + Display,
    {
        let number = written?;
        if range.contains(&number) {
            return Some(number);
        }
        let hint = format!("write a number from {} to {}; {else_holds}", range.start(), range.end());
        self.add(path, format!("'{number}' is out of range"), hint);
        None
    }

    /// A number within a range, or the default where none is written, or one that is out of it, which is noted.
    pub(super) fn number_or<T>(&self, written: Option<T>, path: &Path, range: &RangeInclusive<T>, default: T) -> T
    where
        T: PartialOrd + Display,
    {
        self.number(written, path, range, &format!("{default} is the default")).unwrap_or(default)
    }

    /// One of a few words. Words of the language that are not built yet are refused as such.
    pub(super) fn choice<T: Copy>(&self, word: Option<&str>, path: &Path, known: &[(&str, T)], not_yet: &[&str]) -> Option<T> {
        let word = word?;
        if let Some((_, value)) = known.iter().find(|(name, _)| *name == word) {
            return Some(*value);
        }
        let names = known.iter().map(|(name, _)| *name);
        if not_yet.contains(&word) {
            let hint = format!("write {}", names.collect::<Vec<_>>().join(" or "));
            self.add(path, format!("'{path}: {word}' is not supported yet"), hint);
        } else {
            self.add(path, format!("'{word}' is not a value of '{path}'"), nearest_hint(word, names, "known values"));
        }
        None
    }

    /// A share of at most `max`, or the default where none is written, or one that is out of it, which is noted.
    pub(super) fn share_or(&self, written: Option<&Written<Share>>, path: &Path, max: f64, default: f64) -> f64 {
        written.and_then(|written| self.share(written, path, max)).unwrap_or(default)
    }

    /// A share of at most `max`.
    pub(super) fn share(&self, written: &Written<Share>, path: &Path, max: f64) -> Option<f64> {
        let share = self.read(written, path)?;
        if share <= 0.0 || share > max {
            let hint = format!("write a percentage above 0 and up to {}", units::percent(max));
            self.add(path, format!("'{}' is out of range", written.text()), hint);
            return None;
        }
        Some(share)
    }
}
