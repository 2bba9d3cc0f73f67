//! The plan for people: what is sent where, how much of it, and what it is judged by.

use super::{
    super::{
        columns,
        outlook::{self, Outlook},
        own_templates,
    },
    outlook_text, replicates_text, sockets_text, steering_text, target_text, thresholds_text, users_text,
};
use crate::{
    compare::{SERVICE, Shortage},
    plan::{HttpVersion, Load, Plan, Resolved, Target, Timeouts},
    policy::{BLOCKS_MIN, LatencyRule, MetricOverride, Mode, Override, Quantile, Response},
    units::{self, PerSecond},
};

pub(super) fn render(resolved: &Resolved, outlook: Option<&Outlook>) -> String {
    let sections = [
        head(resolved),
        stages(&resolved.plan),
        endpoints(resolved, outlook),
        scenarios(&resolved.plan),
        sockets_text::render(&resolved.plan),
        users_text::data(&resolved.plan),
        thresholds_text::render(resolved),
        regression(resolved),
        outlook.map(|outlook| outlook_text::render(outlook, resolved)).unwrap_or_default(),
        limits(resolved),
        replicates_text::hooks(resolved),
        steering_text::render(&resolved.plan.control, &resolved.policy.validity),
        files(resolved),
    ];
    sections.into_iter().filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n\n")
}

fn head(resolved: &Resolved) -> String {
    let plan = &resolved.plan;
    let mut lines = vec![format!("suite     {}", plan.suite)];
    lines.extend(target_text::all(plan));
    let length = units::duration(plan.duration());
    let mut load = Vec::new();
    if plan.peak_rate() > 0.0 {
        load.push(format!("{} arrivals, at most {}", plan.arrivals(), PerSecond(plan.peak_rate())));
    }
    if plan.peak_users() > 0 {
        load.push(format!("at most {} users", plan.peak_users()));
    }
    if plan.peak_sockets() > 0 {
        load.push(format!("at most {} WebSocket connections", plan.peak_sockets()));
    }
    let of_each = if plan.baseline.is_some() { "; each version has half of it" } else { "" };
    lines.push(format!("length    {length}, {}{of_each}", load.join(", ")));
    lines.extend(replicates_text::lines(resolved));
    lines.join("\n")
}

/// What a number is shown as that only the target decides.
const UNKNOWN: &str = "as the target allows";

/// Whether users are measured: how many requests they make depends on the target.
fn measures_users(plan: &Plan) -> bool {
    plan.stages.iter().any(|stage| stage.measured && !matches!(stage.load, Load::Arrivals(_)))
}

fn stages(plan: &Plan) -> String {
    let row = |stage: &crate::plan::Stage| {
        let at_most = if stage.iterations.is_some() { "at most " } else { "" };
        let arrivals = match (stage.load, stage.iterations) {
            (Load::Arrivals(_), None) => stage.arrivals().to_string(),
            (_, Some(count)) => format!("{at_most}{count}"),
            (Load::Users(_) | Load::Connections(_), None) => UNKNOWN.to_owned(),
        };
        vec![
            stage.name.clone(),
            stage.load.to_string(),
            format!("{at_most}{}", units::duration(stage.duration)),
            arrivals,
            if stage.measured { "yes" } else { "no" }.to_owned(),
        ]
    };
    let rows = plan.stages.iter().map(row).collect();
    table("stages", &["load", "duration", "arrivals", "measured"], rows)
}

fn scenarios(plan: &Plan) -> String {
    if plan.workload.scenarios.is_empty() {
        return String::new();
    }
    let total: u64 = plan.workload.scenarios.iter().map(|scenario| u64::from(scenario.weight)).sum();
    let row = |scenario: &crate::plan::Scenario| {
        let share = f64::from(scenario.weight) / total.max(1) as f64;
        vec![scenario.name.clone(), scenario.weight.to_string(), percent(share), scenario.steps.len().to_string()]
    };
    let rows = plan.workload.scenarios.iter().map(row).collect();
    table("scenarios", &["weight", "share", "steps"], rows)
}

/// Requests each endpoint gets in the measured time, and which quantiles that many can surely be compared by.
fn endpoints(resolved: &Resolved, outlook: Option<&Outlook>) -> String {
    let plan = &resolved.plan;
    let row = |(id, endpoint): (usize, &crate::plan::Endpoint)| {
        // How many messages a connection sees is for the service to say.
        let is_open = measures_users(plan) || plan.workload.is_of_socket(id);
        let requests = if is_open { UNKNOWN.to_owned() } else { format!("{:.0}", outlook::requests(plan, id)) };
        let outlook = outlook.filter(|_| !is_open);
        let is_errors_alone = plan.workload.is_untimed(id) && !resolved.policy.regression.ignores(&endpoint.name);
        let comparable = if is_errors_alone { "errors alone".to_owned() } else { comparable(&endpoint.name, resolved, outlook) };
        vec![endpoint.name.clone(), endpoint.request.clone(), requests, comparable]
    };
    let measured = plan.workload.endpoints.iter().enumerate().filter(|(id, _)| plan.workload.is_measured(*id));
    let rows = measured.map(row).collect();
    let requests = if plan.baseline.is_some() { "measured requests of each version" } else { "measured requests" };
    table("endpoints", &["request", requests, "comparable"], rows)
}

fn comparable(endpoint: &str, resolved: &Resolved, outlook: Option<&Outlook>) -> String {
    let rules = &resolved.policy.regression;
    if rules.ignores(endpoint) {
        return "ignored".to_owned();
    }
    let Some(outlook) = outlook else {
        let all: Vec<String> = rules.latency.keys().map(Quantile::to_string).collect();
        let too_short = resolved.measured_blocks() < BLOCKS_MIN;
        return if too_short { "none, too few blocks".to_owned() } else { all.join(", ") };
    };
    let own = || outlook.expected.iter().filter(|row| row.endpoint == endpoint);
    let tested: Vec<String> = own().filter(|row| row.shortage.is_none()).map(|row| row.quantile.to_string()).collect();
    match (tested.is_empty(), own().any(|row| matches!(row.shortage, Some(Shortage::Blocks(_))))) {
        (false, _) => tested.join(", "),
        (true, true) => "none, too few blocks".to_owned(),
        (true, false) => "none, too few requests".to_owned(),
    }
}

fn regression(resolved: &Resolved) -> String {
    let regression = &resolved.policy.regression;
    let row = |(quantile, written): (&Quantile, &MetricOverride)| {
        let rule = written.completed(LatencyRule::default_of(*quantile, resolved.policy.regression.compare));
        rule_row(&quantile.to_string(), &rule)
    };
    let mut rows: Vec<Vec<String>> = regression.latency.iter().map(row).collect();
    let dash = || "-".to_owned();
    if let Some(rule) = regression.mean_rule(SERVICE, regression.compare) {
        rows.push(rule_row("mean", &rule));
    }
    if let Some(rule) = regression.throughput_rule(regression.compare) {
        let name = if measures_users(&resolved.plan) { "throughput" } else { "achieved_rate" };
        let fall = |share: f64| format!("-{}", percent(share));
        rows.push(vec![name.to_owned(), fall(rule.warn), fall(rule.fail), fall(rule.sensitivity), dash()]);
    }
    let errors = regression.errors;
    let warn = if errors.warn < errors.fail { format!("+{} pp", points(errors.warn)) } else { dash() };
    rows.push(vec!["error_rate".to_owned(), warn, format!("+{} pp", points(regression.errors.fail)), dash(), dash()]);
    let mut text = table("regression", &["warn", "fail", "sensitivity", "floor"], rows);
    text.push_str(match regression.compare {
        Mode::Ab => "\n  compared with the baseline beside it, request by request (ab)",
        Mode::Baseline => "\n  compared with stored baselines",
    });
    text.push_str(&format!(
        "\n  alpha {}, blocks of {}, coverage {}",
        regression.alpha,
        units::duration(regression.block),
        percent(regression.coverage)
    ));
    if let Some(drift) = regression.drift.filter(|_| regression.compare == Mode::Baseline) {
        text.push_str(&format!(
            "\n  fails what crept up by {} or more from the best level of the last {} runs; of a pull request that is a warning",
            percent(drift.ratchet - 1.0),
            drift.window
        ));
    }
    if let Some(accept) = &regression.accept {
        let reason = if accept.requires_reason { ", with a reason in its description" } else { "" };
        text.push_str(&format!("\n  a regression is accepted by the label '{}' on the pull request{reason}", accept.label));
    }
    let on = &regression.on;
    text.push_str(&format!(
        "\n  no baseline: {}, inconclusive: {}, other environment: {}, improvement: {}",
        word(on.missing_baseline),
        word(on.inconclusive),
        word(on.env_mismatch),
        word(on.improvement)
    ));
    for (endpoint, exception) in &regression.overrides {
        text.push_str(&format!("\n  {endpoint}: {}", exception_text(resolved, endpoint, exception)));
    }
    text
}

fn rule_row(name: &str, rule: &LatencyRule) -> Vec<String> {
    let more = |share: f64| format!("+{}", percent(share));
    vec![name.to_owned(), more(rule.warn), more(rule.fail), more(rule.sensitivity), units::duration(rule.floor)]
}

fn exception_text(resolved: &Resolved, endpoint: &str, exception: &Override) -> String {
    if exception.ignore {
        return "not compared".to_owned();
    }
    let mut parts: Vec<String> = exception.critical.then(|| "critical".to_owned()).into_iter().collect();
    let regression = &resolved.policy.regression;
    let quantiles = exception
        .latency
        .keys()
        .map(|quantile| (quantile.to_string(), regression.latency_rule(endpoint, *quantile, regression.compare)));
    let mean = exception.mean.map(|_| ("mean".to_owned(), regression.mean_rule(endpoint, regression.compare)));
    for (name, rule) in quantiles.chain(mean) {
        if let Some(rule) = rule {
            let floor = units::duration(rule.floor);
            parts.push(format!("{name} warn +{}, fail +{}, floor {floor}", percent(rule.warn), percent(rule.fail)));
        }
    }
    parts.join("; ")
}

fn limits(resolved: &Resolved) -> String {
    let (limits, safety) = (&resolved.plan.limits, &resolved.safety);
    let hosts = |hosts: &[String]| if hosts.is_empty() { "none".to_owned() } else { hosts.join(", ") };
    let allowed = safety.allow_hosts.as_deref().map_or_else(|| "any that is named".to_owned(), hosts);
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "none".to_owned());
    let mut lines = vec![
        "limits".to_owned(),
        format!("  in flight        {}", limits.max_in_flight),
        format!("  connections      {}", connections(&resolved.plan)),
        format!("  timeouts         {}", timeouts(&resolved.plan.http.timeouts)),
        format!("  graceful stop    {}", units::duration(limits.graceful_stop)),
        format!("  hosts            allowed: {allowed}; denied: {}", hosts(&safety.deny_hosts)),
        format!("  highest rate     {}", or_none(safety.max_rate.map(|rate| PerSecond(rate).to_string()))),
        format!("  longest run      {}", or_none(safety.max_duration.map(units::duration))),
    ];
    lines.extend(users_text::manners(&resolved.plan.http));
    lines.join("\n")
}

fn connections(plan: &Plan) -> String {
    let settings = &plan.http.connections;
    let most = settings.max.map_or("as many as are needed".to_owned(), |max| format!("at most {max}"));
    let per_target = settings.per_target(plan.targets.len()).map(|max| format!("{max} to one target"));
    let kept = if settings.reuse {
        format!("idle up to {}", units::duration(settings.idle_timeout))
    } else {
        "one for each request".to_owned()
    };
    let cooldown =
        (!settings.cooldown.is_zero()).then(|| format!("none for {} after a failed one", units::duration(settings.cooldown)));
    let may_share =
        |target: &Target| target.protocol != HttpVersion::Http1 && (target.tls.is_some() || target.protocol == HttpVersion::H2c);
    let streams = plan.targets.iter().any(may_share).then(|| format!("{} requests at a time on one of HTTP/2", settings.streams));
    let names = plan.http.dns_refresh.map(|every| format!("names looked up every {}", units::duration(every)));
    [Some(most), per_target, Some(kept), cooldown, streams, names].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn timeouts(timeouts: &Timeouts) -> String {
    let named = [
        ("connect", timeouts.connect),
        ("pool", timeouts.pool),
        ("first byte", timeouts.first_byte),
        ("request", timeouts.request),
    ];
    named.map(|(name, time)| format!("{name} {}", units::duration(time))).join(", ")
}

fn files(resolved: &Resolved) -> String {
    let formats: Vec<&str> = crate::plan::ReportFormat::ALL
        .iter()
        .filter(|(_, format)| resolved.report.formats.contains(format))
        .map(|(name, _)| *name)
        .collect();
    let report = format!("  report           {} ({})", resolved.report.dir.display(), formats.join(", "));
    let own: Vec<String> =
        own_templates::of(resolved).iter().map(|own| format!("  {:<16} filled by {}", own.file, own.path)).collect();
    let rest = vec![
        format!(
            "  baselines        {} (`baseline prune` keeps the newest {})",
            crate::cli::shelf::of(&resolved.baseline),
            resolved.baseline.keep
        ),
        format!("  windows          {}, seed {}", units::duration(resolved.plan.window), resolved.plan.seed),
    ];
    [vec!["files".to_owned(), report], own, rest].concat().join("\n")
}

/// As exact as it was written, where `units::percent` rounds: 12.5% is not 12%.
fn percent(fraction: f64) -> String {
    format!("{}%", points(fraction))
}

fn points(fraction: f64) -> String {
    units::significant(fraction * 100.0, 4)
}

fn word(response: Response) -> &'static str {
    match response {
        Response::Pass => "pass",
        Response::Warn => "warn",
        Response::Fail => "fail",
    }
}

/// Columns as wide as their widest cell; the first one is the title.
pub(in crate::cli) fn table(title: &str, header: &[&str], rows: Vec<Vec<String>>) -> String {
    let header = std::iter::once(title).chain(header.iter().copied()).map(str::to_owned).collect::<Vec<_>>();
    let rows: Vec<Vec<String>> = std::iter::once(header)
        .chain(rows.into_iter().map(|mut row| {
            row[0] = format!("  {}", row[0]);
            row
        }))
        .collect();
    columns::lines(&rows, &[]).join("\n")
}
