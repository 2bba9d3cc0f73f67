//! Slips of the pen: what is told is their cause, and nothing that follows from it.

use super::{overrides, refusal, resolved_with, with, with_scenarios};

/// The first line of what is said, and the hint.
fn told(scenarios: &str) -> String {
    let text = refusal(&with_scenarios(scenarios));
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("  ") && !line.is_empty()).collect();
    lines.join(" -> ")
}

#[test]
fn a_misspelt_key_beside_a_template_is_the_key() {
    let step = |step: &str| told(&format!("scenarios:\n  - name: a\n    steps:\n      - {step}"));
    let unknown = "unknown key 'header' -> hint: did you mean 'headers'?";
    assert_eq!(step(r#"{ get: /a, header: { Authorization: "Bearer {{ vu }}" } }"#), format!("loadgate.yml:6:20: {unknown}"));
    let unknown = "unknown key 'jsonn' -> hint: did you mean 'json'?";
    assert_eq!(step(r#"{ post: /a, jsonn: { a: "{{ vu }}" } }"#), format!("loadgate.yml:6:21: {unknown}"));
    let list = |key: &str| told(&format!("scenarios:\n  - name: a\n    {key}: [ {{ get: \"/{{{{ vu }}}}\" }} ]"));
    assert_eq!(list("stesp"), "loadgate.yml:5:5: unknown key 'stesp' -> hint: did you mean 'steps'?");
    assert_eq!(list("setpu"), "loadgate.yml:5:5: unknown key 'setpu' -> hint: did you mean 'setup'?");
    let stray = "a template ('{{ .. }}') can't stand here";
    assert!(told("scenarios: [ { get: /a, weight: \"{{ vu }}\" } ]").starts_with(&format!("loadgate.yml:3:33: {stray}")));
    let both = told("scenarios: [ { get: /a, weight: \"{{ vu }}\" }, { get: /a, header: { a: \"{{ vu }}\" } } ]");
    assert_eq!(both.matches("error: ").count(), 0, "nothing is said of what is not sure yet: {both}");
}

#[test]
fn rows_that_can_not_be_read_are_told_once() {
    let use_them = "scenarios: [ { name: a, feed: users, steps: [ { get: \"/{{ users.name }}/{{ pick(users).name }}\" } ] } ]";
    let text = told(&format!("data: {{ users: {{ csv: none.csv }} }}\n{use_them}"));
    assert_eq!(
        text,
        "loadgate.yml:3:23: none.csv: there is no such file -> hint: name a CSV file, relative to the configuration's folder"
    );
}

#[test]
fn an_extract_that_can_not_be_read_is_told_once() {
    let steps = "[ { get: /a, extract: { id: \"$.[\" } }, { get: \"/{{ id }}\" } ]";
    let text = told(&format!("scenarios: [ {{ name: a, steps: {steps} }} ]"));
    assert_eq!(text.matches("loadgate.yml").count(), 1, "{text}");
}

#[test]
fn how_rows_are_taken_can_not_be_guessed() {
    let feed = |feed: &str| {
        told(&format!(
            "data: {{ users: {{ inline: [a] }} }}\nscenarios: [ {{ name: a, feed: {feed}, steps: [ {{ get: /a }} ] }} ]"
        ))
    };
    assert_eq!(
        feed("{ users: per_vu }"),
        "loadgate.yml:4:40: 'per_vu' is not a value of 'scenarios[0].feed.users' -> hint: known values: per_iteration, per_user"
    );
    assert_eq!(feed("{ user: per_user }"), "loadgate.yml:4:33: there is no feeder 'user' -> hint: did you mean 'users'?");
    assert_eq!(feed("[ { users: per_user } ]"), "loadgate.yml:4:33: expected a text, found a map");
    assert_eq!(
        feed("3"),
        "loadgate.yml:4:31: expected the name of a feeder, a list of them, or a map such as { users: per_user }, found the number 3"
    );
}

#[test]
fn a_value_that_a_flag_gave_is_never_looked_for_in_the_file() {
    let text = with("safety: { max_duration: 5m, allow_hosts: [ 127.0.0.1 ] }\nregression: { block: 5s }\nload: { model: open }");
    for (path, value) in [
        ("record.window", "7s"),
        ("safety.max_duration", "1s"),
        ("safety.allow_hosts", "[ example.com ]"),
        ("safety.max_rate", "1/s"),
        ("stages[0].duration", ""),
        ("load.model", "closed"),
        ("load.adaptive", "{ target: p95 1ms }"),
        ("target.path", "x"),
        ("thresholds", "[ p95 < 1ms over 1ms ]"),
        ("regression.block", "1500ms"),
    ] {
        let error = resolved_with(&text, &overrides(&[], &[(path, value)], None)).unwrap_err().to_string();
        assert!(error.starts_with(&format!("--set {path}={value}: ")), "{error}");
    }
}

#[test]
fn a_call_that_can_never_succeed_is_refused_before_anything_is_sent() {
    let text = told("scenarios: [ { get: \"/items/{{ rand(10, 1) }}\" } ]");
    assert!(text.contains("this template can't be rendered: rand(10, 1): the first is the larger one"), "{text}");
    assert!(text.ends_with("hint: write two numbers, the smaller one first: rand(1, 20)"), "{text}");
}
