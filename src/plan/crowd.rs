//! How much load a stage makes: arrivals at a rate, or a number of users who each wait for their answers.

use std::{fmt, time::Duration};

use super::Shape;

/// The load of a stage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Load {
    /// Open loop: arrivals come when they are due, whatever became of those before them.
    Arrivals(Shape),
    /// Closed loop: each user begins anew when the last answer has come.
    Users(Crowd),
    /// Nothing but the WebSocket connections that the scenarios have of their own.
    Connections(Crowd),
}

/// A number of users, the same throughout or changing in a straight line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crowd {
    /// At the beginning.
    pub from: u32,
    /// At the end.
    pub to: u32,
}

impl Load {
    /// Highest rate of any moment, in arrivals per second; 0 for users.
    #[must_use]
    pub fn peak_rate(&self) -> f64 {
        match self {
            Self::Arrivals(shape) => shape.peak(),
            Self::Users(_) | Self::Connections(_) => 0.0,
        }
    }

    /// Most users of any moment; 0 for arrivals.
    #[must_use]
    pub fn peak_users(&self) -> u32 {
        match self {
            Self::Arrivals(_) | Self::Connections(_) => 0,
            Self::Users(crowd) => crowd.from.max(crowd.to),
        }
    }
}

impl Crowd {
    /// From when to when user `number` (from 0) is there, in a stage of this length; `None` when never.
    ///
    /// Users come and go one by one: on the way up user `k` comes when the line reaches `k`, on the way down it leaves then.
    #[must_use]
    pub fn presence(&self, number: u32, length: Duration) -> Option<(Duration, Duration)> {
        let crossing = || {
            let (from, to) = (f64::from(self.from), f64::from(self.to));
            length.mul_f64(((f64::from(number) - from) / (to - from)).clamp(0.0, 1.0))
        };
        match (number < self.from, number < self.to) {
            (true, true) => Some((Duration::ZERO, length)),
            (false, true) => Some((crossing(), length)),
            (true, false) => Some((Duration::ZERO, crossing())),
            (false, false) => None,
        }
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arrivals(shape) => shape.fmt(f),
            Self::Users(Crowd { from, to }) if from == to => write!(f, "{from} users"),
            Self::Users(Crowd { from, to }) => write!(f, "{from}..{to} users"),
            Self::Connections(Crowd { from, to }) if from == to => write!(f, "{from} connections"),
            Self::Connections(Crowd { from, to }) => write!(f, "{from}..{to} connections"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: Duration = Duration::from_secs(10);

    #[test]
    fn users_come_one_by_one_on_the_way_up() {
        let crowd = Crowd { from: 0, to: 5 };
        let seconds = |number| crowd.presence(number, LENGTH).map(|(from, until)| (from.as_secs(), until.as_secs()));
        assert_eq!([0, 1, 4, 5].map(seconds), [Some((0, 10)), Some((2, 10)), Some((8, 10)), None]);
    }

    #[test]
    fn users_leave_one_by_one_on_the_way_down() {
        let crowd = Crowd { from: 4, to: 2 };
        let seconds = |number| crowd.presence(number, LENGTH).map(|(from, until)| (from.as_secs(), until.as_secs()));
        assert_eq!([1, 2, 3, 4].map(seconds), [Some((0, 10)), Some((0, 10)), Some((0, 5)), None]);
    }
}
