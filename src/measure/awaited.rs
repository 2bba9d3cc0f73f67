//! Requests whose outcome is awaited, and when each was due: one that never comes to an outcome is charged with all of its wait.

use std::time::Duration;

use crate::plan::EndpointId;

/// A request whose outcome is awaited. It is handed in with the outcome, once.
#[derive(Debug)]
#[must_use = "its window stays open until it is handed in"]
pub struct Ticket(usize);

/// Where a request counts, and since when it is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AwaitedRequest {
    pub(super) window: usize,
    pub(super) endpoint: EndpointId,
    /// Counted from the start of the run.
    pub(super) due: Duration,
}

/// As many places as there ever were requests at a time; they are used again, so that a request costs no allocation.
#[derive(Debug, Default)]
pub(super) struct Awaited {
    places: Vec<Option<AwaitedRequest>>,
    free: Vec<usize>,
}

impl Awaited {
    pub(super) fn add(&mut self, request: AwaitedRequest) -> Ticket {
        if let Some(place) = self.free.pop() {
            self.places[place] = Some(request);
            return Ticket(place);
        }
        self.places.push(Some(request));
        Ticket(self.places.len() - 1)
    }

    pub(super) fn take(&mut self, Ticket(place): Ticket) -> AwaitedRequest {
        self.free.push(place);
        self.places[place].take().expect("a ticket can be handed in only once")
    }

    /// All that are still awaited; none is from then on.
    pub(super) fn take_all(&mut self) -> impl Iterator<Item = AwaitedRequest> + use<> {
        self.free.clear();
        std::mem::take(&mut self.places).into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_used_again_and_what_is_left_is_known() {
        let request = |window| AwaitedRequest { window, endpoint: 0, due: Duration::from_secs(window as u64) };
        let mut awaited = Awaited::default();
        for _ in 0..100 {
            let tickets = [1, 2, 3].map(|window| awaited.add(request(window)));
            let taken = tickets.map(|ticket| awaited.take(ticket));
            assert_eq!(taken, [1, 2, 3].map(request));
        }
        assert_eq!(awaited.places.len(), 3, "as many as there were at a time");
        let (first, _left) = (awaited.add(request(4)), awaited.add(request(5)));
        awaited.take(first);
        assert_eq!(awaited.take_all().collect::<Vec<_>>(), [request(5)]);
    }
}
