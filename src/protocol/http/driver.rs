//! One request, from the wish for a connection to the last byte of its response.

use super::{
    h1::{Preamble, Serialised},
    h2,
    limits::Limits,
    pool::Pools,
    round::Call,
};
use crate::{
    clock::{self, Instant},
    plan::{self, Plan, Share, Target, TargetId},
    protocol::{Driver, Exchange, Failure, Origins, Terms},
    record::{ErrorClass, Phases},
    units::nanoseconds,
};

/// Speaks HTTP with the targets of a plan.
#[derive(Debug)]
pub struct HttpDriver {
    origins: Origins,
    pools: Pools,
    targets: Vec<(Target, Preamble)>,
    timeouts: plan::Timeouts,
}

/// A request with everything that is the same each time it is sent.
#[derive(Clone, Debug)]
pub struct HttpRequest {
    target: TargetId,
    message: Message,
}

/// A request in the form of the version of HTTP that its target speaks.
#[derive(Clone, Debug)]
enum Message {
    Http1(Serialised),
    Http2(h2::Prepared),
    /// Nobody has asked the target yet.
    Either(Box<(Serialised, h2::Prepared)>),
}

impl HttpDriver {
    /// A driver without any connection yet, for one of the threads that share a plan's connections.
    #[must_use]
    pub fn new(plan: &Plan, origins: &Origins, share: Share) -> Self {
        Self {
            origins: origins.clone(),
            pools: Pools::new(plan, origins, share),
            targets: plan.targets.iter().map(|target| (target.clone(), Preamble::new(target, &plan.http))).collect(),
            timeouts: plan.http.timeouts.clone(),
        }
    }

    fn call<'a, R>(&self, request: &'a R, terms: &Terms<'a>, begin: Instant) -> Call<'a, R> {
        let limits = Limits { first_byte: self.timeouts.first_byte, until: begin + terms.timeout };
        Call { request, cookies: terms.cookie, keep: terms.keep, limits }
    }

    /// Sends on a connection of its own. A request that breaks one which was idle, because the target had just closed it, goes out
    /// once more on a new connection, if that can do no harm.
    async fn over_http1(&self, target: TargetId, message: &Serialised, terms: &Terms<'_>, begin: Instant) -> Exchange {
        let call = self.call(message, terms, begin);
        let until = call.limits.until;
        let mut lease = match self.pools.lease(target, begin, until).await {
            Ok(lease) => lease,
            Err(failure) => return without_connection(begin, failure),
        };
        let mut round = lease.connection.connection.exchange(&call, &self.pools.scratch).await;
        let resent = lease.reused && round.may_be_repeated(message.idempotent);
        if resent {
            lease = match self.pools.lease_again(target, lease, round.done, until).await {
                Ok(lease) => lease,
                Err(failure) => return without_connection(begin, failure),
            };
            round = lease.connection.connection.exchange(&call, &self.pools.scratch).await;
        }
        let exchange = round.into_exchange(begin, &lease, resent, !lease.reused);
        self.pools.give_back(target, lease, exchange.done);
        exchange
    }

    /// Sends on a stream of a shared connection. A request that the server says it has not looked at goes out once more.
    async fn over_http2(&self, target: TargetId, request: &h2::Prepared, terms: &Terms<'_>, begin: Instant) -> Exchange {
        let call = self.call(request, terms, begin);
        let (mut is_repeated, mut opened, mut at) = (false, false, begin);
        loop {
            let mut lease = match self.pools.lease_shared(target, at, call.limits.until).await {
                Ok(lease) => lease,
                Err(failure) => return without_connection(begin, failure),
            };
            opened |= !lease.reused;
            let round = lease.connection.exchange(&call, lease.at).await;
            if is_repeated || !round.may_be_repeated(false) {
                return round.into_exchange(begin, &lease, is_repeated, opened);
            }
            (is_repeated, at) = (true, round.done);
        }
    }
}

impl Driver for HttpDriver {
    type Request = HttpRequest;

    fn prepare(&self, request: &plan::Request) -> HttpRequest {
        let (target, preamble) = &self.targets[request.target];
        let http1 = || preamble.serialise(request);
        let http2 = || h2::Prepared::new(target, preamble, request);
        let message = match self.origins.known_h2(request.target) {
            Some(false) => Message::Http1(http1()),
            Some(true) => Message::Http2(http2()),
            None => Message::Either(Box::new((http1(), http2()))),
        };
        HttpRequest { target: request.target, message }
    }

    async fn exchange(&self, request: &HttpRequest, terms: &Terms<'_>) -> Exchange {
        let (begin, target) = (clock::now(), request.target);
        match &request.message {
            Message::Http1(message) => self.over_http1(target, message, terms, begin).await,
            Message::Http2(message) => self.over_http2(target, message, terms, begin).await,
            Message::Either(both) => match self.origins.speaks_h2(target, self.timeouts.connect.min(terms.timeout)).await {
                Ok(false) => self.over_http1(target, &both.0, terms, begin).await,
                Ok(true) => self.over_http2(target, &both.1, terms, begin).await,
                Err(failure) => without_connection(begin, failure),
            },
        }
    }

    fn tidy_up(&self) {
        self.pools.tidy_up(clock::now());
    }
}

fn without_connection(begin: Instant, failure: Failure) -> Exchange {
    let done = clock::now();
    let time = nanoseconds(done.saturating_duration_since(begin));
    let phases = match failure.class {
        ErrorClass::TimeoutPool => Phases { blocked: time, ..Phases::default() },
        ErrorClass::Dns => Phases { dns: time, ..Phases::default() },
        ErrorClass::Tls => Phases { tls: time, ..Phases::default() },
        _ => Phases { connect: time, ..Phases::default() },
    };
    Exchange { sent: begin, done, bytes: 0, phases, opened: false, resent: false, outcome: Err(failure) }
}
