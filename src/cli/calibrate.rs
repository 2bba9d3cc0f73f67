//! `loadgate calibrate`: one version is played beside itself. What the two differ by is noise, and later gates know it.

use std::path::Path;

use super::{
    Failure, ab,
    baseline::{learn, learned_text},
    config_args::ConfigArgs,
    outlook::Outlook,
    pair,
    recording::Talk,
    replicates::{self, Made, Next, Session},
    retakes, shelf, signals,
    start_args::StartArgs,
    terminal,
};
use crate::{
    baseline::Store,
    engine::Stop,
    exit::Exit,
    plan::{Plan, Resolved, Target},
    record::{DuetNoise, Ended},
    report, units,
    verdict::{Reference, VerdictKind, decide_ab},
};

/// Most comparisons of one command: more are not learned from.
const RUNS_MAX: i64 = crate::baseline::LEARNED_MAX as i64;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// Command that starts the service (target.start); it listens on $PORT
    #[arg(long, value_name = "COMMAND")]
    start_candidate: Option<String>,
    /// Comparisons to make, each as long as a gate without an early stop
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=RUNS_MAX))]
    runs: u16,
    /// Which version is played beside itself
    #[arg(long, value_name = "VERSION", value_enum, default_value_t = Version::Candidate)]
    version: Version,
    #[command(flatten)]
    talk: Talk,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Version {
    Candidate,
    Baseline,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let resolved = resolve(args)?;
    let folder = &resolved.report.dir;
    report::prepare(folder)?;
    let shelf = shelf::of(&resolved.baseline);
    let replication = resolved.replication.whole();
    let first = ab::first_record(&resolved, replication);
    // Damaged files are found before any load is sent.
    shelf.open()?.learned(&first.suite, &first.fingerprint().id)?;
    let stop = Stop::default();
    signals::watch(&stop).map_err(Failure::invalid)?;
    tell_length(&resolved, args.runs);
    for run in 1..=args.runs {
        terminal::err(&format!("comparison {run} of {}", args.runs));
        let resolved = Resolved { plan: seeded(&resolved.plan, run), ..resolved.clone() };
        let retakes = Some(retakes::usual(replication.count));
        let session = Session { resolved: &resolved, replication, talk: args.talk, stop: &stop, report: folder, retakes };
        let made = replicates::play(&session, pair::beside, |_| Ok(Next::More))?;
        let (lesson, why) =
            (lesson(&made, &resolved, run - 1)?, shelf::reason("Noise of", made.first().map(|made| &made.candidate)));
        let path =
            shelf.change(&why, |store| store.teach(&lesson).map(|path| shelf.name(store, &path))).map_err(Failure::invalid)?;
        terminal::err(&format!("stored: {}", Path::display(&path)));
    }
    let store = shelf.open()?;
    tell(&store, &resolved, &first.suite, &first.fingerprint().id)
}

/// The plan of a gate, with the same version on both sides.
fn resolve(args: &Args) -> Result<Resolved, Failure> {
    let start = StartArgs::of_candidate(args.start_candidate.clone());
    let plain = args.config.resolve_with(&start)?;
    let mut resolved = if plain.plan.baseline.is_some() { plain } else { paired(args, &plain, start)? };
    let (candidate, place) = (resolved.plan.target().clone(), resolved.plan.baseline.ok_or_else(no_pair)?);
    let baseline = resolved.plan.targets[place].clone();
    let can_start = candidate.start.is_some() && baseline.start.is_some();
    if !can_start && resolved.hooks.restart.is_none() {
        let failure = Failure::usage("two processes can't be told apart by one: nothing says how fresh ones are made");
        return Err(failure.hint("say how the service is started (target.start) or restarted (hooks.restart)"));
    }
    if can_start {
        let of = if args.version == Version::Baseline { &baseline } else { &candidate };
        let named = |like: &Target| Target { start: of.start.clone(), ..like.clone() };
        resolved.plan = resolved.plan.aimed_at(named(&candidate), Some(named(&baseline)));
    } else {
        terminal::err(
            "note: loadgate does not start these services; both must run the same build, else a change is learned as noise",
        );
    }
    Ok(resolved)
}

/// The same where the configuration names one version only: a gate is told of the other one by a flag.
fn paired(args: &Args, plain: &Resolved, start: StartArgs) -> Result<Resolved, Failure> {
    let mut config = args.config.clone();
    config.set.push("regression.compare=ab".to_owned());
    // Any command will do: that of the version that is played takes its place.
    let has_command = args.version == Version::Candidate && plain.plan.target().start.is_some();
    config.resolve_with(&if has_command { start.with_baseline("true") } else { start })
}

fn no_pair() -> Failure {
    Failure::usage("there is nothing to play beside the service: calibrating is for comparisons of two versions (A/B)")
        .hint("say how the service is started: target.start, or --start-candidate")
}

fn tell_length(resolved: &Resolved, runs: u16) {
    let one = resolved.plan.length_of(resolved.replication);
    terminal::err(&format!(
        "{runs} comparisons of one version with itself, each {} of load, {} in all",
        units::duration(one),
        units::duration(one * u32::from(runs))
    ));
}

/// Each comparison deals its requests out in another way.
fn seeded(plan: &Plan, run: u16) -> Plan {
    Plan { seed: plan.seed.wrapping_add(u64::from(run) << 48), ..plan.clone() }
}

/// What a comparison of a version with itself teaches.
fn lesson(made: &[Made], resolved: &Resolved, stored: u16) -> Result<DuetNoise, Failure> {
    let (candidate, baseline) = retakes::runs(made);
    if let Some(cut) = candidate.iter().find(|run| run.ended != Ended::Complete) {
        return Err(Failure::cut_short(cut, &format!("comparisons stored before: {stored}")));
    }
    let comparison = learn::compared(&baseline, &candidate, &resolved.policy.regression);
    let spreads = comparison.spreads.clone();
    let verdict = decide_ab(&candidate, &baseline, Reference::Compared(Box::new(comparison)), &resolved.policy);
    if verdict.kind == VerdictKind::Invalid {
        return Err(Failure::invalid(format!("nothing is learned from this comparison: {}", verdict.headline))
            .hint("what was stored before stays; mend what is wrong and calibrate again"));
    }
    DuetNoise::of(&baseline, &candidate, &spreads, true).ok_or_else(|| {
        Failure::invalid("nothing is learned from this comparison: no metric could be measured in every replicate")
            .hint("look at rates and durations: `loadgate check`")
    })
}

/// What is known of noise now, and what a gate will see by it.
fn tell(store: &Store, resolved: &Resolved, suite: &str, fingerprint: &str) -> Result<Exit, Failure> {
    let lessons = store.lessons(Some(suite))?;
    let ours = lessons.iter().find(|lessons| lessons.first().is_some_and(|lesson| lesson.noise.fingerprint == fingerprint));
    terminal::out(&ours.map(|lessons| learned_text::render(lessons)).unwrap_or_default().join("\n"));
    if let Some(outlook) = Outlook::side_by_side(resolved, &store.learned(suite, fingerprint)?) {
        let rows = outlook.rows();
        terminal::out(&format!("\n{}", super::check::table("a gate will see", &["smallest change, 4 times in 5"], rows)));
    }
    Ok(Exit::Ok)
}
