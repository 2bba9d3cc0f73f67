//! One request, from the wish for a connection to the last byte of its response.

use super::{
    h1::{Asked, Broken, Call, Preamble, Round, Serialised},
    pool::{Lease, Pools, nanoseconds},
};
use crate::{
    clock::{self, Instant},
    plan::{self, Plan, Share, TargetId},
    protocol::{Driver, Exchange, Failure, Origins, Terms},
    record::{ErrorClass, Phases},
};

/// Speaks HTTP with the targets of a plan.
#[derive(Debug)]
pub struct HttpDriver {
    pools: Pools,
    preambles: Vec<Preamble>,
    first_byte: std::time::Duration,
}

/// A request with everything that is the same each time it is sent.
#[derive(Clone, Debug)]
pub struct HttpRequest {
    target: TargetId,
    message: Serialised,
}

impl HttpDriver {
    /// A driver without any connection yet, for one of the threads that share a plan's connections.
    #[must_use]
    pub fn new(plan: &Plan, origins: &Origins, share: Share) -> Self {
        Self {
            pools: Pools::new(plan, origins, share),
            preambles: plan.targets.iter().map(|target| Preamble::new(target, &plan.http)).collect(),
            first_byte: plan.http.timeouts.first_byte,
        }
    }

    /// Sends on a connection of the pool. A request that breaks one which was idle, because the target had just closed it, goes
    /// out once more on a new connection, if that can do no harm.
    async fn exchange_on<'p>(
        &'p self,
        request: &HttpRequest,
        call: &Call<'_>,
        begin: Instant,
    ) -> Result<(Lease<'p>, Round), Failure> {
        let mut lease = self.pools.lease(request.target, begin, call.until).await?;
        let mut round = lease.connection.exchange(call, &self.pools.scratch).await;
        if lease.reused && round.broken.is_some_and(|broken| broken == Broken::Unsent || request.message.idempotent) {
            lease = self.pools.open(request.target, call.until, lease.permits).await?;
            round = lease.connection.exchange(call, &self.pools.scratch).await;
        }
        Ok((lease, round))
    }
}

impl Driver for HttpDriver {
    type Request = HttpRequest;

    fn prepare(&self, request: &plan::Request) -> HttpRequest {
        HttpRequest { target: request.target, message: self.preambles[request.target].serialise(request) }
    }

    async fn exchange(&self, request: &HttpRequest, terms: &Terms<'_>) -> Exchange {
        let begin = clock::now();
        let message = request.message.with_cookies(terms.cookie);
        let asked = Asked { head: request.message.head, keep: terms.keep };
        let call = Call { message: &message, asked, first_byte: self.first_byte, until: begin + terms.timeout };
        match self.exchange_on(request, &call, begin).await {
            Ok((lease, round)) => {
                let (phases, opened, sent) = (phases(begin, &lease, &round), !lease.reused, lease.at);
                if round.reusable {
                    self.pools.give_back(request.target, lease.connection, round.done);
                }
                Exchange { sent, done: round.done, bytes: round.bytes, phases, opened, outcome: round.outcome }
            }
            Err(failure) => without_connection(begin, failure),
        }
    }

    fn tidy_up(&self) {
        self.pools.tidy_up(clock::now());
    }
}

/// Where the time of a request went; from `begin` to the end without a gap.
fn phases(begin: Instant, lease: &Lease<'_>, round: &Round) -> Phases {
    let between = |from: Instant, to: Instant| nanoseconds(to.saturating_duration_since(from));
    // A response may be there before its request is wholly written.
    let first_byte = round.first_byte.unwrap_or(round.done);
    let written = round.written.unwrap_or(first_byte).min(first_byte);
    Phases {
        blocked: between(begin, lease.at).saturating_sub(lease.making.total()),
        send: between(lease.at, written),
        wait: between(written, first_byte),
        receive: between(first_byte, round.done),
        ..lease.making
    }
}

fn without_connection(begin: Instant, failure: Failure) -> Exchange {
    let done = clock::now();
    let time = nanoseconds(done.saturating_duration_since(begin));
    let phases = match failure.class {
        ErrorClass::TimeoutPool => Phases { blocked: time, ..Phases::default() },
        _ => Phases { connect: time, ..Phases::default() },
    };
    Exchange { sent: begin, done, bytes: 0, phases, opened: false, outcome: Err(failure) }
}
