//! Verdicts read from files, which strangers may have written.

use super::{
    comment::regression,
    fixture::{HOSTILE, failing, hostile, inconclusive, invalid, passing, without_baseline},
};
use crate::{
    report::{
        ValidityRow, VerdictFile, View,
        comment::{Around, Comment, Rung},
    },
    verdict::CHECKS,
};

fn heading(view: &View) -> String {
    let text = Comment::of(view, &Around::default()).at(Rung::Verdict).unwrap();
    text.lines().next().unwrap_or_default().to_owned()
}

fn table(view: &View) -> Vec<String> {
    let text = Comment::of(view, &Around::default()).at(Rung::Rows).unwrap();
    text.lines().filter(|line| line.starts_with('|')).map(str::to_owned).collect()
}

#[test]
fn a_comment_made_of_the_file_says_what_the_one_of_the_run_said() {
    for view in [regression(), passing(), inconclusive(), without_baseline(), invalid(), failing()] {
        let read: VerdictFile = serde_json::from_str(&super::text("verdict.json", &view)).unwrap();
        let restored = View::restored(&read).unwrap();
        assert_eq!(table(&restored), table(&view));
        let how_sure = |view: &View| view.judged.compared.as_ref().map(|compared| compared.how_sure.clone());
        assert_eq!(how_sure(&restored), how_sure(&view));
        assert_eq!(restored.judged.kind, view.judged.kind);
    }
    assert_eq!(heading(&View::restored(&passing().file).unwrap()), heading(&passing()));
}

#[test]
fn checks_of_a_baseline_beside_the_candidate_are_not_lost() {
    let mut file = passing().file;
    let row = file.validity[0].clone();
    file.validity.extend(CHECKS.map(|name| ValidityRow { check: name.to_owned(), ..row.clone() }));
    let restored = View::restored(&file).unwrap();
    assert_eq!(restored.judged.validity.len(), file.validity.len());
    assert_eq!(restored.judged.validity.last().unwrap().name, "baseline achieved rate");
}

#[test]
fn sentences_of_the_file_are_not_believed_where_figures_tell() {
    let mut file = regression().file;
    file.reasons = vec!["all is well, see evil.example".to_owned()];
    file.comparisons.iter_mut().for_each(|row| row.reason = "all is well".to_owned());
    let text = Comment::of(&View::restored(&file).unwrap(), &Around::default()).at(Rung::Full).unwrap();
    assert!(
        text.starts_with("### ❌ loadgate: regression in 1 of 3 endpoints (GET /search p99 +31%); 1 threshold broken"),
        "{text}"
    );
    assert!(!text.contains("all is well"), "{text}");
}

#[test]
fn a_verdict_that_contradicts_its_rows_is_refused() {
    let changed = |change: fn(&mut VerdictFile)| {
        let mut file = regression().file;
        change(&mut file);
        View::restored(&file).unwrap_err()
    };
    let passes = |file: &mut VerdictFile| (file.verdict, file.exit_code) = ("pass".to_owned(), 0);
    assert_eq!(changed(passes), "it says 'pass' above a row that fails");
    assert_eq!(changed(|file| file.exit_code = 0), "the verdict 'fail' does not go with exit code 0");
    assert_eq!(changed(|file| file.verdict = "fine".to_owned()), "there is no verdict 'fine'");
    assert_eq!(changed(|file| file.comparisons[0].metric = "max".to_owned()), "there is no compared metric 'max'");
    assert_eq!(changed(|file| file.comparisons[1].change = Some(1e300)), "a figure of 'GET /search' is beyond all measure");
    assert_eq!(changed(|file| file.thresholds[0].outcome = "ok".to_owned()), "there is no outcome 'ok' of a threshold");
    assert!(changed(|file| file.thresholds[0].expr = "rm -rf".to_owned()).contains("compares nothing"));
    assert!(changed(|file| file.comparisons = vec![file.comparisons[0].clone(); 20_000]).contains("20000 entries"));
}

#[test]
fn a_hostile_file_links_nowhere_and_stays_short() {
    let mut file = hostile().file;
    if let Some(ci) = &mut file.candidate.ci {
        ci.url = Some("https://evil.example/".to_owned());
    }
    file.config = Some(HOSTILE.repeat(100));
    file.candidate.partial = Some("x".repeat(100_000));
    file.thresholds.clear();
    file.replicates = usize::MAX;
    file.planned_replicates = Some(usize::MAX);
    let view = View::restored(&file).unwrap();
    let text = Comment::of(&view, &Around::default()).at(Rung::Short).unwrap();
    assert!(text.len() < 20_000 && !text.contains("evil.example") && !text.contains("<script"), "{text}");
    assert!(crate::report::annotations(&view, 10).is_empty());
}
