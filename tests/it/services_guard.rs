//! Services whose loadgate is killed, so that it can end nothing itself.

use std::fs;

use crate::services::{Yard, lives, send, under_load};

const AB: &str = "\
stages: [ { vus: 2, duration: 10m } ]
scenarios: [ GET / ]
regression: { replicates: 1 }
safety: { self_protection: { cpu: 100% } }
";

/// A yard whose gate compares two versions, both started by this script.
fn two_versions(script: &str) -> Yard {
    let yard = Yard::new(script, "");
    yard.configure(&format!("name: shop\ntarget: {{ start: ./serve, baseline_start: ./serve }}\n{AB}"));
    yard
}

/// Living guards of the services that this process has started.
fn guards(of: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
    let is_guard = |process: &u32| {
        let line = fs::read_to_string(format!("/proc/{process}/cmdline")).unwrap_or_default();
        line.contains(&format!("guard-service\0{of}-"))
    };
    processes.filter(is_guard).filter(|process| lives(*process)).collect()
}

#[test]
fn load_that_is_killed_leaves_neither_service_nor_what_they_have_started() {
    // One child of each stays in its group and one has left it: both belong to the service.
    let yard = two_versions("sleep 600 &\necho $! >> children\nsetsid sleep 600 &\necho $! >> children\nexec MOCK");
    let mut child = under_load(&yard, &["gate"], 2, 2);
    assert_eq!(guards(child.id()).len(), 2, "one for each version");
    assert!(yard.lines("children").len() == 4 && yard.started().iter().all(|(process, _)| lives(*process)));
    send("-KILL", child.id());
    let of = child.id();
    child.wait().unwrap();
    let children = || yard.lines("children").into_iter().map(|line| line.parse().unwrap());
    while yard.started().into_iter().map(|(process, _)| process).chain(children()).any(lives) {}
    while !guards(of).is_empty() {}
}

#[test]
fn a_service_that_ignores_the_wish_to_end_is_killed_also_then() {
    let yard = Yard::new("trap '' TERM\nwhile :; do sleep 600; done", "");
    yard.configure("name: shop\ntarget: { start: ./serve }\nstages: [ { rate: 1/s, duration: 10m } ]\nscenarios: [ GET / ]\n");
    let mut child = crate::program::loadgate(yard.path(), &["run", "-q"]).spawn().unwrap();
    while yard.started().is_empty() {}
    send("-KILL", child.id());
    child.wait().unwrap();
    while lives(yard.started()[0].0) {}
}

#[test]
fn load_that_comes_to_its_end_leaves_no_guard() {
    let yard = Yard::new("exec MOCK", &crate::services::counted(1, 10, "", 1).replace("load: {  }\n", ""));
    let mut child = crate::program::loadgate(yard.path(), &["run", "-q"]).spawn().unwrap();
    let of = child.id();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(guards(of).is_empty());
    yard.assert_all_gone();
}

#[test]
fn a_guard_is_nothing_that_users_are_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let output = crate::program::loadgate(folder.path(), &["--help"]).output().unwrap();
    assert!(!crate::program::transcript(&output).contains("guard"));
}
