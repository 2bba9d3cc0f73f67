//! A script made ready to be played: routes with their bodies, random sequences and limits.

use std::{cell::RefCell, rc::Rc, sync::Arc};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio::sync::Semaphore;

use super::{
    latency::Latency,
    phase::{SlowStart, Stall},
    script::{BodyScript, ErrorScript, LimitMode, LimitScript, ResetScript, RouteScript, Script, ScriptError},
    websocket::{Sockets, WebSocketScript},
};
use crate::clock::Duration;

/// Most routes of a script: they are searched one by one.
const ROUTES_MAX: usize = 1_000;
/// Most header names whose values are counted.
const COUNTED_HEADERS_MAX: usize = 16;
/// Largest body; it is held in memory.
const BODY_BYTES_MAX: u64 = 64 << 20;

/// A script made ready.
pub(super) struct Behaviour {
    pub(super) script: Script,
    /// As written, then the one for requests that match none of them.
    routes: Vec<Route>,
    pub(super) counted_headers: Vec<HeaderName>,
}

impl Behaviour {
    pub(super) fn of(script: Script) -> Result<Self, ScriptError> {
        if script.routes.len() > ROUTES_MAX {
            return Err(ScriptError::new(
                format!("{} routes, more than {ROUTES_MAX}", script.routes.len()),
                "put routes of equal behaviour together with a path such as /items/*",
            ));
        }
        if script.defaults.path.is_some() || script.defaults.method.is_some() {
            return Err(ScriptError::new("defaults have no path and no method", "put the route under routes:"));
        }
        let routes = script.routes.iter().enumerate().map(|(n, route)| {
            if route.path.is_none() {
                return Err(ScriptError::new(format!("routes[{n}] has no path"), "add path: /some/path, or path: /prefix/*"));
            }
            Route::of(route, &script.defaults, script.seed.wrapping_add(n as u64 + 1))
                .map_err(|error| ScriptError { message: format!("routes[{n}]: {}", error.message), hint: error.hint })
        });
        let fallback =
            Route::of(&RouteScript { path: Some("*".to_owned()), ..RouteScript::default() }, &script.defaults, script.seed)
                .map_err(|error| ScriptError { message: format!("defaults: {}", error.message), hint: error.hint });
        let routes = routes.chain([fallback]).collect::<Result<_, _>>()?;
        let counted_headers = counted_headers(&script.count_headers)?;
        Ok(Self { script, routes, counted_headers })
    }

    /// The number of the first route that matches.
    pub(super) fn find(&self, method: &Method, path: &str) -> usize {
        self.routes.iter().position(|route| route.matches(method, path)).unwrap_or(self.routes.len() - 1)
    }

    pub(super) fn route(&self, n: usize) -> &Route {
        &self.routes[n]
    }

    /// What each route does with WebSocket connections, on the thread that serves them.
    pub(super) fn sockets(&self) -> Vec<Option<Rc<Sockets>>> {
        let of = |route: &Route| route.websocket.as_ref().map(|(script, seed)| Rc::new(Sockets::new(script.clone(), *seed)));
        self.routes.iter().map(of).collect()
    }

    pub(super) fn labels(&self) -> impl Iterator<Item = &str> {
        self.routes.iter().map(|route| route.label.as_str())
    }
}

fn counted_headers(names: &[String]) -> Result<Vec<HeaderName>, ScriptError> {
    let mut headers = vec![HeaderName::from_static("x-load-test")];
    for name in names {
        let header: HeaderName = name.parse().map_err(|_| {
            ScriptError::new(format!("count_headers: '{name}' is not a header name"), "write a name such as traceparent")
        })?;
        if !headers.contains(&header) {
            headers.push(header);
        }
    }
    if headers.len() > COUNTED_HEADERS_MAX {
        return Err(ScriptError::new(format!("count_headers: more than {COUNTED_HEADERS_MAX} names"), "count fewer headers"));
    }
    Ok(headers)
}

/// A route made ready.
pub(super) struct Route {
    /// `GET /items/*`.
    label: String,
    method: Option<Method>,
    path: PathPattern,
    latency: Latency,
    stall: Option<Stall>,
    slow_start: Option<SlowStart>,
    errors: Option<(f64, StatusCode)>,
    resets: f64,
    pub(super) limit: Option<Limit>,
    websocket: Option<(WebSocketScript, u64)>,
    pub(super) status: StatusCode,
    pub(super) content_type: HeaderValue,
    pub(super) body: Bytes,
    random: RefCell<StdRng>,
}

enum PathPattern {
    Exact(String),
    Prefix(String),
}

/// A concurrency limit at work.
pub(super) struct Limit {
    pub(super) turns: Arc<Semaphore>,
    pub(super) mode: LimitMode,
}

/// What chance decides for one request.
pub(super) struct Draw {
    pub(super) latency: Duration,
    pub(super) error: Option<StatusCode>,
    pub(super) reset: bool,
}

impl Route {
    fn of(own: &RouteScript, defaults: &RouteScript, seed: u64) -> Result<Self, ScriptError> {
        let method = own.method.as_deref().map(parse_method).transpose()?;
        let written = own.path.as_deref().unwrap_or("*");
        let (content_type, body) = make_body(own.body.as_ref().or(defaults.body.as_ref()))?;
        let latency = own.latency.or(defaults.latency).unwrap_or_default();
        let seed = own.seed.or(defaults.seed.map(|base| base.wrapping_add(seed))).unwrap_or(seed);
        Ok(Self {
            label: method.as_ref().map_or_else(|| written.to_owned(), |method| format!("{method} {written}")),
            method,
            path: parse_path(written)?,
            latency: latency.check().map_err(|error| ScriptError { message: error.message, hint: Some(error.hint) })?,
            stall: own.stall.or(defaults.stall).map(check_stall).transpose()?,
            slow_start: own.slow_start.or(defaults.slow_start).map(check_slow_start).transpose()?,
            errors: own.errors.or(defaults.errors).map(check_errors).transpose()?,
            resets: own.resets.or(defaults.resets).map_or(0.0, |ResetScript { share }| share.fraction()),
            limit: own.limit.or(defaults.limit).map(Limit::of).transpose()?,
            websocket: own
                .websocket
                .as_ref()
                .or(defaults.websocket.as_ref())
                .map(|script| check_websocket(script, seed))
                .transpose()?,
            status: check_status(own.status.or(defaults.status).unwrap_or(200))?,
            content_type,
            body,
            random: RefCell::new(StdRng::seed_from_u64(seed)),
        })
    }

    fn matches(&self, method: &Method, path: &str) -> bool {
        self.method.as_ref().is_none_or(|wanted| wanted == method)
            && match &self.path {
                PathPattern::Exact(wanted) => wanted == path,
                PathPattern::Prefix(prefix) => path.starts_with(prefix.as_str()),
            }
    }

    /// Always draws equally many numbers, so that an error share does not change the sequence of latencies.
    pub(super) fn draw(&self) -> Draw {
        let mut random = self.random.borrow_mut();
        let (error, reset): (f64, f64) = (random.random(), random.random());
        Draw {
            latency: self.latency.sample(&mut *random),
            error: self.errors.filter(|(share, _)| error < *share).map(|(_, status)| status),
            reset: reset < self.resets,
        }
    }

    /// When work on a request begins that came in at `at`; both counted from the first request.
    pub(super) fn begin(&self, at: Duration) -> Duration {
        self.stall.map_or(at, |stall| stall.released(at))
    }

    /// When a request is answered that is worked on from `begin`: nothing is answered within a stall.
    pub(super) fn due(&self, begin: Duration, latency: Duration) -> Duration {
        let factor = self.slow_start.map_or(1.0, |slow| slow.factor_at(begin));
        let latency =
            if factor == 1.0 { latency } else { Duration::try_from_secs_f64(latency.as_secs_f64() * factor).unwrap_or(latency) };
        self.begin(begin.saturating_add(latency))
    }
}

impl Limit {
    fn of(LimitScript { concurrency, mode }: LimitScript) -> Result<Self, ScriptError> {
        if !(1..=Semaphore::MAX_PERMITS).contains(&concurrency) {
            return Err(ScriptError::new(
                format!("limit: a concurrency of {concurrency}"),
                "let at least one request be worked on",
            ));
        }
        Ok(Self { turns: Arc::new(Semaphore::new(concurrency)), mode })
    }
}

fn parse_method(text: &str) -> Result<Method, ScriptError> {
    let refused = || ScriptError::new(format!("'{text}' is not an HTTP method"), "write GET, POST, PUT, PATCH, DELETE or HEAD");
    let method = Method::from_bytes(text.to_ascii_uppercase().as_bytes()).map_err(|_| refused())?;
    Ok(method)
}

fn parse_path(text: &str) -> Result<PathPattern, ScriptError> {
    let (stem, is_prefix) = text.strip_suffix('*').map_or((text, false), |stem| (stem, true));
    if stem.contains(['*', '?', '#']) || !(stem.starts_with('/') || (is_prefix && stem.is_empty())) {
        return Err(ScriptError::new(
            format!("'{text}' is not a path"),
            "write a path without query such as /items, or /items/* for everything below it",
        ));
    }
    if stem.starts_with("/__") {
        return Err(ScriptError::new(
            format!("'{text}' belongs to the control paths"),
            "choose a path that does not begin with /__",
        ));
    }
    Ok(if is_prefix { PathPattern::Prefix(stem.to_owned()) } else { PathPattern::Exact(stem.to_owned()) })
}

fn check_status(status: u16) -> Result<StatusCode, ScriptError> {
    StatusCode::from_u16(status)
        .ok()
        .filter(|status| (200..600).contains(&status.as_u16()))
        .ok_or_else(|| ScriptError::new(format!("{status} is not a final HTTP status"), "write a status from 200 to 599"))
}

fn check_errors(ErrorScript { share, status }: ErrorScript) -> Result<(f64, StatusCode), ScriptError> {
    Ok((share.fraction(), check_status(status)?))
}

fn check_websocket(script: &WebSocketScript, seed: u64) -> Result<(WebSocketScript, u64), ScriptError> {
    script.check()?;
    Ok((script.clone(), seed))
}

fn check_stall(stall: Stall) -> Result<Stall, ScriptError> {
    if stall.every.0.is_zero() || stall.length.0 > stall.every.0 / 2 {
        return Err(ScriptError::new(
            format!("a stall of {} every {}", stall.length, stall.every),
            "a stall begins in the middle of its period and must end within it: at most half of 'every'",
        ));
    }
    Ok(stall)
}

fn check_slow_start(slow: SlowStart) -> Result<SlowStart, ScriptError> {
    if !(0.0..=1e6).contains(&slow.factor) {
        return Err(ScriptError::new(format!("slow_start: a factor of {}", slow.factor), "write a factor such as 5"));
    }
    Ok(slow)
}

fn make_body(body: Option<&BodyScript>) -> Result<(HeaderValue, Bytes), ScriptError> {
    let body = body.cloned().unwrap_or_default();
    let content_type = body.content_type.as_deref().unwrap_or("text/plain");
    let content_type = HeaderValue::from_str(content_type).map_err(|_| {
        ScriptError::new(format!("body: '{content_type}' is not a content type"), "write a type such as application/json")
    })?;
    match (body.text, body.size) {
        (Some(_), Some(_)) => Err(ScriptError::new("body: both size and text", "write one of them")),
        (Some(text), None) => Ok((content_type, Bytes::from(text))),
        (None, Some(size)) if size.0 > BODY_BYTES_MAX => {
            Err(ScriptError::new(format!("body: {} bytes, more than {BODY_BYTES_MAX}", size.0), "write a smaller size"))
        }
        (None, Some(size)) => Ok((content_type, made_up_text(usize::try_from(size.0).unwrap_or_default()))),
        (None, None) => Ok((content_type, Bytes::from_static(b"ok"))),
    }
}

/// Numbered lines of text: always the same, and about as compressible as real text.
fn made_up_text(bytes: usize) -> Bytes {
    let mut text = String::with_capacity(bytes + 64);
    let mut line = 0_u64;
    while text.len() < bytes {
        text.push_str(&format!("line {line}: {:016x} the quick brown fox\n", line.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        line += 1;
    }
    text.truncate(bytes);
    Bytes::from(text)
}
