//! What is seen while a run goes on: live lines on a terminal, a line each few seconds in a CI log.

mod figures;

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressStyle};

use self::figures::Figurer;
use super::{recording::Talk, terminal};
use crate::{clock::Duration, engine::Progress, env, plan::Plan};

/// How often a log gets a line.
const LOG_STEP: Duration = Duration::from_secs(5);
/// How often a terminal does.
const LIVE_STEP: Duration = Duration::from_millis(400);
/// Time over which a terminal's rates and latencies are taken: long enough to be read, short enough to be news.
const LIVE_SPAN: Duration = Duration::from_secs(3);

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
    figurer: Figurer,
    how: How,
    /// Moment of what was told last.
    told: Duration,
}

enum How {
    Silent,
    Live(ProgressBar),
    Log(LogFormat),
}

impl Display {
    /// A display for a plan.
    pub(super) fn new(plan: &Plan, talk: Talk) -> Self {
        let (quiet, format) = (talk.quiet, talk.log_format);
        let live = std::io::stderr().is_terminal() && env::lookup(env::CI).is_none() && format == LogFormat::Text;
        let (how, span) = match (quiet, live) {
            (true, _) => (How::Silent, LOG_STEP),
            (false, true) => (How::Live(bar(plan.duration())), LIVE_SPAN),
            (false, false) => (How::Log(format), LOG_STEP),
        };
        Self { figurer: Figurer::new(plan, talk.replicate, span), how, told: Duration::ZERO }
    }

    /// Tells how far a run has come, when it is time to.
    pub(super) fn tell(&mut self, progress: &Progress<'_>) {
        let step = match self.how {
            How::Silent => return,
            How::Live(_) => LIVE_STEP,
            How::Log(_) => LOG_STEP,
        };
        self.figurer.note(progress);
        if progress.moment.saturating_sub(self.told) < step {
            return;
        }
        self.told = progress.moment;
        let figures = self.figurer.figures(progress);
        match &self.how {
            How::Silent => {}
            How::Live(bar) => {
                bar.set_position(u64::try_from(progress.moment.as_millis()).unwrap_or(u64::MAX));
                bar.set_prefix(figures.place());
                bar.set_message(figures.going());
            }
            How::Log(LogFormat::Text) => terminal::err(&format!("{}  {}", figures.place(), figures.going())),
            How::Log(LogFormat::Json) => terminal::err(&figures.json()),
        }
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
    if let Ok(style) = ProgressStyle::with_template("{bar:24} {prefix}\n  {wide_msg}") {
        bar.set_style(style);
    }
    bar
}
