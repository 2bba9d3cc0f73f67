//! `loadgate gate`: run, compare with the baseline, report, publish. The exit code is the verdict.

use std::path::PathBuf;

use super::{
    Failure, ab,
    acceptance::{self, Asked},
    config_args::ConfigArgs,
    confirm,
    only_args::OnlyArgs,
    own_templates, places, promotion,
    publish_args::PublishArgs,
    publishing::{self, Publishing, warn},
    ratchet,
    recording::{self, Talk},
    replicates::{self, Made, Next, Session},
    report::formats,
    retakes, shelf, signals,
    start_args::StartArgs,
    terminal, trusted,
};
use crate::{
    baseline::{Found, Lineage, Shelf, descends},
    compare::compare,
    engine::Stop,
    exit::Exit,
    plan::Resolved,
    policy::{BASELINES_MAX, Policy},
    publish,
    record::RunRecord,
    report,
    verdict::{Reference, Verdict, decide},
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    start: StartArgs,
    #[command(flatten)]
    only: OnlyArgs,
    #[command(flatten)]
    talk: Talk,
    /// Folder for record, verdict and reports [default: report.dir of the configuration]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Post nothing and write no job summary, also in GitHub Actions
    #[arg(long)]
    no_publish: bool,
    /// Whether a run of baseline.branch that did not fail the build is stored: auto, off [default: as baseline.promote says]
    #[arg(long, value_name = "auto|off", value_parser = promotion::switch)]
    update_baseline: Option<bool>,
    #[command(flatten)]
    publish: PublishArgs,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let is_told = !args.no_publish;
    let (resolved, stop) =
        begun(args).inspect_err(|failure| publishing::tell_failure(failure.exit, &failure.message, is_told, is_told))?;
    let github = args.publish.over(&resolved.github);
    let adds_summary = github.step_summary && is_told;
    publishing::hide(&resolved.secrets);
    let publishing = if is_told { Publishing::of_gate(github) } else { Publishing::off(github) };
    let publishing = publishing.linking(args.publish.report());
    let gated = gate(&resolved, args.talk, &stop);
    publishing.load_is_over();
    let gated = match gated {
        Ok(gated) => gated,
        Err(failure) => {
            publishing.failed(&failure, &resolved.secrets);
            return Err(failure);
        }
    };
    terminal::out(&gated.console);
    if !matches!(gated.verdict.reference, Reference::Compared(_))
        && gated.verdict.exit == Exit::Ok
        && !promotion::is_due(&resolved)
    {
        terminal::err(&how_to_promote(&resolved));
    }
    let folder = &resolved.report.dir;
    warn(publish::github::set_outputs(folder, &gated.verdict));
    if adds_summary {
        warn(publish::github::add_summary(folder));
    }
    Ok(publishing.tell_gate(&gated.view, gated.verdict.exit))
}

/// What is to be done, and what signals stop.
fn begun(args: &Args) -> Result<(Resolved, Stop), Failure> {
    trusted::check(&args.config)?;
    let mut resolved = args.only.of(args.config.resolve_with(&args.start)?)?;
    if let Some(folder) = &args.out {
        resolved.report.dir.clone_from(folder);
    }
    resolved.baseline.promote = args.update_baseline.unwrap_or(resolved.baseline.promote);
    let stop = Stop::default();
    signals::watch(&stop).map_err(Failure::invalid)?;
    Ok((resolved, stop))
}

/// A finished gate.
pub(super) struct Gated {
    pub verdict: Verdict,
    /// The table and the verdict for a terminal.
    pub console: String,
    /// What every other report shows.
    pub view: Box<report::View>,
}

/// Runs and judges a candidate; leaves record, verdict and reports in the report folder. Everything that can be found wrong
/// beforehand (folder, baselines) is found before any load is sent.
pub(super) fn gate(resolved: &Resolved, talk: Talk, stop: &Stop) -> Result<Gated, Failure> {
    let folder = &resolved.report.dir;
    report::prepare(folder)?;
    let replication = resolved.replication;
    // One run by itself has nothing that could stand for it.
    let retakes = (replication.count > 1).then(|| retakes::usual(replication.count));
    let session = Session { resolved, replication, talk, stop, report: folder, retakes };
    if resolved.plan.baseline.is_some() {
        return ab::gate(&session);
    }
    let lineage = shelf::lineage(resolved);
    let found = shelf::of(&resolved.baseline).open()?.matching(&recording::blank(resolved), BASELINES_MAX, lineage.as_ref())?;
    ratchet::check(resolved)?;
    let (baseline, nothing) = taken(found);
    let notes = for_want_of_better(&baseline, lineage.as_ref());
    let judge = |round: &[Made]| judge(round, &baseline, nothing.as_ref(), &notes, &resolved.policy);
    let mut made = replicates::play(&session, replicates::alone, |made| {
        let is_over = retakes::is_last(made, replication);
        Ok(if is_over { confirm::next(made, judge, replication, &resolved.policy) } else { Next::More })
    })?;
    replicates::save(&made, replication, folder)?;
    let verdict = retakes::told(confirm::verdict(&made, judge, &resolved.policy), &made, &resolved.policy);
    let (candidate, _) = retakes::runs(&made);
    let asked = acceptance::ask(ratchet::apply(verdict, &candidate, resolved)?, resolved);
    asked.keep(&mut made, &session)?;
    let (candidate, _) = retakes::runs(&made);
    let gated = reported(asked, &candidate, &baseline, resolved)?;
    promotion::by_itself(&candidate, gated.verdict.exit, resolved);
    Ok(gated)
}

/// Leaves verdict and reports in the report folder.
pub(super) fn reported(
    asked: Asked,
    candidate: &[RunRecord],
    baseline: &[RunRecord],
    resolved: &Resolved,
) -> Result<Gated, Failure> {
    let view = report::View::new(&asked.verdict, candidate, baseline).placed(places::of(resolved));
    let mut view = asked.advise(view, resolved);
    if resolved.baseline.promote {
        view = view.stored_by_builds_of(&resolved.baseline.branch);
    }
    let folder = &resolved.report.dir;
    report::write(&view, &formats(&resolved.report.formats), folder).map_err(recording::not_reported)?;
    own_templates::write(resolved, &view.run, Some(&view.judged), folder)?;
    Ok(Gated { console: report::console(&view), verdict: asked.verdict, view: Box::new(view) })
}

/// The runs to compare with, or what there is instead.
fn taken(found: Found) -> (Vec<RunRecord>, Option<Reference>) {
    match found {
        Found::Runs(stored) => (stored.into_iter().map(|stored| stored.record).collect(), None),
        Found::None => (Vec::new(), Some(Reference::NoBaseline)),
        Found::Mismatch(differences) => (Vec::new(), Some(Reference::Mismatch(differences))),
    }
}

/// What a reader must know of runs that are compared with because there are no others.
fn for_want_of_better(baseline: &[RunRecord], lineage: Option<&Lineage>) -> Vec<String> {
    if baseline.is_empty() || baseline.iter().any(|run| descends(lineage, run)) {
        return Vec::new();
    }
    let note = "none of the stored runs is of what this pull request descends from, so it is compared with others: what was \
                merged meanwhile may count as its own doing";
    vec![note.to_owned()]
}

fn judge(round: &[Made], baseline: &[RunRecord], nothing: Option<&Reference>, notes: &[String], policy: &Policy) -> Verdict {
    let (candidate, _) = retakes::runs(round);
    let compared = || {
        let mut comparison = compare(baseline, &candidate, &policy.regression);
        comparison.notes.extend_from_slice(notes);
        Reference::Compared(Box::new(comparison))
    };
    decide(&candidate, nothing.cloned().unwrap_or_else(compared), policy)
}

/// Where baselines are looked for, and the command that puts this run there.
fn how_to_promote(resolved: &Resolved) -> String {
    let record = match resolved.replication.count {
        1 => report::RECORD_FILE.to_owned(),
        _ => format!("{}/candidate-*.json.gz", report::RECORDS_FOLDER),
    };
    let (shelf, record) = (shelf::of(&resolved.baseline), resolved.report.dir.join(record));
    let to = match &shelf {
        Shelf::Folder(dir) => format!("--dir {}", dir.display()),
        Shelf::Branch(_) => "--config FILE".to_owned(),
    };
    format!("note: baselines are looked for in {shelf}; to store this run: loadgate baseline promote {to} {}", record.display())
}
