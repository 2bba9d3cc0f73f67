//! Values that must never be shown.

use std::fmt;

use crate::mask;

/// The secret values of a configuration.
#[derive(Clone, Default)]
pub struct Secrets(Vec<String>);

impl Secrets {
    /// Remembers a value. An empty one hides nothing and is left out.
    pub(super) fn add(&mut self, value: &str) {
        if !value.is_empty() && !self.0.iter().any(|known| known == value) {
            self.0.push(value.to_owned());
            // Longest first, so that a secret within another doesn't leave the rest of it readable.
            self.0.sort_by_key(|known| std::cmp::Reverse(known.len()));
        }
    }

    /// The text with every secret in it, and what is left of one that was cut, replaced by `***`.
    #[must_use]
    pub fn mask(&self, text: &str) -> String {
        mask::mask(text, self.0.iter().map(String::as_str))
    }

    /// The values themselves, for one who keeps them from being shown elsewhere.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether the text holds a secret.
    #[must_use]
    pub fn appear_in(&self, text: &str) -> bool {
        self.0.iter().any(|secret| text.contains(secret))
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({} hidden)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_and_never_printed() {
        let mut secrets = Secrets::default();
        ["", "abc", "abcdef"].into_iter().for_each(|value| secrets.add(value));
        assert_eq!(secrets.mask("x abcdef abc y"), "x *** *** y");
        assert!(secrets.appear_in("Bearer abc") && !secrets.appear_in("Bearer x"));
        assert_eq!(format!("{secrets:?}"), "Secrets(2 hidden)");
    }
}
