//! Addresses that reports may link to.

use serde::Serialize;

/// Longest address that is linked to.
const BYTES_MAX: usize = 2_000;

/// An address of the web and nothing else: it can end no link and no attribute, whatever wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WebAddress(String);

impl WebAddress {
    /// The address, when it is one: `http` or `https`, of characters that mean nothing in Markdown and HTML.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let tame = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#@!$&*+,;=%".contains(c);
        let is_web = text.starts_with("https://") || text.starts_with("http://");
        (is_web && text.len() <= BYTES_MAX && text.chars().all(tame)).then(|| Self(text.to_owned()))
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_addresses_are_linked() {
        assert!(WebAddress::new("https://github.com/acme/shop/actions/runs/123/attempts/2").is_some());
        for text in ["javascript:alert(1)", "https://x)[y](z", "https://x y", "https://x\"", "https://<x>", "ftp://x", "//x"] {
            assert_eq!(WebAddress::new(text), None, "{text}");
        }
        assert_eq!(WebAddress::new(&format!("https://{}", "x".repeat(3_000))), None);
    }
}
