//! What became of WebSocket connections: a row for each scenario that has them.

use serde::Serialize;

use super::{
    text,
    traffic::{self, ClassCount},
};
use crate::{
    record::{EndpointSeries, ErrorClass, RunRecord, Totals},
    report::escape::plain,
    units::{self, PerSecond},
};

/// The connections of one scenario in the measured stages of all runs.
#[derive(Clone, Debug, Serialize)]
pub struct SocketView {
    /// The scenario as configured; machine formats write it as it is.
    pub scenario: String,
    /// Its name on one line, for people.
    pub name: String,
    /// Most connections at a time: the mean of the window that has most; `None` when no time was measured.
    pub connections: Option<f64>,
    /// Time of 95 % of the attempts that opened a connection.
    pub connect_p95_us: Option<u64>,
    /// Share of the attempts that opened none; `None` without attempts.
    pub connect_failed: Option<f64>,
    /// Messages sent and received per second; `None` when no time was measured.
    pub messages_per_s: Option<f64>,
    /// Share of the pings that were answered; `None` without pings.
    pub heartbeat_survival: Option<f64>,
    /// Connections that were lost.
    pub lost: u64,
    /// Their share of all that were open and are no more; `None` without any.
    pub lost_share: Option<f64>,
    /// Lost connections that there was no other one for in the end, and those that were never had.
    pub not_recovered: u64,
    /// Time after which 95 % of those that came back were there again.
    pub recovery_p95_us: Option<u64>,
    /// What became of broadcast messages that did not come once and in order; `None` without a broadcast.
    pub delivery: Option<DeliveryView>,
    /// The codes that lost connections were closed with.
    pub close_codes: Vec<ClassCount>,
    /// The figures in words.
    pub text: SocketText,
}

/// Shares of the broadcast messages at their receivers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct DeliveryView {
    /// Never came, or too late.
    pub lost: f64,
    /// Came again.
    pub duplicate: f64,
    /// Came after one that was published later.
    pub reordered: f64,
}

/// Figures of connections in words.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SocketText {
    /// `2,000`
    pub connections: String,
    /// `12 ms`
    pub connect_p95: String,
    /// `0.4%`
    pub connect_failed: String,
    /// `900/s`
    pub messages: String,
    /// `99.9%`
    pub heartbeat_survival: String,
    /// `12 (0.6%)`
    pub lost: String,
    /// `1.2 s`
    pub recovery_p95: String,
    /// `3`
    pub not_recovered: String,
    /// `0.1% lost, 0% twice, 0% out of order`
    pub delivery: String,
    /// `close.1011 12`
    pub close_codes: String,
}

/// Each scenario with connections, in the order of the configuration.
pub(super) fn of_runs(runs: &[RunRecord]) -> Vec<SocketView> {
    let has_connections = |series: &&EndpointSeries| series.is_beside && series.name == format!("{}.connect", series.scenario);
    let scenarios = traffic::endpoints(runs).into_iter().filter(has_connections);
    scenarios.map(|series| SocketView::of(runs, &series.scenario)).collect()
}

impl SocketView {
    fn of(runs: &[RunRecord], scenario: &str) -> Self {
        let totals = |of: &str| traffic::totals(runs, &format!("{scenario}.{of}"));
        let (connect, connection, reconnect) = (totals("connect"), totals("connection"), totals("reconnect"));
        let seconds: f64 = runs.iter().map(RunRecord::measured_seconds).sum();
        let codes = connection.errors.iter().filter(|(class, _)| class.name().starts_with("close."));
        let codes = codes.map(|(class, &count)| ClassCount { class: class.name(), count, text: text::count(count) });
        let mut view = Self {
            scenario: scenario.to_owned(),
            name: plain(scenario),
            connections: most_open(runs, &format!("{scenario}.connect")),
            connect_p95_us: connect.response.quantile(0.95),
            connect_failed: connect.error_rate(),
            messages_per_s: (seconds > 0.0).then(|| connect.messages as f64 / seconds),
            heartbeat_survival: totals("heartbeat").error_rate().map(|failed| 1.0 - failed),
            lost: connection.error_count(),
            lost_share: connection.error_rate(),
            not_recovered: reconnect.error_count(),
            recovery_p95_us: reconnect.response.quantile(0.95),
            delivery: DeliveryView::of(&totals("delivery")),
            close_codes: codes.collect(),
            text: SocketText::default(),
        };
        view.text = SocketText::of(&view);
        view
    }
}

/// The mean number of open connections in the window that has most.
fn most_open(runs: &[RunRecord], endpoint: &str) -> Option<f64> {
    let of_run = |run: &RunRecord| {
        let series = run.endpoint(endpoint)?;
        let stages = run.plan.stages.iter().zip(&series.stages);
        let means = stages.flat_map(|(stage, windows)| {
            windows.iter().zip(0_u64..).filter_map(|(window, number)| {
                let length_us = stage.window_length_us(number, windows.len(), run.plan.window_us);
                (length_us > 0).then(|| window.connected_us as f64 / length_us as f64)
            })
        });
        means.reduce(f64::max)
    };
    runs.iter().filter_map(of_run).reduce(f64::max)
}

impl DeliveryView {
    fn of(delivery: &Totals) -> Option<Self> {
        let share = |class: ErrorClass| delivery.errors.get(&class).copied().unwrap_or(0) as f64 / delivery.requests as f64;
        (delivery.requests > 0).then(|| Self {
            lost: share(ErrorClass::Lost),
            duplicate: share(ErrorClass::Duplicate),
            reordered: share(ErrorClass::Reordered),
        })
    }
}

impl Default for SocketText {
    fn default() -> Self {
        let none = || text::NONE.to_owned();
        Self {
            connections: none(),
            connect_p95: none(),
            connect_failed: none(),
            messages: none(),
            heartbeat_survival: none(),
            lost: none(),
            recovery_p95: none(),
            not_recovered: none(),
            delivery: none(),
            close_codes: none(),
        }
    }
}

impl SocketText {
    fn of(view: &SocketView) -> Self {
        let latency = |us: Option<u64>| text::latency(us.map(|us| us as f64));
        let none = || text::NONE.to_owned();
        let codes: Vec<String> = view.close_codes.iter().map(|code| format!("{} {}", code.class, code.text)).collect();
        let delivery = |of: DeliveryView| {
            let [lost, twice, reordered] = [of.lost, of.duplicate, of.reordered].map(units::percent);
            format!("{lost} lost, {twice} twice, {reordered} out of order")
        };
        Self {
            connections: view.connections.map_or_else(none, |mean| text::count(mean.round() as u64)),
            connect_p95: latency(view.connect_p95_us),
            connect_failed: text::share(view.connect_failed),
            messages: view.messages_per_s.map_or_else(none, |rate| PerSecond(rate).to_string()),
            // Down, so that one ping without an answer is seen.
            heartbeat_survival: view.heartbeat_survival.map_or_else(none, units::percent_floor),
            lost: view.lost_share.map_or_else(none, |share| format!("{} ({})", text::count(view.lost), units::percent(share))),
            recovery_p95: latency(view.recovery_p95_us),
            not_recovered: text::count(view.not_recovered),
            delivery: view.delivery.map_or_else(none, delivery),
            close_codes: if codes.is_empty() { none() } else { codes.join(", ") },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        compare::fixture::{self, SECOND_US},
        record::Window,
    };

    /// A scenario of connections beside an endpoint of requests.
    fn record() -> RunRecord {
        let names = ["/a", "feed.connect", "feed.connection", "feed.reconnect", "feed.heartbeat", "feed.delivery"];
        let mut run = fixture::steady(2, &names, 50, |_, _, _| 12_000);
        for series in run.endpoints.iter_mut().skip(1) {
            series.scenario = "feed".to_owned();
            series.is_beside = series.name != "feed.delivery";
        }
        for (endpoint, class, count) in [
            (2, ErrorClass::Close1011, 3),
            (3, ErrorClass::Close1011, 1),
            (4, ErrorClass::TimeoutPong, 5),
            (5, ErrorClass::Lost, 1),
        ] {
            run.endpoints[endpoint].stages[0][0].errors.insert(class, count);
        }
        let connect: &mut Vec<Window> = &mut run.endpoints[1].stages[0];
        (connect[0].connected_us, connect[1].connected_us, connect[1].messages) = (10 * SECOND_US, 40 * SECOND_US, 180);
        run
    }

    #[test]
    fn connections_are_told_scenario_by_scenario() {
        let views = of_runs(&[record()]);
        let [view] = &views[..] else { panic!("there is one scenario of connections") };
        assert_eq!((view.connections, view.messages_per_s, view.heartbeat_survival), (Some(40.0), Some(90.0), Some(0.95)));
        let text = &view.text;
        assert_eq!((text.connections.as_str(), text.messages.as_str(), text.lost.as_str()), ("40", "90/s", "3 (3%)"));
        assert_eq!((text.close_codes.as_str(), text.not_recovered.as_str()), ("close.1011 3", "1"));
        assert_eq!(text.delivery, "1% lost, 0% twice, 0% out of order");
        let mut short = record();
        short.plan.stages[0].played_us = 1_500_000;
        assert_eq!(of_runs(&[short])[0].connections, Some(80.0), "the last window has half a second");
    }

    #[test]
    fn requests_have_no_connections_of_their_own() {
        assert!(of_runs(&[fixture::steady(2, &["/a"], 50, |_, _, _| 12_000)]).is_empty());
    }
}
