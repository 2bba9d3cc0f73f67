//! The configuration as it is packed: as written, without what is written there and belongs under `secrets:`.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::mask::{MASK, hidden, is_credential};

/// A key and the value behind it on the same line, in a block or within `{ }`.
static PAIR: LazyLock<Regex> = LazyLock::new(|| {
    let pair =
        r#"(?m)(?P<key>[A-Za-z0-9_-]+)["']?(?P<sign>:[ \t]+)(?P<value>"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s,}{\[\]#][^,}\n]*)"#;
    Regex::new(pair).expect("a constant that a test compiles")
});

/// The text with `***` for values whose key says that they are credentials. What is filled in when the program runs (`${NAME}`,
/// `{{ .. }}`) is no credential itself and stays.
#[must_use]
pub fn without_credentials(text: &str) -> String {
    let masked = PAIR.replace_all(text, |found: &Captures<'_>| {
        let (key, sign, value) = (&found["key"], &found["sign"], &found["value"]);
        let is_filled_in = value.contains("${") || value.contains("{{");
        if is_credential(key) && !is_filled_in {
            let quoted = found[0].strip_prefix(key).and_then(|rest| rest.chars().next()).filter(|c| matches!(c, '"' | '\''));
            format!("{key}{}{sign}\"{MASK}\"", quoted.map(String::from).unwrap_or_default())
        } else {
            found[0].to_owned()
        }
    });
    // What stands in addresses and JSON bodies. Lines one by one, as what is filled in must stay.
    let line = |line: &str| {
        if line.contains("${") || line.contains("{{") { line.to_owned() } else { hidden(line).replace(": ***", ": \"***\"") }
    };
    masked.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_credentials_are_masked_wherever_they_stand() {
        for (text, shown) in [
            ("  Authorization: Bearer abc\n  Accept: text/html", "  Authorization: \"***\"\n  Accept: text/html"),
            ("headers: { X-Api-Key: k3y, Accept: a }", "headers: { X-Api-Key: \"***\", Accept: a }"),
            ("json: { user: ann, \"password\": \"p4,ss\" }", "json: { user: ann, \"password\": \"***\" }"),
            ("get: /x?access_token=abc&n=1", "get: /x?access_token=***&n=1"),
        ] {
            assert_eq!(without_credentials(text), shown);
        }
    }

    #[test]
    fn what_is_filled_in_and_what_is_no_credential_stays() {
        for text in [
            "Authorization: Bearer ${secret.API_TOKEN}",
            "json: { password: \"{{ users.password }}\" }",
            "secrets:\n  API_TOKEN: { env: API_TOKEN }",
            "version: 1\n\nstages: [ { rate: 200/s, duration: 60s } ] # token bucket: none\n",
        ] {
            assert_eq!(without_credentials(text), text);
        }
    }
}
