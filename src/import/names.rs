//! Distinct names, numbered as they come up.

use std::collections::HashMap;

use super::error::{Mistake, quoted};
use crate::record::name;

/// Names of one kind, at most so many: each has windows of its own, so their number bounds the memory.
#[derive(Debug)]
pub(super) struct Names {
    what: &'static str,
    most: u16,
    hint: &'static str,
    numbers: HashMap<String, u16>,
}

impl Names {
    /// No names yet. `hint` is for somebody who has more than `most`.
    pub(super) fn new(what: &'static str, most: u16, hint: &'static str) -> Self {
        Self { what, most, hint, numbers: HashMap::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// The number of a name, from 0; a new one is checked first.
    pub(super) fn number(&mut self, name: &str) -> Result<u16, Mistake> {
        match self.numbers.get(name) {
            Some(number) => Ok(*number),
            None => self.add(name),
        }
    }

    fn add(&mut self, name: &str) -> Result<u16, Mistake> {
        if let Some(wrong) = name::problem(name) {
            return Err(Mistake::new(
                format!("{} {}: {wrong}", self.what, quoted(name)),
                "give it a short name, such as list-items",
            ));
        }
        let number = u16::try_from(self.numbers.len()).unwrap_or(u16::MAX);
        if number >= self.most {
            let message = format!("{} would be one {} more than the {} that are kept apart", quoted(name), self.what, self.most);
            return Err(Mistake::new(message, self.hint));
        }
        self.numbers.insert(name.to_owned(), number);
        Ok(number)
    }

    /// All names by their numbers.
    pub(super) fn into_list(self) -> Vec<String> {
        let mut names: Vec<(u16, String)> = self.numbers.into_iter().map(|(name, number)| (number, name)).collect();
        names.sort_unstable();
        names.into_iter().map(|(_, name)| name).collect()
    }
}
