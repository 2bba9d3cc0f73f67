//! The loop of replicates: fresh processes, load, and all stopped again, as often as the plan says or until more would not change
//! what is known; and all of it once more where that is asked for.

use std::{fs, path::Path};

use super::{
    Failure, hooks,
    logs::Logs,
    pair,
    recording::{self, Talk},
    services, terminal,
};
use crate::{
    compare::Look,
    engine::Stop,
    plan::{Replicate, Replication, Resolved},
    record::{self, Ended, RunRecord, Side},
    report,
    service::{Ports, ServiceError},
};

/// The records of one replicate.
#[derive(Clone, Debug)]
pub(super) struct Made {
    /// Which time the whole run was played, from 1.
    pub(super) round: usize,
    /// The look at which it was ended early; only a single pair is looked at while it is played.
    pub(super) look: Option<Look>,
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
    let mut made = Vec::new();
    if let Err(reason) = hooks::before(&resolved.hooks, &logs, stop) {
        made.push(Made::none(resolved, Replicate::new(1, replication.count), stop, &reason));
        return after(session, made, &logs);
    }
    let mut ports = Ports::default();
    let (mut round, mut due) = (1, replication.replicates(1, 0));
    while let Some(replicate) = due.next() {
        let played = play_one(session, replicate, &mut ports, &logs, &mut one)?;
        let is_complete = played.is_complete();
        made.push(played);
        if !is_complete {
            break;
        }
        match next(&made)? {
            Next::More => {}
            Next::Enough => break,
            Next::Again => {
                round += 1;
                due = replication.replicates(round, made.len());
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
        Err(error) => return failed(&resolved, told(&error, logs)),
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
        made.give_up(&started.obituary(death, made.has_load()));
    } else if !made.has_load() && made.candidate.ended == Ended::Aborted {
        started.tell();
    }
    if !made.is_complete() {
        made.name(replicate);
    }
    Ok(made)
}

/// Why a service could not be started; what to do about it is told.
fn told(error: &ServiceError, logs: &Logs) -> String {
    if let Some(hint) = error.hint() {
        terminal::err(&format!("hint: {hint}"));
    }
    logs.masked(&error.to_string())
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
            Some(_) => {
                Self { round: replicate.round, look: None, candidate: of(Side::Candidate), baseline: Some(of(Side::Baseline)) }
            }
            None => Self { round: replicate.round, look: None, candidate: end(recording::blank(resolved)), baseline: None },
        }
    }

    /// Its records.
    pub(super) fn records(&mut self) -> impl Iterator<Item = &mut RunRecord> {
        [Some(&mut self.candidate), self.baseline.as_mut()].into_iter().flatten()
    }

    /// Whether all was played.
    pub(super) fn is_complete(&self) -> bool {
        [Some(&self.candidate), self.baseline.as_ref()].into_iter().flatten().all(|record| record.ended == Ended::Complete)
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

    /// Says in which of several replicates it ended.
    fn name(&mut self, replicate: Replicate) {
        for record in self.records() {
            record.ended_because = record.ended_because.take().map(|reason| named(replicate, &reason));
        }
    }
}

/// For a run of one version: how it is played.
pub(super) fn alone(turn: &Turn<'_>) -> Result<Made, Failure> {
    let blank = recording::blank(turn.resolved);
    let candidate = recording::make(turn.resolved, blank, turn.talk, turn.stop)?;
    Ok(Made { round: turn.replicate.round, look: None, candidate, baseline: None })
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

/// Writes the records, and removes the files of an earlier report.
///
/// # Errors
/// The folder can't be written any more.
pub(super) fn save(made: &[Made], replication: Replication, folder: &Path) -> Result<(), Failure> {
    if let ([Made { candidate, baseline: None, .. }], 1) = (made, replication.count) {
        return recording::save(candidate, folder);
    }
    recording::clear(folder)?;
    let records = folder.join(report::RECORDS_FOLDER);
    fs::create_dir_all(&records).map_err(|error| Failure::invalid(format!("{}: {error}", records.display())))?;
    for (n, made) in made.iter().enumerate() {
        for (side, record) in [(Side::Candidate, Some(&made.candidate)), (Side::Baseline, made.baseline.as_ref())] {
            let path = records.join(format!("{side}-{}.json.gz", n + 1));
            record.map_or(Ok(()), |record| record::file::write(record, &path)).map_err(Failure::invalid)?;
        }
    }
    Ok(())
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
        let session = Session { resolved: &resolved, replication, talk, stop: &stop, report: folder.path() };
        let mut played = Vec::new();
        let one = |turn: &Turn<'_>| {
            played.push((turn.replicate.to_string(), turn.resolved.plan.seed));
            let complete = |side| RunRecord { ended: Ended::Complete, ..pair::blank(turn.resolved, turn.replicate, side) };
            let (candidate, baseline) = (complete(Side::Candidate), Some(complete(Side::Baseline)));
            Ok(Made { round: turn.replicate.round, look: None, candidate, baseline })
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
        assert_eq!(made.iter().map(|made| made.round).collect::<Vec<_>>(), [1, 1, 2, 2, 2]);
        let numbers = made.iter().map(|made| made.candidate.ab.map(|part| (part.replicate, part.replicates)).unwrap());
        assert_eq!(numbers.collect::<Vec<_>>(), [(1, 3), (2, 3), (3, 5), (4, 5), (5, 5)]);
        save(&made, replication, folder.path()).unwrap();
        let logs = (1..=5).all(|n| folder.path().join(format!("logs/restart-{n}.log")).exists());
        assert!(logs && folder.path().join("records/baseline-5.json.gz").exists());
    }
}
