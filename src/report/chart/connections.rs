//! Open WebSocket connections over time.

use super::{
    Area, Slot,
    rates::unnamed,
    scale::Scale,
    time_axis::{self, seconds},
    timeline::{Timeline, WIDTH, line},
};
use crate::units;

const HEIGHT: f64 = 130.0;
const AREA: Area = Area { left: 70.0, right: 800.0, top: 22.0, bottom: 96.0 };

/// Places how many connections were open in each slot, in the mean; `None` where none ever was.
pub(in crate::report) fn connections(slots: &[Slot]) -> Option<Timeline> {
    let open = |slot: &Slot| slot.connections;
    let largest = slots.iter().filter_map(open).reduce(f64::max).filter(|largest| *largest > 0.0)?;
    let x = time_axis::of_slots(slots, &AREA)?;
    let y = Scale { domain: (0.0, largest * 1.08), range: (AREA.bottom, AREA.top), logarithmic: false };
    Some(Timeline {
        title: "connections",
        summary: format!(
            "Open WebSocket connections over {}: up to {} at a time.",
            seconds(x.domain.1 - x.domain.0),
            units::count(largest.round() as u64),
        ),
        width: WIDTH,
        height: HEIGHT,
        area: AREA,
        lines: vec![line("done", "open", slots, open, &x, &y)],
        y_ticks: y.ticks(3, |open| units::significant(open, 4)),
        x_ticks: time_axis::ticks(&x),
        stages: unnamed(time_axis::stages(slots, &x)),
        ..Timeline::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_that_come_are_a_line_that_rises() {
        let slot = |begin_s, open| Slot { begin_s, length_s: 1.0, connections: Some(open), ..Slot::default() };
        let chart = connections(&[slot(0.0, 500.0), slot(1.0, 1_999.6)]).unwrap();
        assert_eq!(chart.summary, "Open WebSocket connections over 2s: up to 2,000 at a time.");
        let heights: Vec<f64> =
            chart.lines[0].pieces[0].split(' ').map(|at| at.split_once(',').unwrap().1.parse().unwrap()).collect();
        assert!(heights[1] < heights[0], "{heights:?}");
        assert!(connections(&[slot(0.0, 0.0)]).is_none() && connections(&[Slot::default()]).is_none());
    }
}
