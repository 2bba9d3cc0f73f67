//! Whole error texts for files that can't be read, YAML traps, unknown names and unset variables.

use proptest::prelude::*;

use super::{Loaded, Overrides, load};

fn loaded_bytes(bytes: &[u8], overrides: &Overrides) -> Result<Loaded, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("loadgate.yml");
    std::fs::write(&path, bytes).unwrap();
    load(&path, overrides).map_err(|mut error| {
        error.path = "loadgate.yml".into();
        error.to_string()
    })
}

fn refusal(text: &str) -> String {
    loaded_bytes(text.as_bytes(), &Overrides::default()).map_or_else(|error| error, |_| "it was accepted".to_owned())
}

#[test]
fn a_file_that_is_no_configuration() {
    insta::assert_snapshot!(refusal(""), @r"
    loadgate.yml: the file is empty
    hint: a configuration needs at least target, stages and scenarios
    ");
    insta::assert_snapshot!(refusal("# later\n"), @r"
    loadgate.yml: there is nothing but comments in the file
    hint: a configuration needs at least target, stages and scenarios
    ");
    insta::assert_snapshot!(refusal("- a\n- b\n"), @r"
    loadgate.yml:1:1: expected a map of keys and values, found a list
      1 | - a
        | ^
    hint: a configuration begins with a key, such as `target: http://127.0.0.1:8080`
    ");
    insta::assert_snapshot!(refusal("a: b\n---\nc: d\n"), @r"
    loadgate.yml:2:1: several documents in one file
      2 | ---
        | ^
    hint: keep one; for variants of it use `environments:`
    ");
    insta::assert_snapshot!(loaded_bytes(b"name: x\ntarget: \xff\n", &Overrides::default()).unwrap_err(), @r"
    loadgate.yml: line 2 is not UTF-8 text (byte 0xff)
    hint: save the file as UTF-8
    ");
    let folder = tempfile::tempdir().unwrap();
    let error = |name: &str| {
        let error = load(&folder.path().join(name), &Overrides::default()).unwrap_err().to_string();
        error.replace(&folder.path().display().to_string(), "FOLDER")
    };
    insta::assert_snapshot!(error("none.yml"), @r"
    FOLDER/none.yml: there is no such file
    hint: name the configuration file with -c FILE
    ");
    insta::assert_snapshot!(error(""), @r"
    FOLDER/: this is a folder, not a file
    hint: name the configuration file itself with -c FILE
    ");
}

#[test]
fn a_file_of_a_hundred_megabytes_is_refused_without_being_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huge.yml");
    // Sparse: it takes no space, and would take seconds and its whole size in memory if it were read.
    std::fs::File::create(&path).unwrap().set_len(100_000_000).unwrap();
    let error = load(&path, &Overrides::default()).unwrap_err();
    assert_eq!(error.problems[0].message, "the file is larger than 1 MiB");
}

#[test]
fn what_yaml_reads_as_something_else() {
    insta::assert_snapshot!(refusal("stages:\n  - rate: >5/s\n    duration: 5s\n"), @r#"
    loadgate.yml:2:11: an unquoted '>' starts a block of text, and this one is empty
      2 |   - rate: >5/s
        |           ^
    hint: quote it: ">5/s"
    "#);
    insta::assert_snapshot!(refusal("stages:\n  - rate: >5\n    duration: 5s\n"), @r#"
    loadgate.yml:2:11: an unquoted '>' starts a block of text, and this one is empty
      2 |   - rate: >5
        |           ^
    hint: quote it: ">5"
    "#);
    insta::assert_snapshot!(refusal("stages:\n  - rate: > 0\n    duration: 5s\n"), @r#"
    loadgate.yml:2:11: an unquoted '>' starts a block of text, and this one is empty
      2 |   - rate: > 0
        |           ^
    hint: quote it: "> 0"
    "#);
    insta::assert_snapshot!(refusal("thresholds:\n  - >5\n"), @r#"
    loadgate.yml:2:5: an unquoted '>' starts a block of text, and this one is empty
      2 |   - >5
        |     ^
    hint: quote it: ">5"
    "#);
    insta::assert_snapshot!(refusal("target: {{ id }}\n"), @r#"
    loadgate.yml:1:9: an unquoted '{{' is read as a map
      1 | target: {{ id }}
        |         ^
    hint: quote it: "{{ id }}"
    "#);
    insta::assert_snapshot!(refusal("scenarios: [ { get: /x/{{ id }} } ]\n"), @r#"
    loadgate.yml:1:24: an unquoted '{{' can't be read
      1 | scenarios: [ { get: /x/{{ id }} } ]
        |                        ^
    hint: quote the whole value: "/items/{{ id }}"
    "#);
    insta::assert_snapshot!(refusal("scenarios:\n  - { get: /x, name: '{{ id }}' }\n"), @r"
    loadgate.yml:2:22: a template ('{{ .. }}') can't stand here
      2 |   - { get: /x, name: '{{ id }}' }
        |                      ^
    hint: templates are rendered for each request: they belong in paths, headers and bodies of `scenarios`; here, ${NAME} is filled in when the configuration is loaded
    ");
    insta::assert_snapshot!(refusal("stages: [ { rate: ${RATE}, duration: 5s } ]\n"), @r"
    loadgate.yml:1:20: an unquoted '${' can't stand within '{ }' or '[ ]'
      1 | stages: [ { rate: ${RATE}, duration: 5s } ]
        |                    ^
    hint: put the whole value in quotes, or write the map or list over several lines
    ");
    insta::assert_snapshot!(refusal("regression: { coverage: %5 }\n"), @r#"
    loadgate.yml:1:25: a value can't begin with '%' without quotes
      1 | regression: { coverage: %5 }
        |                         ^
    hint: quote it: "%5"
    "#);
    insta::assert_snapshot!(refusal("name: @shop\n"), @r#"
    loadgate.yml:1:7: a value can't begin with '@' without quotes
      1 | name: @shop
        |       ^
    hint: quote it: "@shop"
    "#);
    insta::assert_snapshot!(refusal("safety: { allow_hosts: [ *.example.com ] }\n"), @r#"
    loadgate.yml:1:26: an unquoted '*' is read as an alias, and there is no anchor for '*.example.com'
      1 | safety: { allow_hosts: [ *.example.com ] }
        |                          ^
    hint: quote it: "*.example.com"
    "#);
    insta::assert_snapshot!(refusal("x: &x { seed: 1 }\nload:\n  <<: *x\n"), @r"
    loadgate.yml:3:3: merge keys ('<<') are not supported
      3 |   <<: *x
        |   ^
    hint: repeat the values, or use `environments:` for variants of the configuration
    ");
    insta::assert_snapshot!(refusal("load:\n\tseed: 1\n"), @r"
    loadgate.yml:2:2: a tab is used for indentation
      2 |  seed: 1
        |  ^
    hint: indent with spaces; YAML does not allow tabs
    ");
    insta::assert_snapshot!(refusal("name: !!binary aGk=\n"), @r"
    loadgate.yml:1:7: the tag 'tag:yaml.org,2002:!binary' is not supported
      1 | name: !!binary aGk=
        |       ^
    hint: remove it, or quote the whole value
    ");
    insta::assert_snapshot!(refusal("target: a: b\n"), @r"
    loadgate.yml:1:10: this is not YAML: mapping values are not allowed in this context
      1 | target: a: b
        |          ^
    hint: check indentation, quotes and brackets of this line and the one before
    ");
    insta::assert_snapshot!(refusal("[a]: b\n"), @r"
    loadgate.yml:1:1: a key must be a text
      1 | [a]: b
        | ^
    hint: a list or a map can't be a key; quote it if it is a text
    ");
}

#[test]
fn names_and_types_that_do_not_fit() {
    insta::assert_snapshot!(refusal("stages:\n  - { rate: 20/s, durration: 10s }\n"), @r"
    loadgate.yml:2:19: unknown key 'durration'
      2 |   - { rate: 20/s, durration: 10s }
        |                   ^
    hint: did you mean 'duration'?
    ");
    insta::assert_snapshot!(refusal("colour: red\n"), @r"
    loadgate.yml:1:1: unknown key 'colour'
      1 | colour: red
        | ^
    hint: known keys here: version, name, description, tags, target, targets, env, secrets, data, http, stages, load, scenarios, thresholds, slo, regression, baseline, record, report, github, observe, diagnose, hooks, safety
    ");
    insta::assert_snapshot!(refusal("name: a\ntarget: b\nname: c\n"), @r"
    loadgate.yml:3:1: duplicate key 'name'
      3 | name: c
        | ^
    hint: the first one is in line 1; keep one of them
    ");
    insta::assert_snapshot!(refusal("stages: { rate: 20/s }\n"), @r"
    loadgate.yml:1:9: expected a list, found a map
      1 | stages: { rate: 20/s }
        |         ^
    hint: begin each entry with '- ', or write [ .. ]
    ");
    insta::assert_snapshot!(refusal("stages: [ { rate: 20/s, duration: [ 5 ] } ]\n"), @r"
    loadgate.yml:1:35: expected a duration such as 30s, found a list
      1 | stages: [ { rate: 20/s, duration: [ 5 ] } ]
        |                                   ^
    ");
    insta::assert_snapshot!(refusal("target: { base_url: x, headers: { X-Load-Test: true } }\n"), @r#"
    loadgate.yml:1:48: expected a text, found the truth value true
      1 | target: { base_url: x, headers: { X-Load-Test: true } }
        |                                                ^
    hint: put it in quotes: "true"
    "#);
    insta::assert_snapshot!(refusal("load: { seed: 'seven' }\n"), @r"
    loadgate.yml:1:15: expected a whole number, found the text 'seven'
      1 | load: { seed: 'seven' }
        |               ^
    ");
    insta::assert_snapshot!(refusal("load: { seed: '7' }\n"), @r"
    loadgate.yml:1:15: expected a whole number, found the text '7'
      1 | load: { seed: '7' }
        |               ^
    hint: write 7 without quotes
    ");
    insta::assert_snapshot!(refusal("stages: [ { warmup: yes } ]\n"), @r"
    loadgate.yml:1:21: expected true or false, found the text 'yes'
      1 | stages: [ { warmup: yes } ]
        |                     ^
    ");
    insta::assert_snapshot!(refusal("thresholds: p95 < 1s\n"), @r"
    loadgate.yml:1:13: expected a list, found the text 'p95 < 1s'
      1 | thresholds: p95 < 1s
        |             ^
    hint: begin each entry with '- ', or write [ .. ]
    ");
    insta::assert_snapshot!(refusal("env: { A: [ 1 ] }\n"), @r"
    loadgate.yml:1:11: expected a text or a number, found a list
      1 | env: { A: [ 1 ] }
        |           ^
    ");
    insta::assert_snapshot!(refusal("target: { wait_for: { status: 200 } }\n"), @r"
    loadgate.yml:1:11: 'get' is missing here
      1 | target: { wait_for: { status: 200 } }
        |           ^
    hint: add `get:`
    ");
    insta::assert_snapshot!(refusal("environments: 5\n"), @r"
    loadgate.yml:1:15: expected a map of environments, found the number 5
      1 | environments: 5
        |               ^
    hint: write a map: environments: { pr: { load: .. } }
    ");
}

#[test]
fn parts_of_the_language_that_are_not_built_yet_are_named() {
    insta::assert_snapshot!(refusal("metrics: { prometheus: { url: x } }\nregression: { metrics: { server.cpu: 1 } }\n"), @r"
    loadgate.yml:1:1: 'metrics' is not supported yet
      1 | metrics: { prometheus: { url: x } }
        | ^
    hint: remove `metrics:` for now

    error: loadgate.yml:2:26: 'regression.metrics.server.cpu' is not supported yet
      2 | regression: { metrics: { server.cpu: 1 } }
        |                          ^
    hint: remove `server.cpu:` for now
    ");
    insta::assert_snapshot!(refusal("environments: { pr: { report: { timeseries: 1s } } }\n"), @r"
    loadgate.yml:1:33: 'report.timeseries' is not supported yet
      1 | environments: { pr: { report: { timeseries: 1s } } }
        |                                 ^
    hint: remove `timeseries:` for now
    ");
    insta::assert_snapshot!(refusal("regression: { compare: ab, split: 10% }\n"), @r"
    loadgate.yml:1:28: 'regression.split' is not supported yet
      1 | regression: { compare: ab, split: 10% }
        |                            ^
    hint: remove `split:` for now
    ");
    // A header or a body of that name is none of ours.
    assert_eq!(
        refusal("scenarios: [ { post: /a, json: { metrics: 1, data: 2 }, headers: { notify: x } } ]\n"),
        "it was accepted"
    );
}

#[test]
fn variables_come_from_flags_then_the_environment_then_the_file() {
    let text =
        "env: { LG_TEST_A: file, PATH: file }\ntarget: ${LG_TEST_A} ${LG_TEST_B:-default} $$ $HOME $${X} ${PATH}\nname: n\n";
    let text_of = |overrides: &Overrides| {
        let loaded = loaded_bytes(text.as_bytes(), overrides).unwrap();
        match loaded.document.target {
            Some(super::written::TextOr::Text(text)) => text,
            other => panic!("{other:?}"),
        }
    };
    let path = crate::env::lookup("PATH").unwrap();
    assert_eq!(text_of(&Overrides::default()), format!("file default $ $HOME ${{X}} {path}"));
    let flags =
        Overrides { variables: vec![("LG_TEST_A".into(), "flag".into()), ("PATH".into(), "p".into())], ..Overrides::default() };
    assert_eq!(text_of(&flags), "flag default $ $HOME ${X} p");
}

#[test]
fn a_variable_fills_in_values_and_never_changes_the_structure() {
    let overrides = |value: &str| Overrides { variables: vec![("LG_TEST_A".into(), value.into())], ..Overrides::default() };
    let seed = |value: &str| loaded_bytes(b"load:\n  seed: ${LG_TEST_A}\n", &overrides(value)).map(|l| l.document.load.seed);
    assert_eq!(seed("17"), Ok(Some(17)));
    assert_eq!(seed(""), Ok(None));
    assert!(seed("1 }\nname: x").unwrap_err().contains("expected a whole number, found the text"), "{:?}", seed("1 }"));
    let name = loaded_bytes(b"name: \"${LG_TEST_A}\"\n", &overrides("17 # {{ x")).map(|l| l.document.name);
    assert_eq!(name, Ok(Some("17 # {{ x".to_owned())));
}

#[test]
fn variables_and_secrets_that_have_no_value() {
    insta::assert_snapshot!(refusal("name: a\ntarget: http://${LG_TEST_NONE}:80\nload: { seed: \"${LG_TEST_NONE2}\" }\n"), @r#"
    loadgate.yml:2:16: the variable LG_TEST_NONE is not set
      2 | target: http://${LG_TEST_NONE}:80
        |                ^
    hint: set it in the environment, with -e LG_TEST_NONE=value, or give a default: ${LG_TEST_NONE:-default}

    error: loadgate.yml:3:16: the variable LG_TEST_NONE2 is not set
      3 | load: { seed: "${LG_TEST_NONE2}" }
        |                ^
    hint: set it in the environment, with -e LG_TEST_NONE2=value, or give a default: ${LG_TEST_NONE2:-default}
    "#);
    insta::assert_snapshot!(refusal("target: ${\n"), @r"
    loadgate.yml:1:9: '${' without '}'
      1 | target: ${
        |         ^
    hint: close it with '}', or write $$ for a literal $
    ");
    insta::assert_snapshot!(refusal("target: ${a b}\n"), @r"
    loadgate.yml:1:9: '${a b}' is not a variable
      1 | target: ${a b}
        |         ^
    hint: write ${NAME} or ${NAME:-default}; $$ is a literal $
    ");
    insta::assert_snapshot!(refusal("secrets: { TOKEN: { env: LG_TEST_NONE } }\ntarget: ${secret.TOKEN}\n"), @r"
    loadgate.yml:2:9: the secret 'TOKEN' has no value: the variable LG_TEST_NONE is not set
      2 | target: ${secret.TOKEN}
        |         ^
    hint: provide it, or give a default: ${secret.TOKEN:-}
    ");
    insta::assert_snapshot!(refusal("secrets: { TOKEN: { file: none.txt } }\ntarget: ${secret.TOKEN}\n"), @r"
    loadgate.yml:2:9: the secret 'TOKEN' has no value: none.txt: there is no such file
      2 | target: ${secret.TOKEN}
        |         ^
    hint: provide it, or give a default: ${secret.TOKEN:-}
    ");
    insta::assert_snapshot!(refusal("secrets: { TOKEN: { env: LG_TEST_NONE } }\ntarget: ${secret.TOKKEN}\n"), @r"
    loadgate.yml:2:9: there is no secret 'TOKKEN'
      2 | target: ${secret.TOKKEN}
        |         ^
    hint: did you mean 'TOKEN'?
    ");
    insta::assert_snapshot!(refusal("secrets: { TOKEN: { env: PATH } }\nname: ${secret.TOKEN}\n"), @r"
    loadgate.yml:2:7: the secret 'TOKEN' can't be used in 'name', which is shown in reports
      2 | name: ${secret.TOKEN}
        |       ^
    hint: secrets belong in `target` and `hooks`, and in paths, headers and bodies of `scenarios`
    ");
    assert_eq!(refusal("secrets: { TOKEN: { env: LG_TEST_NONE } }\ntarget: x${secret.TOKEN:-}\n"), "it was accepted");
}

#[test]
fn a_secret_is_read_from_a_file_beside_the_configuration_and_shown_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("token.txt"), "hunter2\n").unwrap();
    let path = folder.path().join("loadgate.yml");
    std::fs::write(&path, "secrets: { T: { file: token.txt } }\ntarget: http://${secret.T}\n").unwrap();
    let loaded = load(&path, &Overrides::default()).unwrap();
    assert_eq!(loaded.secrets.mask("http://hunter2"), "http://***");
    assert!(!format!("{loaded:?}").contains("hunter2"));
    std::fs::write(
        &path,
        "secrets: { T: { file: token.txt } }\nscenarios: [ { get: /a, json: 1, timeout: [ '${secret.T}' ] } ]\n",
    )
    .unwrap();
    let error = load(&path, &Overrides::default()).unwrap_err().to_string();
    assert!(!error.contains("hunter2"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = loaded_bytes(&bytes, &Overrides::default());
    }

    #[test]
    fn arbitrary_yaml_like_text_never_panics(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "target", "stages", "load", "env", "secrets", "environments", ":", ": ", "\n", "\n  ", "\n\t", "- ", "? ", "{", "}",
                "[", "]", ",", "&a ", "*a", "<<", "!t ", "|", ">", ">5", "\"", "'", "#", "---\n", "...\n", "%", "${", "}", "é", "\u{85}",
                "\u{feff}", "{{", "}}", "1", "null", "\\x", "\r\n", "\u{0}",
            ]),
            0..60,
        )
    ) {
        let _ = loaded_bytes(parts.concat().as_bytes(), &Overrides::default());
    }
}
