//! The time axis that all charts over time of an endpoint share.

use super::{
    Area, Tick,
    scale::{Scale, multiples},
};
use crate::units;

/// Longest stage name above the data; the table of stages has it whole.
const STAGE_NAME_MAX: usize = 24;
/// Least distance of stage names; those that would overlap are left out, their lines are not.
const STAGE_DISTANCE: f64 = 90.0;
/// Steps of a time axis in seconds.
const TIME_STEPS_S: [f64; 13] = [1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 14_400.0];

/// One span of time to be drawn.
#[derive(Clone, Debug, Default)]
pub(in crate::report) struct Slot {
    /// From the start of the drawing.
    pub begin_s: f64,
    pub length_s: f64,
    /// Name of the stage that begins here.
    pub stage: Option<String>,
    /// p50, p95, p99.
    pub us: [Option<u64>; 3],
    pub requests: u64,
    pub errors: u64,
    pub dropped: u64,
    /// Open connections in the mean, where they are counted.
    pub connections: Option<f64>,
    /// Failures by class, in the order of the classes.
    pub classes: Vec<(&'static str, u64)>,
}

impl Slot {
    /// The middle of its time.
    pub(super) fn middle_s(&self) -> f64 {
        self.begin_s + self.length_s / 2.0
    }
}

/// From the begin of the first slot to the end of the last; `None` without slots.
pub(super) fn of_slots(slots: &[Slot], area: &Area) -> Option<Scale> {
    let (first, last) = (slots.first()?, slots.last()?);
    Some(Scale { domain: (first.begin_s, last.begin_s + last.length_s), range: (area.left, area.right), logarithmic: false })
}

/// Round moments.
pub(super) fn ticks(x: &Scale) -> Vec<Tick> {
    let length = x.domain.1 - x.domain.0;
    let step = TIME_STEPS_S.into_iter().find(|step| length / step <= 10.0).unwrap_or(86_400.0);
    multiples(step, x.domain).into_iter().map(|value| Tick { at: x.at(value), label: seconds(value) }).collect()
}

/// A time in words.
pub(super) fn seconds(value: f64) -> String {
    units::duration(std::time::Duration::from_secs_f64(value.max(0.0)))
}

/// Begins of the stages, with their names where there is room.
pub(super) fn stages(slots: &[Slot], x: &Scale) -> Vec<Tick> {
    let mut free_from = f64::NEG_INFINITY;
    let stage = |slot: &Slot| {
        let name: String = slot.stage.as_ref()?.chars().take(STAGE_NAME_MAX).collect();
        let at = x.at(slot.begin_s);
        let fits = at >= free_from;
        if fits {
            free_from = at + STAGE_DISTANCE.max(name.chars().count() as f64 * 7.0);
        }
        Some(Tick { at, label: if fits { name } else { String::new() } })
    };
    slots.iter().filter_map(stage).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_stages_that_would_overlap_are_left_out_and_their_lines_are_not() {
        let slot = |begin_s: f64| Slot { begin_s, length_s: 1.0, stage: Some(format!("stage-{begin_s}")), ..Slot::default() };
        let slots: Vec<Slot> = (0..20).map(|n| slot(f64::from(n))).collect();
        let area = Area { left: 0.0, right: 730.0, top: 0.0, bottom: 100.0 };
        let marks = stages(&slots, &of_slots(&slots, &area).unwrap());
        assert_eq!(marks.len(), 20);
        let named: Vec<&Tick> = marks.iter().filter(|mark| !mark.label.is_empty()).collect();
        assert_eq!(named[0].label, "stage-0");
        assert!(named.len() > 3 && named.windows(2).all(|pair| pair[1].at - pair[0].at >= STAGE_DISTANCE), "{named:?}");
    }
}
