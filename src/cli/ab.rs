//! The gate of an A/B run: replicates are played until the verdict is sure or all of them are played; then it is reported.

use super::{
    Failure, acceptance, as_gate, confirm,
    early::{self, PairWatch},
    gate::{Gated, reported},
    pair, provenance,
    replicates::{self, Made, Next, Session, Turn},
    retakes, shelf, terminal,
};
use crate::{
    compare::{Look, Part, compare_ab, looks_with_extension},
    plan::{Replicate, Replication, Resolved},
    record::{DuetNoise, LearnedNoise, RunRecord, Side},
    verdict::{Reference, Verdict, VerdictKind, decide_ab, is_sure},
};

/// Plays baseline and candidate beside one another and judges the candidate. What was learned of noise is read before any load is
/// sent.
///
/// # Errors
/// Learned noise is damaged, the report folder can't be written, or the system refuses what the engine needs.
pub(super) fn gate(session: &Session<'_>) -> Result<Gated, Failure> {
    let resolved = session.resolved;
    let learned = learned(session)?;
    let (looks, replication) = (looks_of(resolved), resolved.replication);
    let judge = |round: &[Made]| judge(round, look_at(round, &looks, resolved), &learned, resolved);
    let one = |turn: &Turn<'_>| {
        let (mut watch, mut ended_at) = (PairWatch::of(turn, &looks, |made| judge(std::slice::from_ref(made))), None);
        let made = pair::beside_watched(turn, |side, place, windows| {
            let (look, ending) = watch.look(side, place, windows)?;
            ended_at = Some(look);
            Some(ending)
        })?;
        Ok(Made { look: ended_at, ..made })
    };
    let made = replicates::play(session, one, |made| {
        let round = confirm::last_round(made);
        let counted = retakes::judged(round).len();
        let mut looks = looks.iter().filter(|look| look.part == Part::Replicate && look.used == counted);
        let is_over = retakes::is_last(made, replication) || looks.any(|look| is_enough(&judge(round), look, replication));
        Ok(if is_over { confirm::next(made, judge, replication, &resolved.policy) } else { Next::More })
    })?;
    let mut made = looked_at(made, &looks, &learned, resolved);
    replicates::save(&made, session.replication, session.report)?;
    let verdict = retakes::told(confirm::verdict(&made, judge, &resolved.policy), &made, &resolved.policy);
    confirm::rounds(&made).for_each(|round| teach_by_itself(&judge(round), round, resolved));
    let asked = acceptance::ask(verdict, resolved);
    asked.keep(&mut made, session)?;
    let (candidate, baseline) = retakes::runs(&made);
    reported(asked, &candidate, &baseline, resolved)
}

/// The records with the look that each was judged at.
fn looked_at(mut made: Vec<Made>, looks: &[Look], learned: &LearnedNoise, resolved: &Resolved) -> Vec<Made> {
    let of_rounds: Vec<Look> = confirm::rounds(&made).map(|round| look_at(round, looks, resolved)).collect();
    for made in &mut made {
        let Some(look) = of_rounds.get(made.replicate.round - 1) else { continue };
        let facts = as_gate::facts(look, made.replicate.round, learned, &resolved.policy.regression);
        made.records().filter_map(|record| record.ab.as_mut()).for_each(|part| part.look = Some(facts));
    }
    made
}

/// The look at a round that is over. One that was cut short is invalid, whatever it is looked at for.
fn look_at(round: &[Made], looks: &[Look], resolved: &Resolved) -> Look {
    if let [Made { look: Some(look), .. }] = round {
        return *look;
    }
    let counted = retakes::judged(round).len();
    let over = retakes::is_last(round, resolved.replication);
    let of_pair = looks.last().filter(|look| look.part == Part::Block);
    let exact = looks.iter().find(|look| look.used == counted && (look.is_last() || !over));
    of_pair.or(exact).copied().unwrap_or_else(|| shortened(looks, counted, resolved))
}

/// The look at the end of a round with fewer replicates than were planned, as the generator spoilt the others: the look at the end
/// that it has not come to. That it comes sooner is not chosen by what is compared, so its chances of error stay what they are.
fn shortened(looks: &[Look], counted: usize, resolved: &Resolved) -> Look {
    let end = looks.iter().find(|look| look.is_last() && look.used >= counted).or(looks.last());
    let only = Look::only(counted, resolved.policy.regression.alpha);
    end.map_or(only, |end| Look { used: counted, planned: counted, ..*end })
}

/// When the replicates, or the only one, are looked at; the last look is at their end.
fn looks_of(resolved: &Resolved) -> Vec<Look> {
    let Replication { count, extension, early_stop, .. } = resolved.replication;
    if count == 1 {
        return early::looks(resolved);
    }
    looks_with_extension(count, extension, early_stop, resolved.policy.regression.alpha)
}

/// Whether a verdict at a look needs no more replicates. Before the end of those that were planned it must be sure; at their end any
/// will do but an inconclusive one, where others may be added.
fn is_enough(verdict: &Verdict, look: &Look, replication: Replication) -> bool {
    if look.used < replication.count { is_sure(verdict) } else { verdict.kind != VerdictKind::Inconclusive }
}

fn judge(made: &[Made], look: Look, learned: &LearnedNoise, resolved: &Resolved) -> Verdict {
    let (candidate, baseline) = retakes::runs(made);
    let (of_candidate, of_baseline) = match made {
        [made @ Made { look: Some(look), .. }] => replicates::apart(vec![early::beginning(made, look, resolved)]),
        _ => (candidate.clone(), baseline.clone()),
    };
    let mut comparison = compare_ab(&of_baseline, &of_candidate, &resolved.policy.regression, learned, look);
    comparison.notes.extend(extended(made, resolved.replication.count));
    decide_ab(&candidate, &baseline, Reference::Compared(Box::new(comparison)), &resolved.policy)
}

/// Whether a round was extended, in words. What was left out of it was played all the same; what was played again was played once.
fn extended(round: &[Made], planned: usize) -> Option<String> {
    let played = round.iter().filter(|made| !made.is_played_again()).count();
    let judged = retakes::judged(round).len();
    match (played > planned, played == judged) {
        (false, _) => None,
        (true, true) => Some(format!("extended to {played} replicates, as {planned} were inconclusive")),
        (true, false) => {
            let why = format!("as the {planned} that were planned were not enough");
            Some(format!("extended to {played} replicates, {why}; {judged} of them are judged"))
        }
    }
}

/// Comparisons of the branch itself teach what noise is usual, whatever their verdict. That this fails does not change it.
fn teach_by_itself(verdict: &Verdict, round: &[Made], resolved: &Resolved) {
    let (candidate, baseline) = retakes::runs(round);
    let branch = &resolved.baseline.branch;
    let is_theirs = candidate.first().is_some_and(|run| provenance::is_of_branch(&run.provenance, branch));
    let Some(comparison) = verdict.comparison() else { return };
    if !is_theirs || verdict.kind == VerdictKind::Invalid {
        return;
    }
    let Some(noise) = DuetNoise::of(&baseline, &candidate, &comparison.spreads, false) else { return };
    let why = shelf::reason("Noise of", candidate.first());
    let shelf = shelf::of(&resolved.baseline);
    match shelf.change(&why, |store| store.teach(&noise).map(|path| shelf.name(store, &path))) {
        Ok(path) => terminal::err(&format!(
            "note: what this comparison of {branch} shows of noise is stored for later ones, which see smaller changes by it: {}",
            path.display()
        )),
        Err(error) => terminal::err(&format!("warning: what this comparison shows of noise is not stored: {error}")),
    }
}

/// What earlier comparisons like this one taught of noise.
///
/// # Errors
/// It is damaged.
pub(super) fn learned(session: &Session<'_>) -> Result<LearnedNoise, Failure> {
    let blank = first_record(session.resolved, session.replication);
    Ok(shelf::of(&session.resolved.baseline).open()?.learned(&blank.suite, &blank.fingerprint().id)?)
}

/// The candidate's first record of an A/B run that is still to be played: by it one finds what belongs to the run.
pub(super) fn first_record(resolved: &Resolved, replication: Replication) -> RunRecord {
    let first = Replicate::new(1, replication.count);
    let part = Resolved { plan: resolved.plan.part(replication, first), ..resolved.clone() };
    pair::blank(&part, first, Side::Candidate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config, plan,
        policy::Policy,
        verdict::{SetAside, decide},
    };

    fn verdict(kind: VerdictKind) -> Verdict {
        Verdict { kind, ..decide(&[], Reference::NoBaseline, &Policy::default()) }
    }

    #[test]
    fn replicates_are_added_only_where_those_that_were_planned_are_inconclusive() {
        let replication = Replication { count: 6, splits: true, early_stop: true, extension: 3, reruns: 0 };
        let looks = looks_with_extension(6, 3, true, 0.01);
        let is_enough = |kind, place: usize| is_enough(&verdict(kind), &looks[place], replication);
        let (early, planned) = (0, 3);
        for kind in [VerdictKind::Pass, VerdictKind::Warn, VerdictKind::Fail, VerdictKind::Invalid] {
            assert!(is_enough(kind, planned), "{kind}");
        }
        assert!(!is_enough(VerdictKind::Inconclusive, planned));
        assert!(!is_enough(VerdictKind::Inconclusive, early) && !is_enough(VerdictKind::Warn, early));
    }

    /// A plan of six replicates or of one pair, and its looks.
    fn planned(rest: &str) -> (Resolved, Vec<Look>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("loadgate.yml");
        let text = format!(
            "target: {{ base_url: 'http://127.0.0.1:1', baseline_url: 'http://127.0.0.1:2' }}\n\
             stages: [ {{ rate: 1/s, duration: 60s }} ]\nscenarios: [ GET / ]\n{rest}\n"
        );
        std::fs::write(&path, text).unwrap();
        let resolved = plan::resolve(&config::load(&path, &config::Overrides::default()).unwrap()).unwrap();
        let looks = looks_of(&resolved);
        (resolved, looks)
    }

    /// What is played until the end of so many replicates, of which these are lost.
    fn round(resolved: &Resolved, until: usize, lost: &[usize]) -> Vec<Made> {
        let of = resolved.replication.count;
        let made = |number| {
            let replicate = Replicate::new(number, of);
            let record = |side| pair::blank(resolved, replicate, side);
            let reason = "the load generator was late itself".to_owned();
            let set_aside = lost.contains(&number).then_some(SetAside { replicate: number, reason, again: false });
            Made { set_aside, ..Made::of(replicate, record(Side::Candidate), Some(record(Side::Baseline))) }
        };
        (1..=until).map(made).collect()
    }

    #[test]
    fn a_round_that_ends_with_fewer_replicates_is_judged_as_at_its_end() {
        let (resolved, looks) = planned("hooks: { restart: \"true\" }");
        let at = |until, lost: &[usize]| {
            let look = look_at(&round(&resolved, until, lost), &looks, &resolved);
            (look.used, look.planned, (look.alpha / resolved.policy.regression.alpha * 100.0).round() as u64)
        };
        assert_eq!([at(4, &[]), at(5, &[]), at(6, &[])], [(4, 6, 10), (5, 6, 30), (6, 6, 84)]);
        assert_eq!(at(5, &[2]), (4, 6, 10), "others are still to come");
        assert_eq!([at(6, &[2]), at(6, &[2, 6])], [(5, 5, 84), (4, 4, 84)]);
        let (resolved, looks) = planned("hooks: { restart: \"true\" }\nregression: { policy: { inconclusive: extend } }");
        let at = |until, lost: &[usize]| {
            let look = look_at(&round(&resolved, until, lost), &looks, &resolved);
            (look.used, look.is_last(), (look.alpha / resolved.policy.regression.alpha * 100.0).round() as u64)
        };
        assert_eq!([at(7, &[2]), at(9, &[2]), at(9, &[])], [(6, true, 63), (8, true, 25), (9, true, 25)]);
    }

    #[test]
    fn a_round_that_was_extended_says_so_also_where_replicates_were_left_out() {
        let (resolved, _) = planned("hooks: { restart: \"true\" }\nregression: { policy: { inconclusive: extend } }");
        let told = |until, lost: &[usize]| extended(&round(&resolved, until, lost), resolved.replication.count);
        assert_eq!([told(6, &[]), told(6, &[2])], [None, None]);
        assert_eq!(told(9, &[]).unwrap(), "extended to 9 replicates, as 6 were inconclusive");
        let told = told(9, &[1, 2, 3]).unwrap();
        assert_eq!(told, "extended to 9 replicates, as the 6 that were planned were not enough; 6 of them are judged");
        let mut again = round(&resolved, 6, &[2]);
        again.iter_mut().filter_map(|made| made.set_aside.as_mut()).for_each(|set_aside| set_aside.again = true);
        again.extend(round(&resolved, 1, &[]));
        assert_eq!(extended(&again, resolved.replication.count), None, "one of seven takes was played again");
    }

    #[test]
    fn a_pair_that_was_played_to_its_end_is_judged_at_its_end() {
        let (resolved, looks) = planned("");
        let look = look_at(&round(&resolved, 1, &[]), &looks, &resolved);
        assert_eq!((look.part, look.is_last(), Some(&look)), (Part::Block, true, looks.last()));
    }
}
