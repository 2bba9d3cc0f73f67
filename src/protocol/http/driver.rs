//! One request of a user, from the wish for a connection to the last byte of its response, with the cookies of the user, and on to
//! where redirects lead.

use std::time::Duration;

use super::{
    h1::{Preamble, Serialised},
    h2,
    limits::TimeLimits,
    pool::Pools,
    redirect,
    request::{HttpRequest, Message, Written},
    round::Call,
    session::HttpSession,
};
use crate::{
    clock::{self, Instant},
    plan::{self, Plan, Share, Target, TargetId},
    protocol::{Driver, Exchange, Failure, Keep, Origins, Terms, websocket::Dialer},
    record::{ErrorClass, Phases, Side, TraceId},
    units::nanoseconds,
};

/// Shortest time a request behind a redirect is given, however little is left of the time of all.
const LEFT_MIN: Duration = Duration::from_millis(1);

/// Speaks HTTP with the targets of a plan.
#[derive(Debug)]
pub struct HttpDriver {
    origins: Origins,
    /// Where there are scenarios of WebSocket connections.
    dialer: Option<Dialer>,
    pools: Pools,
    targets: Vec<Target>,
    /// The same, as far as redirects lead there from each version.
    reachable: Vec<Vec<Target>>,
    preambles: Vec<Preamble>,
    timeouts: plan::Timeouts,
    /// Redirects that are followed within one exchange.
    redirects: u32,
    /// Whether users keep cookies.
    cookies: bool,
}

impl HttpDriver {
    /// A driver without any connection yet, for one of the threads that share a plan's connections.
    #[must_use]
    pub fn new(plan: &Plan, origins: &Origins, share: Share) -> Self {
        Self {
            origins: origins.clone(),
            dialer: (!plan.workload.sockets.is_empty()).then(|| Dialer::new(plan, origins)),
            pools: Pools::new(plan, origins, share),
            targets: plan.targets.clone(),
            reachable: plan.sides().iter().map(|side| plan.targets_with(*side)).collect(),
            preambles: plan.targets.iter().map(|target| Preamble::new(target, &plan.http)).collect(),
            timeouts: plan.http.timeouts.clone(),
            redirects: plan.http.redirects,
            cookies: plan.http.cookies,
        }
    }

    /// A driver that sees each answer as it comes: to be asked whether a target is ready.
    #[must_use]
    pub fn for_probes(plan: &Plan, origins: &Origins) -> Self {
        Self { redirects: 0, cookies: false, ..Self::new(plan, origins, Share { thread: 0, threads: 1 }) }
    }

    fn looks_at_heads(&self) -> bool {
        self.cookies || self.redirects > 0
    }

    /// Sends one request, with the cookies that are right for it, and keeps those that come back.
    async fn send(
        &self,
        session: &mut HttpSession,
        request: &HttpRequest,
        (keep, trace): (Keep, Option<TraceId>),
        begin: Instant,
        until: Instant,
    ) -> Exchange {
        let written = request.written.as_ref().filter(|_| self.cookies);
        let cookies = written.and_then(|written| session.jar.header(|| written.address(&self.targets)));
        let limits = TimeLimits { first_byte: self.timeouts.first_byte, until };
        let traceparent = trace.map(TraceId::traceparent);
        let (cookies, traceparent) = (cookies.as_deref(), traceparent.as_deref());
        let call = Call { request: &(), cookies, traceparent, keep, limits };
        let target = request.target;
        let exchange = match &request.message {
            Message::Http1(message) => self.over_http1(target, &call.of(message), begin).await,
            Message::Http2(message) => self.over_http2(target, &call.of(message), begin).await,
            Message::Either(both) => {
                let left = until.saturating_duration_since(begin);
                match self.origins.speaks_h2(target, self.timeouts.connect.min(left)).await {
                    Ok(false) => self.over_http1(target, &call.of(&both.0), begin).await,
                    Ok(true) => self.over_http2(target, &call.of(&both.1), begin).await,
                    Err(failure) => without_connection(begin, failure),
                }
            }
        };
        if let (Some(written), Ok(reply)) = (written, &exchange.outcome) {
            session.jar.keep(&reply.headers, || written.address(&self.targets));
        }
        exchange
    }

    /// Goes on to where an answer leads, within the time there is for all of it.
    async fn follow(
        &self,
        session: &mut HttpSession,
        first: &plan::Request,
        terms: &Terms<'_>,
        until: Instant,
        came: Exchange,
    ) -> Exchange {
        let (mut exchange, mut hops) = (came, 0);
        let reachable = &self.reachable[session.side.number()];
        loop {
            let next = match &exchange.outcome {
                Ok(reply) if !terms.expected.contains(&reply.status) => {
                    redirect::next(reply, exchange.request.as_deref().unwrap_or(first), reachable)
                }
                _ => return exchange,
            };
            match next {
                Ok(None) => return exchange,
                Ok(Some(_)) if hops == self.redirects => {
                    return exchange.rejected(Failure::told(ErrorClass::Redirect, &format!("more than {hops} redirects")));
                }
                Ok(Some(request)) => {
                    hops += 1;
                    let begin = exchange.done;
                    let until = until.max(begin + LEFT_MIN);
                    let how = (terms.keep.max(Keep::Head), terms.trace);
                    let one = self.send(session, &self.prepare(&request), how, begin, until).await;
                    exchange = exchange.followed_by(request, one);
                }
                Err(failure) => return exchange.rejected(failure),
            }
        }
    }

    /// Sends on a connection of its own. A request that breaks one which was idle, because the target had just closed it, goes out
    /// once more on a new connection, if that can do no harm.
    async fn over_http1(&self, target: TargetId, call: &Call<'_, Serialised>, begin: Instant) -> Exchange {
        let until = call.limits.until;
        let mut lease = match self.pools.lease(target, begin, until).await {
            Ok(lease) => lease,
            Err(failure) => return without_connection(begin, failure),
        };
        let mut round = lease.connection.exchange(call, &self.pools.scratch).await;
        let resent = lease.reused && round.may_be_repeated(call.request.idempotent);
        if resent {
            lease = match self.pools.lease_again(target, lease, round.done, until).await {
                Ok(lease) => lease,
                Err(failure) => return without_connection(begin, failure),
            };
            round = lease.connection.exchange(call, &self.pools.scratch).await;
        }
        let exchange = round.into_exchange(begin, &lease, resent, !lease.reused);
        self.pools.give_back(target, lease, exchange.done);
        exchange
    }

    /// Sends on a stream of a shared connection. A request that the server says it has not looked at goes out once more.
    async fn over_http2(&self, target: TargetId, call: &Call<'_, h2::Prepared>, begin: Instant) -> Exchange {
        let (mut is_repeated, mut opened, mut at) = (false, false, begin);
        loop {
            let mut lease = match self.pools.lease_shared(target, at, call.limits.until).await {
                Ok(lease) => lease,
                Err(failure) => return without_connection(begin, failure),
            };
            opened |= !lease.reused;
            let round = lease.connection.exchange(call, lease.at).await;
            if is_repeated || !round.may_be_repeated(false) {
                return round.into_exchange(begin, &lease, is_repeated, opened);
            }
            (is_repeated, at) = (true, round.done);
        }
    }
}

impl Driver for HttpDriver {
    type Request = HttpRequest;
    type Session = HttpSession;

    fn prepare(&self, request: &plan::Request) -> HttpRequest {
        let (target, preamble) = (&self.targets[request.target], &self.preambles[request.target]);
        let http1 = || preamble.serialise(request);
        let http2 = || h2::Prepared::new(target, preamble, request);
        let message = match self.origins.known_h2(request.target) {
            Some(false) => Message::Http1(http1()),
            Some(true) => Message::Http2(http2()),
            None => Message::Either(Box::new((http1(), http2()))),
        };
        let written = self.looks_at_heads().then(|| Box::new(Written::new(request)));
        HttpRequest { target: request.target, message, written }
    }

    fn session(&self, side: Side) -> HttpSession {
        HttpSession::new(side)
    }

    async fn reach(&self, target: TargetId) -> Result<(), Failure> {
        self.origins.connect(target, self.timeouts.connect).await.map(drop)
    }

    async fn exchange(&self, session: &mut HttpSession, request: &HttpRequest, terms: &Terms<'_>) -> Exchange {
        let begin = clock::now();
        let until = begin + terms.timeout;
        let Some(written) = &request.written else {
            return self.send(session, request, (terms.keep, terms.trace), begin, until).await;
        };
        let exchange = self.send(session, request, (terms.keep.max(Keep::Head), terms.trace), begin, until).await;
        if self.redirects == 0 { exchange } else { self.follow(session, &written.request, terms, until, exchange).await }
    }

    fn websocket(&self) -> Option<Dialer> {
        self.dialer.clone()
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
    Exchange { phases, ..Exchange::new(begin, done, Err(failure)) }
}
