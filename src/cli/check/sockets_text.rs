//! WebSocket connections, for people: how many there are, what they do, and what is done when one is lost.

use super::plan_text::table;
use crate::{
    plan::{Plan, SocketScenario},
    units,
};

/// The scenarios of WebSocket connections; nothing where there are none.
pub(super) fn render(plan: &Plan) -> String {
    if plan.workload.sockets.is_empty() {
        return String::new();
    }
    let row = |scenario: &SocketScenario| {
        let heartbeat = scenario
            .heartbeat
            .map(|rules| format!("ping every {}, dead after {}", units::duration(rules.every), units::duration(rules.timeout)));
        let steps = match (&scenario.broadcast, scenario.rate) {
            (Some(broadcast), _) => format!("{} from {} to all", broadcast.rate, publishers(broadcast.publishers)),
            (None, Some(rate)) => format!("{}, {rate} on each", scenario.steps.len()),
            (None, None) => format!("{}, once on each", scenario.steps.len()),
        };
        let reconnect = match scenario.reconnect.max {
            0 => "no".to_owned(),
            1 => "1 attempt".to_owned(),
            max => format!("{max} attempts"),
        };
        vec![
            scenario.name.clone(),
            scenario.connections.to_string(),
            steps,
            heartbeat.unwrap_or_else(|| "none".to_owned()),
            reconnect,
        ]
    };
    let rows = plan.workload.sockets.iter().map(row).collect();
    table("websocket", &["connections", "steps", "heartbeat", "reconnect"], rows)
}

fn publishers(number: u32) -> String {
    if number == 1 { "1 connection".to_owned() } else { format!("each of {number} connections") }
}
