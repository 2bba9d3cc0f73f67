//! When the rounds and the pings of a connection are due. Each moment is drawn anew: where two kinds of work kept their place to one another
//! for a whole run, one of them would always wait for the other, and which one does is chance that no repetition within the run shows.

use std::time::Duration;

use rand::{Rng, RngExt as _};

/// The golden ratio's fraction: its multiples spread the beginnings of any number of connections evenly.
const GOLDEN: f64 = 0.618_033_988_749_894_9;
/// Share of the time between two rounds, or two pings, that chance decides about.
const DRAWN: f64 = 0.2;

/// Rounds at a rate: as many as there are to be, each a little later than its beat.
#[derive(Debug)]
pub(super) struct Rhythm {
    beat: Duration,
    every: Duration,
}

impl Rhythm {
    /// Of a connection that begins now.
    pub(super) fn new(every: Duration, connection: u64, now: Duration) -> Self {
        Self { beat: now + every.mul_f64((connection as f64 * GOLDEN).fract()), every }
    }

    /// When the next round is due. It follows from no round before it.
    pub(super) fn next(&mut self, rng: &mut impl Rng) -> Duration {
        let due = self.beat + self.every.mul_f64(DRAWN * rng.random::<f64>());
        self.beat += self.every;
        due
    }
}

/// The time to the first ping of a connection: connections that come together do not ping together.
pub(super) fn first_ping(every: Duration, rng: &mut impl Rng) -> Duration {
    every.mul_f64(rng.random())
}

/// The time from one ping to the next: `every` in the mean. What chance adds stays, so that after some pings nothing is left of when the first one was.
pub(super) fn next_ping(every: Duration, rng: &mut impl Rng) -> Duration {
    every.mul_f64(1.0 - DRAWN + 2.0 * DRAWN * rng.random::<f64>())
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng as _, rngs::SmallRng};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// How many of some moments lie in each tenth of a period.
    fn tenths(moments: impl Iterator<Item = Duration>, period: Duration) -> [u32; 10] {
        moments.fold([0; 10], |mut tenths, moment| {
            tenths[((moment.as_secs_f64() / period.as_secs_f64()).fract() * 10.0) as usize % 10] += 1;
            tenths
        })
    }

    #[test]
    fn pings_do_not_keep_their_place_to_the_rounds_of_their_connection() {
        let mut rng = SmallRng::seed_from_u64(1);
        let pings = (0..1000).scan(first_ping(SECOND, &mut rng), |at, _| {
            *at += next_ping(SECOND, &mut rng);
            Some(*at)
        });
        let tenths = tenths(pings, SECOND / 10);
        assert!(tenths.iter().all(|pings| (60..=140).contains(pings)), "{tenths:?}");
    }

    #[test]
    fn connections_that_come_together_do_not_ping_together() {
        let first = (0..1000).map(|seed| first_ping(SECOND, &mut SmallRng::seed_from_u64(seed)));
        let tenths = tenths(first, SECOND);
        assert!(tenths.iter().all(|pings| (60..=140).contains(pings)), "{tenths:?}");
    }

    #[test]
    fn pings_are_as_many_as_were_asked_for() {
        let mut rng = SmallRng::seed_from_u64(2);
        let all: Duration = (0..1000).map(|_| next_ping(SECOND, &mut rng)).sum();
        assert!((980..=1020).contains(&all.as_secs()), "{all:?}");
    }

    #[test]
    fn rounds_keep_their_rate_and_not_their_place_to_those_of_other_connections() {
        let (mut one, mut other) = (Rhythm::new(SECOND, 0, SECOND), Rhythm::new(SECOND, 0, SECOND));
        let (mut coin, mut another) = (SmallRng::seed_from_u64(3), SmallRng::seed_from_u64(4));
        let mut first = 0;
        for n in 1..=1000 {
            let (a, b) = (one.next(&mut coin), other.next(&mut another));
            let beat = SECOND * n;
            assert!((beat..beat + SECOND / 5).contains(&a), "round {n} at {a:?}");
            first += u32::from(a < b);
        }
        assert!((440..=560).contains(&first), "each is first about as often: {first}");
    }
}
