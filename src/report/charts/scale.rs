//! From values to places on a page, and where the marks of an axis go.

/// A linear scale.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    pub values: (f64, f64),
    pub places: (f64, f64),
}

impl Scale {
    /// The place of a value; values beyond the scale are put at its ends.
    pub(super) fn place(&self, value: f64) -> f64 {
        let (low, high) = self.values;
        let share = if high > low { ((value - low) / (high - low)).clamp(0.0, 1.0) } else { 0.5 };
        round(self.places.0 + share * (self.places.1 - self.places.0))
    }

    /// Three to seven round values on the scale.
    pub(super) fn marks(&self) -> Vec<f64> {
        let (low, high) = self.values;
        let raw = (high - low) / 5.0;
        if !(raw.is_finite() && raw > 0.0) {
            return vec![low];
        }
        let power = 10_f64.powf(raw.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| *step >= raw).unwrap_or(raw);
        let first = (low / step).ceil() as i64;
        let last = (high / step).floor() as i64;
        (first..=last).map(|n| n as f64 * step).collect()
    }
}

/// A tenth of a pixel is enough, and keeps files small.
pub(super) fn round(place: f64) -> f64 {
    (place * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_and_within_the_scale() {
        let marks = |low, high| Scale { values: (low, high), places: (0.0, 100.0) }.marks();
        assert_eq!(marks(0.0, 10.0), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(marks(-0.13, 0.42), [-0.0, 0.2, 0.4]);
        assert_eq!(marks(3.0, 3.0), [3.0]);
    }

    #[test]
    fn places_stay_on_the_page() {
        let scale = Scale { values: (0.0, 10.0), places: (100.0, 0.0) };
        assert_eq!([-5.0, 0.0, 5.0, 99.0].map(|value| scale.place(value)), [100.0, 100.0, 50.0, 0.0]);
    }
}
