//! Replicates that the load generator spoilt: played again while there is a take and time left, else left out where enough others
//! remain. Whether one is spoilt is a matter of the generator alone, so that nothing is chosen by what is to be compared.

use super::{
    confirm,
    logs::Logs,
    replicates::{self, Made, Session},
    terminal,
};
use crate::{
    plan::{Replicate, Replication},
    policy::Policy,
    record::RunRecord,
    verdict::{SetAside, Verdict, enough_left, generator_fault, with_set_aside},
};

/// Planned replicates for each that may be played again.
const PLANNED_FOR_ONE: usize = 3;

/// How many of so many replicates may be played again.
pub(super) fn usual(count: usize) -> usize {
    (count / PLANNED_FOR_ONE).max(1)
}

/// The takes that are left for replicates to be played again.
pub(super) struct Retakes<'a> {
    session: &'a Session<'a>,
    /// Of the round that is played.
    left: usize,
    /// Takes that were played, of all rounds.
    played: usize,
    /// Takes that `safety.max_duration` has time for.
    most: usize,
}

impl<'a> Retakes<'a> {
    pub(super) fn of(session: &'a Session<'a>) -> Self {
        let Session { resolved, replication, retakes, .. } = session;
        let count = u32::try_from(replication.count).unwrap_or(u32::MAX).max(1);
        let each = resolved.plan.length_of(*replication) / count;
        let fitting = |max: std::time::Duration| max.as_nanos().checked_div(each.as_nanos());
        let most = resolved.safety.max_duration.and_then(fitting).and_then(|takes| usize::try_from(takes).ok());
        Self { session, left: retakes.unwrap_or(0), played: 0, most: most.unwrap_or(usize::MAX) }
    }

    /// Another round of replicates begins.
    pub(super) fn next_round(&mut self) {
        self.left = self.session.retakes.unwrap_or(0);
    }

    /// Whether a replicate can still be begun. Those that were planned always can; what was played again may have taken the time of
    /// one that would be added.
    pub(super) fn has_time_for(&self, replicate: Replicate) -> bool {
        replicate.number <= self.session.replication.count || self.has_time(replicate)
    }

    /// Whether one more take leaves time for all that must still be played after a replicate.
    fn has_time(&self, replicate: Replicate) -> bool {
        let replication = self.session.replication;
        let of_round = replication.count.saturating_sub(replicate.number);
        let of_others = replication.reruns.saturating_sub(replicate.round - 1) * replication.count;
        self.played + 1 + of_round + of_others <= self.most
    }

    /// Whether so many of a round are lost that what is still to come can't make a comparison of it.
    pub(super) fn is_hopeless(&self, made: &[Made]) -> bool {
        let is_lost = |made: &&Made| made.set_aside.as_ref().is_some_and(|set_aside| !set_aside.again);
        let lost = confirm::last_round(made).iter().filter(is_lost).count();
        lost > 0 && lost * 2 >= self.session.replication.most()
    }

    /// Looks at a replicate that was just played; one that the generator spoilt is set aside, which is told.
    pub(super) fn look_at(&mut self, made: &mut Made, logs: &Logs) {
        self.played += 1;
        let policy = &self.session.resolved.policy.validity;
        if self.session.retakes.is_none() || !made.is_complete() {
            return;
        }
        let Some(reason) = generator_fault(&made.candidate, made.baseline.as_ref(), policy) else { return };
        let again = self.left > 0 && self.has_time(made.replicate) && !self.session.stop.is_asked();
        self.left -= usize::from(again);
        let replicate = made.replicate;
        let which = if replicate.is_one_of_several() { replicate.to_string() } else { "the run".to_owned() };
        let what = if again { "is played again" } else { "can't be played again any more" };
        terminal::err(&format!("note: {which} {what}: {reason}"));
        if again {
            logs.set_aside(replicate.number_of_all());
        }
        made.set_aside = Some(SetAside { replicate: replicate.number_of_all(), reason, again });
    }
}

/// Of one round: the replicates that are judged, and whether others were left out for good.
fn of_round(round: &[Made]) -> (Vec<&Made>, bool) {
    let last_takes = || round.iter().filter(|made| !made.is_played_again());
    let good: Vec<&Made> = last_takes().filter(|made| made.set_aside.is_none()).collect();
    let lost = last_takes().count() - good.len();
    if enough_left(good.len(), lost) { (good, lost > 0) } else { (last_takes().collect(), false) }
}

/// The replicates that the verdict is about: those that the generator did not spoil. Where too few are left it is about all, and
/// finds them to be no measurement.
pub(super) fn judged(made: &[Made]) -> Vec<&Made> {
    confirm::rounds(made).flat_map(|round| of_round(round).0).collect()
}

/// The others.
pub(super) fn not_judged(made: &[Made]) -> Vec<&Made> {
    let of = |round| {
        let (_, leaves_out) = of_round(round);
        round.iter().filter(move |made| made.is_played_again() || (leaves_out && made.set_aside.is_some()))
    };
    confirm::rounds(made).flat_map(of).collect()
}

/// Whether a round can have no more replicates.
pub(super) fn is_last(made: &[Made], replication: Replication) -> bool {
    made.last().is_some_and(|made| made.replicate.number >= replication.most())
}

/// The records that the verdict is about: of the candidate, and of the baseline.
pub(super) fn runs(made: &[Made]) -> (Vec<RunRecord>, Vec<RunRecord>) {
    replicates::apart(judged(made).into_iter().cloned().collect())
}

/// The verdict, with all that was set aside told.
pub(super) fn told(verdict: Verdict, made: &[Made], policy: &Policy) -> Verdict {
    let aside = not_judged(made).into_iter();
    let aside: Vec<(SetAside, RunRecord)> =
        aside.filter_map(|made| Some((made.set_aside.clone()?, made.candidate.clone()))).collect();
    let mut verdict = with_set_aside(verdict, &aside, &runs(made).0, policy);
    let spoilt: Vec<String> = judged(made)
        .iter()
        .filter(|made| made.set_aside.is_some())
        .map(|made| made.replicate.number_of_all().to_string())
        .collect();
    if !spoilt.is_empty() && judged(made).len() > 1 {
        let (which, all) = (spoilt.join(", "), judged(made).len());
        verdict.reasons.push(format!(
            "the load generator spoilt {} of the {all} replicates that were played ({which}), and they could not be played again \
             any more: a comparison is made only where 3 others are left, and more than were lost",
            spoilt.len()
        ));
    }
    verdict
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cli::recording::Talk,
        compare::fixture,
        config,
        engine::Stop,
        plan::{self, Resolved},
        record::{Encoded, Ended, Latencies},
        report,
    };

    /// A replicate as it is played: late or not.
    fn made(replicate: Replicate, is_late: bool) -> Made {
        let mut run = fixture::steady(4, &["/a"], 40, |_, _, _| 8_000);
        let mut late = Latencies::default();
        (0..100).for_each(|_| late.record(if is_late { 21_000 } else { 50 }));
        (run.generator.late, run.ended) = (Encoded::from(&late), Ended::Complete);
        Made::of(replicate, run.clone(), Some(run))
    }

    fn resolved(folder: &std::path::Path, rest: &str) -> Resolved {
        let path = folder.join("loadgate.yml");
        let text = format!(
            "target: {{ base_url: 'http://127.0.0.1:1', baseline_url: 'http://127.0.0.1:2' }}\n\
             stages: [ {{ rate: 1/s, duration: 60s }} ]\nscenarios: [ GET / ]\nhooks: {{ restart: \"true\" }}\n{rest}\n"
        );
        std::fs::write(&path, text).unwrap();
        plan::resolve(&config::load(&path, &config::Overrides::default()).unwrap()).unwrap()
    }

    /// Plays six replicates, of which these takes are late, counted from 1. Gives all takes.
    fn played(late: &[usize], rest: &str) -> (tempfile::TempDir, Vec<Made>) {
        let folder = tempfile::tempdir().unwrap();
        let resolved = resolved(folder.path(), rest);
        let (stop, replication, talk) = (Stop::default(), resolved.replication, Talk { quiet: true, ..Talk::default() });
        let retakes = Some(usual(replication.count));
        let session = Session { resolved: &resolved, replication, talk, stop: &stop, report: folder.path(), retakes };
        let mut take = 0;
        let one = |turn: &replicates::Turn<'_>| {
            take += 1;
            Ok(made(turn.replicate, late.contains(&take)))
        };
        let all = replicates::play(&session, one, |_| Ok(replicates::Next::More)).unwrap();
        replicates::save(&all, replication, folder.path()).unwrap();
        (folder, all)
    }

    fn numbers(made: &[&Made]) -> Vec<usize> {
        made.iter().map(|made| made.replicate.number).collect()
    }

    fn files(folder: &std::path::Path, name: &str) -> Vec<String> {
        let entries = std::fs::read_dir(folder.join(name)).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_late_replicate_is_played_again_and_what_it_was_is_kept_out_of_the_way() {
        let (folder, all) = played(&[3], "");
        assert_eq!((all.len(), numbers(&judged(&all))), (7, vec![1, 2, 3, 4, 5, 6]));
        assert_eq!(numbers(&not_judged(&all)), [3]);
        assert_eq!(files(folder.path(), report::SET_ASIDE_FOLDER), ["baseline-3-1.json.gz", "candidate-3-1.json.gz"]);
        assert_eq!(files(folder.path(), report::RECORDS_FOLDER).len(), 12);
        assert_eq!(
            files(folder.path(), "logs"),
            [
                "restart-1.log",
                "restart-2.log",
                "restart-3-set-aside-1.log",
                "restart-3.log",
                "restart-4.log",
                "restart-5.log",
                "restart-6.log"
            ]
        );
    }

    #[test]
    fn two_of_six_are_played_again_and_what_is_lost_then_is_left_out_where_most_remain() {
        let (folder, all) = played(&[1, 2, 3], "");
        assert_eq!((all.len(), numbers(&judged(&all))), (8, vec![2, 3, 4, 5, 6]));
        let names = files(folder.path(), report::SET_ASIDE_FOLDER);
        assert_eq!(names.iter().filter(|name| name.starts_with("candidate-1-")).count(), 3);
        assert!(!files(folder.path(), report::RECORDS_FOLDER).contains(&"candidate-1.json.gz".to_owned()));
        let (_, all) = played(&[1, 2, 3, 4], "");
        assert_eq!(numbers(&judged(&all)), [3, 4, 5, 6]);
        let (folder, all) = played(&[1, 2, 3, 4, 5], "");
        assert_eq!((all.len(), numbers(&judged(&all))), (5, vec![1, 2, 3]), "half of them are too many, whatever comes");
        assert_eq!(files(folder.path(), report::RECORDS_FOLDER).len(), 6);
    }

    #[test]
    fn nothing_is_played_again_where_there_is_no_time_for_it() {
        let takes = |max: &str| played(&[1, 2], &format!("safety: {{ max_duration: {max} }}")).1.len();
        assert_eq!([takes("60s"), takes("69s"), takes("70s"), takes("80s")], [6, 6, 7, 8]);
    }

    #[test]
    fn a_run_that_is_nobodys_to_judge_sets_nothing_aside() {
        let folder = tempfile::tempdir().unwrap();
        let resolved = resolved(folder.path(), "");
        let (stop, replication) = (Stop::default(), resolved.replication);
        let talk = Talk { quiet: true, ..Talk::default() };
        let session = Session { resolved: &resolved, replication, talk, stop: &stop, report: folder.path(), retakes: None };
        let all = replicates::play(&session, |turn| Ok(made(turn.replicate, true)), |_| Ok(replicates::Next::More)).unwrap();
        assert_eq!((all.len(), not_judged(&all).len()), (6, 0));
    }

    #[test]
    fn too_few_that_are_left_are_told_with_their_numbers() {
        let (_, all) = played(&[1, 2, 3, 4, 5], "");
        let policy = Policy::default();
        let verdict = crate::verdict::decide(&runs(&all).0, crate::verdict::Reference::NoBaseline, &policy);
        let verdict = told(verdict, &all, &policy);
        assert_eq!(verdict.kind, crate::verdict::VerdictKind::Invalid);
        let reason = "the load generator spoilt 3 of the 3 replicates that were played (1, 2, 3), and they could not be played again any more";
        assert!(verdict.reasons.iter().any(|told| told.starts_with(reason)), "{:?}", verdict.reasons);
    }
}
