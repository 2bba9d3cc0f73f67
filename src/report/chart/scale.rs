//! From values to places, and the values worth naming on an axis.

use super::tenth;

/// A named place on an axis.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Tick {
    /// Place in SVG units.
    pub at: f64,
    /// What stands there.
    pub label: String,
}

/// A linear or logarithmic axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    /// Smallest and largest value.
    pub domain: (f64, f64),
    /// Their places.
    pub range: (f64, f64),
    /// Equal distances are equal factors.
    pub logarithmic: bool,
}

impl Scale {
    /// The place of a value; values outside are put on the edge.
    pub(super) fn at(&self, value: f64) -> f64 {
        let ((lo, hi), (from, to)) = (self.domain, self.range);
        let value = value.clamp(lo, hi);
        let share = if self.logarithmic { (value / lo).ln() / (hi / lo).ln() } else { (value - lo) / (hi - lo) };
        tenth(from + share * (to - from))
    }

    /// Ticks at round values, about `wanted` of them.
    pub(super) fn ticks(&self, wanted: usize, label: impl Fn(f64) -> String) -> Vec<Tick> {
        let values = if self.logarithmic { round_logarithmic(self.domain, wanted) } else { round_linear(self.domain, wanted) };
        values.into_iter().map(|value| Tick { at: self.at(value), label: label(value) }).collect()
    }
}

/// Multiples of 1, 2 or 5 times a power of ten.
fn round_linear((lo, hi): (f64, f64), wanted: usize) -> Vec<f64> {
    let rough = (hi - lo) / wanted.max(1) as f64;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| *step >= rough).unwrap_or(rough);
    multiples(step, (lo, hi))
}

/// Multiples of `step` from `lo` to `hi`, counted in whole steps so that rounding does not add up.
pub(super) fn multiples(step: f64, (lo, hi): (f64, f64)) -> Vec<f64> {
    let (first, last) = ((lo / step - 1e-9).ceil() as i64, (hi / step + 1e-9).floor() as i64);
    (first..=last).map(|n| n as f64 * step).collect()
}

/// Powers of ten, and 2 and 5 times them where they are few.
fn round_logarithmic((lo, hi): (f64, f64), wanted: usize) -> Vec<f64> {
    let decades = (lo.log10().floor() as i32)..=(hi.log10().ceil() as i32);
    let within = |value: &f64| *value >= lo * 0.999 && *value <= hi * 1.001;
    let of = |factors: &[f64]| -> Vec<f64> {
        decades.clone().flat_map(|power| factors.iter().map(move |factor| factor * 10f64.powi(power))).filter(within).collect()
    };
    let all = of(&[1.0, 2.0, 5.0]);
    if all.len() <= wanted + 2 { all } else { of(&[1.0]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_places_and_outliers_stay_on_the_edge() {
        let scale = Scale { domain: (0.0, 10.0), range: (100.0, 0.0), logarithmic: false };
        assert_eq!([-5.0, 0.0, 2.5, 10.0, 99.0].map(|value| scale.at(value)), [100.0, 100.0, 75.0, 0.0, 0.0]);
        let scale = Scale { domain: (1.0, 100.0), range: (0.0, 200.0), logarithmic: true };
        assert_eq!([1.0, 10.0, 100.0].map(|value| scale.at(value)), [0.0, 100.0, 200.0]);
    }

    #[test]
    fn ticks_are_round() {
        let values = |domain, logarithmic| {
            let scale = Scale { domain, range: (0.0, 1.0), logarithmic };
            scale.ticks(4, |value| format!("{value}")).into_iter().map(|tick| tick.label).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(values((0.0, 87.0), false), "0 50");
        assert_eq!(values((-10.0, 30.0), false), "-10 0 10 20 30");
        assert_eq!(values((300.0, 4000.0), true), "500 1000 2000");
        assert_eq!(values((1.0, 1e5), true), "1 10 100 1000 10000 100000");
    }
}
