//! Tests share their machine with others: what a configuration needs so that a generator that had to wait for a processor is no
//! reason to call a run no measurement. Every one that `Bench` and `Yard` write goes through here.

use serde_json::Value;

/// What `safety.self_protection` says where a test is not about the generator.
const PATIENCE: &str = "self_protection: { cpu: 100%, late_p99: 60s }";

/// A configuration with patience for a busy machine, unless it says itself how much it has.
pub(crate) fn patient(config: &str) -> String {
    if config.is_empty() || config.contains("self_protection:") {
        return config.to_owned();
    }
    if config.contains("safety: { ") {
        return config.replacen("safety: { ", &format!("safety: {{ {PATIENCE}, "), 1);
    }
    assert!(!config.contains("safety:"), "written in another way, it would be there twice:\n{config}");
    let end = if config.ends_with('\n') { "" } else { "\n" };
    format!("{config}{end}safety: {{ {PATIENCE} }}\n")
}

/// Whether a verdict is a pass, or would be one on a machine that does not stand still now and then: that is told as a warning, after
/// all that was found about the service.
pub(crate) fn passes(verdict: &Value) -> bool {
    let first = verdict["reasons"][0].as_str().unwrap_or_default();
    verdict["verdict"] == "pass" || (verdict["verdict"] == "warn" && first.starts_with("the load generator stood still"))
}
