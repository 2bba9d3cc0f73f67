//! Credentials that a target hands out: known by the names of what carries them, wherever they stand in an answer.

use super::MASK;

/// Parts of names whose values are credentials, in lower case and without dashes and underscores.
const CREDENTIALS: [&str; 9] =
    ["authorization", "cookie", "token", "secret", "password", "passwd", "apikey", "sessionid", "credential"];

/// Characters of what was found that a message shows.
const FOUND_CHARS_MAX: usize = 80;

/// Characters of it that are looked at.
const LOOKED_AT_CHARS_MAX: usize = 1_000;

/// Whether the values of headers, JSON keys and parameters of this name are credentials.
#[must_use]
pub fn is_credential(name: &str) -> bool {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    CREDENTIALS.iter().any(|part| plain.contains(part))
}

/// The text with `***` for the values of JSON keys (`"access_token": "x"`) and of parameters (`access_token=x`) whose names say
/// that they are credentials. The text may be cut anywhere.
#[must_use]
pub fn hidden(text: &str) -> String {
    hidden_but(text, |_| false)
}

/// [`hidden`], but for the values that are to stay. They are asked for with their quotes.
#[must_use]
pub fn hidden_but(text: &str, stays: impl Fn(&str) -> bool) -> String {
    let (mut shown, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(begin) = rest.find(is_of_name) {
        let length = rest[begin..].find(|c| !is_of_name(c)).unwrap_or(rest.len() - begin);
        let (name, behind) = rest[begin..].split_at(length);
        shown.push_str(&rest[..begin + length]);
        rest = behind;
        let Some(sign) = sign(behind).filter(|_| is_credential(name)) else { continue };
        let (sign, value) = behind.split_at(sign);
        shown.push_str(sign);
        let (value, behind) = value.split_at(value_length(value, sign.contains('=')));
        shown.push_str(if value.is_empty() || stays(value) { value } else { MASK });
        rest = behind;
    }
    shown.push_str(rest);
    shown
}

/// The beginning of a text without the credentials in it, on one line.
#[must_use]
pub fn shortened(text: &str) -> String {
    if text.is_empty() {
        return "nothing".to_owned();
    }
    // No need to look through megabytes. A credential that is cut is hidden as well.
    let text = hidden(&text.chars().take(LOOKED_AT_CHARS_MAX).collect::<String>());
    let line: String = text.chars().take(FOUND_CHARS_MAX).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(FOUND_CHARS_MAX).is_some() { format!("{line}..") } else { line }
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.')
}

/// Length of what stands between a name and its value: `=`, or the end of a JSON key, which may stand in a JSON string itself.
fn sign(text: &str) -> Option<usize> {
    if text.starts_with('=') {
        return Some(1);
    }
    let key = text.trim_start_matches('\\').strip_prefix('"')?.trim_start().strip_prefix(':')?;
    Some(text.len() - key.trim_start().len())
}

/// Length of a value: of a JSON string, list or map with its marks, of anything else up to the next separator.
fn value_length(text: &str, is_parameter: bool) -> usize {
    let end = match text.trim_start_matches('\\').chars().next() {
        Some('"') if text.starts_with('\\') => text[2..].find("\\\"").map(|at| at + 4),
        Some('"') => end_of_string(text),
        Some('[' | '{') => end_of_group(text),
        _ if is_parameter => {
            let end = text.find(|c: char| c.is_whitespace() || matches!(c, '&' | '#' | '"' | '\'' | '<' | '>' | ';'));
            // What escapes the quote behind a value is not the value's.
            end.map(|end| text[..end].trim_end_matches('\\').len())
        }
        _ => text.find(|c: char| c.is_whitespace() || matches!(c, ',' | '}' | ']')),
    };
    end.unwrap_or(text.len())
}

/// Where a JSON string ends, its quotes included.
fn end_of_string(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.char_indices().skip(1).find_map(|(at, c)| {
        let ends = c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        ends.then_some(at + 1)
    })
}

/// Where a JSON list or map ends, with all that is nested in it. Quotes with a backslash, as they stand in a JSON string, are no
/// quotes: a bracket between them counts.
fn end_of_group(text: &str) -> Option<usize> {
    let (mut depth, mut is_in_string, mut is_escaped) = (0_usize, false, false);
    for (at, c) in text.char_indices() {
        match c {
            '"' if !is_escaped => is_in_string = !is_in_string,
            '[' | '{' if !is_in_string => depth += 1,
            ']' | '}' if !is_in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        is_escaped = c == '\\' && !is_escaped;
        if depth == 0 && matches!(c, ']' | '}') && !is_in_string {
            return Some(at + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_keys_and_parameters_that_name_credentials_are_hidden() {
        for (text, shown) in [
            (r#"{"access_token":"ey\"J","n":1}"#, r#"{"access_token":***,"n":1}"#),
            (r#"{"apiKey" : 123, "user": "x"}"#, r#"{"apiKey" : ***, "user": "x"}"#),
            (r#"{"tokens":["a","b"],"secret":{"a":"b"},"x":2}"#, r#"{"tokens":***,"secret":***,"x":2}"#),
            (r#"{"log":"{\"token\":\"abc\",\"n\":1}"}"#, r#"{"log":"{\"token\":***,\"n\":1}"}"#),
            ("https://a/b?id_token=abc&n=1#access_token=xyz", "https://a/b?id_token=***&n=1#access_token=***"),
            ("refresh-token=abc", "refresh-token=***"),
            (r#"curl \"a?token=abc\" b"#, r#"curl \"a?token=***\" b"#),
            (r#"{"secret":{"a":{"b":1},"c":"]}d"},"x":[1]}"#, r#"{"secret":***,"x":[1]}"#),
            ("a token is missing, and password: too", "a token is missing, and password: too"),
            (r#"{"user":"é","token":""#, r#"{"user":"é","token":***"#),
        ] {
            assert_eq!(hidden(text), shown);
        }
    }

    #[test]
    fn a_text_that_is_cut_anywhere_shows_nothing_of_a_value() {
        let text = r#"{"user":"ann","access_token":"eyJhbGciOi","password":"p4\"ss","next":"/x?api_key=k3y"}"#;
        for (cut, _) in text.char_indices() {
            let shown = hidden(&text[..cut]);
            for part in ["eyJ", "p4", "ss\"", "k3"] {
                assert!(!shown.contains(part), "{shown}");
            }
        }
        assert_eq!(hidden(text), r#"{"user":"ann","access_token":***,"password":***,"next":"/x?api_key=***"}"#);
    }

    #[test]
    fn a_value_may_stay() {
        let stays = |value: &str| value == "\"ph\"" || value == "ph";
        let shown = hidden_but(r#"{"token":"ph","secret":"abc"} a?token=ph&password=abc"#, stays);
        assert_eq!(shown, r#"{"token":"ph","secret":***} a?token=ph&password=***"#);
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_odd(text in r#"(token|["\\:=\[\]{} é,&#a]){0,40}"#) {
            let _ = hidden(&text);
        }
    }
}
