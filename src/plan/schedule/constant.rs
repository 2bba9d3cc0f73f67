//! The same rate throughout.

use std::time::Duration;

use super::Schedule;

/// Position n is reached at n / rate.
#[derive(Clone, Copy, Debug)]
pub struct Constant {
    pub(super) rate: f64,
    pub(super) length: Duration,
}

impl Schedule for Constant {
    fn due(&self, position: f64) -> Option<Duration> {
        let due = Duration::try_from_secs_f64(position / self.rate).ok()?;
        (due < self.length).then_some(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_per_second_are_due_every_ten_milliseconds() {
        let schedule = Constant { rate: 100.0, length: Duration::from_secs(10) };
        assert_eq!(schedule.due(0.0), Some(Duration::ZERO));
        assert_eq!(schedule.due(1.0), Some(Duration::from_millis(10)));
        assert_eq!(schedule.due(999.0), Some(Duration::from_millis(9990)));
        assert_eq!(schedule.due(1000.0), None);
    }
}
