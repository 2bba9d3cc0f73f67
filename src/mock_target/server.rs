//! Accepting connections and answering requests as the script says.

use std::{
    cell::{Cell, RefCell},
    io,
    rc::Rc,
};

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, rt::Executor, service::service_fn};
use hyper_util::{rt::TokioIo, server::conn::auto};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    task,
};
use tokio_rustls::TlsAcceptor;

use super::{
    control,
    recorder::{Recorder, Ticket},
    route::{Behaviour, Route},
    script::LimitMode,
    websocket::{self, Lent, Seen, Sockets},
    wire::{Connection, Wire},
};
use crate::clock::{self, Delays, Duration, Instant};

/// Requests at a time on one HTTP/2 connection: more than any stall should pile up.
const STREAMS_MAX: u32 = 10_000;
/// Pause after a connection could not be accepted, usually for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// All state of one server; it lives on one thread.
pub(super) struct Server {
    played: RefCell<Rc<Played>>,
    pub(super) recorder: RefCell<Recorder>,
    delays: Delays,
    /// The first request since the start, the last reset or the last change: stalls and slow starts count from it.
    first_request: Cell<Option<Instant>>,
}

/// A behaviour, and the label numbers its routes have in the recorder.
struct Played {
    behaviour: Behaviour,
    labels: Vec<usize>,
    /// What each route does with WebSocket connections.
    sockets: Vec<Option<Rc<Sockets>>>,
}

impl Played {
    fn of(behaviour: Behaviour, labels: Vec<usize>) -> Rc<Self> {
        let sockets = behaviour.sockets();
        Rc::new(Self { behaviour, labels, sockets })
    }
}

/// Lets hyper start tasks on the thread it runs on.
#[derive(Clone, Copy)]
struct ThisThread;

impl<F: Future + 'static> Executor<F> for ThisThread
where
    F::Output: 'static,
{
    fn execute(&self, future: F) {
        task::spawn_local(future);
    }
}

/// The script says that this request is not answered.
#[derive(Debug, thiserror::Error)]
#[error("scripted reset")]
struct ScriptedReset;

impl Server {
    pub(super) fn new(behaviour: Behaviour) -> io::Result<Rc<Self>> {
        let mut recorder = Recorder::default();
        let labels = recorder.follow(behaviour.labels(), &behaviour.counted_headers);
        Ok(Rc::new(Self {
            played: RefCell::new(Played::of(behaviour, labels)),
            recorder: RefCell::new(recorder),
            delays: Delays::new()?,
            first_request: Cell::new(None),
        }))
    }

    /// Replaces what the server does; requests being worked on end as they began.
    pub(super) fn play(&self, behaviour: Behaviour) {
        let labels = self.recorder.borrow_mut().follow(behaviour.labels(), &behaviour.counted_headers);
        self.first_request.set(None);
        self.played.replace(Played::of(behaviour, labels));
    }

    /// Forgets what it saw; stalls and slow starts begin anew.
    pub(super) fn reset(&self) {
        self.recorder.borrow_mut().reset();
        self.first_request.set(None);
    }

    /// Counts something of a WebSocket connection.
    pub(super) fn note(&self, count: impl FnOnce(&mut Seen)) {
        count(&mut self.recorder.borrow_mut().websocket);
    }

    /// Comes back at a moment, never earlier.
    pub(super) async fn wait_until(&self, moment: Instant) {
        self.delays.until(moment).await;
    }

    /// The script being played, as JSON.
    pub(super) fn script_json(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec_pretty(&self.played.borrow().behaviour.script)
    }

    /// Serves until the future is dropped; behind TLS with an acceptor.
    pub(super) async fn serve(self: Rc<Self>, listener: TcpListener, tls: Option<TlsAcceptor>) -> io::Result<()> {
        let server = Rc::clone(&self);
        let mut alarm = task::spawn_local(async move { server.delays.drive().await });
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                ended = &mut alarm => return ended.map_err(io::Error::other)?,
            };
            match accepted {
                Ok((stream, _)) => {
                    // Without it the kernel may hold back small answers; a refusal costs accuracy only.
                    let _ = stream.set_nodelay(true);
                    let connection = Connection::open(Rc::clone(&self));
                    let wire = Wire::new(stream, Rc::clone(&connection));
                    task::spawn_local(Rc::clone(&self).secure(wire, connection, tls.clone()));
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            }
        }
    }

    async fn secure(self: Rc<Self>, wire: Wire, connection: Rc<Connection>, tls: Option<TlsAcceptor>) {
        match tls {
            None => self.converse(wire, connection).await,
            // A handshake that fails is the client's affair.
            Some(tls) => {
                if let Ok(stream) = tls.accept(wire).await {
                    self.converse(stream, connection).await;
                }
            }
        }
    }

    async fn converse<S>(self: Rc<Self>, stream: S, connection: Rc<Connection>)
    where
        S: AsyncRead + AsyncWrite + Unpin + 'static,
    {
        let mut http = auto::Builder::new(ThisThread);
        http.http2().max_concurrent_streams(STREAMS_MAX);
        let (lent, owner) = Lent::of(stream);
        let (server, of) = (Rc::clone(&self), Rc::clone(&connection));
        let service = service_fn(move |request| Rc::clone(&server).answer(request, Rc::clone(&of)));
        // An error is a client that went away, or a scripted reset: both are counted elsewhere.
        let _ = http.serve_connection(TokioIo::new(lent), service).await;
        if let (Some(sockets), Some(stream)) = (connection.upgraded(), Rc::into_inner(owner)) {
            websocket::serve(self, sockets, connection, stream.into_inner()).await;
        }
    }

    async fn answer(
        self: Rc<Self>,
        request: Request<Incoming>,
        connection: Rc<Connection>,
    ) -> Result<Response<Full<Bytes>>, ScriptedReset> {
        let arrival = clock::now();
        if request.uri().path().starts_with(control::PREFIX) {
            return Ok(control::answer(&self, request).await);
        }
        let first = self.first_request.get().unwrap_or(arrival);
        self.first_request.set(Some(first));
        let played = Rc::clone(&self.played.borrow());
        let number = played.behaviour.find(request.method(), request.uri().path());
        let route = played.behaviour.route(number);
        let ticket = self.arrived(played.labels[number], arrival, &request);
        let by_stream = request.version() == http::Version::HTTP_2;
        let upgrade = played.sockets[number].as_ref().and_then(|sockets| Some((sockets, websocket::accept(request.headers())?)));
        self.receive(request.into_body()).await;
        let Some(mut response) = self.play_route(route, first, arrival).await else {
            self.recorder.borrow_mut().reset_connection(ticket);
            if !by_stream {
                connection.reset_on_close();
            }
            return Err(ScriptedReset);
        };
        if let Some((sockets, accepted)) = upgrade.filter(|_| response.status() == route.status) {
            connection.upgrade(Rc::clone(sockets));
            response = accepted;
        }
        connection.answer_made(ticket, response.status());
        Ok(response)
    }

    fn arrived(&self, label: usize, arrival: Instant, request: &Request<Incoming>) -> Ticket {
        self.recorder.borrow_mut().arrived(label, arrival, request.version(), request.headers())
    }

    /// Reads the request's body to its end; one that breaks off is the client's affair and seen at the answer.
    async fn receive(&self, mut body: Incoming) {
        while let Some(Ok(frame)) = body.frame().await {
            if let Some(data) = frame.data_ref() {
                self.recorder.borrow_mut().body_received(data.len() as u64);
            }
        }
    }

    /// Waits as long as the route says; `None` is a reset.
    async fn play_route(&self, route: &Route, first: Instant, arrival: Instant) -> Option<Response<Full<Bytes>>> {
        let draw = route.draw();
        let mut begin = route.begin(arrival.saturating_duration_since(first));
        let mut turn = None;
        if let Some(limit) = &route.limit {
            self.delays.until(first + begin).await;
            turn = match limit.mode {
                LimitMode::Queue => limit.turns.acquire().await.ok(),
                LimitMode::Reject => limit.turns.try_acquire().ok(),
            };
            if turn.is_none() {
                return Some(respond(StatusCode::SERVICE_UNAVAILABLE, "too many requests at a time\n"));
            }
            begin = begin.max(clock::now().saturating_duration_since(first));
        }
        if let Some(due) = first.checked_add(route.due(begin, draw.latency)) {
            self.delays.until(due).await;
        } else {
            std::future::pending::<()>().await;
        }
        drop(turn);
        if draw.reset {
            return None;
        }
        if let Some(status) = draw.error {
            return Some(respond(status, "scripted error\n"));
        }
        let mut response = Response::new(Full::new(route.body.clone()));
        *response.status_mut() = route.status;
        response.headers_mut().insert(header::CONTENT_TYPE, route.content_type.clone());
        Some(response)
    }
}

/// A short text as an answer.
fn respond(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/plain"));
    response
}
