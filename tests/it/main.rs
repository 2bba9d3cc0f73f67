//! The integration tests: the program run as a user runs it, and the engine before targets that misbehave.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod ab;
mod bad_input;
mod baseline;
mod bench;
mod calibrate;
mod certificates;
mod check;
mod check_sizes;
mod compare;
mod compare_ab;
mod compare_several;
mod docs;
mod failures;
mod frames;
mod gate;
mod gate_and_signals;
mod gate_in_ci;
mod http1;
mod http1_pool;
mod http2_pool;
mod http_session;
mod import;
mod load_ab;
mod load_control;
mod load_failed_setup;
mod load_held_back;
mod load_http2;
mod load_models;
mod load_nginx;
mod load_outcomes;
mod load_retries;
mod load_rows_per_user;
mod load_scenarios;
mod load_steering;
mod load_targets;
mod load_timing;
mod load_tls;
mod load_users;
mod mock_target;
mod nginx;
mod patience;
mod program;
mod report;
mod run;
mod scripted;
mod secrets;
mod services;
mod services_ab;
mod services_confirm;
#[cfg(target_os = "linux")]
mod services_guard;
mod services_hooks;
mod services_late;
mod shop;
