//! Talking to GitHub's API: one request, its answer as JSON, and repeating what may be repeated.
//!
//! `octocrab` makes the requests; its typed calls are not used. They send POST where GitHub documents PATCH, repeat POST (two comments
//! from one call), follow absolute addresses of next pages past proxies, and refuse answers that lack a field nobody needs.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Uri, header, response::Parts};
use http_body_util::{BodyExt as _, Limited};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use octocrab::{
    AuthState, Octocrab, OctocrabBuilder,
    service::middleware::{auth_header::AuthHeaderLayer, extra_headers::ExtraHeadersLayer},
};
use serde_json::Value;

use super::{
    connect,
    retry::{Budget, Patience},
    trouble::ApiError,
};
use crate::clock::{self, Duration};

/// Largest answer that is read: a hundred comments of the greatest length.
const ANSWER_BYTES_MAX: usize = 32 << 20;
/// Entries of a page; the most that GitHub gives.
const PER_PAGE: usize = 100;
/// Pages that are looked through.
const PAGES_MAX: usize = 30;
/// How often an answer that something is elsewhere now is followed.
const MOVES_MAX: u32 = 3;
/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// Where the API is and who asks.
#[derive(Clone)]
pub struct Server {
    /// `https://api.github.com`, or `https://HOST/api/v3`.
    pub api: String,
    /// `https://api.github.com/graphql`, or `https://HOST/api/graphql`.
    pub graphql: String,
    /// Who asks. Never shown.
    pub token: String,
}

/// GitHub's API with what is left of the patience for it.
pub(super) struct Api {
    crab: Octocrab,
    base: String,
    graphql: Uri,
    token: String,
    /// Who the token belongs to, since that was asked.
    login: OnceLock<String>,
    budget: Budget,
}

impl Api {
    /// Must be called within a runtime.
    ///
    /// # Errors
    /// The address is none, or the token can't be sent.
    pub(super) fn new(server: &Server, patience: Patience) -> Result<Self, ApiError> {
        let unusable = |what: &str, reason: &dyn ToString| ApiError::unreachable(what, &reason.to_string());
        let base: Uri = server.api.trim_end_matches('/').parse().map_err(|error| unusable(&server.api, &error))?;
        let graphql: Uri = server.graphql.parse().map_err(|error| unusable(&server.graphql, &error))?;
        let mut token = HeaderValue::from_str(&format!("Bearer {}", server.token))
            .map_err(|_| unusable("GITHUB_TOKEN", &"it has characters that can't be sent"))?;
        token.set_sensitive(true);
        let connector = connect::connector(&base, CONNECT.min(patience.request)).map_err(|error| unusable("TLS", &error))?;
        // Nobody watches idle connections between two parts of a run: each request gets its own.
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector);
        let crab = OctocrabBuilder::new_empty()
            .with_service(client)
            .with_layer(&ExtraHeadersLayer::new(Arc::new(headers())))
            // The token goes to these two hosts and to no other.
            .with_layer(&AuthHeaderLayer::new(Some(token), base, graphql.clone()))
            .with_auth(AuthState::None)
            .build();
        let crab = crab.map_err(|error| unusable(&server.api, &error))?;
        Ok(Self {
            crab,
            base: server.api.trim_end_matches('/').to_owned(),
            graphql,
            token: server.token.clone(),
            login: OnceLock::new(),
            budget: Budget::new(patience),
        })
    }

    /// Begins anew with other patience.
    pub(super) fn renew(&mut self, patience: Patience) {
        self.budget = Budget::new(patience);
    }

    pub(super) fn patience(&self) -> Patience {
        self.budget.patience()
    }

    /// Reads. Repeated as often as the patience allows.
    pub(super) async fn get(&self, path: &str) -> Result<Value, ApiError> {
        self.repeated(&Method::GET, path, None).await
    }

    /// Changes something to what is given: doing it twice does no harm.
    pub(super) async fn patch(&self, path: &str, body: &Value) -> Result<Value, ApiError> {
        self.repeated(&Method::PATCH, path, Some(body)).await
    }

    /// Removes something.
    pub(super) async fn delete(&self, path: &str) -> Result<Value, ApiError> {
        self.repeated(&Method::DELETE, path, None).await
    }

    /// Makes something where making it twice does no harm.
    pub(super) async fn post_again(&self, path: &str, body: &Value) -> Result<Value, ApiError> {
        self.repeated(&Method::POST, path, Some(body)).await
    }

    /// One request, never repeated: whoever asks must look what came of it first, then [`Api::wait`].
    pub(super) async fn once(&self, method: &Method, path: &str, body: Option<&Value>) -> Result<Value, ApiError> {
        let what = format!("{method} {path}");
        let limit = self.budget.for_request();
        if limit.is_zero() {
            return Err(ApiError::too_late(&what));
        }
        let answer = tokio::time::timeout(limit, self.exchange(&what, method, path, body)).await;
        let answer = answer.unwrap_or_else(|_| Err(ApiError::unreachable(&what, &format!("no answer within {limit:.0?}"))));
        answer.map_err(|error| ApiError { reason: self.masked(&error.reason), ..error })
    }

    /// Waits until something may be tried again; `false` when it must not be. `times` it was tried again already.
    pub(super) async fn wait(&self, error: &ApiError, times: u32) -> bool {
        let pause = self.budget.pause(error, times);
        if let Some(pause) = pause {
            tokio::time::sleep(pause).await;
        }
        pause.is_some()
    }

    /// All entries of a list, page by page.
    pub(super) async fn list(&self, path: &str, within: Option<&str>) -> Result<Vec<Value>, ApiError> {
        let joint = if path.contains('?') { '&' } else { '?' };
        let mut all = Vec::new();
        for page in 1..=PAGES_MAX {
            let path = format!("{path}{joint}per_page={PER_PAGE}&page={page}");
            let answer = self.get(&path).await?;
            let entries = within.map_or(&answer, |name| &answer[name]).as_array();
            let entries = entries.ok_or_else(|| ApiError::strange(&format!("GET {path}"), "is no list"))?;
            all.extend_from_slice(entries);
            if entries.len() < PER_PAGE {
                break;
            }
        }
        Ok(all)
    }

    /// Who the token belongs to, as comments name their author. `GET /user` is closed to the tokens of workflows.
    /// Asked once.
    pub(super) async fn login(&self) -> Result<&str, ApiError> {
        if let Some(known) = self.login.get() {
            return Ok(known.as_str());
        }
        let query = serde_json::json!({ "query": "query { viewer { login } }" });
        let path = self.graphql.to_string();
        let answer = self.repeated(&Method::POST, &path, Some(&query)).await?;
        let login = answer.pointer("/data/viewer/login").and_then(Value::as_str);
        let login = login.ok_or_else(|| ApiError::strange(&format!("POST {path}"), "names no login"))?;
        Ok(self.login.get_or_init(|| login.to_owned()).as_str())
    }

    /// A text without the token in it, should it ever get there.
    pub(super) fn masked(&self, text: &str) -> String {
        text.replace(&self.token, "***")
    }

    async fn repeated(&self, method: &Method, path: &str, body: Option<&Value>) -> Result<Value, ApiError> {
        let mut times = 0;
        loop {
            match self.once(method, path, body).await {
                Err(error) if self.wait(&error, times).await => times += 1,
                answer => return answer,
            }
        }
    }

    async fn exchange(&self, what: &str, method: &Method, path: &str, body: Option<&Value>) -> Result<Value, ApiError> {
        let text = body.map(|body| self.masked(&body.to_string())).unwrap_or_default();
        // The crate would join `/api/graphql` of an enterprise server to `/api/v3`.
        let mut address = if path.starts_with('/') { format!("{}{path}", self.base) } else { path.to_owned() };
        let mut moves = 0;
        let (head, bytes) = loop {
            let (head, bytes) = self.ask(what, method, &address, text.clone()).await?;
            match moved(&address, &head) {
                Some(to) if moves < MOVES_MAX => (address, moves) = (to, moves + 1),
                _ => break (head, bytes),
            }
        };
        if !head.status.is_success() {
            let now = clock::wall().as_second();
            return Err(ApiError::answered(what, head.status.as_u16(), &head.headers, &bytes, now));
        }
        match bytes.is_empty() {
            true => Ok(Value::Null),
            false => serde_json::from_slice(&bytes).map_err(|_| ApiError::strange(what, "is no JSON")),
        }
    }

    async fn ask(&self, what: &str, method: &Method, address: &str, body: String) -> Result<(Parts, Bytes), ApiError> {
        let failed = |error: &dyn std::error::Error| ApiError::unreachable(what, &causes(error));
        let mut request = Request::builder().method(method.clone()).uri(address);
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let request = request.body(body).map_err(|error| failed(&error))?;
        let (head, body) = self.crab.execute(request).await.map_err(|error| failed(&error))?.into_parts();
        let bytes = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
        Ok((head, bytes.map_err(|error| ApiError::unreachable(what, &causes(&*error)))?.to_bytes()))
    }
}

/// Where something is now whose repository has another name since: GitHub asks for the same request there. An address on another host is
/// none: the token stays where it belongs.
fn moved(address: &str, head: &Parts) -> Option<String> {
    if !matches!(head.status.as_u16(), 301 | 307 | 308) {
        return None;
    }
    let from = url::Url::parse(address).ok()?;
    let to = from.join(head.headers.get(header::LOCATION)?.to_str().ok()?).ok()?;
    (to.origin() == from.origin()).then(|| to.into())
}

/// GitHub refuses requests without a name of the program.
fn headers() -> Vec<(HeaderName, HeaderValue)> {
    vec![
        (header::USER_AGENT, HeaderValue::from_static(concat!("loadgate/", env!("CARGO_PKG_VERSION")))),
        (header::ACCEPT, HeaderValue::from_static("application/vnd.github+json")),
        (HeaderName::from_static("x-github-api-version"), HeaderValue::from_static("2022-11-28")),
    ]
}

/// The innermost reason says what is wrong; those around it only that something is.
fn causes(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
