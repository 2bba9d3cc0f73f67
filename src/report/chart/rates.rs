//! Requests per second over time: how many were offered, and how many were sent and came to an outcome.

use super::{
    Area, Slot,
    scale::Scale,
    time_axis::{self, seconds},
    timeline::{Timeline, WIDTH, line, spread},
};
use crate::units::{PerSecond, count};

const HEIGHT: f64 = 130.0;
const AREA: Area = Area { left: 70.0, right: 800.0, top: 22.0, bottom: 96.0 };

/// Places the rates of the slots; `None` where nothing was offered. Arrivals that were held back on purpose are in no slot, so their
/// number is said beside.
pub(in crate::report) fn rates(slots: &[Slot], held_back: u64) -> Option<Timeline> {
    let per_second = |count: u64, slot: &Slot| (slot.length_s > 0.0).then(|| count as f64 / slot.length_s);
    let offered = |slot: &Slot| per_second(slot.requests + slot.dropped, slot);
    let done = |slot: &Slot| per_second(slot.requests, slot);
    let largest = slots.iter().filter_map(offered).reduce(f64::max).filter(|largest| *largest > 0.0)?;
    let x = time_axis::of_slots(slots, &AREA)?;
    let y = Scale { domain: (0.0, largest * 1.08), range: (AREA.bottom, AREA.top), logarithmic: false };
    let mut lines = vec![line("done", "done", slots, done, &x, &y), line("due", "offered", slots, offered, &x, &y)];
    spread(&mut lines);
    let dropped: u64 = slots.iter().map(|slot| slot.dropped).sum();
    Some(Timeline {
        title: "rate",
        summary: format!(
            "Requests per second over {}: up to {} were offered; {}.{}",
            seconds(x.domain.1 - x.domain.0),
            PerSecond(largest),
            if dropped == 0 { "all of them were sent".to_owned() } else { format!("{dropped} requests were not sent") },
            not_drawn(held_back),
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

fn not_drawn(held_back: u64) -> String {
    match held_back {
        0 => String::new(),
        1 => " 1 arrival of the run was held back on purpose, and is not drawn.".to_owned(),
        n => format!(" {} arrivals of the run were held back on purpose, and are not drawn.", count(n)),
    }
}

/// The chart above has the names.
pub(super) fn unnamed(mut stages: Vec<super::Tick>) -> Vec<super::Tick> {
    stages.iter_mut().for_each(|stage| stage.label.clear());
    stages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_held_back_is_said_and_not_taken_for_sent() {
        let slot = Slot { length_s: 1.0, requests: 100, ..Slot::default() };
        let summary = rates(&[slot], 1_200).unwrap().summary;
        let held_back = "all of them were sent. 1,200 arrivals of the run were held back on purpose, and are not drawn.";
        assert!(summary.ends_with(held_back), "{summary}");
    }

    #[test]
    fn what_is_not_sent_keeps_the_lines_apart() {
        let slot = |begin_s, dropped| Slot { begin_s, length_s: 1.0, requests: 100 - dropped, dropped, ..Slot::default() };
        let chart = rates(&[slot(0.0, 0), slot(1.0, 50)], 0).unwrap();
        let pieces: Vec<&str> = chart.lines.iter().map(|line| line.pieces[0].as_str()).collect();
        let (done, offered) = (pieces[0].split(' ').collect::<Vec<_>>(), pieces[1].split(' ').collect::<Vec<_>>());
        assert_eq!(done[0], offered[0]);
        assert_ne!(done[1], offered[1]);
        assert_eq!(chart.summary, "Requests per second over 2s: up to 100/s were offered; 50 requests were not sent.");
        assert!(rates(&[Slot { length_s: 1.0, ..Slot::default() }], 0).is_none(), "nothing was offered");
    }
}
