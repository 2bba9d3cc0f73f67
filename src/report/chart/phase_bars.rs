//! Where the time of a request goes: its phases one after another, the baseline's above the candidate's.

use super::{scale::Scale, tenth};
use crate::units;

const WIDTH: f64 = 860.0;
const LEFT: f64 = 80.0;
const RIGHT: f64 = 760.0;
const ROW_HEIGHT: f64 = 34.0;
const TOP: f64 = 6.0;
/// Least width of a part that has its name in it.
const NAMED_FROM: f64 = 74.0;

/// Bars of phases, placed.
#[derive(Clone, Debug, serde::Serialize)]
pub struct PhaseBars {
    /// What it shows, for those who do not see it.
    pub summary: String,
    /// Of the drawing.
    pub width: f64,
    /// Of the drawing.
    pub height: f64,
    /// The baseline where there is one, then the candidate.
    pub rows: Vec<PhaseBar>,
}

/// The phases of one version.
#[derive(Clone, Debug, serde::Serialize)]
pub struct PhaseBar {
    /// `baseline`
    pub name: &'static str,
    /// Upper edge.
    pub y: f64,
    /// Height.
    pub height: f64,
    /// Base line of its text.
    pub text_y: f64,
    /// The phases that take any time.
    pub parts: Vec<PhasePart>,
    /// Where the sum stands.
    pub sum_x: f64,
    /// The sum in words.
    pub sum: String,
}

/// One phase in a bar.
#[derive(Clone, Debug, serde::Serialize)]
pub struct PhasePart {
    /// Its name, which is its colour class too.
    pub name: &'static str,
    /// Left edge.
    pub x: f64,
    /// Width.
    pub width: f64,
    /// `wait 12 ms`
    pub text: String,
    /// Whether the text fits in.
    pub named: bool,
}

/// Means of the phases of one version, in microseconds.
pub(in crate::report) type PhaseMeans<'a> = (&'static str, &'a [(&'static str, f64)]);

/// Places the bars; `None` where no time is known.
pub(in crate::report) fn phase_bars(versions: &[PhaseMeans<'_>]) -> Option<PhaseBars> {
    let sum = |means: &[(&'static str, f64)]| means.iter().map(|(_, mean)| mean).sum::<f64>();
    let known: Vec<&PhaseMeans<'_>> = versions.iter().filter(|(_, means)| sum(means) > 0.0).collect();
    let longest = known.iter().map(|(_, means)| sum(means)).reduce(f64::max)?;
    let x = Scale { domain: (0.0, longest), range: (LEFT, RIGHT), logarithmic: false };
    let rows: Vec<PhaseBar> = known.iter().enumerate().map(|(index, version)| bar(index, version, &x)).collect();
    let words = |(name, means): &&PhaseMeans<'_>| {
        let parts = means.iter().filter(|(_, mean)| *mean > 0.0);
        let parts: Vec<String> = parts.map(|(phase, mean)| format!("{phase} {}", units::latency(*mean))).collect();
        format!("{name}: {}", parts.join(", "))
    };
    Some(PhaseBars {
        summary: format!("Mean time of a request by phase. {}.", known.iter().map(words).collect::<Vec<_>>().join(". ")),
        width: WIDTH,
        height: TOP + ROW_HEIGHT * rows.len() as f64,
        rows,
    })
}

fn bar(index: usize, (name, means): &PhaseMeans<'_>, x: &Scale) -> PhaseBar {
    let y = TOP + ROW_HEIGHT * index as f64;
    let mut before = 0.0;
    let mut parts = Vec::new();
    for (phase, mean) in means.iter().filter(|(_, mean)| *mean > 0.0) {
        let (from, to) = (x.at(before), x.at(before + mean));
        before += mean;
        let (width, text) = (tenth((to - from).max(0.5)), format!("{phase} {}", units::latency(*mean)));
        parts.push(PhasePart { name: phase, x: from, width, named: width >= NAMED_FROM.max(text.len() as f64 * 7.0), text });
    }
    PhaseBar {
        name,
        y,
        height: ROW_HEIGHT - 8.0,
        text_y: y + 17.5,
        parts,
        sum_x: tenth(x.at(before) + 8.0),
        sum: units::latency(before),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_stand_one_after_another_without_a_gap() {
        let means = [("connect", 100.0), ("tls", 0.0), ("wait", 800.0), ("receive", 100.0)];
        let chart = phase_bars(&[("baseline", &[]), ("candidate", &means)]).unwrap();
        assert_eq!(chart.rows.len(), 1, "nothing is known of the baseline");
        let parts = &chart.rows[0].parts;
        assert_eq!(parts.iter().map(|part| part.name).collect::<Vec<_>>(), ["connect", "wait", "receive"]);
        assert!(parts.windows(2).all(|pair| (pair[0].x + pair[0].width - pair[1].x).abs() < 0.11), "{parts:?}");
        assert_eq!(chart.rows[0].sum, "1 ms");
        assert!(phase_bars(&[("candidate", &[("wait", 0.0)])]).is_none());
    }
}
