//! M/G/k: Poisson arrivals before a pool of workers, first come first served. Requests that miss the cache take longer, and the
//! garbage collector stops all workers of a process now and then. A slower endpoint makes the others wait.

use rand::{Rng, RngExt as _};
use rand_distr::{Distribution as _, Gamma};

use super::{
    machine::{Machine, pauses},
    service::{Arrival, ENDPOINTS},
};

/// Share of the workers' time that is used.
const BUSY: f64 = 0.4;
/// Share of the requests that miss the cache, and how many times as long as a hit they take.
const MISS_SHARE: f64 = 0.1;
const MISS_TIMES: f64 = 4.0;
/// Shape of the time a request takes: the higher, the more alike.
const WORK_SHAPE: f64 = 4.0;
/// Mean seconds between two garbage collections, and the mean length of one.
const GC_EVERY: f64 = 4.0;
const GC_LENGTH: f64 = 0.02;

/// Latencies in microseconds, in the order of the arrivals, of a process made for `rate` requests a second.
pub(super) fn latencies(random: &mut impl Rng, machine: &Machine, slower: &[f64], arrivals: &[Arrival], rate: f64) -> Vec<f64> {
    let seconds = arrivals.last().map_or(0.0, |last| last.at) + 1.0;
    let stops = merged(pauses(random, GC_EVERY, GC_LENGTH, seconds), machine.stalls());
    let work = Gamma::new(WORK_SHAPE, 1.0 / WORK_SHAPE).expect("a shape above 0");
    let mut free = vec![0.0_f64; workers(rate)];
    let mut first_stop = 0;
    let of = |arrival: &Arrival| {
        let miss = if random.random_bool(MISS_SHARE) { MISS_TIMES } else { 1.0 };
        let share: f64 = work.sample(random);
        let mean = ENDPOINTS[arrival.endpoint].work_us / (1.0 + MISS_SHARE * (MISS_TIMES - 1.0));
        let took = mean * share * miss * slower[arrival.endpoint] * machine.slower(arrival.at) / 1e6;
        let next = free.iter_mut().min_by(|a, b| a.total_cmp(b)).expect("at least one worker");
        while stops.get(first_stop).is_some_and(|(_, to)| *to <= arrival.at.max(*next)) {
            first_stop += 1;
        }
        *next = end(arrival.at.max(*next), took, &stops[first_stop..]);
        (*next - arrival.at) * 1e6
    };
    arrivals.iter().map(of).collect()
}

fn workers(rate: f64) -> usize {
    let mean_us: f64 = ENDPOINTS.iter().map(|endpoint| endpoint.share * endpoint.work_us).sum();
    ((rate * mean_us / 1e6 / BUSY).round() as usize).max(1)
}

/// When work that begins at `begin` is done, if nothing goes on in the stops.
fn end(begin: f64, took: f64, stops: &[(f64, f64)]) -> f64 {
    let mut end = begin + took;
    for (from, to) in stops {
        if *from >= end {
            break;
        }
        end += to - from.max(begin);
    }
    end
}

/// Stops of two kinds in one order; where they overlap, as one.
fn merged(mut stops: Vec<(f64, f64)>, more: &[(f64, f64)]) -> Vec<(f64, f64)> {
    stops.extend(more);
    stops.sort_by(|a, b| a.0.total_cmp(&b.0));
    stops.dedup_by(|later, earlier| {
        let overlap = later.0 <= earlier.1;
        if overlap {
            earlier.1 = earlier.1.max(later.1);
        }
        overlap
    });
    stops
}
