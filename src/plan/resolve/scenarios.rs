//! `scenarios` -> weighted scenarios of requests that are ready to be sent.

use std::collections::HashSet;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, StatusCode, header::CONTENT_TYPE};

use super::{Problems, hash, names, request, target};
use crate::{
    config::{
        Loaded, Path,
        scenarios::{self as written, ScenarioEntry},
        written::TextOr,
    },
    plan::{Check, Endpoint, EndpointId, Request, RequestStep, Scenario, Step, Workload},
};

const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"];
const EXAMPLE: &str = "for example scenarios: [ GET /api/items ]";

/// What the steps and the endpoints are collected from and into.
struct Builder<'a> {
    loaded: &'a Loaded,
    problems: &'a Problems<'a>,
    endpoints: Vec<Endpoint>,
}

pub(super) fn resolve(loaded: &Loaded, problems: &Problems<'_>) -> Option<Workload> {
    let at = Path::root().key("scenarios");
    let Some(entries) = &loaded.document.scenarios else {
        problems.missing("scenarios", format!("say what is asked for, {EXAMPLE}"));
        return None;
    };
    if entries.is_empty() {
        problems.add(&at, "there is no scenario", format!("write at least one, {EXAMPLE}"));
        return None;
    }
    let mut builder = Builder { loaded, problems, endpoints: Vec::new() };
    let scenarios: Vec<Option<Scenario>> =
        entries.iter().enumerate().map(|(n, entry)| builder.scenario(entry, &at.index(n))).collect();
    let mut seen = HashSet::new();
    for (n, scenario) in scenarios.iter().enumerate() {
        let Some(scenario) = scenario.as_ref().filter(|scenario| !seen.insert(scenario.name.as_str())) else { continue };
        let path = if matches!(entries[n], TextOr::Text(_)) { at.index(n) } else { at.index(n).key("name") };
        let hint = "give each scenario a name of its own; to ask more often, raise its `weight`";
        problems.add(&path, format!("duplicate scenario name '{}'", scenario.name), hint);
    }
    let is_complete = scenarios.iter().all(Option::is_some);
    let scenarios: Vec<Scenario> = scenarios.into_iter().flatten().collect();
    // An incomplete workload would make thresholds and overrides look wrong that are right.
    is_complete.then(|| {
        let hash = hash::workload(&scenarios, &builder.endpoints, &loaded.secrets);
        Workload { scenarios, endpoints: builder.endpoints, hash }
    })
}

impl Builder<'_> {
    fn scenario(&mut self, entry: &ScenarioEntry, at: &Path) -> Option<Scenario> {
        match entry {
            TextOr::Text(text) => self.shorthand(text, at),
            TextOr::Map(scenario) => self.long(scenario, at),
        }
    }

    /// `GET /api/items`: the text is the name of scenario and endpoint.
    fn shorthand(&mut self, text: &str, at: &Path) -> Option<Scenario> {
        let Some((method, path)) = text.split_once(' ').filter(|(method, _)| METHODS.contains(method)) else {
            let hint = format!("write a method and a path, {EXAMPLE}; methods are {}", METHODS.join(", "));
            self.problems.add(at, format!("'{text}' is not a request"), hint);
            return None;
        };
        let path = request::path(path.trim(), at, self.problems)?;
        let name = self.loaded.written(at).unwrap_or(text).to_owned();
        if !names::check(&name, at, self.problems) {
            return None;
        }
        let endpoint = self.endpoint(&name, &name, &name);
        let method = method.parse::<Method>().ok()?;
        let request = Request { target: 0, method, path, headers: Vec::new(), body: Bytes::new() };
        let step = RequestStep { endpoint, request, timeout: None, check: Check::default(), measured: true };
        let step = Step::Request(Box::new(step));
        Some(Scenario { name, weight: 1, steps: vec![step] })
    }

    fn long(&mut self, scenario: &written::Scenario, at: &Path) -> Option<Scenario> {
        let weight = scenario.weight.unwrap_or(1);
        if weight == 0 {
            self.problems.add(&at.key("weight"), "a weight of 0 means never", "write 1 or more, or remove the scenario");
        }
        if let Some(name) = &scenario.name
            && !names::check(name, &at.key("name"), self.problems)
        {
            return None;
        }
        let Some(steps) = &scenario.steps else {
            let request = scenario.as_step();
            let name = scenario.name.clone().or_else(|| self.written_request(&request, at));
            let step = self.step(&request, name.as_deref().unwrap_or_default(), at)?;
            return Some(Scenario { name: name?, weight, steps: vec![step] });
        };
        if let Some((key, _)) = scenario.as_step().requests().first() {
            let hint = "put the request into the steps";
            self.problems.add_at_key(&at.key(key), format!("a scenario has either 'steps' or a request ('{key}')"), hint);
            return None;
        }
        self.refuse_request_keys(scenario, at);
        let Some(name) = &scenario.name else {
            self.problems.add(at, "a scenario with steps needs a name", "add `name:`");
            return None;
        };
        if steps.is_empty() {
            self.problems.add(&at.key("steps"), "there is no step", "write at least one, for example - get: /api/items");
        }
        let at = at.key("steps");
        let steps: Vec<Option<Step>> =
            steps.iter().enumerate().map(|(n, step)| self.named_step(step, name, &at.index(n))).collect();
        Some(Scenario { name: name.clone(), weight, steps: steps.into_iter().collect::<Option<_>>()? })
    }

    /// Keys that belong to a step and stand beside `steps`: they would do nothing.
    fn refuse_request_keys(&self, scenario: &written::Scenario, at: &Path) {
        let keys = [
            ("headers", scenario.headers.is_some()),
            ("body", scenario.body.is_some()),
            ("json", scenario.json.is_some()),
            ("target", scenario.target.is_some()),
            ("timeout", scenario.timeout.is_some()),
            ("check", scenario.check.is_some()),
        ];
        for (key, _) in keys.into_iter().filter(|(_, is_there)| *is_there) {
            self.problems.add_at_key(&at.key(key), format!("'{key}' belongs to a step"), "move it into each step it is for");
        }
    }

    fn named_step(&mut self, step: &written::Step, scenario: &str, at: &Path) -> Option<Step> {
        if let Some(name) = &step.name
            && !names::check(name, &at.key("name"), self.problems)
        {
            return None;
        }
        self.step(step, scenario, at)
    }

    fn step(&mut self, step: &written::Step, scenario: &str, at: &Path) -> Option<Step> {
        let requests = step.requests();
        let [(key, path)] = requests.as_slice() else {
            self.wrong_number_of_requests(&requests, at);
            return None;
        };
        let (path_at, problems) = (at.key(key), self.problems);
        let path = request::path(path, &path_at, problems);
        let method = key.to_uppercase().parse::<Method>().ok();
        let mut headers = step
            .headers
            .as_ref()
            .map(|headers| request::headers(headers, &at.key("headers"), self.loaded, problems))
            .unwrap_or_default();
        let body = body(step, &mut headers, at, problems);
        let timeout = step.timeout.as_ref().and_then(|written| problems.time(written, &at.key("timeout")));
        let check = Check { status: self.statuses(step, at) };
        let as_written = self.written_request(step, at)?;
        let endpoint = self.endpoint(step.name.as_deref().unwrap_or(&as_written), scenario, &as_written);
        let target = step.target.as_ref().map_or(Some(0), |name| target::named(name, &at.key("target"), self.loaded, problems));
        let request = Request { target: target?, method: method?, path: path?, headers, body };
        Some(Step::Request(Box::new(RequestStep { endpoint, request, timeout, check, measured: true })))
    }

    fn wrong_number_of_requests(&self, requests: &[(&str, &str)], at: &Path) {
        match requests.get(1) {
            Some((key, _)) => {
                let hint = "make two steps of it";
                self.problems.add_at_key(&at.key(key), "a step makes one request, and this one has several", hint);
            }
            None => {
                let hint = "add a path with its method: get, post, put, patch, delete or head";
                self.problems.add(at, "there is no request here", hint);
            }
        }
    }

    /// `GET /api/items`, with variables and secrets as they were written.
    fn written_request(&self, step: &written::Step, at: &Path) -> Option<String> {
        let (key, path) = *step.requests().first()?;
        let path = self.loaded.written(&at.key(key)).unwrap_or(path);
        Some(format!("{} {path}", key.to_uppercase()))
    }

    fn endpoint(&mut self, name: &str, scenario: &str, request: &str) -> EndpointId {
        self.endpoints.iter().position(|endpoint| endpoint.name == name).unwrap_or_else(|| {
            let endpoint = Endpoint { name: name.to_owned(), scenario: scenario.to_owned(), request: request.to_owned() };
            self.endpoints.push(endpoint);
            self.endpoints.len() - 1
        })
    }

    fn statuses(&self, step: &written::Step, at: &Path) -> Vec<StatusCode> {
        let Some(statuses) = step.check.as_ref().and_then(|check| check.status.as_ref()) else { return Vec::new() };
        let at = at.key("check").key("status");
        if statuses.0.is_empty() {
            self.problems.add(&at, "no status is expected", "write a status such as 200, or remove the check");
        }
        for status in statuses.0.iter().filter(|status| !request::is_status(**status)) {
            self.problems.add(&at, format!("{status} is not an HTTP status"), "write a number from 100 to 599");
        }
        statuses.0.iter().filter_map(|status| StatusCode::from_u16(*status).ok()).collect()
    }
}

fn body(step: &written::Step, headers: &mut Vec<(HeaderName, HeaderValue)>, at: &Path, problems: &Problems<'_>) -> Bytes {
    match (&step.body, &step.json) {
        (None, None) => Bytes::new(),
        (Some(text), None) => Bytes::from(text.clone()),
        (Some(_), Some(_)) => {
            problems.add_at_key(&at.key("json"), "a request has either 'body' or 'json'", "keep one of them");
            Bytes::new()
        }
        (None, Some(value)) => {
            if !headers.iter().any(|(name, _)| name == CONTENT_TYPE) {
                headers.push((CONTENT_TYPE, HeaderValue::from_static("application/json")));
            }
            match serde_json::to_vec(value) {
                Ok(json) => Bytes::from(json),
                Err(error) => {
                    problems.add_at_key(&at.key("json"), format!("this can't be sent as JSON: {error}"), "send it with `body:`");
                    Bytes::new()
                }
            }
        }
    }
}
