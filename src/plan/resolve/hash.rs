//! What makes two workloads the same: a hash over all that is sent, with secrets left out.

use http::{HeaderName, HeaderValue};
use sha2::{Digest as _, Sha256};

use crate::{
    config::Secrets,
    plan::{
        Arrivals, BodyRule, Broadcast, Check, Control, Endpoint, Extract, Feeder, HttpSettings, HttpVersion, OnSaturated,
        Outgoing, RequestStep, Scenario, SocketScenario, SocketStep, Step, Target, Workload,
    },
    units::nanoseconds,
};

/// SHA-256 in hexadecimal over names, weights, methods, paths, headers, bodies and expected statuses. Every part is
/// preceded by its length, so that no two workloads run together to the same bytes.
pub(super) fn workload(
    (scenarios, sockets): (&[Scenario], &[SocketScenario]),
    endpoints: &[Endpoint],
    feeders: &[Feeder],
    secrets: &Secrets,
) -> String {
    let mut hash = Sha256::new();
    let mut part = adding_to(&mut hash);
    for scenario in scenarios {
        part(b"scenario");
        part(scenario.name.as_bytes());
        part(&scenario.weight.to_le_bytes());
        for feed in &scenario.feeds {
            of_feeder(&feeders[feed.feeder], &mut part);
            // Only what is not the default, so that baselines from before there was a choice stay comparable.
            if feed.per_user {
                part(b"per user");
            }
        }
        for (mark, steps) in [(&b"setup"[..], &scenario.setup), (b"", &scenario.steps), (b"teardown", &scenario.teardown)] {
            // What was not there before is hashed only where it is there: older baselines stay comparable.
            if !mark.is_empty() && !steps.is_empty() {
                part(mark);
            }
            steps.iter().for_each(|step| of_any_step(step, endpoints, secrets, &mut part));
        }
    }
    for socket in sockets {
        part(b"websocket");
        of_socket(socket, endpoints, secrets, &mut part);
        // What was not there before is hashed only where it is there: older baselines stay comparable.
        socket.feeds.iter().for_each(|feeder| of_feeder(&feeders[*feeder], &mut part));
    }
    drop(part);
    hexadecimal(hash)
}

fn of_any_step(step: &Step, endpoints: &[Endpoint], secrets: &Secrets, part: &mut impl FnMut(&[u8])) {
    match step {
        Step::Request(step) => {
            part(b"step");
            let name = endpoints.get(step.endpoint).map_or("", |endpoint| endpoint.name.as_str());
            part(name.as_bytes());
            of_step(step, secrets, part);
        }
        Step::Think(think) => {
            part(b"think");
            part(format!("{think:?}").as_bytes());
        }
    }
}

fn of_socket(socket: &SocketScenario, endpoints: &[Endpoint], secrets: &Secrets, part: &mut impl FnMut(&[u8])) {
    part(socket.name.as_bytes());
    part(secrets.mask(&socket.opening.path).as_bytes());
    of_headers(&socket.opening.headers, part);
    part(format!("{} {:?} {:?} {:?}", socket.connections, socket.heartbeat, socket.reconnect, socket.rate).as_bytes());
    if let Some(Broadcast { publishers, rate, message, id_from, within, .. }) = &socket.broadcast {
        part(format!("broadcast {publishers} {rate:?} {id_from} {within:?} {}", of_message(message, secrets)).as_bytes());
    }
    for (mark, steps) in [(&b"setup"[..], &socket.setup), (b"steps", &socket.steps)] {
        part(mark);
        for step in steps {
            let name = |endpoint: usize| endpoints.get(endpoint).map_or("", |endpoint| endpoint.name.as_str());
            let text = match step {
                SocketStep::Send(outgoing) => of_message(outgoing, secrets),
                SocketStep::Expect(expect) => {
                    let (name, wanted) = (name(expect.endpoint), secrets.mask(&expect.wanted.to_string()));
                    format!("expect {name} {wanted} {:?} {}", expect.within, expect.measured)
                }
                SocketStep::Listen(listen) => {
                    let from = listen.latency.as_ref().map(|latency| (name(latency.endpoint), latency.sent_at.to_string()));
                    format!("listen {:?} {from:?}", listen.length)
                }
                SocketStep::Think(think) => format!("think {think:?}"),
                SocketStep::Close(code) => format!("close {code}"),
            };
            part(text.as_bytes());
            if let SocketStep::Expect(expect) = step {
                expect.extract.iter().for_each(|extract| of_extract(extract, secrets, part));
            }
        }
    }
}

fn of_message(outgoing: &Outgoing, secrets: &Secrets) -> String {
    let digest = Sha256::digest(secrets.mask(&String::from_utf8_lossy(&outgoing.written)).as_bytes());
    format!("send {} {digest:?}", outgoing.is_text)
}

fn of_feeder(feeder: &Feeder, part: &mut impl FnMut(&[u8])) {
    part(b"feed");
    part(feeder.name.as_bytes());
    part(format!("{:?} {}", feeder.order, feeder.ends).as_bytes());
    part(feeder.sha256.as_bytes());
}

/// The hash of a workload as it is sent to its targets: with the path and the headers that every request gets, and with what makes
/// the same request cost more or less. The hosts stay out, as the same services may run elsewhere.
pub(super) fn sent_to(workload: &Workload, targets: &[Target], http: &HttpSettings, secrets: &Secrets) -> String {
    let mut hash = Sha256::new();
    let mut part = adding_to(&mut hash);
    part(workload.hash.as_bytes());
    for target in targets {
        part(secrets.mask(&target.base_path).as_bytes());
        of_headers(&target.headers, &mut part);
        // Only what is not the default, so that baselines from before there was a choice stay comparable.
        if target.tls.is_some() {
            part(b"tls");
        }
        if target.protocol != HttpVersion::Auto {
            part(format!("{:?}", target.protocol).as_bytes());
        }
    }
    of_manners(http, &mut part);
    of_limits(http, &mut part);
    let requests = workload.scenarios.iter().flat_map(Scenario::requests);
    for (number, step) in requests.enumerate().filter(|(_, step)| step.request.target > 0) {
        part(&number.to_le_bytes());
        part(targets[step.request.target].name.as_bytes());
    }
    if http.compression {
        part(b"compression");
    }
    if !http.connections.reuse {
        part(b"connection per request");
    }
    drop(part);
    hexadecimal(hash)
}

/// The hash of a workload as it is steered: what changes when requests are made, as long as all goes well, and which of them are
/// left when load is shed. Nothing is added where nothing is steered.
pub(super) fn steered(workload: &Workload, control: &Control) -> String {
    let is_steered = control.rate_limit.is_some() || control.adaptive.is_some() || control.arrivals != Arrivals::Uniform;
    let usual = Scenario::default().priority;
    let is_ranked = control.self_protection.on_saturated == OnSaturated::Shed
        && workload.scenarios.iter().any(|scenario| scenario.priority != usual);
    if !is_steered && !is_ranked {
        return workload.hash.clone();
    }
    let mut hash = Sha256::new();
    let mut part = adding_to(&mut hash);
    part(workload.hash.as_bytes());
    if is_steered {
        part(format!("{:?} {:?} {:?}", control.arrivals, control.rate_limit, control.adaptive).as_bytes());
    }
    if is_ranked {
        part(b"priorities");
        part(&workload.scenarios.iter().map(|scenario| scenario.priority).collect::<Vec<u8>>());
    }
    drop(part);
    hexadecimal(hash)
}

fn adding_to(hash: &mut Sha256) -> impl FnMut(&[u8]) {
    |bytes| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    }
}

fn hexadecimal(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn of_headers(headers: &[(HeaderName, HeaderValue)], part: &mut impl FnMut(&[u8])) {
    let mut headers: Vec<_> = headers.iter().collect();
    headers.sort_by_key(|(name, _)| name.as_str());
    for (name, value) in headers {
        part(b"header");
        part(name.as_str().as_bytes());
        // A token that is renewed every day must not make every day's runs incomparable.
        part(if value.is_sensitive() { b"" } else { value.as_bytes() });
    }
}

fn of_step(step: &RequestStep, secrets: &Secrets, part: &mut impl FnMut(&[u8])) {
    let request = &step.request;
    part(request.method.as_str().as_bytes());
    part(secrets.mask(&request.path).as_bytes());
    of_headers(&request.headers, part);
    part(b"body");
    let body = String::from_utf8_lossy(&request.body);
    part(&Sha256::digest(secrets.mask(&body).as_bytes()));
    for status in &step.check.status {
        part(&status.as_u16().to_le_bytes());
    }
    of_check(&step.check, part);
    step.extract.iter().for_each(|extract| of_extract(extract, secrets, part));
    if let Some(timeout) = step.timeout {
        part(b"timeout");
        part(&nanoseconds(timeout).to_le_bytes());
    }
    if !step.measured {
        part(b"not measured");
    }
}

/// What is looked at beside the status: reading a body and looking into it takes time that is measured.
fn of_check(check: &Check, part: &mut impl FnMut(&[u8])) {
    for (name, rule) in &check.headers {
        part(b"check header");
        part(name.as_str().as_bytes());
        part(rule.to_string().as_bytes());
    }
    match &check.body {
        Some(BodyRule::Contains(text)) => [b"check body".as_slice(), text.as_bytes()].into_iter().for_each(&mut *part),
        Some(BodyRule::Matches(regex)) => {
            [b"check body ~".as_slice(), regex.as_str().as_bytes()].into_iter().for_each(&mut *part);
        }
        None => {}
    }
    for (path, rule) in &check.json {
        part(b"check json");
        part(path.to_string().as_bytes());
        part(rule.to_string().as_bytes());
    }
    if let Some(bytes_max) = check.bytes_max {
        part(b"check max_bytes");
        part(&bytes_max.to_le_bytes());
    }
    if let Some(schema) = &check.schema {
        part(b"check schema");
        part(&Sha256::digest(schema.text.as_bytes()));
    }
}

fn of_extract(extract: &Extract, secrets: &Secrets, part: &mut impl FnMut(&[u8])) {
    part(b"extract");
    part(extract.name.as_bytes());
    part(extract.place.to_string().as_bytes());
    if let Some(default) = &extract.default {
        part(b"default");
        part(secrets.mask(&default.to_string()).as_bytes());
    }
}

/// Limits that decide which requests wait and which fail, each where it is not the usual one.
fn of_limits(http: &HttpSettings, part: &mut impl FnMut(&[u8])) {
    let usual = HttpSettings::default();
    let (time, usual_time) = (&http.timeouts, &usual.timeouts);
    let (kept, usual_kept) = (&http.connections, &usual.connections);
    let times = [
        ("timeouts.connect", time.connect, usual_time.connect),
        ("timeouts.pool", time.pool, usual_time.pool),
        ("timeouts.first_byte", time.first_byte, usual_time.first_byte),
        ("timeouts.request", time.request, usual_time.request),
        ("connections.idle_timeout", kept.idle_timeout, usual_kept.idle_timeout),
        ("connections.cooldown", kept.cooldown, usual_kept.cooldown),
    ];
    let numbers = [
        ("connections.max", kept.max, usual_kept.max),
        ("connections.max_per_host", kept.max_per_host, usual_kept.max_per_host),
        ("connections.streams", Some(kept.streams), Some(usual_kept.streams)),
    ];
    let times = times.map(|(name, time, usual)| (name, Some(nanoseconds(time)), Some(nanoseconds(usual))));
    let numbers =
        numbers.map(|(name, number, usual)| (name, number.map(|number| number as u64), usual.map(|usual| usual as u64)));
    for (name, limit, _) in times.into_iter().chain(numbers).filter(|(_, limit, usual)| limit != usual) {
        part(name.as_bytes());
        part(&limit.unwrap_or(0).to_le_bytes());
    }
}

/// Settings that change what is sent after an answer.
fn of_manners(http: &HttpSettings, part: &mut impl FnMut(&[u8])) {
    if http.cookies {
        part(b"cookies");
    }
    if http.traces {
        part(b"traces");
    }
    if http.redirects > 0 {
        part(b"redirects");
        part(&http.redirects.to_le_bytes());
    }
    if http.retries.max > 0 {
        part(b"retries");
        part(format!("{:?}", http.retries).as_bytes());
    }
}
