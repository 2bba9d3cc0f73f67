//! Guessing what was meant.

/// `did you mean 'duration'?` when one of the known names is near, else the list of them.
#[must_use]
pub fn hint<'a>(word: &str, known: impl IntoIterator<Item = &'a str>, what: &str) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let lower = word.to_lowercase();
    let nearest = known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(&name.to_lowercase(), &lower), *name))
        .min()
        // A third of the letters may be wrong, rounded up.
        .filter(|(distance, name)| *distance <= name.chars().count().div_ceil(3));
    match nearest {
        Some((_, name)) => format!("did you mean '{name}'?"),
        None if known.is_empty() => format!("there are no {what}"),
        None => format!("{what}: {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_recognised_and_a_stranger_is_not() {
        assert_eq!(hint("durration", ["rate", "duration"], "keys"), "did you mean 'duration'?");
        assert_eq!(hint("Rate", ["rate", "duration"], "keys"), "did you mean 'rate'?");
        assert_eq!(hint("colour", ["rate", "duration"], "known keys"), "known keys: rate, duration");
        assert_eq!(hint("x", [], "endpoints"), "there are no endpoints");
    }
}
