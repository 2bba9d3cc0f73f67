//! What is wrong with stages and scenarios, each time with the whole text a user sees.

use super::{refusal, with_scenarios, with_stages};

#[test]
fn what_a_stage_can_not_be() {
    insta::assert_snapshot!(refusal(&with_stages("stages: []")), @r"
    loadgate.yml:2:9: there is no stage
      2 | stages: []
        |         ^
    hint: write at least one, for example stages: [ { rate: 100/s, duration: 60s } ]
    ");
    insta::assert_snapshot!(refusal(&with_stages("stages:")), @r"
    loadgate.yml:2:1: 'stages' is empty
      2 | stages:
        | ^
    hint: say how much load there is, for example stages: [ { rate: 100/s, duration: 60s } ]
    ");
    insta::assert_snapshot!(refusal(&with_stages("")), @r"
    loadgate.yml: 'stages' is missing
    hint: say how much load there is, for example stages: [ { rate: 100/s, duration: 60s } ]
    ");
    insta::assert_snapshot!(refusal(&with_stages("stages:\n  - { rate: 0/s, duration: 5 }\n  - { rate: -3/s, duration: 0s }\n  - { ramp: 5, name: x }\n  - { duration: 5s }\n  - { rate: 1/s, ramp: 1/s..2/s, duration: 5s }")), @r"
    loadgate.yml:3:13: a rate of 0 makes no load
      3 |   - { rate: 0/s, duration: 5 }
        |             ^
    hint: write a rate above 0, for example 10/s; a ramp may begin or end at 0/s

    error: loadgate.yml:3:28: '5' has no unit
      3 |   - { rate: 0/s, duration: 5 }
        |                            ^
    hint: write a number with a unit: us, ms, s, m, h or d, for example 500ms, 30s or 1m30s

    error: loadgate.yml:4:13: the rate '-3/s' is negative
      4 |   - { rate: -3/s, duration: 0s }
        |             ^
    hint: write a rate above 0

    error: loadgate.yml:4:29: '0s' is no time at all
      4 |   - { rate: -3/s, duration: 0s }
        |                             ^
    hint: write a duration above 0, for example 5s

    error: loadgate.yml:5:5: this stage has no 'duration'
      5 |   - { ramp: 5, name: x }
        |     ^
    hint: say how long it is played: duration: 60s

    error: loadgate.yml:5:13: '5' is not a ramp
      5 |   - { ramp: 5, name: x }
        |             ^
    hint: write the rates it begins and ends with, for example 10/s..200/s

    error: loadgate.yml:6:5: this stage has neither 'rate' nor 'ramp' nor 'vus'
      6 |   - { duration: 5s }
        |     ^
    hint: say how much load it makes: rate: 100/s

    error: loadgate.yml:7:18: a stage has either 'rate' or 'ramp'
      7 |   - { rate: 1/s, ramp: 1/s..2/s, duration: 5s }
        |                  ^
    hint: make two stages of it
    ");
    insta::assert_snapshot!(refusal(&with_stages("stages: [ { rate: 5/s, duration: 5s, warmup: true } ]")), @r"
    loadgate.yml:2:1: no stage is measured
      2 | stages: [ { rate: 5/s, duration: 5s, warmup: true } ]
        | ^
    hint: add a stage without `warmup: true` and `measure: false`
    ");
    insta::assert_snapshot!(refusal(&with_stages("stages: [ { rate: 5/s, duration: 5s, name: a }, { rate: 6/s, duration: 5s, name: a } ]")), @r"
    loadgate.yml:2:82: duplicate stage name 'a'
      2 | stages: [ { rate: 5/s, duration: 5s, name: a }, { rate: 6/s, duration: 5s, name: a } ]
        |                                                                                  ^
    hint: give each stage a name of its own
    ");
    insta::assert_snapshot!(refusal(&with_stages("stages: [ { rate: 5/s, duration: 5s } ]\nload: { stages: [] }")), @r"
    loadgate.yml:3:9: stages stand both at the top and under `load`
      3 | load: { stages: [] }
        |         ^
    hint: keep one of the two; both mean the same
    ");
    insta::assert_snapshot!(refusal(&with_stages("stages: [ { rate: 5/s, duration: [5s] } ]")), @r"
    loadgate.yml:2:34: expected a duration such as 30s, found a list
      2 | stages: [ { rate: 5/s, duration: [5s] } ]
        |                                  ^
    ");
}

#[test]
fn what_a_scenario_can_not_be() {
    insta::assert_snapshot!(refusal(&with_scenarios("scenarios:\n  - GET a\n  - FETCH /a\n  - { name: x, get: /a, weight: 0 }\n  - { name: x, get: http://h/a }\n  - { name: y, get: /a, post: /b }\n  - { name: '*', get: /a }\n  - { steps: [ { get: /a } ] }\n  - { name: z, steps: [ { name: s } ], timeout: 1s }")), @r"
    loadgate.yml:4:5: the path 'a' does not begin with '/'
      4 |   - GET a
        |     ^
    hint: write it from the root, for example /api/items

    error: loadgate.yml:5:5: 'FETCH /a' is not a request
      5 |   - FETCH /a
        |     ^
    hint: write a method and a path, for example scenarios: [ GET /api/items ]; methods are GET, POST, PUT, PATCH, DELETE, HEAD

    error: loadgate.yml:6:33: a weight of 0 means never
      6 |   - { name: x, get: /a, weight: 0 }
        |                                 ^
    hint: write 1 or more, or remove the scenario

    error: loadgate.yml:7:21: 'http://h/a' is a whole web address
      7 |   - { name: x, get: http://h/a }
        |                     ^
    hint: write the path alone; host and port belong in `target`

    error: loadgate.yml:8:25: a step makes one request, and this one has several
      8 |   - { name: y, get: /a, post: /b }
        |                         ^
    hint: make two steps of it

    error: loadgate.yml:9:13: '*' stands for the service as a whole and can't be a name
      9 |   - { name: '*', get: /a }
        |             ^
    hint: give a short name, such as list-items

    error: loadgate.yml:10:5: a scenario with steps needs a name
      10 |   - { steps: [ { get: /a } ] }
         |     ^
    hint: add `name:`

    error: loadgate.yml:11:25: there is no request here
      11 |   - { name: z, steps: [ { name: s } ], timeout: 1s }
         |                         ^
    hint: add a path with its method: get, post, put, patch, delete or head

    error: loadgate.yml:11:40: 'timeout' belongs to a step
      11 |   - { name: z, steps: [ { name: s } ], timeout: 1s }
         |                                        ^
    hint: move it into each step it is for
    ");
    insta::assert_snapshot!(refusal(&with_scenarios("scenarios:\n  - { name: x, get: /a }\n  - { name: x, get: /b }\n  - { name: y, get: /c, check: { status: 999 }, headers: { 'a b': c, Content-Length: '3' } }\n  - { name: w, get: /c, body: a, json: b }")), @r"
    loadgate.yml:5:13: duplicate scenario name 'x'
      5 |   - { name: x, get: /b }
        |             ^
    hint: give each scenario a name of its own; to ask more often, raise its `weight`

    error: loadgate.yml:6:42: 999 is not an HTTP status
      6 |   - { name: y, get: /c, check: { status: 999 }, headers: { 'a b': c, Content-Length: '3' } }
        |                                          ^
    hint: write a number from 100 to 599

    error: loadgate.yml:6:60: 'a b' is not the name of a header
      6 |   - { name: y, get: /c, check: { status: 999 }, headers: { 'a b': c, Content-Length: '3' } }
        |                                                            ^
    hint: use letters, digits and '-'

    error: loadgate.yml:6:70: the header 'Content-Length' can't be set
      6 |   - { name: y, get: /c, check: { status: 999 }, headers: { 'a b': c, Content-Length: '3' } }
        |                                                                      ^
    hint: remove it; loadgate sets it as the request needs it

    error: loadgate.yml:7:34: a request has either 'body' or 'json'
      7 |   - { name: w, get: /c, body: a, json: b }
        |                                  ^
    hint: keep one of them
    ");
    insta::assert_snapshot!(refusal(&with_scenarios("scenarios: [ { get: /a, check: { status: '200' } } ]")), @r"
    loadgate.yml:3:42: expected a status number such as 200, or a list of them, found the text '200'
      3 | scenarios: [ { get: /a, check: { status: '200' } } ]
        |                                          ^
    hint: write 200 without quotes
    ");
    insta::assert_snapshot!(refusal(&with_scenarios("scenarios: [ { get: '/a b' } ]")), @r"
    loadgate.yml:3:21: the path '/a b' holds a blank
      3 | scenarios: [ { get: '/a b' } ]
        |                     ^
    hint: write it percent-encoded, for example %20 for a blank
    ");
}
