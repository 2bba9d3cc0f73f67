//! What is seen while a run goes on: live lines on a terminal, a line each few seconds in a CI log.

mod figures;
mod voice;

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressStyle};

use self::{
    figures::{Figurer, Figures},
    voice::Voice,
};
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
    /// Says the figures; none where nothing is to be said.
    voice: Option<Voice<Figures>>,
    /// Time between two of them.
    step: Duration,
    /// Moment of what was told last.
    told: Duration,
}

/// How figures are shown.
enum How {
    Live(ProgressBar),
    Log(LogFormat),
}

impl Display {
    /// A display for a plan.
    pub(super) fn new(plan: &Plan, talk: Talk) -> Self {
        let live = std::io::stderr().is_terminal() && env::lookup(env::CI).is_none() && talk.log_format == LogFormat::Text;
        let (step, span) = if live { (LIVE_STEP, LIVE_SPAN) } else { (LOG_STEP, LOG_STEP) };
        let voice = if talk.quiet {
            None
        } else {
            let how = if live { How::Live(bar(plan.duration())) } else { How::Log(talk.log_format) };
            Voice::new(move |figures: Figures| how.show(&figures))
        };
        Self { figurer: Figurer::new(plan, talk.replicate, span), voice, step, told: Duration::ZERO }
    }

    /// Tells how far a run has come, when it is time to. Never waits for who reads it.
    pub(super) fn tell(&mut self, progress: &Progress<'_>) {
        let Some(voice) = &self.voice else { return };
        self.figurer.note(progress);
        if progress.moment.saturating_sub(self.told) < self.step {
            return;
        }
        self.told = progress.moment;
        voice.say(self.figurer.figures(progress));
    }
}

impl How {
    fn show(&self, figures: &Figures) {
        match self {
            Self::Live(bar) => {
                bar.set_position(u64::try_from(figures.moment.as_millis()).unwrap_or(u64::MAX));
                bar.set_prefix(figures.place());
                bar.set_message(figures.going_in_lines().join("\n  "));
            }
            Self::Log(LogFormat::Text) => terminal::err(&format!("{}  {}", figures.place(), figures.going())),
            Self::Log(LogFormat::Json) => terminal::err(&figures.json()),
        }
    }
}

impl Drop for How {
    fn drop(&mut self) {
        if let Self::Live(bar) = self {
            bar.finish_and_clear();
        }
    }
}

fn bar(length: Duration) -> ProgressBar {
    let bar = ProgressBar::new(u64::try_from(length.as_millis()).unwrap_or(u64::MAX));
    // A line that is too long for a narrow terminal goes on in the next one.
    if let Ok(style) = ProgressStyle::with_template("{bar:24} {prefix}\n  {msg}") {
        bar.set_style(style);
    }
    bar
}
