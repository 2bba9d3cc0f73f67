//! Two versions: where the baseline is, and what they are compared as.

use super::{refusal, resolved};
use crate::{plan::Target, policy::Mode, record::Side};

/// A right configuration with this target and these sections.
fn with_target(target: &str, sections: &str) -> String {
    format!("target: {target}\nstages: [ {{ rate: 10/s, duration: 60s }} ]\nscenarios: [ GET /items ]\n{sections}\n")
}

const BOTH: &str = "{ base_url: 'http://127.0.0.1:8080/v2', baseline_url: 'http://localhost:8081/v1', headers: { X-Own: '1' }, wait_for: { get: /up } }";

#[test]
fn a_baseline_is_asked_like_the_candidate_at_another_address() {
    let plan = resolved(&with_target(BOTH, "targets: { users: 'http://127.0.0.1:9000' }")).plan;
    let names: Vec<&str> = plan.targets.iter().map(|target| target.name.as_str()).collect();
    assert_eq!((names, plan.baseline), (vec!["target", "users", "baseline"], Some(2)));
    let address = |target: &Target| format!("{}{}", target.authority(), target.base_path);
    let [ours, theirs] = [Side::Candidate, Side::Baseline].map(|side| &plan.targets[plan.target_of(side)]);
    assert_eq!((address(ours).as_str(), address(theirs).as_str()), ("127.0.0.1:8080/v2", "localhost:8081/v1"));
    assert_eq!((&ours.headers, &ours.wait_for, ours.protocol), (&theirs.headers, &theirs.wait_for, theirs.protocol));
}

#[test]
fn both_versions_are_compared_where_both_are_there_and_nobody_says_otherwise() {
    let compared = |target: &str, sections: &str| {
        let resolved = resolved(&with_target(target, sections));
        (resolved.policy.regression.compare, resolved.plan.baseline.is_some())
    };
    let (ab, stored) = ((Mode::Ab, true), (Mode::Baseline, false));
    assert_eq!([compared(BOTH, ""), compared(BOTH, "regression: { compare: ab }")], [ab, ab]);
    assert_eq!(compared(BOTH, "regression: { compare: auto }"), ab);
    assert_eq!(compared(BOTH, "regression: { compare: baseline }"), stored);
    assert_eq!(compared("http://127.0.0.1:8080", "regression: { compare: auto }"), stored);
    assert_eq!(compared("{ base_url: 'http://127.0.0.1:8080', baseline_url: '' }", ""), stored, "an unset variable");
}

#[test]
fn what_is_sent_is_the_same_whatever_it_is_compared_with() {
    let hash = |sections| resolved(&with_target(BOTH, sections)).plan.workload.hash;
    assert_eq!(hash("regression: { compare: ab }"), hash("regression: { compare: baseline }"));
}

#[test]
fn a_user_is_told_of_a_baseline_that_gets_no_load_and_of_one_that_is_the_candidate() {
    let notes = |target: &str, sections: &str| resolved(&with_target(target, sections)).notes.join("\n");
    assert!(notes(BOTH, "regression: { compare: baseline }").contains("the baseline under `target` gets no load"));
    let same = "{ base_url: 'http://127.0.0.1:80/', baseline_url: 'http://127.0.0.1' }";
    assert!(notes(same, "").contains("baseline and candidate are the same service, 127.0.0.1:80"));
    assert!(!notes(BOTH, "").contains("baseline"));
}

#[test]
fn what_a_baseline_can_not_be() {
    insta::assert_snapshot!(refusal(&with_target("http://127.0.0.1:8080", "regression: { compare: ab }")), @r"
    loadgate.yml:4:24: 'ab' asks two versions at the same time, and there is no second one
      4 | regression: { compare: ab }
        |                        ^
    hint: say where it is, target.baseline_url, or how it is started: target.baseline_start, or --start-baseline
    ");
    insta::assert_snapshot!(refusal(&with_target("{ base_url: 'http://127.0.0.1:8080', baseline_url: 127.0.0.1 }", "")), @r"
    loadgate.yml:1:60: '127.0.0.1' is not a web address
      1 | target: { base_url: 'http://127.0.0.1:8080', baseline_url: 127.0.0.1 }
        |                                                            ^
    hint: write scheme, host and port, for example http://127.0.0.1:8080
    ");
    insta::assert_snapshot!(refusal(&with_target("{ base_url: 'http://127.0.0.1', baseline_url: 'https://127.0.0.1' }", "")), @r"
    loadgate.yml:1:55: one version is asked over TLS, and the other is not
      1 | target: { base_url: 'http://127.0.0.1', baseline_url: 'https://127.0.0.1' }
        |                                                       ^
    hint: write both addresses with http:// or both with https://, else what TLS costs counts as a difference
    ");
    let elsewhere = "{ base_url: 'http://127.0.0.1', baseline_url: 'http://prod.example.com' }";
    insta::assert_snapshot!(refusal(&with_target(elsewhere, "safety: { allow_hosts: [ 127.0.0.1 ] }")), @r#"
    loadgate.yml:1:55: the host 'prod.example.com' is not in `safety.allow_hosts`
      1 | target: { base_url: 'http://127.0.0.1', baseline_url: 'http://prod.example.com' }
        |                                                       ^
    hint: add "prod.example.com" to `safety.allow_hosts` if load may go there
    "#);
    let users = "targets: { users: { base_url: 'http://127.0.0.1:1', baseline_url: 'http://127.0.0.1:2' } }";
    insta::assert_snapshot!(refusal(&with_target("http://127.0.0.1", users)), @r"
    loadgate.yml:4:53: 'baseline_url' belongs to `target`
      4 | targets: { users: { base_url: 'http://127.0.0.1:1', baseline_url: 'http://127.0.0.1:2' } }
        |                                                     ^
    hint: only the service under `target:` is compared; all others are the same for both versions
    ");
}

#[test]
fn load_that_two_versions_can_not_share() {
    let with = |stages: &str, load: &str| format!("target: {BOTH}\nscenarios: [ GET / ]\nload: {{ {load} }}\nstages:\n{stages}");
    let odd = "  - { vus: 5, duration: 5s }\n  - { vus: 2..7, duration: 5s }\n  - { step: { at: [2, 3], every: 5s } }";
    insta::assert_snapshot!(refusal(&with(odd, "seed: 1")), @r"
    loadgate.yml:5:12: two versions can't share 5 users evenly, and each user stays with one of them
      5 |   - { vus: 5, duration: 5s }
        |            ^
    hint: write an even number

    error: loadgate.yml:6:12: two versions can't share 7 users evenly, and each user stays with one of them
      6 |   - { vus: 2..7, duration: 5s }
        |            ^
    hint: write an even number

    error: loadgate.yml:7:5: two versions can't share 3 users evenly, and each user stays with one of them
      7 |   - { step: { at: [2, 3], every: 5s } }
        |     ^
    hint: write an even number
    ");
    let even = odd.replace("vus: 5", "vus: 6").replace("2..7", "2..8").replace("[2, 3]", "[2, 4]");
    assert_eq!(resolved(&with(&even, "seed: 1")).plan.peak_users(), 8);
    insta::assert_snapshot!(refusal(&with("  - { rate: 5/s, duration: 5s }", "max_in_flight: 1")), @r"
    loadgate.yml:3:24: two versions can't share one request in flight
      3 | load: { max_in_flight: 1 }
        |                        ^
    hint: write 2 or more: each version has half of them
    ");
}
