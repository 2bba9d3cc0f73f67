//! What users do: templates, data, checks, pauses, and what about them is refused, each problem with its place and its hint.

use super::{resolved_with, with};
use crate::config::{Overrides, Position, load};

/// The problems of a configuration with these scenarios and other sections, one a line.
pub(super) fn problems(sections: &str, files: &[(&str, &[u8])]) -> String {
    let folder = tempfile::tempdir().unwrap();
    files.iter().for_each(|(name, bytes)| std::fs::write(folder.path().join(name), bytes).unwrap());
    let path = folder.path().join("loadgate.yml");
    std::fs::write(&path, format!("{sections}\ntarget: http://127.0.0.1:1\nstages: [ {{ rate: 1/s, duration: 60s }} ]\n"))
        .unwrap();
    let result = load(&path, &Overrides::default()).and_then(|loaded| super::resolve(&loaded));
    let Err(error) = result else { return "it was accepted".to_owned() };
    let line = |problem: &crate::config::Problem| {
        let place = match &problem.position {
            Position::At(line, column) => format!("{line}:{column}"),
            other => format!("{other:?}"),
        };
        format!("{place} {} -> {}", problem.message, problem.hint.as_deref().unwrap_or("-"))
    };
    error.problems.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_a_template_can_not_name() {
    insta::assert_snapshot!(problems(
        r#"env: { REGION: eu }
data: { users: { csv: u.csv }, skus: { inline: [a, b] } }
scenarios:
  - name: a
    feed: users
    steps:
      - { get: "/{{ usrs.name }}/{{ users.nme }}/{{ skus.x }}" }
      - { get: "/x/{{ token }}", headers: { X-A: "{{ env.REGON }}" }, extract: { token: $.t } }
      - { post: /x, json: { deep: [ { a: "x {{ rnd(1, 2) }}" } ] } }
      - { post: "/{{ token }}", body: "{{ skus }}{{ pick(skus) }}{{ vu }}{{ iteration }}" }
  - { name: b, get: "/{{ token }}" }
  - { name: c, feed: skus, get: "/{{ skus.name }}" }"#,
        &[("u.csv", b"name,password\na,b\n")]
    ), @r"
    7:21 nothing is called 'usrs' here -> did you mean 'users'?
    7:37 the feeder 'users' has no column 'nme' -> did you mean 'name'?
    7:53 this scenario takes no rows of 'skus' -> add `feed: skus` to the scenario, so that each iteration takes a row; pick(skus) takes any
    8:23 nothing is called 'token' here -> names that templates know here: vu, iteration, env, skus, users, rand, uuid, pick, now
    8:54 there is no 'REGON' under `env:` -> did you mean 'REGION'?
    9:48 nothing is called 'rnd' here -> did you mean 'rand'?
    11:26 nothing is called 'token' here -> names that templates know here: vu, iteration, env, skus, users, rand, uuid, pick, now
    12:38 'skus' has values without columns -> write {{ skus }}
    ");
}

#[test]
fn what_a_template_can_not_be() {
    insta::assert_snapshot!(problems(
        r#"scenarios:
  - { name: a, get: "/x/{{ vu" }
  - { name: b, get: "/x/{{ vu + }}/y" }
  - { name: c, get: "/x/{{ vu|uper }}" }
  - { name: d, get: "/x y/{{ vu }}" }
  - { name: e, get: "x/{{ vu }}" }
  - { name: f, post: /x, body: "{{ rand(1) }}" }
  - GET /x/{{ vuu }}
  - { name: g, post: /x, body: "{% include 'x' %}{% for a in range(3) %}{{ a }}" }"#,
        &[]
    ), @r"
    2:28 this template can't be read: unexpected end of input, expected end of variable block -> a template is {{ name }}, {{ users.name }} or {{ rand(1, 20) }}
    3:33 this template can't be read: unexpected end of variable block -> a template is {{ name }}, {{ users.name }} or {{ rand(1, 20) }}
    4:31 this template can't be rendered: filter uper is unknown -> functions are rand, uuid, pick, now; filters are those of Jinja, such as upper or tojson
    5:21 the path '/x y/x' holds a blank -> write it percent-encoded, for example %20 for a blank
    6:21 the path 'x/x' does not begin with '/' -> write it from the root, for example /api/items
    7:36 this template can't be rendered: missing argument -> functions are rand, uuid, pick, now; filters are those of Jinja, such as upper or tojson
    8:15 nothing is called 'vuu' here -> did you mean 'vu'?
    9:78 this template can't be read: unexpected end of input, expected end of block -> a template is {{ name }}, {{ users.name }} or {{ rand(1, 20) }}
    ");
}

#[test]
fn what_a_feeder_can_not_be() {
    insta::assert_snapshot!(problems(
        "data:
  a: { csv: none.csv }
  b: { csv: latin.csv }
  c: { csv: ragged.csv }
  d: { csv: empty.csv }
  e: { csv: twice.csv }
  f: { inline: [] }
  g: { inline: [1, { a: 2 }] }
  h: { inline: [1], csv: x.csv }
  i: { order: random }
  j: { inline: [1], order: any, on_end: never, partition: shared }
  k: { inline: [1], order: random, on_end: stop }
  vu: { inline: [1] }
  l-m: { inline: [1] }
scenarios:
  - { name: a, feed: z, get: /a }
  - { name: b, feed: [k, k, zz], get: /a }",
        &[
            ("latin.csv", b"name\na\nb\xe9\n"),
            ("ragged.csv", b"name,pw\na,b\nc\n"),
            ("empty.csv", b"name,pw\n"),
            ("twice.csv", b"name,name\na,b\n"),
        ]
    ), @r"
    2:13 none.csv: there is no such file -> name a CSV file, relative to the configuration's folder
    3:13 latin.csv: line 3 is not UTF-8 text (byte 0xe9) -> save the file as UTF-8
    4:13 ragged.csv: line 3 has 1 values, and there are 2 columns -> give every row as many values as there are columns; quote values with commas
    5:13 empty.csv: there is no row below the names of the columns -> add rows
    6:13 twice.csv: two columns are called 'name' -> the first line names the columns, each by a name of its own: name,password
    7:16 a feeder without rows -> write at least one value: inline: [A-1, A-2]
    8:16 some rows are maps and some are not -> write either values or maps of them
    9:8 a feeder has either 'csv' or 'inline' -> keep one of them
    10:3 the feeder 'i' has no rows -> write csv: FILE or inline: [ .. ]
    11:28 'any' is not a value of 'data.j.order' -> known values: sequential, random, shuffle
    11:41 'never' is not a value of 'data.j.on_end' -> known values: recycle, stop
    11:59 'data.j.partition: shared' is not supported yet -> write per_worker
    12:44 rows that are drawn at random never end -> write `order: shuffle`: each row once, in an order that is drawn
    13:3 'vu' means something else in templates -> choose another, such as my_vu
    14:3 'l-m' can't be a name in templates -> templates call it by this name: use letters, digits and '_', and begin with a letter, such as item_id
    16:22 there is no feeder 'z' -> did you mean 'a'?
    17:26 the feeder 'k' is named twice -> a scenario takes one row of a feeder at a time; keep one of the two
    17:29 there is no feeder 'zz' -> feeders under `data:`: a, b, c, d, e, f, g, h, i, j, k, l-m, vu
    ");
}

#[test]
fn what_a_check_can_not_be() {
    insta::assert_snapshot!(problems(
        r#"scenarios:
  - { name: a, get: /a, check: { header: { "A B": x, C: "> many" }, body: "~ (", max_bytes: 5 } }
  - { name: b, get: /a, check: { json: { "items": 1, "$.a": "~ [" }, body: "", schema: none.json } }
  - { name: c, get: /a, check: { schema: wrong.json } }
  - { name: d, get: /a, check: { schema: remote.json } }
  - { name: e, get: /a, check: { schema: text.json } }"#,
        &[
            ("wrong.json", br#"{ "type": "thing" }"#),
            ("remote.json", br#"{ "$ref": "http://example.com/x.json" }"#),
            ("text.json", b"{ type: object }"),
        ]
    ), @r#"
    2:44 'A B' is not the name of a header -> use letters, digits and '-'
    2:57 '> many' compares with something that is no number -> write the value itself, or begin with ==, !=, <, <=, >, >= or ~ (regular expression)
    2:75 '(' is not a regular expression: unclosed group -> write a regular expression behind the '~', without look-around and back-references
    2:93 '5' is not a size -> write a size with a unit: B, kB, MB, GB, KiB, MiB or GiB, for example 200kB
    3:42 'items' is not a JSONPath: parser error -> write a path such as $.items[0].id (RFC 9535), or one that ends in .length()
    3:61 '[' is not a regular expression: unclosed character class -> write the value itself, or begin with ==, !=, <, <=, >, >= or ~ (regular expression)
    3:76 every body holds an empty text -> write a text that must be in the body, or remove the line
    3:88 none.json: there is no such file -> name a file with a JSON Schema, relative to the configuration's folder; it can refer to nothing outside itself
    4:42 wrong.json: this is not a JSON Schema: "thing" is not valid under any of the schemas listed in the 'anyOf' keyword -> name a file with a JSON Schema, relative to the configuration's folder; it can refer to nothing outside itself
    5:42 remote.json: this is not a JSON Schema: Resource 'http://example.com/x.json' is not present in a registry and retrieving it failed: Retrieval is disabled, cannot fetch http://example.com/x.json -> name a file with a JSON Schema, relative to the configuration's folder; it can refer to nothing outside itself
    6:42 text.json: the file is not JSON: key must be a string at line 1 column 3 -> name a file with a JSON Schema, relative to the configuration's folder; it can refer to nothing outside itself
    "#);
}

#[test]
fn what_can_not_be_extracted() {
    let wrong = "data: { users: { inline: [a] } }
scenarios:
  - name: a
    steps:
      - get: /a
        extract:
          a: items
          b: { json: $.a, header: X }
          c: { regex: '(' }
          d: { header: 'a b' }
          rand: $.a
          e-f: $.a
          users: $.a";
    insta::assert_snapshot!(problems(&format!("{wrong}\n          g: {{ jsn: $.a }}"), &[]), @r"
    14:16 unknown key 'jsn' -> did you mean 'json'?
    ");
    insta::assert_snapshot!(problems(wrong, &[]), @r#"
    7:14 'items' is not a JSONPath: parser error -> write a path such as $.items[0].id (RFC 9535), or one that ends in .length()
    8:11 a value is taken from exactly one place -> write a JSONPath, or one of { json: $.id }, { regex: '..' } and { header: Location }
    9:23 '(' is not a regular expression: unclosed group -> write a regular expression with one group around the value: 'name="csrf" value="([^"]+)"'
    10:24 'a b' is not the name of a header -> use letters, digits and '-'
    11:11 'rand' means something else in templates -> choose another, such as my_rand
    12:11 'e-f' can't be a name in templates -> templates call it by this name: use letters, digits and '_', and begin with a letter, such as item_id
    13:11 'users' is a feeder already -> give the value another name
    "#);
}

#[test]
fn what_users_can_not_do() {
    insta::assert_snapshot!(problems(
        "scenarios:
  - name: a
    priority: 11
    steps:
      - { think: 3s..1s }
      - { think: exp(2) }
      - { think: normal(2s) }
      - { think: gamma(2s) }
      - { think: 0s }
      - { think: 1s, get: /a }
      - { think: 1s, name: x }
    teardown: [ { post: /out, measure: true } ]
  - { name: b, steps: [ { think: 1s } ] }",
        &[]
    ), @r"
    3:15 '11' is out of range -> write a number from 1 to 10; 5 is the default
    5:7 there are pauses only -> add a step that makes a request, for example - get: /api/items
    5:18 the pause '3s..1s' ends before it begins -> write the shorter one first: 1s..3s
    6:18 '2' has no unit -> write a number with a unit: us, ms, s, m, h or d, for example 500ms, 30s or 1m30s
    7:18 'normal(2s)' has no standard deviation -> write mean and standard deviation, for example normal(2s, 500ms)
    8:18 'gamma(2s)' is not a pause -> write 2s, 1s..3s, exp(2s) or normal(2s, 500ms)
    9:18 '0s' is no pause at all -> write a duration above 0, for example 2s
    10:22 a pause has nothing beside it, and here is 'get' -> make a step of its own of the pause: - think: 2s
    11:22 a pause has nothing beside it, and here is 'name' -> make a step of its own of the pause: - think: 2s
    12:40 a step of teardown can't be measured -> remove it; teardown happens when the measuring is over
    13:23 there are pauses only -> add a step that makes a request, for example - get: /api/items
    ");
    insta::assert_snapshot!(problems("scenarios: [ { name: a, steps: [ { get: /a, measure: false } ] } ]", &[]), @r"
    1:1 no step is measured -> remove `measure: false` from the steps that matter
    ");
}

#[test]
fn what_retries_redirects_and_cookies_can_not_be() {
    insta::assert_snapshot!(problems(
        "scenarios: [ GET /a ]
http:
  redirects: 21
  cookies: always
  retries: { max: 100, retry_on: [timeout, 6xx, template], backoff: { initial: 2s, max: 1s, factor: 0.5, jitter: some } }",
        &[]
    ), @r"
    3:14 '21' is out of range -> write a number from 0 to 20; 0 is the default
    4:12 'always' is not a value of 'http.cookies' -> known values: per_vu, off
    5:19 '100' is out of range -> write a number from 0 to 20; 0 is the default
    5:44 there is no error class '6xx' -> did you mean '4xx'?
    5:49 'template' can't be tried again -> remove it; a template that fails would fail again
    5:89 the longest pause is shorter than the first one -> raise `max` or lower `initial`
    5:101 '0.5' is out of range -> write a number from 1 to 100; 2 is the default
    5:114 'some' is not a value of 'http.retries.backoff.jitter' -> did you mean 'none'?
    ");
    insta::assert_snapshot!(problems("scenarios: [ GET /a ]\nhttp: { retries: { retry_on: [] } }", &[]), @r#"
    2:30 nothing is tried again -> name error classes, such as [timeout, "5xx"], or remove the line
    "#);
}

#[test]
fn what_is_not_measured_can_not_be_promised() {
    insta::assert_snapshot!(problems(
        "scenarios: [ { name: a, setup: [ { post: /login } ], steps: [ { get: /a } ] } ]
thresholds: [ 'POST /login.p99 < 1s', 'GET /a.p99 < 1s' ]
regression: { overrides: { 'POST /login': ignore } }",
        &[]
    ), @r"
    2:15 'POST /login' is neither an endpoint nor a scenario -> endpoints and scenarios: GET /a, a
    3:28 there is no endpoint 'POST /login' -> endpoints: GET /a
    ");
}

#[test]
fn what_users_do_is_part_of_the_hash() {
    let hash = |scenario: &str| {
        let text = with("").replace("- { name: items, get: /items }", scenario);
        resolved_with(&text, &Overrides::default()).unwrap_or_else(|error| panic!("error: {error}")).plan.workload.hash
    };
    let variants = [
        "- { name: items, get: /items }",
        "- { name: items, get: '/items?n={{ rand(1, 5) }}' }",
        "- { name: items, get: '/items?n={{ rand(1, 6) }}' }",
        "- { name: items, get: /items, check: { json: { $.a: 1 } } }",
        "- { name: items, get: /items, check: { json: { $.a: 2 } } }",
        "- { name: items, get: /items, check: { max_bytes: 1kB } }",
        "- { name: items, get: /items, setup: [ { get: /login } ] }",
        "- { name: items, get: /items, teardown: [ { get: /login } ] }",
        "- { name: items, steps: [ { get: /items, name: items, extract: { a: $.a } } ] }",
        "- { name: items, steps: [ { get: /items, name: items, extract: { a: $.b } } ] }",
        "- { name: items, steps: [ { get: /items, name: items, extract: { a: { json: $.b, default: 1 } } } ] }",
        "- { name: items, steps: [ { get: /items, name: items, extract: { a: { json: $.b, default: 2 } } } ] }",
        "- { name: items, steps: [ { get: /items, name: items, timeout: 1s } ] }",
        "- { name: items, steps: [ { get: /items, name: items, timeout: 2s } ] }",
        "- { name: items, steps: [ { get: /items, name: items }, { think: 1s } ] }",
    ];
    let hashes: std::collections::BTreeSet<String> = variants.iter().map(|variant| hash(variant)).collect();
    assert_eq!(hashes.len(), variants.len());
    assert_eq!(
        hash(variants[0]),
        hash("- { name: items, steps: [ { get: /items, name: items } ] }"),
        "as it was before there was more"
    );
}
