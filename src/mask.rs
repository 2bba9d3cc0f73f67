//! Values that must not be shown, taken out of a text: those we know, and those whose names say what they are.

mod credentials;

pub use credentials::{hidden, hidden_but, is_credential, shortened};

/// What stands in their place.
pub const MASK: &str = "***";
/// Characters of a value that must be there for its beginning to be known: fewer say nothing, and stand in many words.
const BEGINNING_CHARS_MIN: usize = 4;

/// The text with every one of the values replaced by `***`, longest first. Texts are cut before they are kept: what is left of a
/// value at such an end, at least 4 characters, is replaced too. A cut is at the end of the text, or before `..`.
pub fn mask<'a>(text: &str, values: impl Iterator<Item = &'a str> + Clone) -> String {
    let whole = values.clone().fold(text.to_owned(), |text, value| text.replace(value, MASK));
    values.fold(whole, without_beginning)
}

fn without_beginning(mut text: String, value: &str) -> String {
    let cuts: Vec<usize> = value.char_indices().map(|(at, _)| at).skip(BEGINNING_CHARS_MIN).collect();
    for beginning in cuts.into_iter().rev().map(|at| &value[..at]) {
        if !text.contains(beginning) {
            continue;
        }
        text = text.replace(&format!("{beginning}.."), &format!("{MASK}.."));
        // The marks of a first cut may have been cut themselves.
        for end in ["", "."] {
            if let Some(front) = text.strip_suffix(end).and_then(|text| text.strip_suffix(beginning)) {
                text = format!("{front}{MASK}{end}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "tök-5ecret-0f-the-env";

    fn masked(text: &str) -> String {
        mask(text, [SECRET].into_iter())
    }

    #[test]
    fn a_value_that_was_cut_is_masked_wherever_the_cut_is() {
        let chars: Vec<char> = SECRET.chars().collect();
        for length in BEGINNING_CHARS_MIN..=chars.len() {
            let cut: String = chars[..length].iter().collect();
            assert_eq!(masked(&format!("found {cut}")), "found ***");
            assert_eq!(masked(&format!("found {cut}.")), "found ***.");
            assert_eq!(masked(&format!("found {cut}.. (no JSON)")), "found ***.. (no JSON)");
        }
    }

    #[test]
    fn what_only_looks_like_a_beginning_stays() {
        assert_eq!(masked("tök"), "tök");
        assert_eq!(masked("tök-5 is no end"), "tök-5 is no end");
    }
}
