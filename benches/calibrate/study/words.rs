//! What the tables say, in sentences: written with them, so that no number in the text is older than the tables.

use super::{
    plan::{Results, Study},
    table::bound,
    tally::Tally,
    targets::FALSE_ALARMS,
};

/// A design of a study, and its unchanged builds.
struct Line<'a> {
    name: String,
    unchanged: &'a Tally,
}

impl Line<'_> {
    /// `queue, k = 20: 7 of 600, between 0.6 % and 2.1 %`.
    fn in_words(&self) -> String {
        let (failed, cases) = (self.unchanged.failed, self.unchanged.cases);
        // Rounded down, as the other end is rounded up.
        let least = (self.unchanged.failed_at_least() * 1_000.0).floor() / 10.0;
        format!("{}: {failed} of {cases}, between {least:.1} % and {}", self.name, bound(self.unchanged.failed_at_most()))
    }
}

/// Sentences about all studies.
pub(crate) fn of(studies: &[(Study, Results)]) -> String {
    let (mut shown, mut open, mut above, mut limits) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut warm_ups = String::new();
    for (study, results) in studies {
        for line in lines(study, results) {
            if study.seeks_warm_up() {
                let Tally { cut, cases, .. } = line.unchanged;
                warm_ups += &format!(
                    "- **A warm-up where there is none**: {}: a beginning of {cut} of {cases} unchanged builds is left out.\n",
                    line.name
                );
            }
            let kind = if study.one_odd_process() {
                &mut limits
            } else if line.unchanged.failed_at_most() <= FALSE_ALARMS {
                &mut shown
            } else if line.unchanged.failed_at_least() > FALSE_ALARMS {
                &mut above
            } else {
                &mut open
            };
            kind.push(line);
        }
    }
    let all = shown.len() + open.len() + above.len();
    let items = [
        format!("- **Shown to fail at most 1 % of the unchanged builds**: {} of {all} lines.\n", shown.len()),
        list("Neither shown nor refuted", &open),
        list("Above 1 %", &above),
        list("Not counted, as one pair of processes can't tell an odd process from a change", &limits),
        warm_ups,
    ];
    format!("In words, each line by itself, and with 95 % confidence on either side:\n\n{}", items.concat())
}

/// The lines of a study, as the tables name them.
fn lines<'a>(study: &Study, results: &'a Results) -> Vec<Line<'a>> {
    let designs = study.designs().into_iter().zip(results.designs());
    designs.map(|(design, tallies)| Line { name: format!("{}, {design}", study.name), unchanged: &tallies[0] }).collect()
}

/// An item that names lines; none without them.
fn list(title: &str, lines: &[Line<'_>]) -> String {
    let named: Vec<String> = lines.iter().map(Line::in_words).collect();
    if named.is_empty() { String::new() } else { format!("- **{title}**: {}.\n", named.join("; ")) }
}
