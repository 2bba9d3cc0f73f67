//! Each request by itself: a lognormal body, a Pareto tail, and the wait for the end of a stall.

use rand::{Rng, RngExt as _};
use rand_distr::{Distribution as _, StandardNormal};

use super::{
    machine::Machine,
    service::{Arrival, ENDPOINTS},
};

/// Share of the requests in the tail, and its exponent.
const TAIL_SHARE: f64 = 0.02;
const TAIL_EXPONENT: f64 = 2.5;

/// Latencies in microseconds, in the order of the arrivals.
pub(super) fn latencies(random: &mut impl Rng, machine: &Machine, slower: &[f64], arrivals: &[Arrival]) -> Vec<f64> {
    let mut stalls = machine.stalls().iter().peekable();
    let of = |arrival: &Arrival| {
        let endpoint = &ENDPOINTS[arrival.endpoint];
        let body: f64 = StandardNormal.sample(random);
        let tail = random.random::<f64>() / TAIL_SHARE;
        let tail = if tail < 1.0 { (1.0 - tail).powf(-1.0 / TAIL_EXPONENT) } else { 1.0 };
        while stalls.next_if(|(_, to)| *to <= arrival.at).is_some() {}
        let wait = stalls.peek().map_or(0.0, |(from, to)| if *from <= arrival.at { to - arrival.at } else { 0.0 });
        let own = endpoint.median_us * (endpoint.spread * body).exp() * tail;
        wait * 1e6 + own * slower[arrival.endpoint] * machine.slower(arrival.at)
    };
    arrivals.iter().map(of).collect()
}
