//! The loop of replicates: fresh processes, load, and all stopped again, as often as the plan says or until more would not change
//! what is known; and all of it once more where that is asked for.

use std::{fs, path::Path};

use super::{
    Failure, hooks,
    logs::Logs,
    pair,
    recording::{self, Played, Talk},
    retakes::{Retakes, judged, not_judged},
    services::{self, NotStarted},
    terminal,
};
use crate::{
    compare::Look,
    engine::Stop,
    plan::{Replicate, Replication, Resolved},
    record::{self, Ended, LastWords, RunRecord, Side},
    report,
    service::Ports,
    verdict::SetAside,
};

/// The records of one replicate.
#[derive(Clone, Debug)]
pub(super) struct Made {
    /// Which one it is.
    pub(super) replicate: Replicate,
    /// Why it does not count, where the generator spoilt it.
    pub(super) set_aside: Option<SetAside>,
    /// The look at which it was ended early; only a single pair is looked at while it is played.
    pub(super) look: Option<Look>,
    /// The version that was not ready, which kept it from being played.
    pub(super) unready: Option<Side>,
    pub(super) candidate: RunRecord,
    /// The version it was played beside, in an A/B run.
    pub(super) baseline: Option<RunRecord>,
}

/// One replicate that is to be played: its services run.
pub(super) struct Turn<'a> {
    /// What is to be done in this replicate, aimed at its services.
    pub(super) resolved: &'a Resolved,
    pub(super) replicate: Replicate,
    pub(super) talk: Talk,
    pub(super) stop: &'a Stop,
}

/// What a loop of replicates is made of.
pub(super) struct Session<'a> {
    pub(super) resolved: &'a Resolved,
    pub(super) replication: Replication,
    pub(super) talk: Talk,
    pub(super) stop: &'a Stop,
    /// The folder that what commands say goes to a folder of.
    pub(super) report: &'a Path,
    /// How many replicates of a round may be played again because the generator spoilt them; `None` where nothing is set aside.
    pub(super) retakes: Option<usize>,
}

/// What is to be done after a replicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Play the next one, if there is one.
    More,
    /// Play no more.
    Enough,
    /// Play all of them again: another round.
    Again,
}

/// Plays the replicates one after the other with `one`. After each, `next` is shown all so far and says how to go on. A replicate
/// that does not come to its end ends the loop: the last record says why.
///
/// # Errors
/// The report folder can't be written, or the system refuses what the engine needs.
pub(super) fn play(
    session: &Session<'_>,
    mut one: impl FnMut(&Turn<'_>) -> Result<Made, Failure>,
    mut next: impl FnMut(&[Made]) -> Result<Next, Failure>,
) -> Result<Vec<Made>, Failure> {
    let Session { resolved, replication, stop, .. } = session;
    let logs = Logs::of(session.report, &resolved.secrets);
    if runs_commands(resolved) {
        logs.prepare()?;
    }
    for note in services::port_notes(&resolved.plan) {
        terminal::err(&format!("note: {}", logs.masked(&note)));
    }
    let mut made = Vec::new();
    if let Err(reason) = hooks::before(&resolved.hooks, &logs, stop) {
        made.push(Made::none(resolved, Replicate::new(1, replication.count), stop, &reason));
        return after(session, made, &logs);
    }
    let mut ports = Ports::default();
    let (mut round, mut due, mut again) = (1, replication.replicates(1, 0), None);
    let mut retakes = Retakes::of(session);
    while let Some(replicate) = again.take().or_else(|| due.next()) {
        if !retakes.has_time_for(replicate) {
            break;
        }
        let mut played = play_one(session, replicate, &mut ports, &logs, &mut one)?;
        let is_complete = played.is_complete();
        retakes.look_at(&mut played, &logs);
        again = played.is_played_again().then_some(replicate);
        made.push(played);
        if !is_complete {
            break;
        }
        if again.is_some() {
            continue;
        }
        match next(&made)? {
            Next::More if retakes.is_hopeless(&made) => break,
            Next::More => {}
            Next::Enough => break,
            Next::Again => {
                round += 1;
                due = replication.replicates(round, replicate.number_of_all());
                retakes.next_round();
            }
        }
    }
    after(session, made, &logs)
}

fn after(session: &Session<'_>, made: Vec<Made>, logs: &Logs) -> Result<Vec<Made>, Failure> {
    hooks::after(&session.resolved.hooks, logs, session.stop, made.iter().all(Made::is_complete));
    Ok(made)
}

fn runs_commands(resolved: &Resolved) -> bool {
    !resolved.hooks.is_empty() || resolved.plan.targets.iter().any(|target| target.start.is_some())
}

fn play_one(
    session: &Session<'_>,
    replicate: Replicate,
    ports: &mut Ports,
    logs: &Logs,
    one: &mut impl FnMut(&Turn<'_>) -> Result<Made, Failure>,
) -> Result<Made, Failure> {
    let Session { replication, stop, .. } = session;
    let mut resolved = Resolved { plan: session.resolved.plan.part(*replication, replicate), ..session.resolved.clone() };
    let failed = |resolved: &Resolved, reason: String| Ok(Made::none(resolved, replicate, stop, &named(replicate, &reason)));
    if stop.is_asked() {
        return failed(&resolved, hooks::INTERRUPTED.to_owned());
    }
    if let Err(reason) = hooks::restart(&resolved.hooks, replicate, logs, stop) {
        return failed(&resolved, reason);
    }
    let mut started = match services::start(&resolved.plan, replicate, ports, logs) {
        Ok(started) => started,
        Err(not_started) => return failed(&resolved, told(&not_started, logs)),
    };
    resolved.plan = started.plan.clone();
    let talk = Talk { replicate: Some(replicate).filter(|replicate| replicate.is_one_of_several()), ..session.talk };
    let played = started.while_running(stop, |stop| one(&Turn { resolved: &resolved, replicate, talk, stop }));
    // Before anything is made of what came of it: services that are not needed any more must not live on.
    started.stop(stop);
    let (made, death) = played?;
    let mut made = made?;
    // Not once somebody has asked to stop: then the load was over before.
    if let Some(death) = death.filter(|_| !stop.is_asked()) {
        let (reason, last_words) = started.obituary(death, made.has_load());
        made.give_up(&reason);
        made.keep(&last_words);
    } else if !made.has_load() && made.candidate.ended == Ended::Aborted {
        made.keep(&started.tell(made.unready));
    }
    if !made.is_complete() {
        made.name(replicate);
    }
    Ok(made)
}

/// Why a service could not be started; what to do about it is told.
fn told(not_started: &NotStarted, logs: &Logs) -> String {
    if let Some(hint) = not_started.error.hint() {
        terminal::err(&format!("hint: {hint}"));
    }
    logs.masked(&not_started.to_string())
}

fn named(replicate: Replicate, reason: &str) -> String {
    if replicate.is_one_of_several() { format!("{replicate}: {reason}") } else { reason.to_owned() }
}

impl Made {
    /// A replicate in which nothing was played.
    fn none(resolved: &Resolved, replicate: Replicate, stop: &Stop, reason: &str) -> Self {
        let ended = if stop.is_asked() { Ended::Interrupted } else { Ended::Aborted };
        let end = |blank| RunRecord { ended, ended_because: Some(reason.to_owned()), ..blank };
        let of = |side| end(pair::blank(resolved, replicate, side));
        match resolved.plan.baseline {
            Some(_) => Self::of(replicate, of(Side::Candidate), Some(of(Side::Baseline))),
            None => Self::of(replicate, end(recording::blank(resolved)), None),
        }
    }

    /// One that counts.
    pub(super) fn of(replicate: Replicate, candidate: RunRecord, baseline: Option<RunRecord>) -> Self {
        Self { replicate, set_aside: None, look: None, unready: None, candidate, baseline }
    }

    /// Whether another take stands for it.
    pub(super) fn is_played_again(&self) -> bool {
        self.set_aside.as_ref().is_some_and(|set_aside| set_aside.again)
    }

    /// The records with the version they are of.
    pub(super) fn sides(&self) -> impl Iterator<Item = (Side, &RunRecord)> {
        let baseline = self.baseline.as_ref().map(|record| (Side::Baseline, record));
        [Some((Side::Candidate, &self.candidate)), baseline].into_iter().flatten()
    }

    /// Its records.
    pub(super) fn records(&mut self) -> impl Iterator<Item = &mut RunRecord> {
        [Some(&mut self.candidate), self.baseline.as_mut()].into_iter().flatten()
    }

    /// Whether all was played.
    pub(super) fn is_complete(&self) -> bool {
        self.sides().all(|(_, record)| record.ended == Ended::Complete)
    }

    /// Whether load was made at all.
    fn has_load(&self) -> bool {
        !self.candidate.endpoints.is_empty()
    }

    /// Says of all that was made that it is no measurement, and why.
    fn give_up(&mut self, reason: &str) {
        for record in self.records() {
            (record.ended, record.ended_because) = (Ended::Aborted, Some(reason.to_owned()));
        }
    }

    /// Keeps what services said that spoilt it.
    fn keep(&mut self, last_words: &[LastWords]) {
        self.records().for_each(|record| record.last_words = last_words.to_vec());
    }

    /// Says in which of several replicates it ended.
    fn name(&mut self, replicate: Replicate) {
        for record in self.records() {
            record.ended_because = record.ended_because.take().map(|reason| named(replicate, &reason));
        }
    }
}

/// For a run of one version: how it is played.
pub(super) fn alone(turn: &Turn<'_>) -> Result<Made, Failure> {
    let Turn { resolved, replicate, talk, stop } = turn;
    let blank = recording::blank(resolved);
    let (candidate, unready) = match recording::play(resolved, &resolved.plan, *talk, stop, |_, _, _| None)? {
        Played::Load(observed) => (recording::filled(blank, *observed, resolved), None),
        Played::Nothing(nothing) => (nothing.record(blank), nothing.unready),
    };
    Ok(Made { unready, ..Made::of(*replicate, candidate, None) })
}

/// How a replicate of a run is played.
pub(super) fn one(resolved: &Resolved) -> fn(&Turn<'_>) -> Result<Made, Failure> {
    if resolved.plan.baseline.is_some() { pair::beside } else { alone }
}

/// The records of the candidate and those of the baseline, each in the order they were made.
pub(super) fn apart(made: Vec<Made>) -> (Vec<RunRecord>, Vec<RunRecord>) {
    let (candidate, baseline): (Vec<_>, Vec<_>) = made.into_iter().map(|made| (made.candidate, made.baseline)).unzip();
    (candidate, baseline.into_iter().flatten().collect())
}

/// Writes the records, and removes the files of an earlier report. What is not judged goes to a folder of its own, so that nobody
/// compares it by mistake.
///
/// # Errors
/// The folder can't be written any more.
pub(super) fn save(made: &[Made], replication: Replication, folder: &Path) -> Result<(), Failure> {
    if let ([Made { candidate, baseline: None, .. }], 1) = (made, replication.count) {
        return recording::save(candidate, folder);
    }
    recording::clear(folder)?;
    for made in judged(made) {
        write(made, "", &folder.join(report::RECORDS_FOLDER))?;
    }
    let aside = not_judged(made);
    for (n, spoilt) in aside.iter().enumerate() {
        let number = spoilt.replicate.number_of_all();
        let take = aside[..=n].iter().filter(|other| other.replicate.number_of_all() == number).count();
        write(spoilt, &format!("-{take}"), &folder.join(report::SET_ASIDE_FOLDER))?;
    }
    Ok(())
}

/// Writes the records of one replicate, each named by its version and number.
fn write(made: &Made, ending: &str, folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|error| Failure::invalid(format!("{}: {error}", folder.display())))?;
    made.sides().try_for_each(|(side, record)| {
        let name = format!("{side}-{}{ending}.json.gz", made.replicate.number_of_all());
        record::file::write(record, &folder.join(name)).map_err(Failure::invalid)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config, plan};

    #[test]
    fn rounds_begin_anew_where_another_is_asked_for_and_what_is_kept_of_them_is_numbered_through() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("loadgate.yml");
        let text = "target: { base_url: 'http://127.0.0.1:1', baseline_url: 'http://127.0.0.1:2' }\n\
                    stages: [ { rate: 1/s, duration: 60s } ]\nscenarios: [ GET / ]\n\
                    hooks: { restart: \"true\" }\nregression: { replicates: 3, confirm: { reruns: 1 } }\n";
        fs::write(&path, text).unwrap();
        let resolved = plan::resolve(&config::load(&path, &config::Overrides::default()).unwrap()).unwrap();
        let (stop, replication) = (Stop::default(), resolved.replication);
        let talk = Talk { quiet: true, ..Talk::default() };
        let session = Session { resolved: &resolved, replication, talk, stop: &stop, report: folder.path(), retakes: None };
        let mut played = Vec::new();
        let one = |turn: &Turn<'_>| {
            played.push((turn.replicate.to_string(), turn.resolved.plan.seed));
            let complete = |side| RunRecord { ended: Ended::Complete, ..pair::blank(turn.resolved, turn.replicate, side) };
            let (candidate, baseline) = (complete(Side::Candidate), Some(complete(Side::Baseline)));
            Ok(Made::of(turn.replicate, candidate, baseline))
        };
        let next = |made: &[Made]| Ok(if made.len() == 2 { Next::Again } else { Next::More });
        let made = play(&session, one, next).unwrap();
        let seed = resolved.plan.seed;
        let named = |name: &str, seed: u64| (name.to_owned(), seed);
        let expected = [
            named("replicate 1 of 3", seed),
            named("replicate 2 of 3", seed + (1 << 32)),
            named("second run, replicate 1 of 3", seed + (1 << 40)),
            named("second run, replicate 2 of 3", seed + (1 << 40) + (1 << 32)),
            named("second run, replicate 3 of 3", seed + (1 << 40) + (2 << 32)),
        ];
        assert_eq!(played, expected);
        assert_eq!(made.iter().map(|made| made.replicate.round).collect::<Vec<_>>(), [1, 1, 2, 2, 2]);
        let numbers = made.iter().map(|made| made.candidate.ab.map(|part| (part.replicate, part.replicates)).unwrap());
        assert_eq!(numbers.collect::<Vec<_>>(), [(1, 3), (2, 3), (3, 5), (4, 5), (5, 5)]);
        save(&made, replication, folder.path()).unwrap();
        let logs = (1..=5).all(|n| folder.path().join(format!("logs/restart-{n}.log")).exists());
        assert!(logs && folder.path().join("records/baseline-5.json.gz").exists());
    }
}
