//! Requests per second over time: how many fell due, and how many were sent and came to an outcome.

use super::{
    Area, Slot,
    scale::Scale,
    time_axis::{self, seconds},
    timeline::{Timeline, WIDTH, line, spread},
};
use crate::units::PerSecond;

const HEIGHT: f64 = 130.0;
const AREA: Area = Area { left: 70.0, right: 800.0, top: 22.0, bottom: 96.0 };

/// Places the rates of the slots; `None` where nothing fell due.
pub(in crate::report) fn rates(slots: &[Slot]) -> Option<Timeline> {
    let per_second = |count: u64, slot: &Slot| (slot.length_s > 0.0).then(|| count as f64 / slot.length_s);
    let due = |slot: &Slot| per_second(slot.requests + slot.dropped, slot);
    let done = |slot: &Slot| per_second(slot.requests, slot);
    let largest = slots.iter().filter_map(due).reduce(f64::max).filter(|largest| *largest > 0.0)?;
    let x = time_axis::of_slots(slots, &AREA)?;
    let y = Scale { domain: (0.0, largest * 1.08), range: (AREA.bottom, AREA.top), logarithmic: false };
    let mut lines = vec![line("done", "done", slots, done, &x, &y), line("due", "due", slots, due, &x, &y)];
    spread(&mut lines);
    let dropped: u64 = slots.iter().map(|slot| slot.dropped).sum();
    Some(Timeline {
        title: "rate",
        summary: format!(
            "Requests per second over {}: up to {} fell due; {}.",
            seconds(x.domain.1 - x.domain.0),
            PerSecond(largest),
            if dropped == 0 { "all of them were sent".to_owned() } else { format!("{dropped} requests were not sent") },
        ),
        width: WIDTH,
        height: HEIGHT,
        area: AREA,
        lines,
        y_ticks: y.ticks(3, |rate| PerSecond(rate).to_string()),
        x_ticks: time_axis::ticks(&x),
        stages: unnamed(time_axis::stages(slots, &x)),
        ..Timeline::default()
    })
}

/// The chart above has the names.
fn unnamed(mut stages: Vec<super::Tick>) -> Vec<super::Tick> {
    stages.iter_mut().for_each(|stage| stage.label.clear());
    stages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_sent_keeps_the_lines_apart() {
        let slot = |begin_s, dropped| Slot { begin_s, length_s: 1.0, requests: 100 - dropped, dropped, ..Slot::default() };
        let chart = rates(&[slot(0.0, 0), slot(1.0, 50)]).unwrap();
        let pieces: Vec<&str> = chart.lines.iter().map(|line| line.pieces[0].as_str()).collect();
        let (done, due) = (pieces[0].split(' ').collect::<Vec<_>>(), pieces[1].split(' ').collect::<Vec<_>>());
        assert_eq!(done[0], due[0]);
        assert_ne!(done[1], due[1]);
        assert_eq!(chart.summary, "Requests per second over 2s: up to 100/s fell due; 50 requests were not sent.");
        assert!(rates(&[Slot { length_s: 1.0, ..Slot::default() }]).is_none(), "nothing fell due");
    }
}
