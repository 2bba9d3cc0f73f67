//! Which command line the action makes of its inputs.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Command, Output},
};

use crate::{
    bench::Bench,
    program::{loadgate, transcript},
};

fn text(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The script as the action calls it, every input at its default.
fn step(program: &Path, outputs: &Path) -> Command {
    let action: serde_yaml::Value = serde_yaml::from_str(&text("action.yml")).unwrap();
    let mut command = Command::new("bash");
    command.args(["--noprofile", "--norc"]).arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("action/gate.sh"));
    command.env_clear().env("PATH", "/usr/bin:/bin").env("GITHUB_OUTPUT", outputs).env("LOADGATE_BINARY", program);
    for (name, input) in action["inputs"].as_mapping().unwrap() {
        let variable = format!("WANTED_{}", name.as_str().unwrap().to_uppercase().replace('-', "_"));
        command.env(variable, input["default"].as_str().unwrap());
    }
    command
}

/// Calls it with a program that prints its arguments.
fn gate(inputs: &[(&str, &str)]) -> (Output, String) {
    let folder = tempfile::tempdir().unwrap();
    let outputs = folder.path().join("outputs");
    let program = folder.path().join("program");
    fs::write(&program, "#!/bin/sh\nprintf '%s\\n' \"$@\"\nexit 4\n").unwrap();
    Command::new("chmod").arg("+x").arg(&program).status().unwrap();
    let output = step(&program, &outputs).envs(inputs.iter().copied()).output().unwrap();
    (output, fs::read_to_string(outputs).unwrap_or_default())
}

fn arguments(inputs: &[(&str, &str)]) -> Vec<String> {
    let (output, _) = gate(inputs);
    assert_eq!(output.status.code(), Some(4), "the step ends as the program does: {}", transcript(&output));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

fn refusal(inputs: &[(&str, &str)]) -> String {
    let (output, outputs) = gate(inputs);
    assert_eq!((output.status.code(), outputs.as_str()), (Some(2), "exit-code=2\n"), "{}", transcript(&output));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn inputs_at_their_defaults_leave_everything_to_the_configuration() {
    assert_eq!(arguments(&[]), ["gate", "--config", "loadgate.yml"]);
}

#[test]
fn every_input_becomes_a_flag() {
    let found = arguments(&[
        ("WANTED_CONFIG", "perf/my gate.yml"),
        ("WANTED_ENVIRONMENT", "pr"),
        ("WANTED_SET", "stages[0].rate=5/s\n\nname=$(touch evil) `x` \"q\"\n"),
        ("WANTED_TARGET", "http://127.0.0.1:1"),
        ("WANTED_ALLOWED_TARGETS", "127.0.0.1, *.staging.example.com\n::1"),
        ("WANTED_FAIL_ON", "inconclusive,no-baseline,\nother-environment"),
        ("WANTED_UPDATE_BASELINE", "auto"),
        ("WANTED_COMMENT", "on_change"),
        ("WANTED_COMMENT_KEY", "staging api"),
        ("WANTED_CHECK_RUN", "off"),
        ("WANTED_REPORT_URL", "https://ci.example/report"),
        ("WANTED_REQUIRE_COMMENT", "true"),
        ("WANTED_ARGS", "--quiet\n--out\nmy report"),
    ]);
    let set = |value: &'static str| ["--set", value];
    let expected = [
        &["gate", "--config", "perf/my gate.yml", "--env", "pr"][..],
        &set("stages[0].rate=5/s"),
        &set("name=$(touch evil) `x` \"q\""),
        &set("target.base_url=http://127.0.0.1:1"),
        &set("safety.allow_hosts=[\"127.0.0.1\", \"*.staging.example.com\", \"::1\"]"),
        &["--update-baseline", "auto"],
        &set("regression.policy.inconclusive=fail"),
        &set("regression.policy.missing_baseline=fail"),
        &set("regression.policy.env_mismatch=fail"),
        &["--comment", "on_change", "--comment-key", "staging api", "--check-run", "off"],
        &["--report-url", "https://ci.example/report", "--require-comment"],
        &["--quiet", "--out", "my report"],
    ];
    assert_eq!(found, expected.concat());
}

#[test]
fn verdicts_to_publish_take_the_place_of_a_gate() {
    assert_eq!(
        arguments(&[
            ("WANTED_PUBLISH", "my report/verdict.json\n"),
            ("WANTED_COMMENT_KEY", "staging"),
            ("WANTED_REPORT_URL", "https://ci.example/7"),
        ]),
        ["publish", "--verdict", "my report/verdict.json", "--comment-key", "staging", "--report-url", "https://ci.example/7"]
    );
    let several = arguments(&[("WANTED_PUBLISH", "a/verdict.json\nb/verdict.json"), ("WANTED_CONFIG", "of no use")]);
    assert_eq!(several, ["publish", "--merge", "a/verdict.json", "b/verdict.json"]);
}

#[test]
fn inputs_that_mean_nothing_are_refused_by_name() {
    let says = |inputs: &[(&str, &str)], part: &str| assert!(refusal(inputs).contains(part), "{}", refusal(inputs));
    says(
        &[("WANTED_FAIL_ON", "inconclusive, slow")],
        "fail-on: 'slow' is none of inconclusive, no-baseline and other-environment",
    );
    says(&[("WANTED_REQUIRE_COMMENT", "yes")], "require-comment: 'yes' is neither true nor false");
    // A host must not be able to end the list it stands in.
    says(&[("WANTED_ALLOWED_TARGETS", "a\"], x: [\"b")], "allowed-targets: 'a\"]' is not a host");
}

#[test]
fn hosts_that_the_workflow_allows_win_over_all_that_the_pull_requests_file_says() {
    let config = "\
name: shop
target: TARGET
stages: [ { rate: 100/s, duration: 500ms } ]
scenarios: [ { name: items, get: /items } ]
environments: { wide: { safety: { allow_hosts: [ '*', 127.0.0.1 ] } } }
safety: { allow_hosts: [ '*', 127.0.0.1 ] }
";
    let bench = Bench::new("{}", config);
    let gate = |allowed: &str| {
        let mut command = step(Path::new(env!("CARGO_BIN_EXE_loadgate")), &bench.path().join("outputs"));
        command.current_dir(bench.path()).env("WANTED_ENVIRONMENT", "wide").env("WANTED_ARGS", "--quiet");
        command.env("WANTED_ALLOWED_TARGETS", allowed).output().unwrap()
    };
    let output = gate("staging.example.com");
    assert_eq!(output.status.code(), Some(2), "{}", transcript(&output));
    assert!(transcript(&output).contains("the host '127.0.0.1' is not in `safety.allow_hosts`"), "{}", transcript(&output));
    assert_eq!(bench.requests(), 0, "no load went there");
    assert_eq!(gate("127.0.0.1").status.code(), Some(0), "and where the workflow allows it, it goes");
}

#[test]
fn every_flag_of_the_action_is_one_of_the_program() {
    let script = text("action/gate.sh");
    for command in ["gate", "publish"] {
        let help = loadgate(Path::new("."), &[command, "--help"]).output().unwrap();
        let help = String::from_utf8(help.stdout).unwrap();
        let of_gate_alone = ["--config", "--env", "--set", "--update-baseline"];
        let of_publish_alone = ["--verdict", "--merge"];
        let flags = script.split_whitespace().map(|word| word.trim_start_matches("arguments+=(").trim_end_matches(')'));
        let flags: BTreeSet<&str> = flags.filter(|word| word.starts_with("--")).collect();
        assert!(flags.len() >= 9, "{flags:?}");
        let other = if command == "gate" { &of_publish_alone[..] } else { &of_gate_alone[..] };
        for flag in flags.iter().filter(|flag| !other.contains(flag)) {
            assert!(help.contains(&format!("{flag} ")) || help.contains(&format!("{flag}\n")), "{command} has no {flag}");
        }
    }
}

#[test]
fn every_input_and_output_is_mapped_and_none_is_pasted_into_a_script() {
    let action: serde_yaml::Value = serde_yaml::from_str(&text("action.yml")).unwrap();
    let names = |section: &str| action[section].as_mapping().unwrap().keys().map(|name| name.as_str().unwrap().to_owned());
    let steps = action["runs"]["steps"].as_sequence().unwrap();
    let mapped = serde_yaml::to_string(&steps.iter().map(|step| &step["env"]).collect::<Vec<_>>()).unwrap();
    let read: String = ["action/install.sh", "action/gate.sh"].map(text).concat();
    let special: BTreeSet<&str> = ["working-directory", "github-token"].into();
    for name in names("inputs") {
        let direct = if name == "working-directory" { text("action.yml") } else { mapped.clone() };
        assert!(direct.contains(&format!("${{{{ inputs.{name} }}}}")), "the input {name} reaches no step");
        assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{name}: inputs are written with dashes");
        assert!(action["inputs"][name.as_str()]["default"].is_string(), "{name}: every input can be left out");
        let variable = match name.as_str() {
            "download-url" => "WANTED_MIRROR".to_owned(),
            name => format!("WANTED_{}", name.to_uppercase().replace('-', "_")),
        };
        assert!(special.contains(name.as_str()) || read.contains(&variable), "{name}: no script reads {variable}");
    }
    assert!(!read.contains("INPUT_"), "real runners set no INPUT_ variables for composite actions");
    for step in steps {
        assert!(!step["run"].as_str().unwrap().contains("${{"), "{step:?}");
    }
    let outputs: Vec<String> = names("outputs").collect();
    assert_eq!(outputs, ["verdict", "exit-code", "report-path", "verdict-path", "record-path", "comment-url", "check-url"]);
}
