//! How reports tell of versions that were played side by side.

use super::fixture::{self, SHOP, row};
use crate::{
    compare::{Comparison, Look, Part, Rerun, SERVICE, looks, looks_of_pair},
    exit::Exit,
    policy::{Mode, Quantile},
    report::{VerdictFile, View, console},
    verdict::{Reference, SetAside, VerdictKind},
};

/// Replicates of 20 s at a look.
fn comparison(look: Look) -> Comparison {
    let runs = if look.part == Part::Block { 1 } else { look.used };
    Comparison {
        mode: Mode::Ab,
        look,
        run_us: 20_000_000,
        baseline_runs: runs,
        candidate_runs: runs,
        blocks: if look.part == Part::Block { look.used } else { 4 },
        ..fixture::comparison(vec![
            row(SERVICE, Quantile::P50, 12_400.0, 0.004),
            row("GET /search", Quantile::P50, 12_000.0, 0.004),
        ])
    }
}

fn view(kind: VerdictKind, comparison: Comparison) -> View {
    let runs = vec![fixture::run(&SHOP); comparison.candidate_runs];
    let verdict = fixture::verdict(kind, Exit::Ok, "no regression found", Reference::Compared(Box::new(comparison)));
    View::new(&verdict, &runs, &runs)
}

fn how_sure(view: &View) -> &str {
    let text = &view.judged.compared.as_ref().unwrap().how_sure;
    text.split_once(" The chance").map_or(text, |(text, _)| text)
}

#[test]
fn all_replicates_are_told_as_such_in_every_report() {
    let view = view(VerdictKind::Pass, comparison(Look::only(6, 0.01)));
    assert_eq!(how_sure(&view), "Both versions side by side in 6 replicates, each in 4 blocks of 5s.");
    assert!(console(&view).contains("compared with the baseline (live beside the candidate in 6 replicates)"));
    for report in ["comment.md", "step_summary.md", "report.html"] {
        let text = super::text(report, &view);
        assert!(
            text.contains("Both versions side by side in 6 replicates") && text.contains("live beside the candidate"),
            "{text}"
        );
    }
    let file: VerdictFile = serde_json::from_str(&super::text("verdict.json", &view)).unwrap();
    assert_eq!((file.mode.as_str(), file.replicates, file.planned_replicates), ("ab", 6, None));
}

#[test]
fn an_early_stop_says_what_was_saved() {
    let early = view(VerdictKind::Pass, comparison(looks(6, 0.01)[1]));
    assert_eq!(
        how_sure(&early),
        "Both versions side by side in 4 replicates, each in 4 blocks of 5s. Stopped after 4 of 6 replicates (1m20s of 2m measured): sure."
    );
    assert_eq!((early.file.replicates, early.file.planned_replicates), (4, Some(6)));
    let cut = view(VerdictKind::Invalid, comparison(looks(6, 0.01)[1]));
    assert!(how_sure(&cut).ends_with("Only 4 of 6 replicates (1m20s of 2m measured) were played."), "{}", how_sure(&cut));
}

#[test]
fn what_was_set_aside_is_told_once_in_each_report_and_kept_in_the_verdict() {
    let comparison = comparison(Look::only(6, 0.01));
    let runs = vec![fixture::run(&SHOP); comparison.candidate_runs];
    let mut verdict =
        fixture::verdict(VerdictKind::Pass, Exit::Ok, "no regression found", Reference::Compared(Box::new(comparison)));
    let reason = "the load generator was late itself: 1% of the requests were sent 12.9 ms or more late, 10 ms are allowed";
    verdict.set_aside = vec![SetAside { replicate: 3, reason: reason.to_owned(), again: true }];
    verdict.reasons = verdict.set_aside.iter().map(SetAside::sentence).collect();
    let view = View::new(&verdict, &runs, &runs);
    let sentence = format!("Replicate 3 was played again: {reason}.");
    assert!(view.judged.compared.as_ref().unwrap().how_sure.ends_with(&sentence));
    let times = |text: String| text.matches("eplicate 3 was played again").count();
    let among_the_facts = 1;
    assert_eq!((times(console(&view)), times(super::text("comment.md", &view))), (1, 1 + among_the_facts));
    let html = super::text("report.html", &view);
    assert!(html.contains(&sentence) && html.contains("set aside"), "{html}");
    let file: VerdictFile = serde_json::from_str(&super::text("verdict.json", &view)).unwrap();
    let [set_aside] = &file.set_aside[..] else { panic!("{:?}", file.set_aside) };
    assert_eq!((set_aside.replicate, set_aside.played_again, set_aside.reason.as_str()), (3, true, reason));
    assert_eq!(file.reasons.len(), 1);
}

#[test]
fn an_early_stop_of_one_pair_is_told_in_time() {
    let early = view(VerdictKind::Fail, comparison(looks_of_pair(24, 0.01)[1]));
    assert_eq!(
        how_sure(&early),
        "Both versions side by side, one process of each, in 12 blocks of 5s. Stopped after 1m of 2m: sure."
    );
    assert_eq!((early.file.replicates, early.file.planned_replicates), (1, None));
}

#[test]
fn what_would_help_is_more_replicates_and_no_more_baselines() {
    let view = view(VerdictKind::Inconclusive, comparison(Look::only(6, 0.01)));
    assert!(view.judged.next[0].text.starts_with("Play more replicates"), "{:?}", view.judged.next);
}

#[test]
fn what_was_played_again_is_said_with_what_became_of_the_regression() {
    let look = looks(6, 0.01)[0];
    let rerun = |confirms| Rerun { candidate_runs: 3, look, confirms };
    let again = |kind, reruns| view(kind, Comparison { reruns, ..comparison(look) });
    let shown = again(VerdictKind::Fail, vec![rerun(true)]);
    assert!(how_sure(&shown).ends_with(
        "The first run stopped after 3 of 6 replicates (1m of 2m measured): sure of itself. The figures are those of the first run; all \
         was played again once, and the regression showed each time."
    ), "{}", how_sure(&shown));
    let open = again(VerdictKind::Inconclusive, vec![rerun(true), rerun(false)]);
    assert!(how_sure(&open).ends_with("all was played again 2 times, and the regression did not show each time."));
    let reruns: Vec<_> = open.file.reruns.iter().map(|rerun| (rerun.replicates, rerun.confirms)).collect();
    assert_eq!(reruns, [(3, true), (3, false)]);
}
