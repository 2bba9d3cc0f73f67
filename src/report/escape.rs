//! Foreign text made harmless: endpoint names, messages and expressions come from a configuration or a target and may hold
//! anything.

/// Longest piece of foreign text that is shown.
const CHARS_MAX: usize = 200;

/// One line without control characters, cut to a length that fits a report.
pub(super) fn line(text: &str) -> String {
    let clean = |c: char| if c.is_control() || is_bidirectional(c) { ' ' } else { c };
    let mut line: String = text.chars().take(CHARS_MAX).map(clean).collect();
    if text.chars().nth(CHARS_MAX).is_some() {
        line.push('…');
    }
    line
}

/// Characters that reorder the text around them, with which a name could make a table say the opposite.
fn is_bidirectional(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

/// For Markdown outside of code: no table cell ends, no tag or link begins, nobody is mentioned, no issue is linked.
pub(super) fn markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in line(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            // A zero-width space after it keeps the character visible and breaks the reference.
            '@' | '#' => escaped.extend([c, '\u{200b}']),
            '|' | '`' | '*' | '_' | '[' | ']' | '\\' | '~' | '!' => escaped.extend(['\\', c]),
            ':' => escaped.push_str("&#58;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

/// For XML text and attributes.
pub(super) fn xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\n' | '\t' => escaped.push(c),
            _ if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            _ => escaped.push(c),
        }
    }
    escaped
}

/// For a CSV cell: spreadsheets run a cell that begins like a formula.
pub(super) fn csv(text: &str) -> String {
    let text = line(text);
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_are_harmless_in_every_format() {
        let name = "=<script>alert(1)</script>|@team #12\n`x`\u{202e}";
        assert_eq!(markdown(name), "=&lt;script&gt;alert(1)&lt;/script&gt;\\|@\u{200b}team #\u{200b}12 \\`x\\` ");
        assert_eq!(xml("a<b>&\"\u{1}"), "a&lt;b&gt;&amp;&quot;\u{fffd}");
        assert_eq!(csv("=1+1"), "'=1+1");
        assert_eq!(line(&"x".repeat(300)).chars().count(), 201);
    }
}
