//! Failed requests over time, the classes on top of one another.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{
    Area, Slot,
    scale::Scale,
    tenth, time_axis,
    timeline::{Bar, Key, Timeline, WIDTH},
};
use crate::units;

const HEIGHT: f64 = 130.0;
const AREA: Area = Area { left: 70.0, right: 800.0, top: 22.0, bottom: 96.0 };
/// Colour classes; the last one is for all classes that have none of their own.
const COLOURS: [&str; 5] = ["e1", "e2", "e3", "e4", "e5"];

/// Places the failed share of each slot; `None` when nothing failed.
pub(in crate::report) fn failed(slots: &[Slot]) -> Option<Timeline> {
    let classes = ranked(slots);
    let share = |slot: &Slot| slot.errors as f64 / slot.requests.max(1) as f64;
    let largest = slots.iter().map(share).reduce(f64::max).filter(|largest| *largest > 0.0)?;
    let x = time_axis::of_slots(slots, &AREA)?;
    let y = Scale { domain: (0.0, largest * 1.08), range: (AREA.bottom, AREA.top), logarithmic: false };
    let mut stages = time_axis::stages(slots, &x);
    stages.iter_mut().for_each(|stage| stage.label.clear());
    Some(Timeline {
        title: "failed share of the requests, by class",
        summary: format!(
            "Failed share of the requests over time: up to {}; by class: {}.",
            units::percent(largest),
            classes.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", "),
        ),
        width: WIDTH,
        height: HEIGHT,
        area: AREA,
        bars: bars(slots, &classes, &x, &y),
        legend: legend(&classes),
        y_ticks: y.ticks(3, |share| if share > 0.0 { units::percent(share) } else { "0".to_owned() }),
        x_ticks: time_axis::ticks(&x),
        stages,
        ..Timeline::default()
    })
}

/// All classes that occur, the most frequent first.
fn ranked(slots: &[Slot]) -> Vec<(&'static str, u64)> {
    let mut counts: BTreeMap<&'static str, u64> = BTreeMap::new();
    for (name, count) in slots.iter().flat_map(|slot| &slot.classes) {
        *counts.entry(name).or_default() += count;
    }
    let mut ranked: Vec<(&'static str, u64)> = counts.into_iter().filter(|(_, count)| *count > 0).collect();
    ranked.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    ranked
}

/// The colour of the class of that rank.
fn colour(rank: usize) -> usize {
    rank.min(COLOURS.len() - 1)
}

fn legend(classes: &[(&'static str, u64)]) -> Vec<Key> {
    let mut keys: Vec<Key> = Vec::new();
    for (rank, (name, count)) in classes.iter().enumerate() {
        let text = format!("{name} {count}");
        match keys.get_mut(colour(rank)) {
            Some(key) => key.text = format!("{}, {text}", key.text),
            None => keys.push(Key { class: COLOURS[colour(rank)], text }),
        }
    }
    keys
}

fn bars(slots: &[Slot], classes: &[(&'static str, u64)], x: &Scale, y: &Scale) -> Vec<Bar> {
    let mut paths = vec![String::new(); COLOURS.len()];
    for slot in slots.iter().filter(|slot| slot.requests > 0) {
        let (from, to) = (x.at(slot.begin_s), x.at(slot.begin_s + slot.length_s));
        let width = tenth((to - from - 0.3).max(1.0));
        let mut below = 0.0;
        for (rank, (name, _)) in classes.iter().enumerate() {
            let count = slot.classes.iter().find(|(known, _)| known == name).map_or(0, |(_, count)| *count);
            let above = below + count as f64 / slot.requests as f64;
            let (foot, top) = (y.at(below), y.at(above));
            if count > 0 {
                // Writing to a string cannot fail.
                let _ = write!(paths[colour(rank)], "M{from} {foot}V{top}h{width}V{foot}z");
            }
            below = above;
        }
    }
    let bars = COLOURS.into_iter().zip(paths).map(|(class, path)| Bar { class, path });
    bars.filter(|bar| !bar.path.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(begin_s: f64, classes: &[(&'static str, u64)]) -> Slot {
        let errors = classes.iter().map(|(_, count)| count).sum();
        Slot { begin_s, length_s: 1.0, requests: 100, errors, classes: classes.to_vec(), ..Slot::default() }
    }

    #[test]
    fn nothing_that_failed_is_no_chart() {
        assert!(failed(&[slot(0.0, &[])]).is_none());
    }

    #[test]
    fn the_most_frequent_class_stands_at_the_foot_and_the_rest_share_a_colour() {
        let many = [("4xx", 1), ("5xx", 9), ("dns", 2), ("tls", 3), ("reset", 4), ("protocol", 5)];
        let chart = failed(&[slot(0.0, &many), slot(1.0, &[])]).unwrap();
        let texts: Vec<&str> = chart.legend.iter().map(|key| key.text.as_str()).collect();
        assert_eq!(texts, ["5xx 9", "protocol 5", "reset 4", "tls 3", "dns 2, 4xx 1"]);
        assert!(chart.bars[0].path.starts_with(&format!("M{} {}V", AREA.left, AREA.bottom)), "{}", chart.bars[0].path);
        assert_eq!(chart.bars[4].path.matches('M').count(), 2);
        assert!(chart.summary.contains("up to 24%"), "{}", chart.summary);
    }
}
