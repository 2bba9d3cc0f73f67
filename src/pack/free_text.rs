//! Credentials in a text that has no form of its own: a value of the configuration, or a comment in it.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::mask::{MASK, hidden, hidden_but, is_credential};

/// Characters from here on stand for templates while a text is looked through. No configuration that is packed holds one.
pub(super) const PLACE_OF_TEMPLATE: char = '\u{f0000}';

/// What is filled in when the program runs. `$$` is a `$` and begins nothing.
static TEMPLATE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?s)\$\$|\$\{[^}]*\}|\{\{.*?\}\}|\{%.*?%\}").expect("a constant that a test compiles"));

/// The kind of credential, as headers say it before the credential itself.
static KIND: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^(?i:bearer|basic|token|apikey)[ \t]+").expect("a constant that a test compiles"));

/// A name with what stands between it and its value, as headers are written.
static NAME: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"([A-Za-z0-9_.-]+)(["']?)(:[ \t]*)"#).expect("a constant that a test compiles"));

/// User and password of an address.
static USER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"://([^/\s:@"']*:[^/\s@"']+)@"#).expect("a constant that a test compiles"));

/// The text with `***` for the values of headers (`Authorization: x`, to the end of the line or of the quotes around it), of
/// JSON keys and of parameters whose names say that they are credentials. What is filled in when the program runs stays.
pub(super) fn without_credentials(text: &str) -> String {
    let (text, templates) = Templates::taken_out_of(text);
    let stays = |value: &str| is_filled_in(templates.put_back(value, str::to_owned).trim_matches(['"', '\'', '\\']));
    let lines: Vec<String> = text.split('\n').map(|line| without_headers(line, stays)).collect();
    let text = hidden_but(&lines.join("\n"), stays);
    let text = USER.replace_all(&text, format!("://{MASK}@"));
    templates.put_back(&text, without_default)
}

/// Whether a value is nothing but what is filled in when the program runs, and the kind of credential that it is.
pub(super) fn is_filled_in(value: &str) -> bool {
    let value = value.trim();
    let rest = KIND.replace(value, "");
    let literal = TEMPLATE.replace_all(&rest, |found: &Captures<'_>| if is_name(&found[0]) { "" } else { "x" });
    !rest.is_empty() && literal.is_empty()
}

/// Whether a template names what is to be filled in, and holds no value of its own.
fn is_name(template: &str) -> bool {
    if let Some(variable) = template.strip_prefix("${") {
        let name = variable.trim_end_matches('}');
        let name = name.strip_suffix(":-").unwrap_or(name);
        return !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
    }
    let inner = template.trim_start_matches(['{', '%']).trim_start();
    inner.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && !inner.contains(['"', '\''])
}

/// A template without the default of a credential.
fn without_default(template: &str) -> String {
    let variable = template.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).and_then(|rest| rest.split_once(":-"));
    match variable {
        Some((name, default)) if is_credential(name) && !default.is_empty() => format!("${{{name}:-{MASK}}}"),
        _ => hidden(template),
    }
}

/// A line with `***` for what is behind `NAME:`.
fn without_headers(line: &str, stays: impl Fn(&str) -> bool) -> String {
    let (mut shown, mut at) = (String::with_capacity(line.len()), 0);
    while let Some(found) = NAME.captures_at(line, at) {
        let Some(name) = found.get(1) else { break };
        let begin = found.get(0).map_or(line.len(), |whole| whole.end());
        let quote_before = line[..name.start()].chars().next_back().filter(|c| matches!(c, '"' | '\''));
        shown.push_str(&line[at..begin]);
        at = begin;
        // `secret-service:8080` is an address.
        let is_header = found[3].len() > 1 || (quote_before.is_some() && found[2].is_empty());
        if !is_credential(name.as_str()) || !is_header {
            continue;
        }
        let length = value_length(&line[begin..], quote_before, !found[2].is_empty());
        let value = &line[begin..begin + length];
        shown.push_str(if value.is_empty() || stays(value) { value } else { MASK });
        at = begin + length;
    }
    shown.push_str(&line[at..]);
    shown
}

/// Length of a header's value, as far as it is one: what JSON has behind a quoted key is left to [`hidden_but`].
fn value_length(rest: &str, quote_before: Option<char>, is_quoted_key: bool) -> usize {
    let whole = rest.trim_end().len();
    if is_quoted_key {
        return match rest.chars().next() {
            Some('"' | '[' | '{') => 0,
            Some('\'') => rest[1..].find('\'').map_or(whole, |at| at + 2),
            _ if rest.starts_with(MASK) => 0,
            _ => whole,
        };
    }
    let end = quote_before.and_then(|quote| rest.find(quote));
    end.map_or(whole, |end| rest[..end].trim_end_matches('\\').len())
}

/// The templates of a text, in its order.
struct Templates(Vec<String>);

impl Templates {
    /// The text with a character in the place of each template.
    fn taken_out_of(text: &str) -> (String, Self) {
        let mut templates = Vec::new();
        let text = TEMPLATE.replace_all(text, |found: &Captures<'_>| {
            let place = u32::try_from(templates.len()).ok().and_then(|n| char::from_u32(u32::from(PLACE_OF_TEMPLATE) + n));
            match place {
                Some(place) if &found[0] != "$$" => {
                    templates.push(found[0].to_owned());
                    place.to_string()
                }
                _ => found[0].to_owned(),
            }
        });
        (text.into_owned(), Self(templates))
    }

    /// The text with its templates again, each as it is to be shown.
    fn put_back(&self, text: &str, shown: impl Fn(&str) -> String) -> String {
        let mut whole = String::with_capacity(text.len());
        for c in text.chars() {
            let number = u32::from(c).checked_sub(u32::from(PLACE_OF_TEMPLATE)).and_then(|n| usize::try_from(n).ok());
            match number.and_then(|n| self.0.get(n)) {
                Some(template) => whole.push_str(&shown(template)),
                None => whole.push(c),
            }
        }
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_masked_between_what_is_filled_in() {
        for (text, shown) in [
            ("/x?access_token=abc&id={{ id }}", "/x?access_token=***&id={{ id }}"),
            ("/x?access_token={{ id }}abc&n=1", "/x?access_token=***&n=1"),
            ("/x?access_token={{ id }}&password=abc", "/x?access_token={{ id }}&password=***"),
            (r#"{"password": "{{ users.password }}", "token": "abc"}"#, r#"{"password": "{{ users.password }}", "token": ***}"#),
            (r#"{"password": "{{ 'abc' }}"}"#, r#"{"password": ***}"#),
            ("curl -H 'Authorization: Bearer abc, def' http://a/", "curl -H 'Authorization: ***' http://a/"),
            (r#"curl -H \"X-Api-Key: abc\" http://a/"#, r#"curl -H \"X-Api-Key: ***\" http://a/"#),
            ("curl -H 'Authorization: Bearer ${secret.T}'", "curl -H 'Authorization: Bearer ${secret.T}'"),
            ("Cookie: a=b; c=d", "Cookie: ***"),
            ("${API_TOKEN:-abc} ${PAGE:-1}", "${API_TOKEN:-***} ${PAGE:-1}"),
            ("http://secret-service:8080/", "http://secret-service:8080/"),
            ("postgres://app:abc@db/shop", "postgres://***@db/shop"),
        ] {
            assert_eq!(without_credentials(text), shown);
            assert_eq!(without_credentials(shown), shown, "a second look changes nothing");
        }
    }

    #[test]
    fn a_value_with_a_word_of_its_own_is_not_filled_in() {
        for value in ["${TOKEN}", "Bearer ${secret.T}", "{{ users.password }}", "${A}{{ b }}", "${secret.T:-}"] {
            assert!(is_filled_in(value), "{value}");
        }
        for value in ["", "Bearer ", "Bearer abc", "abc${T}", "${T}abc", "$${abc}", "${T:-abc}", "{{ \"abc\" }}", "{{ 12 }}"] {
            assert!(!is_filled_in(value), "{value}");
        }
    }
}
