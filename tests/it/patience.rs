//! Tests share their machine with others: what a configuration needs so that a generator that had to wait for a processor is no
//! reason to call a run no measurement. Every one that `Bench` and `Yard` write goes through here.

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
