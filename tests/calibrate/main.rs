//! The calibration of the gate with few cases (`make calibrate` makes the tables with many): seeded, so that a change of the
//! statistics that cries wolf more often, or sees less, shows here.

#[path = "../../benches/calibrate/study/mod.rs"]
#[allow(dead_code, reason = "tables are for the benchmark")]
mod study;

use loadgate::record::Latencies;
use study::{
    Change, ProcessNoise, Rival, SideBySide, Stored,
    plan::{self, Experiment, Results, Study},
    rivals, rounds, tally, words,
};

/// A study with fewer designs and other changes, the first of them none.
fn reduced(study: &Study, designs: &'static [usize], changes: &[Change]) -> Study {
    let experiment = match study.experiment.clone() {
        Experiment::SideBySide(design) => Experiment::SideBySide(SideBySide { learned: designs, ..design }),
        Experiment::Stored(design) => Experiment::Stored(Stored { baselines: designs, ..design }),
    };
    Study { experiment, changes: changes.to_vec(), ..study.clone() }
}

/// The lines in which any of so many unchanged builds is failed. Cases are seeded, so that none is by bad luck: where one appears,
/// the statistics have changed.
fn false_alarms(studies: &[Study], designs: &'static [usize], cases: u64) -> Vec<String> {
    let failed = |study: &Study| {
        let results = reduced(study, designs, &[Change::None]).play(0..cases);
        let failed: u32 = results.designs().iter().map(|tallies| tallies[0].failed).sum();
        (failed > 0).then(|| format!("{}: {failed} of {cases}", study.name))
    };
    // Fine windows take several times as long, and are played once below.
    studies.iter().filter(|study| !study.one_odd_process() && !study.seeks_warm_up()).filter_map(failed).collect()
}

#[test]
fn side_by_side_no_unchanged_version_is_failed_in_either_family_and_under_process_noise() {
    assert_eq!(false_alarms(&plan::side_by_side(), &[0], 4), Vec::<String>::new());
}

#[test]
fn against_stored_runs_no_unchanged_version_is_failed_on_whatever_runners() {
    assert_eq!(false_alarms(&plan::stored(), &[5], 4), Vec::<String>::new());
}

#[test]
fn ten_percent_on_one_endpoint_are_found_and_half_of_it_with_learned_noise() {
    let usual = &plan::side_by_side()[0];
    let changes = [Change::None, Change::One(0.05), Change::One(0.10), Change::Whole(0.05)];
    let results = reduced(usual, &[0, 5], &changes).play(0..6);
    let [alone, taught] = results.designs() else { panic!("two designs") };
    assert_eq!([alone[2].found, taught[2].found], [6, 6], "+10 % of one endpoint");
    assert_eq!([alone[3].found, taught[3].found], [6, 6], "+5 % of the whole");
    assert!(taught[1].found >= 5 && alone[1].found >= 3, "+5 %: {} and {} of 6", alone[1].found, taught[1].found);
    assert!(taught[1].found >= alone[1].found, "what is learned does not blind: {} and {}", alone[1].found, taught[1].found);
    assert!(alone[0].passed >= 5 && taught[0].passed >= 5, "unchanged: {} and {} of 6", alone[0].passed, taught[0].passed);
    assert_eq!([alone[0].failed, taught[0].failed], [0, 0]);
}

#[test]
fn replicates_tell_an_odd_process_from_a_regression_and_one_pair_does_not() {
    let studies = plan::side_by_side();
    let pair = studies.iter().find(|study| study.one_odd_process()).expect("a study of that limit");
    let of_pair = reduced(pair, &[0], &[Change::None]).play(0..10).designs()[0][0].clone();
    let noisy = |study: &&Study| {
        matches!(&study.experiment, Experiment::SideBySide(SideBySide { processes: ProcessNoise { one, .. }, replicates: 6, .. })
            if *one >= 0.10)
    };
    let replicated = reduced(studies.iter().find(noisy).expect("one with replicates"), &[0], &[Change::None]);
    let replicated = replicated.play(0..10).designs()[0][0].clone();
    assert!(of_pair.failed >= 2 && replicated.failed == 0, "{} and {} of 10", of_pair.failed, replicated.failed);
}

/// Results of a study whose designs all failed so many cases and passed so many, and found every change.
fn as_if_played(study: &Study, cases: u32, failed: u32, passed: u32) -> Results {
    let mut results = Results::new(study.designs().len(), study.changes.len());
    for design in 0..study.designs().len() {
        for change in 0..study.changes.len() {
            *results.of(design, change) = tally::Tally { cases, failed, passed, found: cases, ..tally::Tally::default() };
        }
    }
    results
}

#[test]
fn what_600_cases_leave_in_doubt_is_played_again() {
    let studies = [plan::side_by_side(), plan::stored()].concat();
    let doubts = |name: &str, failed, passed| {
        let study = named(&studies, name);
        rounds::doubts(study, &as_if_played(study, 600, failed, passed))
    };
    assert_eq!(doubts("6 x 20 s, 1000/s", 1, 590), Vec::<usize>::new(), "1 of 600 is below 1 %");
    assert_eq!(doubts("6 x 20 s, 1000/s", 2, 590), [0], "2 of 600 may be above 1 %");
    assert_eq!(doubts("6 x 20 s, 240/s", 0, 539), [0], "90 % is the goal");
    assert_eq!(doubts("6 x 20 s, 240/s", 0, 590), Vec::<usize>::new());
    assert_eq!(doubts("one pair of 120 s, 1000/s, processes of /search differ by 10 %", 200, 100), Vec::<usize>::new());
    assert_eq!(doubts("queue, runners differ by 3 %", 7, 40), [0]);
}

#[test]
fn a_second_round_goes_on_where_the_first_one_ended() {
    let usual = reduced(&plan::side_by_side()[0], &[0], &[Change::None, Change::One(0.20)]);
    let played = rounds::play(&usual, 2, 4);
    let [unchanged, slower] = played.designs()[0].as_slice() else { panic!("two changes") };
    // Two cases show nothing of unchanged builds, and of that change nothing is wanted.
    assert_eq!((unchanged.cases, slower.cases), (4, 2));
    let whole = reduced(&usual, &[0], &[Change::None]).play(0..4).designs()[0][0].clone();
    assert_eq!((unchanged.failed, unchanged.passed, unchanged.rivals), (whole.failed, whole.passed, whole.rivals));
    assert_eq!(rounds::play(&usual, 1, 0).designs()[0][0].cases, 1, "a second round only where it is asked for");
}

#[test]
fn the_words_say_of_each_line_what_its_cases_show() {
    let studies = [plan::side_by_side(), plan::stored()].concat();
    let of = |name: &str, cases, failed| (named(&studies, name).clone(), as_if_played(named(&studies, name), cases, failed, 0));
    let played = [
        of("6 x 10 s, 1000/s", 600, 1),
        of("runners differ by 1 %", 600, 2),
        of("runners differ by 8 %", 2_000, 60),
        of("one pair of 120 s, 1000/s, processes of /search differ by 10 %", 600, 162),
        of("6 x 20 s, 1000/s, looked at early, windows of 1 s", 600, 0),
    ];
    let text = words::of(&played);
    for part in [
        "at most 1 % of the unchanged builds**: 3 of 5 lines.\n",
        "- **Neither shown nor refuted**: runners differ by 1 %, k = 10: 2 of 600, between 0.1 % and 1.1 %.\n",
        "- **Above 1 %**: runners differ by 8 %, k = 10: 60 of 2000, between 2.4 % and 3.7 %.\n",
        "from a change**: one pair of 120 s, 1000/s, processes of /search differ by 10 %, learned from 0: 162 of 600, between ",
        "looked at early, windows of 1 s, learned from 0: a beginning of 0 of 600 unchanged builds is left out.\n",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

fn named<'a>(studies: &'a [Study], name: &str) -> &'a Study {
    studies.iter().find(|study| study.name == name).expect("a study of that name")
}

#[test]
fn looks_before_the_end_spare_replicates_of_a_slower_version_and_fail_no_unchanged_one() {
    let studies = plan::side_by_side();
    let early = named(&studies, "6 x 20 s, 1000/s, looked at early");
    let results = reduced(early, &[0], &[Change::None, Change::One(0.10)]).play(0..6);
    let [unchanged, slower] = results.designs()[0].as_slice() else { panic!("two changes") };
    assert_eq!((unchanged.failed, slower.found), (0, 6), "{unchanged:?} {slower:?}");
    assert!((18.0..=36.0).contains(&unchanged.replicates) && (18.0..36.0).contains(&slower.replicates), "{slower:?}");
    let at_the_end = reduced(&studies[0], &[0], &[Change::None]).play(0..2);
    assert!((at_the_end.designs()[0][0].replicates - 12.0).abs() < 1e-9);
}

#[test]
fn replicates_are_added_where_those_that_were_planned_cannot_tell() {
    let studies = plan::side_by_side();
    let queue = named(&studies, "queue: 6 x 20 s, 600/s, looked at early, extended by 3");
    let results = reduced(queue, &[0], &[Change::None]).play(0..6);
    let unchanged = &results.designs()[0][0];
    assert!(unchanged.replicates > 36.0 && unchanged.replicates <= 54.0, "{unchanged:?}");
    assert_eq!(unchanged.failed, 0, "{unchanged:?}");
}

#[test]
fn one_line_is_recorded_finely_enough_for_the_rule_that_looks_for_a_warm_up() {
    let all = plan::side_by_side().into_iter().chain(plan::stored());
    let fine: Vec<Study> = all.filter(Study::seeks_warm_up).collect();
    let [fine] = fine.as_slice() else { panic!("{fine:?}") };
    assert_eq!(fine.name, "6 x 20 s, 1000/s, looked at early, windows of 1 s");
    let results = reduced(fine, &[0], &[Change::None]).play(0..1);
    let unchanged = &results.designs()[0][0];
    assert_eq!((unchanged.cases, unchanged.failed, unchanged.cut), (1, 0, 0), "{unchanged:?}");
}

#[test]
fn what_people_use_instead_cries_wolf_on_the_runs_on_which_the_gate_does_not() {
    let usual = &plan::stored()[0];
    let results = reduced(usual, &[10], &[Change::None, Change::One(0.20), Change::Whole(0.20)]).play(0..10);
    let [unchanged, one, slower] = results.designs()[0].as_slice() else { panic!("three changes") };
    let alarms = |rival| Rival::ALL.iter().position(|known| *known == rival).map(|number| unchanged.rivals[number][1]);
    assert!(alarms(Rival::TenPercent) >= Some(1), "{unchanged:?}");
    assert!(alarms(Rival::MannWhitney) >= Some(3), "{unchanged:?}");
    assert_eq!(unchanged.failed, 0, "{unchanged:?}");
    assert!(unchanged.passed >= 7, "{unchanged:?}");
    assert_eq!(one.found, 10, "{one:?}");
    assert!(slower.found >= 6, "{slower:?}");
}

#[test]
fn cases_are_the_same_however_they_are_shared_out() {
    let usual = &plan::side_by_side()[0];
    let study = reduced(usual, &[0, 2], &[Change::None, Change::One(0.05)]);
    let whole = study.run(0..3);
    let mut parts: Results = study.run(0..1);
    parts.add(&study.run(1..3));
    for (whole, part) in whole.designs().iter().flatten().zip(parts.designs().iter().flatten()) {
        let counts = |tally: &tally::Tally| (tally.cases, tally.failed, tally.passed, tally.found, tally.rivals);
        assert_eq!(counts(whole), counts(part));
        assert!((whole.seen[0].0 - part.seen[0].0).abs() < 1e-12, "{whole:?} {part:?}");
    }
}

#[test]
fn mann_whitney_agrees_with_scipy() {
    let latencies = |us: &[u64]| {
        let mut latencies = Latencies::default();
        us.iter().for_each(|us| latencies.record(*us));
        latencies
    };
    // mannwhitneyu(a, b, alternative="less", use_continuity=False, method="asymptotic").pvalue
    let p = rivals::mann_whitney(&latencies(&[2, 4, 4, 7, 9]), &latencies(&[1, 3, 4, 5, 5, 8, 10]));
    assert!((p - 0.467_355_551_940_318_47).abs() < 1e-9, "{p}");
}

#[test]
fn a_history_is_exceeded_beyond_its_prediction_bound() {
    // mean + t.ppf(.99, 3) * sd * sqrt(1 + 1/4) of 1, 2, 3, 4
    let bound = rivals::prediction_bound(&[1.0, 2.0, 3.0, 4.0]);
    assert!((bound - 9.053_940).abs() < 1e-5, "{bound}");
}

#[test]
fn the_bound_of_nothing_seen_shrinks_with_the_number_of_cases() {
    // z^2 / (n + z^2)
    assert!((tally::wilson_upper(0, 300) - 0.008_937_872).abs() < 1e-8);
    assert!((tally::wilson_upper(0, 400) - 0.006_718_416).abs() < 1e-8);
    assert!(tally::wilson_upper(3, 300) > 0.01 && (tally::wilson_upper(5, 5) - 1.0).abs() < 1e-12);
}
