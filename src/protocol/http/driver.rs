//! One request, from the wish for a connection to the last byte of its response.

use super::{
    h1::{Asked, Broken, Call, Preamble, Round, Serialised},
    h2,
    limits::Limits,
    pool::{Lease, Pools, nanoseconds},
};
use crate::{
    clock::{self, Instant},
    plan::{self, Plan, Share, Target, TargetId},
    protocol::{Driver, Exchange, Failure, Origins, Terms},
    record::{ErrorClass, Phases},
};

/// Speaks HTTP with the targets of a plan.
#[derive(Debug)]
pub struct HttpDriver {
    origins: Origins,
    pools: Pools,
    multiplexed: Vec<h2::Pool>,
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
        let pools = Pools::new(plan, origins, share);
        let shared = pools.shared(plan.targets.len(), share);
        Self {
            origins: origins.clone(),
            pools,
            multiplexed: (0..plan.targets.len()).map(|target| h2::Pool::new(target, shared.clone())).collect(),
            targets: plan.targets.iter().map(|target| (target.clone(), Preamble::new(target, &plan.http))).collect(),
            timeouts: plan.http.timeouts.clone(),
        }
    }

    /// Where the connections of all targets are in use, other targets give up those of HTTP/2 that no request is on.
    fn make_room(&self, target: TargetId) {
        if self.targets.len() > 1 && self.pools.are_exhausted() {
            let others = self.multiplexed.iter().enumerate().filter(|(other, _)| *other != target);
            others.for_each(|(_, pool)| pool.close_unused());
        }
    }

    fn limits(&self, terms: &Terms<'_>, begin: Instant) -> Limits {
        Limits { first_byte: self.timeouts.first_byte, until: begin + terms.timeout }
    }

    async fn over_http1(&self, target: TargetId, message: &Serialised, terms: &Terms<'_>, begin: Instant) -> Exchange {
        self.make_room(target);
        let bytes = message.with_cookies(terms.cookie);
        let asked = Asked { head: message.head, keep: terms.keep };
        let call = Call { message: &bytes, asked, limits: self.limits(terms, begin) };
        match self.exchange_on(target, message, &call, begin).await {
            Ok((lease, round, resent)) => {
                let moments =
                    Moments { begin, at: lease.at, written: round.written, first_byte: round.first_byte, done: round.done };
                let (phases, opened, sent) = (moments.phases(lease.making), !lease.reused, lease.at);
                if round.reusable {
                    self.pools.give_back(target, lease.connection, round.done);
                }
                Exchange { sent, done: round.done, bytes: round.bytes, phases, opened, resent, outcome: round.outcome }
            }
            Err(failure) => without_connection(begin, failure),
        }
    }

    /// Sends on a connection of the pool. A request that breaks one which was idle, because the target had just closed it, goes
    /// out once more on a new connection, if that can do no harm.
    async fn exchange_on<'p>(
        &'p self,
        target: TargetId,
        message: &Serialised,
        call: &Call<'_>,
        begin: Instant,
    ) -> Result<(Lease<'p>, Round, bool), Failure> {
        let mut lease = self.pools.lease(target, begin, call.limits.until).await?;
        let mut round = lease.connection.exchange(call, &self.pools.scratch).await;
        let is_harmless = |broken| match broken {
            Broken::Unsent => true,
            Broken::AtOnce => message.idempotent,
            Broken::Sent => false,
        };
        let resent = lease.reused && round.broken.is_some_and(is_harmless);
        if resent {
            lease = self.pools.open(target, round.done, call.limits.until, lease.permits).await?;
            round = lease.connection.exchange(call, &self.pools.scratch).await;
        }
        Ok((lease, round, resent))
    }

    /// Sends on a stream of a shared connection. A request that the server says it has not looked at goes out once more.
    async fn over_http2(&self, target: TargetId, request: &h2::Prepared, terms: &Terms<'_>, begin: Instant) -> Exchange {
        let limits = self.limits(terms, begin);
        let call = h2::Call { request, cookies: terms.cookie, keep: terms.keep, limits };
        let pool = &self.multiplexed[target];
        let (mut is_repeated, mut opened) = (false, false);
        self.make_room(target);
        loop {
            let mut lease = match pool.lease(if is_repeated { clock::now() } else { begin }, limits.until).await {
                Ok(lease) => lease,
                Err(failure) => return without_connection(begin, failure),
            };
            opened |= !lease.reused;
            let round = lease.exchange(&call).await;
            if round.unprocessed && !is_repeated {
                is_repeated = true;
                continue;
            }
            let moments = Moments { begin, at: lease.at, written: round.written, first_byte: round.first_byte, done: round.done };
            return Exchange {
                sent: lease.at,
                done: round.done,
                bytes: round.bytes,
                phases: Phases { stalled: nanoseconds(round.stalled), ..moments.phases(lease.making) },
                opened,
                resent: is_repeated,
                outcome: round.outcome,
            };
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
        let now = clock::now();
        self.pools.tidy_up(now);
        self.multiplexed.iter().for_each(|pool| pool.tidy_up(now));
    }
}

/// The moments of one request.
struct Moments {
    begin: Instant,
    /// When it had a connection.
    at: Instant,
    written: Option<Instant>,
    first_byte: Option<Instant>,
    done: Instant,
}

impl Moments {
    /// Where the time went; from `begin` to the end without a gap.
    fn phases(&self, making: Phases) -> Phases {
        let between = |from: Instant, to: Instant| nanoseconds(to.saturating_duration_since(from));
        // A response may be there before its request is wholly written.
        let first_byte = self.first_byte.unwrap_or(self.done);
        let written = self.written.unwrap_or(first_byte).min(first_byte);
        Phases {
            blocked: between(self.begin, self.at).saturating_sub(making.total()),
            send: between(self.at, written),
            wait: between(written, first_byte),
            receive: between(first_byte, self.done),
            ..making
        }
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
