//! Lines for a POSIX shell. Whatever they are made of was written by others, so each word is quoted.

use crate::record::{FailureSample, StepFacts};

/// What stands in the place of what must not be shown.
const MASK: &str = "***";
/// The variable for a port that is chosen when the service is started.
pub const PORT: &str = "PORT";
/// The same, as records have it in addresses.
const PORT_IN_URL: &str = "$PORT";
/// Headers that are of the connection, and for curl to say.
const OWN: [&str; 4] = ["content-length", "connection", "accept-encoding", "host"];

/// A word as a shell reads it: bare where it is harmless, else within single quotes.
#[must_use]
pub fn word(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let is_harmless = |c: char| c.is_ascii_alphanumeric() || "/._-+@:,=%".contains(c);
    if !text.is_empty() && text.chars().all(is_harmless) { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

/// The request of a step as arguments of curl, and the variables that stand for what is not shown. The path of a request that failed is
/// taken where there is one: it has no templates.
pub(super) fn curl(step: &StepFacts, failure: Option<&FailureSample>) -> (String, Vec<String>) {
    let (mut args, mut variables) = (Vec::new(), Vec::new());
    if step.method == "HEAD" {
        args.push("--head".to_owned());
    } else if step.method != "GET" {
        args.push(format!("-X {}", word(&step.method)));
    }
    args.push(url(step, failure));
    if step.url.contains(PORT_IN_URL) {
        variables.push(PORT.to_owned());
    }
    for (name, value) in step.headers.iter().filter(|(name, _)| !OWN.contains(&name.to_ascii_lowercase().as_str())) {
        if value.contains(MASK) {
            let variable = variable(name);
            args.push(format!("-H {}\"${variable}\"", word(&format!("{name}: "))));
            variables.push(variable);
        } else {
            args.push(format!("-H {}", word(&format!("{name}: {value}"))));
        }
    }
    if !step.body.is_empty() {
        args.push(format!("--data-raw {}", word(&step.body)));
    }
    (args.join(" "), variables)
}

/// The address; a port that is chosen when the service is started is left to the variable.
fn url(step: &StepFacts, failure: Option<&FailureSample>) -> String {
    let sent = failure.and_then(|failure| failure.exchange.as_ref()).and_then(|sent| sent.request.split_once(' '));
    let host_end = step.url.find("://").and_then(|at| step.url[at + 3..].find('/').map(|slash| at + 3 + slash));
    let url = match (sent, host_end) {
        (Some((_, path)), Some(end)) if step.varies && !path.contains(MASK) => format!("{}{path}", &step.url[..end]),
        _ => step.url.clone(),
    };
    match url.split_once(PORT_IN_URL) {
        Some((before, after)) => format!("{}\"$PORT\"{}", word(before), word(after)),
        None => word(&url),
    }
}

/// `X-Api-Key` -> `X_API_KEY`.
fn variable(header: &str) -> String {
    let name: String = header.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("H_{name}") } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_gets_out_of_its_word() {
        assert_eq!(word("http://127.0.0.1:80/a"), "http://127.0.0.1:80/a");
        assert_eq!(word("it's; rm -rf $HOME `id`\n#"), "'it'\\''s; rm -rf $HOME `id` #'");
        assert_eq!(word(""), "''");
    }

    #[test]
    fn a_request_is_sent_as_it_was_with_variables_for_what_is_secret() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let step = StepFacts {
            method: "POST".to_owned(),
            url: "http://127.0.0.1:$PORT/api/orders".to_owned(),
            headers: vec![pair("authorization", "***"), pair("accept", "text/html"), pair("content-length", "3")],
            body: "{\"a\":1}".to_owned(),
            ..StepFacts::default()
        };
        let (line, variables) = curl(&step, None);
        let expected = "-X POST http://127.0.0.1:\"$PORT\"/api/orders -H 'authorization: '\"$AUTHORIZATION\" -H 'accept: text/html' --data-raw '{\"a\":1}'";
        assert_eq!((line.as_str(), variables), (expected, vec!["PORT".to_owned(), "AUTHORIZATION".to_owned()]));
    }
}
