//! `scenarios` -> weighted scenarios of requests that are ready to be sent.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use http::Method;

use super::{
    Problems, hash, names, step, target,
    templates::{Reach, Scribe, Source},
    websocket,
};
use crate::{
    config::{
        Loaded, Path, nearest_hint,
        scenarios::{self as written, ScenarioEntry},
        written::TextOr,
    },
    plan::{Endpoint, EndpointId, Feed, Feeder, Names, Rendered, Request, RequestStep, Scenario, SocketScenario, Step, Workload},
    record::Part,
};

const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"];
const EXAMPLE: &str = "for example scenarios: [ GET /api/items ]";

/// What the steps and the endpoints are collected from and into.
pub(super) struct Builder<'a> {
    pub(super) loaded: &'a Loaded,
    pub(super) problems: &'a Problems<'a>,
    pub(super) scribe: Scribe<'a>,
    endpoints: Vec<Endpoint>,
    lines: BTreeMap<EndpointId, u64>,
}

/// A scenario of either kind.
enum Either {
    Requests(Scenario),
    Socket(Box<SocketScenario>),
}

impl Either {
    fn name(&self) -> &str {
        match self {
            Self::Requests(scenario) => &scenario.name,
            Self::Socket(scenario) => &scenario.name,
        }
    }
}

pub(super) fn resolve(loaded: &Loaded, feeders: &[Feeder], problems: &Problems<'_>) -> Option<Workload> {
    let at = Path::root().key("scenarios");
    let Some(entries) = &loaded.document.scenarios else {
        problems.missing("scenarios", format!("say what is asked for, {EXAMPLE}"));
        return None;
    };
    if entries.is_empty() {
        problems.add(&at, "there is no scenario", format!("write at least one, {EXAMPLE}"));
        return None;
    }
    let scribe = Scribe::new(loaded, problems, feeders);
    let mut builder = Builder { loaded, problems, scribe, endpoints: Vec::new(), lines: BTreeMap::new() };
    let scenarios: Vec<Option<Either>> =
        entries.iter().enumerate().map(|(n, entry)| builder.scenario(entry, &at.index(n))).collect();
    let mut seen = HashSet::new();
    for (n, scenario) in scenarios.iter().enumerate() {
        let Some(scenario) = scenario.as_ref().filter(|scenario| !seen.insert(scenario.name())) else { continue };
        let path = if matches!(entries[n], TextOr::Text(_)) { at.index(n) } else { at.index(n).key("name") };
        let hint = "give each scenario a name of its own; to ask more often, raise its `weight`";
        problems.add(&path, format!("duplicate scenario name '{}'", scenario.name()), hint);
    }
    let is_complete = scenarios.iter().all(Option::is_some);
    let (mut requests, mut sockets) = (Vec::new(), Vec::new());
    for scenario in scenarios.into_iter().flatten() {
        match scenario {
            Either::Requests(scenario) => requests.push(scenario),
            Either::Socket(scenario) => sockets.push(*scenario),
        }
    }
    // An incomplete workload would make thresholds and overrides look wrong that are right.
    is_complete.then(|| builder.workload((requests, sockets), feeders, &at))
}

/// What every template can name: the variables of the configuration, and all rows of feeders.
fn shared_names(loaded: &Loaded, feeders: &[Feeder]) -> Names {
    let env = minijinja::Value::from(minijinja::value::Serde(&loaded.env));
    let feeders = feeders.iter().map(|feeder| (feeder.name.clone(), feeder.as_value()));
    feeders.chain([("env".into(), env)]).collect()
}

impl Builder<'_> {
    fn workload(self, scenarios: (Vec<Scenario>, Vec<SocketScenario>), feeders: &[Feeder], at: &Path) -> Workload {
        let (scenarios, sockets) = scenarios;
        let hash = hash::workload((&scenarios, &sockets), &self.endpoints, feeders, &self.loaded.secrets);
        let workload = Workload {
            scenarios,
            sockets,
            endpoints: self.endpoints,
            templates: self.scribe.finish(),
            names: shared_names(self.loaded, feeders).into(),
            feeders: feeders.to_vec(),
            hash,
            lines: self.lines,
        };
        if !(0..workload.endpoints.len()).any(|endpoint| workload.is_measured(endpoint)) {
            self.problems.add_at_key(at, "no step is measured", "remove `measure: false` from the steps that matter");
        }
        workload
    }

    fn scenario(&mut self, entry: &ScenarioEntry, at: &Path) -> Option<Either> {
        match entry {
            TextOr::Text(text) => self.shorthand(text, at).map(Either::Requests),
            TextOr::Map(scenario) if scenario.websocket.is_some() => {
                websocket::resolve(scenario, at, self).map(|scenario| Either::Socket(Box::new(scenario)))
            }
            TextOr::Map(scenario) => {
                websocket::refuse_keys(scenario, at, self.problems);
                self.long(scenario, at).map(Either::Requests)
            }
        }
    }

    /// `GET /api/items`: the text is the name of scenario and endpoint.
    fn shorthand(&mut self, text: &str, at: &Path) -> Option<Scenario> {
        let Some((method, rest)) = text.split_once(' ').filter(|(method, _)| METHODS.contains(method)) else {
            let hint = format!("write a method and a path, {EXAMPLE}; methods are {}", METHODS.join(", "));
            self.problems.add(at, format!("'{text}' is not a request"), hint);
            return None;
        };
        let path = rest.trim();
        let source = Source { text: path, at, offset: text.len() - rest.trim_start().len() };
        let (path, template) = step::path(source, &mut self.scribe, &Reach::default())?;
        let name = self.loaded.written(at).unwrap_or(text).to_owned();
        if !names::check(&name, at, self.problems) {
            return None;
        }
        let endpoint = self.endpoint(&name, &name, &name, at);
        let method = method.parse::<Method>().ok()?;
        let request = Request { target: 0, method, path, headers: Vec::new(), body: bytes::Bytes::new() };
        let rendered = template.map(|path| Rendered { path: Some(path), ..Rendered::default() });
        let step = RequestStep { rendered, ..RequestStep::plain(endpoint, request) };
        Some(Scenario { name, steps: vec![Step::Request(Box::new(step))], ..Scenario::default() })
    }

    fn long(&mut self, scenario: &written::Scenario, at: &Path) -> Option<Scenario> {
        let weight = scenario.weight.unwrap_or(1);
        if weight == 0 {
            self.problems.add(&at.key("weight"), "a weight of 0 means never", "write 1 or more, or remove the scenario");
        }
        // 1 is shed first.
        let priority = self.problems.number_or(scenario.priority, &at.key("priority"), &(1..=10), 5);
        if let Some(name) = &scenario.name
            && !names::check(name, &at.key("name"), self.problems)
        {
            return None;
        }
        let feeds = self.feeds(scenario, &at.key("feed"), &[("per_iteration", false), ("per_user", true)]);
        let fed: BTreeSet<String> = feeds.iter().map(|feed| self.scribe.feeders[feed.feeder].name.to_string()).collect();
        let mut reach = Reach { fed, extracted: BTreeSet::new() };
        let name = match (&scenario.name, &scenario.steps) {
            (Some(name), _) => name.clone(),
            (None, None) => self.written_request(&scenario.as_step(), at).unwrap_or_default(),
            (None, Some(_)) => {
                self.problems.add(at, "a scenario with steps needs a name", "add `name:`");
                return None;
            }
        };
        let setup = self.steps(scenario.setup.as_deref(), Part::Setup, &name, &at.key("setup"), &mut reach);
        let mut after_setup = reach.clone();
        let steps = match &scenario.steps {
            None => self.step(&scenario.as_step(), Part::Steps, &name, at, &mut reach).map(|step| vec![step]),
            Some(steps) => self.long_steps(scenario, steps, &name, at, &mut reach),
        };
        for endpoint in 0..self.endpoints.len() {
            // A shorthand has said it of its step already, which is the same.
            if self.endpoints[endpoint].scenario == name {
                self.depend(endpoint, scenario.depends_on.as_deref(), at);
            }
        }
        let teardown = self.steps(scenario.teardown.as_deref(), Part::Teardown, &name, &at.key("teardown"), &mut after_setup);
        Some(Scenario { name, weight, priority, feeds, setup: setup?, steps: steps?, teardown: teardown? })
    }

    fn long_steps(
        &mut self,
        scenario: &written::Scenario,
        steps: &[written::Step],
        name: &str,
        at: &Path,
        reach: &mut Reach,
    ) -> Option<Vec<Step>> {
        if let Some((key, _)) = scenario.as_step().requests().first() {
            let hint = "put the request into the steps";
            self.problems.add_at_key(&at.key(key), format!("a scenario has either 'steps' or a request ('{key}')"), hint);
            return None;
        }
        self.refuse_request_keys(scenario, at);
        if steps.is_empty() {
            self.problems.add(&at.key("steps"), "there is no step", "write at least one, for example - get: /api/items");
        } else if steps.iter().all(|step| step.think.is_some()) {
            let hint = "add a step that makes a request, for example - get: /api/items";
            self.problems.add(&at.key("steps"), "there are pauses only", hint);
        }
        self.steps(Some(steps), Part::Steps, name, &at.key("steps"), reach)
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

    /// The feeders that a scenario takes rows of. `words` say how that may be done, and whether a row is kept then.
    pub(super) fn feeds(&self, scenario: &written::Scenario, at: &Path, words: &[(&str, bool)]) -> Vec<Feed> {
        let mut feeds: Vec<Feed> = Vec::new();
        for (n, (name, how)) in scenario.feed.iter().flat_map(|feed| &feed.0).enumerate() {
            let is_text = self.loaded.written(at).is_some();
            let at = if how.is_some() {
                at.key(name)
            } else if is_text {
                at.clone()
            } else {
                at.index(n)
            };
            let refuse = |message: String, hint: String| match how {
                Some(_) => self.problems.add_at_key(&at, message, hint),
                None => self.problems.add(&at, message, hint),
            };
            let per_user = self.problems.choice(how.as_deref(), &at, words, &[]).unwrap_or(false);
            let names = || self.loaded.document.data.keys().map(String::as_str);
            match self.scribe.feeders.iter().position(|feeder| *feeder.name == **name) {
                Some(id) if feeds.iter().any(|feed| feed.feeder == id) => {
                    let hint = "a scenario takes one row of a feeder at a time; keep one of the two";
                    refuse(format!("the feeder '{name}' is named twice"), hint.to_owned());
                }
                Some(feeder) => feeds.push(Feed { feeder, per_user }),
                // One that is there and wrong has been told of already.
                None if names().any(|known| known == name) => {}
                None => refuse(format!("there is no feeder '{name}'"), nearest_hint(name, names(), "feeders under `data:`")),
            }
        }
        feeds
    }

    /// The steps of one part of a scenario; all of them are looked at, whatever is wrong with one.
    fn steps(
        &mut self,
        steps: Option<&[written::Step]>,
        part: Part,
        scenario: &str,
        at: &Path,
        reach: &mut Reach,
    ) -> Option<Vec<Step>> {
        let steps = steps.unwrap_or_default().iter().enumerate();
        let steps: Vec<Option<Step>> =
            steps.map(|(n, step)| self.named_step(step, part, scenario, &at.index(n), reach)).collect();
        steps.into_iter().collect()
    }

    fn named_step(&mut self, step: &written::Step, part: Part, scenario: &str, at: &Path, reach: &mut Reach) -> Option<Step> {
        if let Some(name) = &step.name
            && !names::check(name, &at.key("name"), self.problems)
        {
            return None;
        }
        self.step(step, part, scenario, at, reach)
    }

    fn step(&mut self, step: &written::Step, part: Part, scenario: &str, at: &Path, reach: &mut Reach) -> Option<Step> {
        if let Some(key) = step.of_websocket().first() {
            let hint = "write the scenario's path as `websocket: /path`, or make a request of the step";
            self.problems.add_at_key(&at.key(key), format!("'{key}' needs a WebSocket connection"), hint);
            return None;
        }
        if step.think.is_some() {
            return step::think(step, at, self.problems).map(Step::Think);
        }
        let requests = step.requests();
        let [request] = requests.as_slice() else {
            self.wrong_number_of_requests(&requests, at);
            return None;
        };
        let resolved = step::request(step, *request, at, &mut self.scribe, reach);
        let timeout = step.timeout.as_ref().and_then(|written| self.problems.time(written, &at.key("timeout")));
        let (check, extract) = step::answer(step, at, &self.scribe, reach);
        let measured = step.measure.unwrap_or(part == Part::Steps);
        if measured && part == Part::Teardown {
            let hint = "remove it; teardown happens when the measuring is over";
            self.problems.add(&at.key("measure"), "a step of teardown can't be measured", hint);
        }
        let as_written = self.written_request(step, at)?;
        let endpoint = self.endpoint(step.name.as_deref().unwrap_or(&as_written), scenario, &as_written, at);
        self.depend(endpoint, step.depends_on.as_deref(), at);
        let target =
            step.target.as_ref().map_or(Some(0), |name| target::named(name, &at.key("target"), self.loaded, self.problems));
        let step::Resolved { request, rendered } = resolved?;
        let request = Request { target: target?, ..request };
        let is_setup = part == Part::Setup;
        Some(Step::Request(Box::new(RequestStep { endpoint, request, rendered, timeout, check, extract, measured, is_setup })))
    }

    /// What a step says that its endpoint needs.
    fn depend(&mut self, endpoint: EndpointId, names: Option<&[String]>, at: &Path) {
        for (n, name) in names.unwrap_or_default().iter().enumerate() {
            let known = &mut self.endpoints[endpoint].depends_on;
            if names::check(name, &at.key("depends_on").index(n), self.problems) && !known.contains(name) {
                known.push(name.clone());
            }
        }
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

    pub(super) fn endpoint(&mut self, name: &str, scenario: &str, request: &str, at: &Path) -> EndpointId {
        self.endpoints.iter().position(|endpoint| endpoint.name == name).unwrap_or_else(|| {
            let (scenario, request) = (scenario.to_owned(), request.to_owned());
            let endpoint = Endpoint { name: name.to_owned(), scenario, request, depends_on: Vec::new() };
            let id = self.endpoints.len();
            self.lines.extend(self.loaded.line(at).map(|line| (id, line)));
            self.endpoints.push(endpoint);
            id
        })
    }
}
