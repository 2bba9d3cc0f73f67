//! What users have and how they take failures, for people: rows of data, cookies, redirects, retries.

use super::plan_text::table;
use crate::{
    plan::{Feeder, HttpSettings, Order, Plan, Scenario, SocketScenario},
    units,
};

/// The feeders with who takes rows of them; nothing where there are none.
pub(super) fn data(plan: &Plan) -> String {
    let feeders = &plan.workload.feeders;
    if feeders.is_empty() {
        return String::new();
    }
    let row = |(id, feeder): (usize, &Feeder)| {
        let taker = |scenario: &Scenario| {
            let feed = scenario.feeds.iter().find(|feed| feed.feeder == id)?;
            Some(format!("{}{}", scenario.name, if feed.per_user { " (one per user)" } else { "" }))
        };
        let mut takers: Vec<String> = plan.workload.scenarios.iter().filter_map(taker).collect();
        let sockets = plan.workload.sockets.iter().filter(|scenario| scenario.feeds.contains(&id));
        takers.extend(sockets.map(|scenario| format!("{} (one per connection)", scenario.name)));
        let order = match feeder.order {
            Order::Sequential => "sequential",
            Order::Random => "random",
            Order::Shuffle => "shuffle",
        };
        vec![
            feeder.name.to_string(),
            feeder.rows.len().to_string(),
            order.to_owned(),
            if feeder.ends { "stop" } else { "recycle" }.to_owned(),
            if takers.is_empty() { "nobody; templates may pick" } else { "" }.to_owned() + &takers.join(", "),
        ]
    };
    let rows = table("data", &["rows", "order", "on end", "taken by"], feeders.iter().enumerate().map(row).collect());
    rows + &short_of_rows(plan)
}

/// Feeders that have fewer rows than there are users who keep one.
fn short_of_rows(plan: &Plan) -> String {
    let users = plan.peak_users() as usize;
    let kept = |id: usize| {
        plan.workload.scenarios.iter().flat_map(|scenario| &scenario.feeds).any(|feed| feed.feeder == id && feed.per_user)
    };
    let short = |(id, feeder): (usize, &Feeder)| {
        let rows = feeder.rows.len();
        let then = if feeder.ends {
            format!("{} users have none and ask for nothing of it", users.saturating_sub(rows))
        } else {
            "some users share one".to_owned()
        };
        (kept(id) && users > rows)
            .then(|| format!("\n  note: {users} users keep a row of '{}', which has {rows}: {then}", feeder.name))
    };
    let of_users = plan.workload.feeders.iter().enumerate().filter_map(short);
    of_users.chain(plan.workload.sockets.iter().flat_map(|scenario| shared_by_connections(scenario, plan))).collect()
}

/// Feeders that have fewer rows than a scenario has connections, each of which keeps one.
fn shared_by_connections(scenario: &SocketScenario, plan: &Plan) -> Vec<String> {
    let peak = scenario.connections.peak();
    let feeders = scenario.feeds.iter().map(|id| &plan.workload.feeders[*id]);
    let short = feeders.filter(|feeder| feeder.rows.len() < peak as usize);
    let note = |feeder: &Feeder| {
        let (name, rows) = (&feeder.name, feeder.rows.len());
        format!("\n  note: {peak} connections of '{}' keep a row of '{name}', which has {rows}: some share one", scenario.name)
    };
    short.map(note).collect()
}

/// What happens after an answer, where that is not the default.
pub(super) fn manners(http: &HttpSettings) -> Vec<String> {
    let mut lines = Vec::new();
    if http.retries.max > 0 {
        let backoff = &http.retries.backoff;
        lines.push(format!(
            "  retries          up to {} on {}, after {} times {} up to {}{}",
            http.retries.max,
            http.retries.on.iter().map(|class| class.name()).collect::<Vec<_>>().join(", "),
            units::duration(backoff.initial),
            backoff.factor,
            units::duration(backoff.max),
            if backoff.jitter { ", with full jitter" } else { "" }
        ));
    }
    if http.redirects > 0 {
        lines.push(format!("  redirects        up to {} are followed", http.redirects));
    }
    if http.cookies {
        lines.push("  cookies          each user keeps its own".to_owned());
    }
    if http.traces {
        lines.push("  traces           each request is sent with an id of its own (traceparent)".to_owned());
    }
    lines
}
