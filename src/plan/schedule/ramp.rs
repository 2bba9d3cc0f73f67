//! From one rate to another in a straight line.
//!
//! ```text
//!  rate                     arrivals until t:  N(t) = from t + (to - from) t^2 / (2 T)
//!    to |        ___/
//!       |    ___/           arrival n is due where N(t) = n:
//!  from |___/                 a = (to - from) / (2 T);  t = 2 n / (from + sqrt(from^2 + 4 a n))
//!       +----------- T
//! ```
//! The second form of the root loses no digits when the ramp is nearly level.

use std::time::Duration;

use super::Schedule;

/// A linear ramp over the length of the stage.
#[derive(Clone, Copy, Debug)]
pub struct Ramp {
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) length: Duration,
}

impl Schedule for Ramp {
    fn due(&self, position: f64) -> Option<Duration> {
        if position <= 0.0 {
            return (self.length > Duration::ZERO).then_some(Duration::ZERO);
        }
        let seconds = self.length.as_secs_f64();
        let (n, a) = (position, (self.to - self.from) / (2.0 * seconds));
        if n >= f64::midpoint(self.from, self.to) * seconds {
            return None;
        }
        let root = (self.from * self.from + 4.0 * a * n).max(0.0).sqrt();
        let due = Duration::try_from_secs_f64(2.0 * n / (self.from + root)).ok()?;
        (due < self.length).then_some(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_a_ramp_from_zero_has_a_quarter_of_its_arrivals() {
        let schedule = Ramp { from: 0.0, to: 200.0, length: Duration::from_secs(10) };
        let middle = schedule.due(250.0).unwrap();
        assert!((middle.as_secs_f64() - 5.0).abs() < 1e-9, "{middle:?}");
        assert_eq!(schedule.due(1000.0), None);
    }
}
