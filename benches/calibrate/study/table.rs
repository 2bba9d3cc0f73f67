//! The results as Markdown.

use std::fmt::Write as _;

use super::{
    Change, Rival,
    plan::{Results, Study},
    tally::Tally,
};

/// Changes that tables have a column for.
const SHARES: [f64; 3] = [0.05, 0.10, 0.20];

/// What the gate made of each design; side by side also how many replicates it took.
pub(crate) fn of_gate(design: &str, studies: &[(Study, Results)]) -> String {
    let has_replicates = studies.iter().any(|(study, _)| study.has_replicates());
    let [head, line] = if has_replicates { [" replicates: unchanged, changed |", "---|"] } else { ["", ""] };
    let mut text = format!(
        "| {design} | | nothing changed: failed (at most) | warned, % | inconclusive, % | passed, % | \
         found, %: one endpoint +5 / +10 / +20 % | the whole +5 / +10 / +20 % | \
         smallest p50 change seen: endpoint, whole |{head}\n|---|---|---|---|---|---|---|---|---|{line}\n"
    );
    for (study, results) in studies {
        for (number, (name, tallies)) in study.designs().iter().zip(results.designs()).enumerate() {
            let unchanged = &tallies[0];
            let title = if number == 0 { study.name.as_str() } else { "" };
            let seen =
                unchanged.seen.map(|(sum, count)| if count == 0 { "-".to_owned() } else { percent(sum / f64::from(count)) });
            let shares = [unchanged.warned, unchanged.inconclusive, unchanged.passed]
                .map(|count| share(unchanged.share(count)))
                .join(" | ");
            let _ = writeln!(
                text,
                "| {title} | {name} | {}/{} ({}) | {shares} | {} | {} | {} |{}",
                unchanged.failed,
                unchanged.cases,
                bound(unchanged.failed_at_most()),
                found(study, tallies, Change::One),
                found(study, tallies, Change::Whole),
                seen.join(", "),
                if has_replicates { replicates(tallies) } else { String::new() },
            );
        }
    }
    text
}

/// Replicates that were played on average, before the end where a look was sure: where nothing changed, and where something did.
fn replicates(tallies: &[Tally]) -> String {
    let (unchanged, changed) = tallies.split_at(1);
    let mean = |tallies: &[Tally]| {
        let played: f64 = tallies.iter().map(|tally| tally.replicates).sum();
        let cases: u32 = tallies.iter().map(|tally| tally.cases).sum();
        if cases == 0 { "-".to_owned() } else { format!("{:.1}", played / f64::from(cases)) }
    };
    format!(" {}, {} |", mean(unchanged), mean(changed))
}

/// Shares of the cases in which a change was found, by its size.
fn found(study: &Study, tallies: &[Tally], change: fn(f64) -> Change) -> String {
    let of_size = |size: f64| {
        let tally = study.changes.iter().position(|known| *known == change(size)).map(|number| &tallies[number]);
        tally.map_or_else(|| "-".to_owned(), |tally| share(tally.share(tally.found)))
    };
    SHARES.map(of_size).join(" / ")
}

/// What other rules make of the same runs.
pub(crate) fn of_rivals(studies: &[(Study, Results)]) -> String {
    let mut text = "| alarms in % of the same runs | | what changed |".to_owned();
    for rival in Rival::ALL {
        let _ = write!(text, " {} |", rival.name());
    }
    text += " loadgate |\n|---|---|---|---|---|---|---|\n";
    for (study, results) in studies {
        let are_asked = |tallies: &Vec<Tally>| tallies[0].rivals.iter().any(|[cases, ..]| *cases > 0);
        if !results.designs().iter().any(are_asked) {
            continue;
        }
        // Other rules do not learn, so where designs differ by what is learned, the last one stands for all.
        let same = results.designs().windows(2).all(|pair| pair[0][0].rivals == pair[1][0].rivals);
        let first = if same { results.designs().len() - 1 } else { 0 };
        for (name, tallies) in study.designs().iter().zip(results.designs()).skip(first) {
            let _ = writeln!(text, "| {} | {name} | {} | {} |", study.name, changes(study), of_rules(tallies).join(" | "));
        }
    }
    text
}

fn changes(study: &Study) -> String {
    let name = |change: &Change| match change {
        Change::None => "none".to_owned(),
        Change::One(size) => format!("one +{:.0} %", size * 100.0),
        Change::Whole(size) => format!("whole +{:.0} %", size * 100.0),
    };
    study.changes.iter().map(name).collect::<Vec<_>>().join(" / ")
}

/// By rule: false alarms, and how often each true change is found.
fn of_rules(tallies: &[Tally]) -> Vec<String> {
    let cell = |of: &dyn Fn(usize, &Tally) -> Option<f64>| {
        let shares = tallies.iter().enumerate().map(|(number, tally)| of(number, tally).map_or_else(|| "-".to_owned(), share));
        shares.collect::<Vec<_>>().join(" / ")
    };
    let rivals = (0..Rival::ALL.len()).map(|rival| {
        cell(&|number, tally| {
            let [cases, any, found] = tally.rivals[rival];
            (cases > 0).then(|| f64::from(if number == 0 { any } else { found }) / f64::from(cases))
        })
    });
    let own = cell(&|number, tally| Some(tally.share(if number == 0 { tally.failed } else { tally.found })));
    rivals.chain([own]).collect()
}

/// In percent, without the sign.
fn share(share: f64) -> String {
    let percent = share * 100.0;
    if percent == 0.0 || percent >= 9.95 { format!("{percent:.0}") } else { format!("{percent:.1}") }
}

/// A bound in percent, rounded up, so that one above a limit is not read as one that keeps it.
pub(super) fn bound(fraction: f64) -> String {
    format!("{:.1} %", (fraction * 1_000.0).ceil() / 10.0)
}

fn percent(fraction: f64) -> String {
    format!("{} %", share(fraction))
}
