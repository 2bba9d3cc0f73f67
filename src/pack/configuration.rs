//! The configuration as it is packed: as written, without what is written there and belongs under `secrets:`.
//!
//! The file is read as YAML, so that every way to write a value is known for what it is: in blocks, over several lines, by an
//! alias. What was written out is then read again: where anything is left to be masked, nothing is handed on.

use std::{collections::BTreeSet, ops::Range};

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::free_text::{self, PLACE_OF_TEMPLATE};
use crate::mask::{MASK, is_credential};

/// The text with `***` for values whose key says that they are credentials, and for credentials in addresses, bodies, commands
/// and comments. What is filled in when the program runs (`${NAME}`, `{{ .. }}`) is no credential itself and stays. `None` for a
/// text that is no YAML, or has tags or keys that are lists or maps: nobody can tell what of it is a credential.
#[must_use]
pub fn without_credentials(text: &str) -> Option<String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let shown = masked(text)?;
    (masked(&shown).as_ref() == Some(&shown)).then_some(shown)
}

fn masked(text: &str) -> Option<String> {
    if text.contains(|c: char| c == '\0' || c >= PLACE_OF_TEMPLATE) {
        return None;
    }
    let bytes: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let (mut shown, mut at) = (String::with_capacity(text.len()), 0);
    for scalar in scalars(text)? {
        let (begin, end) = (*bytes.get(scalar.chars.start)?, *bytes.get(scalar.chars.end)?);
        shown.push_str(&between(text.get(at..begin)?));
        shown.push_str(&scalar.shown(text.get(begin..end)?)?);
        at = end;
    }
    shown.push_str(&between(text.get(at..)?));
    Some(shown)
}

/// The scalars of a text in its order, each with whether it is a credential. An anchor may stand far from the key that it is
/// used at.
fn scalars(text: &str) -> Option<Vec<Scalar>> {
    let mut anchors = BTreeSet::new();
    loop {
        let known = anchors.len();
        let walk = Walk::through(text, anchors)?;
        if walk.anchors.len() == known {
            return Some(walk.found);
        }
        anchors = walk.anchors;
    }
}

/// A key or a value as it is written.
struct Scalar {
    /// Where it stands, with its quotes. Of a block without an anchor: its lines, without what is before the first.
    chars: Range<usize>,
    style: ScalarStyle,
    is_anchored: bool,
    is_credential: bool,
}

impl Scalar {
    /// What is shown of it; `None` where it is not what it was taken for.
    fn shown(&self, written: &str) -> Option<String> {
        let rest = if self.is_anchored { written.get(written.find(char::is_whitespace)?..)?.trim_start() } else { written };
        let anchor = &written[..written.len() - rest.len()];
        let is_quoted = matches!(self.style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted);
        let length = if is_quoted { end_of_quoted(rest)? } else { rest.trim_end().len() };
        let (value, behind) = rest.split_at(length);
        let inner = if is_quoted { value.get(1..length.checked_sub(1)?)? } else { value };
        let is_block = matches!(self.style, ScalarStyle::Literal | ScalarStyle::Folded) && !self.is_anchored;
        let shown = if self.is_credential && !free_text::is_filled_in(inner) {
            if is_block { MASK.to_owned() } else { format!("\"{MASK}\"") }
        } else if is_quoted {
            let quote = &value[..1];
            format!("{quote}{}{quote}", free_text::without_credentials(inner))
        } else {
            free_text::without_credentials(value)
        };
        // Behind the quotes there may be a comment.
        Some(format!("{anchor}{shown}{}", between(behind)))
    }
}

/// Where a scalar in quotes ends, its quotes included.
fn end_of_quoted(text: &str) -> Option<usize> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let mut rest = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = rest.next() {
        match c {
            '\\' if quote == '"' => {
                rest.next();
            }
            // A quote twice is a quote.
            '\'' if quote == '\'' && rest.peek().is_some_and(|(_, next)| *next == '\'') => {
                rest.next();
            }
            c if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// A list or a map whose end was not read yet.
struct Open {
    is_map: bool,
    /// The key whose value comes next, in a map.
    key: Option<String>,
    is_credential: bool,
}

/// On the way through a text.
struct Walk {
    open: Vec<Open>,
    /// Anchors whose values are used as credentials.
    anchors: BTreeSet<usize>,
    found: Vec<Scalar>,
}

impl Walk {
    fn through(text: &str, anchors: BTreeSet<usize>) -> Option<Self> {
        let mut walk = Self { open: Vec::new(), anchors, found: Vec::new() };
        for event in Parser::new_from_str(text) {
            let (event, span) = event.ok()?;
            walk.take(event, &span)?;
        }
        Some(walk)
    }

    fn take(&mut self, event: Event<'_>, span: &Span) -> Option<()> {
        match event {
            Event::Scalar(_, _, _, Some(_)) | Event::SequenceStart(_, Some(_)) | Event::MappingStart(_, Some(_)) => return None,
            Event::Scalar(text, style, anchor, None) => self.scalar(&text, style, anchor, span)?,
            Event::SequenceStart(anchor, None) => self.begin(false, anchor)?,
            Event::MappingStart(anchor, None) => self.begin(true, anchor)?,
            Event::SequenceEnd | Event::MappingEnd => {
                self.open.pop();
                self.complete();
            }
            Event::Alias(_) if self.expects_key() => return None,
            Event::Alias(anchor) => {
                if self.is_credential(0) {
                    self.anchors.insert(anchor);
                }
                self.complete();
            }
            _ => {}
        }
        Some(())
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, anchor: usize, span: &Span) -> Option<()> {
        let is_key = self.expects_key();
        let is_word_of_yaml = style == ScalarStyle::Plain && matches!(text, "true" | "false" | "null" | "~");
        let is_credential = !is_key && !is_word_of_yaml && self.is_credential(anchor);
        let is_anchored = anchor > 0;
        if is_key {
            if let Some(open) = self.open.last_mut() {
                open.key = Some(text.to_owned());
            }
        } else {
            self.complete();
        }
        if text.is_empty() {
            // What looks like an anchor may have been meant as the value.
            return (!is_credential || !is_anchored).then_some(());
        }
        self.found.push(Scalar { chars: span.start.index()..span.end.index(), style, is_anchored, is_credential });
        Some(())
    }

    fn begin(&mut self, is_map: bool, anchor: usize) -> Option<()> {
        if self.expects_key() {
            return None;
        }
        let is_credential = self.anchors.contains(&anchor);
        self.open.push(Open { is_map, key: None, is_credential });
        Some(())
    }

    /// A value is complete, and with it the line of the map that it stands in.
    fn complete(&mut self) {
        if let Some(open) = self.open.last_mut() {
            open.key = None;
        }
    }

    fn expects_key(&self) -> bool {
        self.open.last().is_some_and(|open| open.is_map && open.key.is_none())
    }

    /// Whether a value at this place is a credential: by a key above it, or as somebody uses it as one.
    fn is_credential(&self, anchor: usize) -> bool {
        let keys: Vec<&str> = self.open.iter().filter_map(|open| open.key.as_deref()).collect();
        self.anchors.contains(&anchor) || self.open.iter().any(|open| open.is_credential) || is_of_credential(&keys)
    }
}

/// Whether what stands under these keys is a credential.
fn is_of_credential(keys: &[&str]) -> bool {
    let keys = match keys {
        ["environments", _, rest @ ..] => rest,
        all => all,
    };
    match keys {
        // A setting, and where secrets are read from.
        ["http", "cookies"] | ["secrets", _, "env" | "file"] => false,
        // With a slash it is the name of an endpoint.
        _ => keys.iter().any(|key| is_credential(key) && !key.contains('/')),
    }
}

/// What stands between two scalars: signs, spaces and comments.
fn between(text: &str) -> String {
    let mut above = None;
    let lines: Vec<String> = text.split('\n').map(|line| without_comment_of(line, &mut above)).collect();
    lines.join("\n")
}

/// A line that may end with a comment. `above` is where the key of a credential stands in the comment above, when it may go on
/// in this line.
fn without_comment_of(line: &str, above: &mut Option<usize>) -> String {
    let Some(begin) = begin_of_comment(line) else {
        *above = None;
        return line.to_owned();
    };
    let (before, comment) = line.split_at(begin);
    let text = comment.trim_start_matches(['#', '%']).trim_start();
    let column = comment.len() - text.len();
    if above.is_some_and(|key| column > key || (column == key && text.starts_with('-'))) {
        let mask = if text.is_empty() { "" } else { MASK };
        return format!("{before}{}{mask}", &comment[..column]);
    }
    let key = text.trim_start_matches("- ").split_once(':').map(|(key, _)| key.trim_matches(['"', '\'']));
    *above = key.filter(|key| is_credential(key) && !key.contains(char::is_whitespace)).map(|_| column);
    format!("{before}{}", free_text::without_credentials(comment))
}

/// Where the comment of a line begins. A directive may say as much as a comment.
fn begin_of_comment(line: &str) -> Option<usize> {
    if line.starts_with('%') {
        return Some(0);
    }
    let is_begin = |at: usize| line[..at].chars().next_back().is_none_or(char::is_whitespace);
    line.match_indices('#').map(|(at, _)| at).find(|at| is_begin(*at))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_of_credentials_are_masked_wherever_they_stand() {
        for (text, shown) in [
            ("  Authorization: Bearer abc\n  Accept: text/html", "  Authorization: \"***\"\n  Accept: text/html"),
            ("headers: { X-Api-Key: k3y, Accept: a }", "headers: { X-Api-Key: \"***\", Accept: a }"),
            ("json: { user: ann, \"password\": \"p4,ss\" }", "json: { user: ann, \"password\": \"***\" }"),
            ("get: /x?access_token=abc&n=1", "get: /x?access_token=***&n=1"),
            ("get: /x?access_token=abc&id={{ id }}", "get: /x?access_token=***&id={{ id }}"),
            ("a:\n  Authorization: >-\n    Bearer\n    abc\n  Accept: x\n", "a:\n  Authorization: >-\n    ***\n  Accept: x\n"),
            ("password: p4,ss # mine\n", "password: \"***\" # mine\n"),
            ("Authorization: Digest username=ann, response=abc", "Authorization: \"***\""),
            ("password: hunter2${X}", "password: \"***\""),
            ("password: a\n  b\nn: 1", "password: \"***\"\nn: 1"),
            ("json: { tokens: [ a, 'b' ], n: 1 }", "json: { tokens: [ \"***\", \"***\" ], n: 1 }"),
            ("a: &x abc\npassword: *x\n", "a: &x \"***\"\npassword: *x\n"),
            ("a: &x { b: abc }\nsecret: *x\n", "a: &x { b: \"***\" }\nsecret: *x\n"),
            ("secrets: { A: abc, B: { env: B } }", "secrets: { A: \"***\", B: { env: B } }"),
            ("# password: abc\nn: 1", "# password: ***\nn: 1"),
            ("# X-Api-Key: |\n#   abc\n#   def\n# n: 1\nn: 1", "# X-Api-Key: ***\n#   ***\n#   ***\n# n: 1\nn: 1"),
            ("start: \"curl -H 'Authorization: Bearer abc' http://a\"", "start: \"curl -H 'Authorization: ***' http://a\""),
            ("a: 'x' # password: abc\n", "a: 'x' # password: ***\n"),
        ] {
            assert_eq!(without_credentials(text).as_deref(), Some(shown), "{text}");
        }
    }

    #[test]
    fn what_is_filled_in_and_what_is_no_credential_stays() {
        for text in [
            "Authorization: Bearer ${secret.API_TOKEN}",
            "json: { password: \"{{ users.password }}\" }",
            "secrets:\n  API_TOKEN: { env: API_TOKEN }",
            "environments: { ci: { secrets: { API_TOKEN: { file: token.txt } } } }",
            "http: { cookies: off }\njson: { has_password: true, é: 'it''s' } # ünd\n",
            "version: 1\n\nstages: [ { rate: 200/s, duration: 60s } ] # token bucket: none\n",
            "\"POST /token\": { p95: 5% }\r\nbody: |\r\n  a\r\n\r\n  b\r\n# end",
        ] {
            assert_eq!(without_credentials(text).as_deref(), Some(text));
        }
    }

    #[test]
    fn what_nobody_can_read_is_not_handed_on() {
        let odd = ["a: [ password: abc", "password: !!str abc", "? { password: abc }\n: 1", "password: &abc", "a: 1\0token: abc"];
        for text in odd {
            assert_eq!(without_credentials(text), None, "{text}");
        }
    }

    /// The ways to write a value at a key.
    const STYLES: [&str; 19] = [
        "KEY: VALUE\n",
        "KEY: 'VALUE'\n",
        "KEY: \"VALUE\"\n",
        "\"KEY\": VALUE # why\n",
        "KEY: |\n  VALUE\nnext: 1\n",
        "a:\n  KEY: >-\n    first\n    VALUE\n\n    VALUE\n  next: 1\n",
        "KEY: |2-\n    VALUE\n",
        "KEY:\n  VALUE\n",
        "KEY:\n  first\n  VALUE\n",
        "KEY: \"first\n  VALUE\"\n",
        "json: { user: ann, KEY: \"VALUE\" }\n",
        "json: {KEY: ['VALUE', {a: \"VALUE\"}]}\n",
        "KEY:\n  - VALUE\n  - a: VALUE\n",
        "KEY: &x VALUE\n",
        "a: &x VALUE\nb:\n  - KEY: *x\n",
        "? KEY\n: VALUE\n",
        "# KEY: VALUE\nversion: 1\n",
        "start: \"curl -H 'KEY: VALUE' http://a\"\n",
        "environments:\n  ci:\n    json: { KEY: \"VALUE\" }\n",
    ];

    proptest! {
        #[test]
        fn a_credential_is_never_shown(
            style in proptest::sample::select(STYLES.to_vec()),
            key in proptest::sample::select(vec!["Authorization", "X-Api-Key", "password", "client_secret", "sessionId"]),
            before in "[a-z][a-z0-9 ,;=&$-]{0,6}",
            behind in "[a-z0-9 ,;=&$-]{0,6}",
        ) {
            let text = style.replace("KEY", key).replace("VALUE", &format!("{before}m4rker{behind}"));
            let shown = without_credentials(&text);
            prop_assert!(shown.as_ref().is_some_and(|shown| !shown.contains("m4rker")), "{text} -> {shown:?}");
        }

        #[test]
        fn no_text_is_too_odd(text in r#"(password|["'\\:=\[\]{}|>&*#? \n$é,-]){0,40}"#) {
            let _ = without_credentials(&text);
        }
    }
}
