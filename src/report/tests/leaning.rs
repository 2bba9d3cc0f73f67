//! Changes that do not count and yet may be real, and comparisons of nothing: what is said of them wherever they are shown.

use super::fixture::{SHOP, comparison, errors, row, run, verdict};
use crate::{
    compare::{Change, ComparedMetric, Comparison, Grade, Outcome, Row, SERVICE},
    exit::Exit,
    policy::Quantile,
    report::{View, console},
    verdict::{Reference, Verdict, VerdictKind},
};

fn of(verdict: &Verdict) -> View {
    View::new(verdict, &[run(&SHOP)], &[run(&SHOP)])
}

#[test]
fn no_tick_stands_beside_a_change_that_its_interval_takes_for_real() {
    let leaning = |grade, estimate: f64, (low, high)| {
        let mut row = row("GET /search", Quantile::P95, 20_000.0, estimate);
        row.change = row.change.map(|change| Change { interval: Some((low, high)), ..change });
        Row { grade: Some(grade), ..row }
    };
    let all_errors = Row {
        outcome: Outcome::Inconclusive,
        grade: Some(Grade::ToldByEndpoints),
        candidate: Some(1.0),
        change: Some(Change { estimate: 1.0, interval: Some((0.98, 1.0)), p_value: None }),
        ..errors(SERVICE)
    };
    let rows = vec![
        all_errors,
        leaning(Grade::NoChangeFound, 0.14, (0.044, 0.25)),
        leaning(Grade::Equivalent, 0.04, (0.01, 0.07)),
        leaning(Grade::TooSmallToMatter, 0.02, (0.01, 0.03)),
        leaning(Grade::NoChangeFound, -0.14, (-0.25, -0.044)),
        leaning(Grade::Equivalent, -0.02, (-0.03, -0.01)),
        leaning(Grade::NoChangeFound, 0.14, (-0.01, 0.3)),
        Row { metric: ComparedMetric::ErrorRate, ..leaning(Grade::Equivalent, 0.002, (0.001, 0.003)) },
    ];
    let view = of(&verdict(VerdictKind::Pass, Exit::Ok, "", Reference::Compared(Box::new(comparison(rows)))));
    let compared = view.judged.compared.as_ref().unwrap();
    let found: Vec<String> = compared.rows.iter().map(|row| format!("{} {}: {}", row.sign, row.class, row.found)).collect();
    assert_eq!(
        found,
        [
            "✖ fail: more errors, see endpoints",
            "≈ near: looks slower, not shown",
            "≈ near: looks slower, within the tolerance",
            "≈ near: slower, too small to matter",
            "≈ near: looks faster, not shown",
            "≈ near: looks faster, too small to matter",
            "✔ same: unchanged",
            "≈ near: perhaps more errors, within the tolerance",
        ]
    );
    assert_eq!(
        compared.rest.as_deref(),
        Some("1 comparison unchanged, 6 comparisons with a change too small or too unsure to count.")
    );
    assert!(view.file.comparisons[1..].iter().all(|row| row.outcome == "unchanged"), "the file's word stays");
    for file in ["comment.md", "report.html"] {
        let text = super::text(file, &view);
        assert!(text.contains("looks slower, not shown") && text.contains("more errors, see endpoints"), "{file}");
        assert!(!text.contains("✔ looks") && !text.contains("✔ slower"), "{file}");
    }
}

#[test]
fn a_comparison_of_nothing_is_no_empty_table() {
    let nothing = Comparison { coverage: 0.0, blocks: 0, family: 0, sensitivity: None, ..comparison(Vec::new()) };
    let view = of(&verdict(VerdictKind::Invalid, Exit::Invalid, "", Reference::Compared(Box::new(nothing))));
    let text = console(&view);
    assert!(!text.contains("compared with the baseline") && text.contains("how sure: Nothing could be compared.\n"), "{text}");
    assert!(!super::text("comment.md", &view).contains("All comparisons"));
    assert!(!super::text("report.html", &view).contains("95% interval</th>"));
}
