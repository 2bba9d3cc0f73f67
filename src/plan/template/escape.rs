//! How values are written into what a template makes.

use minijinja::{AutoEscape, Error, ErrorKind, Output, State, Value, escape_formatter, value::ValueKind};

/// Characters beside letters and digits that may stand in a path or a query as they are (RFC 3986, `pchar`, `/` and `?`).
const LEGAL: &str = "-._~!$&'()*+,;=:@/?";

/// What a template is for that makes a regular expression: what is put into it means itself.
pub(super) const PATTERN: &str = "pattern";

/// Writes a value as the template's purpose asks for.
pub(super) fn write(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    if *state.auto_escape() == AutoEscape::Json {
        return escape_formatter(out, state, value);
    }
    match value.kind() {
        // Let the engine say what is undefined.
        ValueKind::Undefined => return escape_formatter(out, state, value),
        ValueKind::Seq | ValueKind::Map | ValueKind::Iterable | ValueKind::Plain | ValueKind::Invalid => {
            let message = format!("{} can't stand in a text; name one value of it, or use pick() or |tojson", in_words(value));
            return Err(Error::new(ErrorKind::InvalidOperation, message));
        }
        _ => {}
    }
    if let AutoEscape::Custom(purpose) = state.auto_escape() {
        let text = value.to_string();
        let escaped = if purpose == PATTERN { regex::escape(&text) } else { percent_encoded(&text) };
        return out.write_str(&escaped).map_err(Error::from);
    }
    write!(out, "{value}").map_err(Error::from)
}

fn in_words(value: &Value) -> &'static str {
    match value.kind() {
        ValueKind::Map => "a map",
        ValueKind::Seq | ValueKind::Iterable => "a list",
        _ => "this value",
    }
}

/// What is not legal in a path or a query, percent-encoded; what is encoded already stays as it is.
fn percent_encoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let is_hex = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
    let mut encoded = String::with_capacity(text.len());
    for (at, &byte) in bytes.iter().enumerate() {
        let legal = byte.is_ascii_alphanumeric() || (byte.is_ascii() && LEGAL.contains(char::from(byte)));
        if legal || (byte == b'%' && is_hex(at + 1) && is_hex(at + 2)) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
