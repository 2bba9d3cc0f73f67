//! `loadgate demo`: the whole story on loopback. A target is started, baseline runs are recorded, then three candidates are
//! gated: an unchanged one, a slower one, one with errors. At last the slower one is gated live beside the baseline.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
};

use super::{
    Failure,
    config_args::ConfigArgs,
    gate::gate,
    recording::{self, Talk},
    signals, terminal,
};
use crate::{
    baseline::Store,
    diagnose::shell_word,
    engine::Stop,
    exit::Exit,
    mock_target::{MockTarget, Running, Script},
    plan::Resolved,
    record::Ended,
    verdict::VerdictKind,
};

/// Baseline runs: enough to see a doubling with certainty, few enough to keep the demo short.
const BASELINE_RUNS: usize = 4;

const CONFIG: &str = include_str!("../../templates/demo/loadgate.yml");
const BASELINE: (&str, &str) = ("baseline.yml", include_str!("../../templates/demo/baseline.yml"));
const SLOWER: (&str, &str) = ("slower.yml", include_str!("../../templates/demo/slower.yml"));
const FAILING: (&str, &str) = ("failing.yml", include_str!("../../templates/demo/failing.yml"));

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Folder for the configuration, the baselines and the reports
    #[arg(long, value_name = "DIR", default_value = "loadgate-demo")]
    out: PathBuf,
    #[command(flatten)]
    talk: Talk,
}

/// One candidate of the demo.
struct Act {
    name: &'static str,
    story: &'static str,
    script: (&'static str, &'static str),
    passes: bool,
}

const ACTS: [Act; 3] = [
    Act { name: "unchanged", story: "a pull request that changes nothing", script: BASELINE, passes: true },
    Act { name: "slower", story: "a pull request that makes search twice as slow", script: SLOWER, passes: false },
    Act {
        name: "failing",
        story: "a pull request with a bug: 1 in 20 answers of list-items is a 500",
        script: FAILING,
        passes: false,
    },
];

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let folder = &args.out;
    set_the_stage(folder)?;
    let stop = Stop::default();
    signals::watch(&stop).map_err(Failure::invalid)?;
    terminal::out(&format!(
        "The demo loads a test server on loopback with the configuration {}.\nIts runs are short, so its tolerances are wide.\n",
        folder.join("loadgate.yml").display()
    ));
    record_baseline(args, &stop)?;
    let mut as_it_should_be = true;
    for (number, act) in ACTS.iter().enumerate() {
        as_it_should_be &= play(act, BASELINE_RUNS + 1 + number, args, &stop)?;
    }
    as_it_should_be &= play_side_by_side(args, &stop)?;
    terminal::out(&format!("\nReports: {}/{{unchanged,slower,failing,side-by-side}}/report.html", folder.display()));
    if as_it_should_be {
        terminal::out("All four verdicts are as they should be.");
        return Ok(Exit::Ok);
    }
    terminal::out("Not all verdicts are as they should be: is the machine busy with something else?");
    Ok(Exit::Failed)
}

/// Writes what the demo plays, so that a reader can look at it and play it again. Baselines of an earlier demo go, as they
/// may be of another machine.
fn set_the_stage(folder: &Path) -> Result<(), Failure> {
    let cannot =
        |error: std::io::Error| Failure::usage(format!("{}: {error}", folder.display())).hint("choose a folder with --out");
    fs::create_dir_all(folder).map_err(cannot)?;
    for (name, text) in [("loadgate.yml", CONFIG), BASELINE, SLOWER, FAILING] {
        fs::write(folder.join(name), text).map_err(cannot)?;
    }
    let baselines = folder.join("baselines");
    if baselines.is_dir() {
        fs::remove_dir_all(baselines).map_err(cannot)?;
    }
    Ok(())
}

/// Starts the target. Every run has a seed of its own: with one for all, the target would answer each run alike to the
/// microsecond, which no service does.
fn start(script: (&str, &str), seed: usize) -> Result<Running, Failure> {
    let script = Script { seed: seed as u64, ..Script::parse(script.1).map_err(Failure::invalid)? };
    let listener = TcpListener::bind("127.0.0.1:0").map_err(Failure::invalid)?;
    MockTarget::start(script, listener).map_err(Failure::invalid)
}

/// A service of the demo: the file of its script, and where it listens.
type Service<'a> = (&'static str, &'a Running);

/// The demo's configuration, resolved for a target and a report folder, exactly as `gate -c` would; with a baseline, for both. The
/// services end with the demo, so the reports say how to start them.
fn resolve(args: &Args, target: Service<'_>, baseline: Option<Service<'_>>, report: &str) -> Result<Resolved, Failure> {
    let mut vars = vec![format!("TARGET_URL=http://{}", target.1.addr())];
    vars.extend(baseline.map(|(_, baseline)| format!("BASELINE_URL=http://{}", baseline.addr())));
    let config = ConfigArgs { config: args.out.join("loadgate.yml"), vars, set: Vec::new(), env: None };
    let mut resolved = config.resolve()?;
    resolved.report.dir = args.out.join(report);
    let command = |(script, running): Service<'_>| {
        let script = shell_word(&args.out.join(script).display().to_string());
        format!("loadgate mock-target --script {script} --listen {}", running.addr())
    };
    resolved.asked.beside = [target].into_iter().chain(baseline).map(command).collect();
    Ok(resolved)
}

fn record_baseline(args: &Args, stop: &Stop) -> Result<(), Failure> {
    for run in 1..=BASELINE_RUNS {
        terminal::err(&format!("baseline run {run} of {BASELINE_RUNS}"));
        let target = start(BASELINE, run)?;
        let resolved = resolve(args, (BASELINE.0, &target), None, "baseline")?;
        let blank = recording::blank(&resolved);
        let record = recording::make(&resolved, blank, args.talk, stop)?;
        match record.ended {
            Ended::Complete => {}
            Ended::Interrupted => return Err(interrupted()),
            Ended::Aborted => return Err(Failure::invalid(record.ended_because.unwrap_or_default())),
        }
        Store::at(&resolved.baseline.dir).promote(&record).map_err(Failure::invalid)?;
    }
    Ok(())
}

fn interrupted() -> Failure {
    Failure { exit: Exit::Interrupted, ..Failure::invalid("the demo was interrupted") }
}

/// Gates one candidate. Returns whether the verdict is as it should be.
fn play(act: &Act, seed: usize, args: &Args, stop: &Stop) -> Result<bool, Failure> {
    terminal::out(&format!("\n== {}: {}", act.name, act.story));
    let target = start(act.script, seed)?;
    let kind = gated(&resolve(args, (act.script.0, &target), None, act.name)?, args, stop)?;
    Ok(if act.passes { matches!(kind, VerdictKind::Pass | VerdictKind::Warn) } else { kind == VerdictKind::Fail })
}

/// Gates the slower candidate beside the baseline: no stored run is needed, and what disturbs the machine meets both.
fn play_side_by_side(args: &Args, stop: &Stop) -> Result<bool, Failure> {
    terminal::out("\n== side-by-side: the slower one again, live beside the version in production (A/B)");
    let (target, baseline) = (start(SLOWER, 1)?, start(BASELINE, 2)?);
    let resolved = resolve(args, (SLOWER.0, &target), Some((BASELINE.0, &baseline)), "side-by-side")?;
    Ok(gated(&resolved, args, stop)? == VerdictKind::Fail)
}

/// Runs a gate and shows what came of it.
fn gated(resolved: &Resolved, args: &Args, stop: &Stop) -> Result<VerdictKind, Failure> {
    let gated = gate(resolved, args.talk, stop)?;
    terminal::out(&gated.console);
    terminal::out(&format!("exit code {}", gated.verdict.exit.code()));
    if gated.verdict.exit == Exit::Interrupted {
        return Err(interrupted());
    }
    Ok(gated.verdict.kind)
}
