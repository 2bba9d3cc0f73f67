//! What is seen while a run goes on: a live line on a terminal, a line each few seconds in a CI log.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressStyle};

use super::terminal;
use crate::{clock::Duration, engine::Progress, env, plan::Plan, units};

/// How often a log gets a line.
const LOG_STEP: Duration = Duration::from_secs(5);

/// How progress is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum LogFormat {
    /// Sentences.
    #[default]
    Text,
    /// A JSON object a line.
    Json,
}

/// Tells of a run's progress on stderr.
pub(super) struct Display {
    stages: Vec<(Duration, String)>,
    length: Duration,
    how: How,
    last: (Duration, u64),
}

enum How {
    Silent,
    Live(ProgressBar),
    Log(LogFormat),
}

impl Display {
    /// A display for a plan.
    pub(super) fn new(plan: &Plan, quiet: bool, format: LogFormat) -> Self {
        let mut ends = Duration::ZERO;
        let stages = plan
            .stages
            .iter()
            .map(|stage| {
                ends += stage.duration;
                (ends, if stage.measured { stage.name.clone() } else { format!("{} (not measured)", stage.name) })
            })
            .collect();
        let live = std::io::stderr().is_terminal() && env::lookup(env::CI).is_none() && format == LogFormat::Text;
        let how = match (quiet, live) {
            (true, _) => How::Silent,
            (false, true) => How::Live(bar(plan.duration())),
            (false, false) => How::Log(format),
        };
        Self { stages, length: plan.duration(), how, last: (Duration::ZERO, 0) }
    }

    /// Tells how far a run has come.
    pub(super) fn tell(&mut self, progress: &Progress<'_>) {
        let (moment, requests) = (progress.moment, progress.live.requests());
        let since = moment.saturating_sub(self.last.0);
        let rate = requests.saturating_sub(self.last.1) as f64 / since.as_secs_f64().max(0.001);
        match &self.how {
            How::Silent => return,
            How::Live(bar) => {
                bar.set_position(u64::try_from(moment.as_millis()).unwrap_or(u64::MAX));
                bar.set_message(self.line(progress, rate));
                if since < Duration::from_secs(1) {
                    return;
                }
            }
            How::Log(_) if since < LOG_STEP => return,
            How::Log(LogFormat::Text) => terminal::err(&self.line(progress, rate)),
            How::Log(LogFormat::Json) => terminal::err(&json_line(progress, rate, self.stage(moment))),
        }
        self.last = (moment, requests);
    }

    fn stage(&self, moment: Duration) -> &str {
        self.stages.iter().find(|(ends, _)| moment < *ends).map_or("finishing", |(_, name)| name)
    }

    fn line(&self, progress: &Progress<'_>, rate: f64) -> String {
        let live = progress.live;
        let whole_seconds = Duration::from_secs(progress.moment.min(self.length).as_secs());
        format!(
            "{} of {}  {}  {rate:.0}/s  {} in flight  {} failed  {} dropped",
            units::duration(whole_seconds),
            units::duration(self.length),
            self.stage(progress.moment),
            live.in_flight(),
            live.errors(),
            live.dropped()
        )
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        if let How::Live(bar) = &self.how {
            bar.finish_and_clear();
        }
    }
}

fn bar(length: Duration) -> ProgressBar {
    let bar = ProgressBar::new(u64::try_from(length.as_millis()).unwrap_or(u64::MAX));
    if let Ok(style) = ProgressStyle::with_template("{bar:24} {msg}") {
        bar.set_style(style);
    }
    bar
}

fn json_line(progress: &Progress<'_>, rate: f64, stage: &str) -> String {
    serde_json::json!({
        "event": "progress",
        "moment_s": (progress.moment.as_secs_f64() * 10.0).round() / 10.0,
        "stage": stage,
        "rate_per_s": rate.round(),
        "requests": progress.live.requests(),
        "errors": progress.live.errors(),
        "dropped": progress.live.dropped(),
        "in_flight": progress.live.in_flight(),
    })
    .to_string()
}
