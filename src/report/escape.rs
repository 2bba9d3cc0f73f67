//! Making text from outside (endpoint names, failures, refs) harmless in each format.

/// Longest free text from the target that any report shows, in characters.
pub(super) const FREE_TEXT_MAX: usize = 200;

/// On one line, without control characters, without what nobody sees, and without marks that turn the reading direction around.
pub(super) fn plain(text: &str) -> String {
    let one_line = text.chars().map(|c| if c.is_whitespace() || is_line_break(c) { ' ' } else { c });
    one_line.filter(|c| !c.is_control() && !turns_direction(*c) && !is_unseen(*c) && !is_noncharacter(*c)).collect()
}

fn is_line_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn turns_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Characters of no width: two names that look the same must be the same. Tags among them hide whole sentences.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}'
        | '\u{206a}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// XML 1.0 has no way to write these, not even escaped.
fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{fffe}' | '\u{ffff}')
}

/// [`plain`], cut to [`FREE_TEXT_MAX`] characters.
pub(super) fn capped(text: &str) -> String {
    let text = plain(text);
    match text.char_indices().nth(FREE_TEXT_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Text of at most so many characters: its begin and its end, as names that look alike may differ at either.
pub(super) fn squeezed(text: &str, max: usize) -> String {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() <= max || max == 0 {
        return text.to_owned();
    }
    let (head, tail) = (max / 2, max - max / 2 - 1);
    chars[..head].iter().chain(&['…']).chain(&chars[chars.len() - tail..]).collect()
}

/// A zero-width space, spelt so that it can be seen in the source.
const NO_LINK: &str = "&#8203;";

/// Text inside a Markdown line or table cell. What could mention people, link issues or pages gets a zero-width space, as a
/// backslash does not stop the server from finding it.
pub(super) fn markdown(text: &str) -> String {
    let text = plain(text);
    let mut safe = String::with_capacity(text.len() + 16);
    let mut before = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '@' | '#' => safe.extend([c.to_string().as_str(), NO_LINK]),
            ':' if rest.peek() == Some(&'/') => safe.extend([":", NO_LINK]),
            '.' if ends_with(&safe, "www") => safe.extend([NO_LINK, "."]),
            '-' if ends_with(&safe, "gh") && rest.peek().is_some_and(char::is_ascii_digit) => safe.extend([NO_LINK, "-"]),
            '_' if is_word(before) && is_word(rest.peek().copied()) => safe.push(c),
            '\\' | '`' | '*' | '_' | '[' | ']' | '~' | '|' | '$' => safe.extend(['\\', c]),
            _ => safe.push(c),
        }
        before = Some(c);
    }
    safe
}

fn ends_with(text: &str, end: &str) -> bool {
    let tail = text.len().checked_sub(end.len()).and_then(|begin| text.get(begin..));
    tail.is_some_and(|tail| tail.eq_ignore_ascii_case(end))
}

fn is_word(c: Option<char>) -> bool {
    c.is_some_and(char::is_alphanumeric)
}

/// A name in Markdown's code style, cut to [`FREE_TEXT_MAX`]: in backticks where nothing in it can break out, else as escaped HTML.
pub(super) fn markdown_code(name: &str) -> String {
    let name = &capped(name);
    let tame = |c: char| c.is_ascii_alphanumeric() || " /_-.,:;{}?=&%+*()'".contains(c);
    if !name.trim().is_empty() && name.chars().all(tame) {
        format!("`{name}`")
    } else {
        format!("<code>{}</code>", markdown(name))
    }
}

/// A line within `<pre>` in Markdown, where nothing is Markdown any more. Whether a server links what it finds there is the server's to
/// decide, so it finds nothing.
pub(super) fn markdown_pre(line: &str) -> String {
    // Numbers of issues first: what takes links apart holds their sign itself.
    let links = [("#", "#&#8203;"), ("@", "@&#8203;"), ("://", ":&#8203;//"), ("www.", "www&#8203;.")];
    links.iter().fold(xml(&plain(line)), |line, (link, apart)| line.replace(link, apart))
}

/// Text in an XML document. Control characters, which XML can't hold in any form, become spaces.
pub(super) fn xml(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() || is_noncharacter(c) { ' ' } else { c }).collect();
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A text field of a CSV file, on one line. Spreadsheets run what begins like a formula; an apostrophe makes it text.
pub(crate) fn csv_field(text: &str) -> String {
    let text = plain(text);
    if text.trim_start().starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_cut_in_the_middle_and_stay_different() {
        assert_eq!(squeezed("connections opened", 18), "connections opened");
        assert_eq!(squeezed("db_pool_connections{host=1}", 18), "db_pool_c…{host=1}");
        assert_ne!(squeezed("db_pool_connections{host=1}", 18), squeezed("db_pool_connections{host=2}", 18));
        assert_eq!((squeezed("ébène", 3), squeezed("ab", 1), squeezed("", 5)), ("é…e".to_owned(), "…".to_owned(), String::new()));
    }

    #[test]
    fn control_characters_and_line_breaks_are_gone() {
        assert_eq!(plain("p\u{200b}a\u{ad}y\u{feff} \u{e0041}\u{61c}x"), "pay x");
        assert_eq!(plain("a\u{1b}[31mb\nc\u{202e}d\u{0}"), "a[31mb cd");
        assert_eq!(capped(&"x".repeat(500)).chars().count(), FREE_TEXT_MAX + 1);
    }

    #[test]
    fn markdown_cannot_be_broken_out_of() {
        assert_eq!(markdown("<script>|@team #12"), "&lt;script&gt;\\|@&#8203;team #&#8203;12");
        assert_eq!(markdown("[x](https://evil) `a` *b*"), "\\[x\\](https:&#8203;//evil) \\`a\\` \\*b\\*");
        assert_eq!(markdown("GH-12 gh-x"), "GH&#8203;-12 gh-x");
        assert_eq!(markdown("www.evil.com"), "www&#8203;.evil.com");
        assert_eq!(markdown("error_rate < 1% _now_"), "error_rate &lt; 1% \\_now\\_");
    }

    #[test]
    fn names_are_code_and_stay_so() {
        assert_eq!(markdown_code("GET /items/{id}"), "`GET /items/{id}`");
        assert_eq!(markdown_code("a|b"), "<code>a\\|b</code>");
        assert_eq!(markdown_code("`x`"), "<code>\\`x\\`</code>");
    }

    #[test]
    fn xml_has_no_markup_and_no_control_characters() {
        assert_eq!(xml("a<b> & \"c\" \u{0}]]>"), "a&lt;b&gt; &amp; &quot;c&quot;  ]]&gt;");
    }

    #[test]
    fn formulas_become_text_in_csv() {
        assert_eq!(csv_field("=1+1"), "'=1+1");
        assert_eq!(csv_field("-x"), "'-x");
        assert_eq!(csv_field("\t@x"), "' @x");
        assert_eq!(csv_field("GET /"), "GET /");
    }
}
