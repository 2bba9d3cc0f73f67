//! The slowest requests of each endpoint.

use std::time::Duration;

use super::{Finished, ShardEnd};
use crate::{
    plan::EndpointId,
    record::{ErrorClass, SlowSample, TraceId},
    units::Micros,
};

/// Requests kept per endpoint.
const PER_ENDPOINT: usize = 5;

/// A slow request of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slow {
    due: Duration,
    response: Duration,
    service: Duration,
    connections: u64,
    retries: u64,
    failed: Option<ErrorClass>,
    trace: Option<TraceId>,
}

/// The slowest requests one thread has seen, by endpoint, the slowest first.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Slowest(Vec<Vec<Slow>>);

impl Slowest {
    /// Makes room for all, so that nothing is allocated while load is made.
    pub(super) fn new(endpoints: usize) -> Self {
        Self((0..endpoints).map(|_| Vec::with_capacity(PER_ENDPOINT)).collect())
    }

    /// Keeps a request if it is among the slowest. Costs one comparison where it is not.
    pub(super) fn see(&mut self, endpoint: EndpointId, finished: &Finished) {
        let Some(kept) = self.0.get_mut(endpoint) else { return };
        if kept.len() == PER_ENDPOINT {
            if kept.last().is_some_and(|fastest| fastest.response >= finished.response) {
                return;
            }
            kept.pop();
        }
        let place = kept.partition_point(|known| known.response >= finished.response);
        let &Finished { due, response, service, connections, retries, trace, .. } = finished;
        let failed = finished.failure.as_ref().map(|(class, _)| *class);
        kept.insert(place, Slow { due, response, service, connections, retries, failed, trace });
    }
}

/// The slowest of all threads, endpoint by endpoint, the slowest first.
pub(super) fn named(ends: &[&ShardEnd], names: &[&str]) -> Vec<SlowSample> {
    let of_endpoint = |(endpoint, name): (usize, &&str)| {
        let mut all: Vec<Slow> = ends.iter().filter_map(|end| end.slowest.0.get(endpoint)).flatten().copied().collect();
        all.sort_by_key(|slow| std::cmp::Reverse(slow.response));
        all.truncate(PER_ENDPOINT);
        let name = (*name).to_owned();
        all.into_iter().map(move |slow| sample(name.clone(), &slow))
    };
    names.iter().enumerate().flat_map(of_endpoint).collect()
}

fn sample(endpoint: String, slow: &Slow) -> SlowSample {
    SlowSample {
        endpoint,
        due_us: Micros::from_duration(slow.due).0,
        response_us: Micros::from_duration(slow.response).0,
        service_us: Micros::from_duration(slow.service).0,
        connections: slow.connections,
        retries: slow.retries,
        failed: slow.failed,
        trace_id: slow.trace,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(endpoint: EndpointId, milliseconds: &[u64]) -> ShardEnd {
        let mut slowest = Slowest::new(2);
        for ms in milliseconds {
            let trace = Some(TraceId::new(1, *ms));
            let finished = Finished { response: Duration::from_millis(*ms), trace, ..Finished::default() };
            slowest.see(endpoint, &finished);
        }
        ShardEnd { slowest, ..ShardEnd::default() }
    }

    #[test]
    fn the_slowest_of_all_threads_are_kept_with_their_ids() {
        let ends = [end(0, &[3, 9, 1, 7, 5, 2, 8]), end(0, &[6, 10]), end(1, &[4])];
        let samples = named(&ends.iter().collect::<Vec<_>>(), &["home", "cart"]);
        let of = |name: &str| -> Vec<u64> {
            samples.iter().filter(|sample| sample.endpoint == name).map(|sample| sample.response_us / 1_000).collect()
        };
        assert_eq!((of("home"), of("cart")), (vec![10, 9, 8, 7, 6], vec![4]));
        assert_eq!(samples[0].trace_id, Some(TraceId::new(1, 10)));
    }
}
