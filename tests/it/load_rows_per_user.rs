//! Rows that users keep: who logs in as ann stays ann.

use std::collections::{BTreeMap, BTreeSet};

use loadgate::record::Errors;

use crate::{
    bench::Bench,
    shop::{Seen, Shop, answer, counts},
};

const SHOP: &str = r#"
scenarios:
  - name: checkout
    feed: { users: per_user, skus: per_iteration }
    setup: [ { post: "/login/{{ users.name }}" } ]
    steps: [ { post: "/order/{{ users.name }}/{{ skus }}", name: order, headers: { X-VU: "{{ vu }}" } } ]
    teardown: [ { post: "/logout/{{ users.name }}" } ]
"#;

fn data(on_end: &str) -> String {
    format!(
        "data: {{ users: {{ inline: [ {{ name: ann }}, {{ name: bob }} ], on_end: {on_end} }}, skus: {{ inline: [a, b, c] }} }}\n{SHOP}"
    )
}

fn open() -> Shop {
    Shop::open(|_, _| answer(200, "", "ok"))
}

/// The names in the second part of the paths, by the user.
fn names_of_users(shop: &Shop) -> BTreeMap<String, BTreeSet<String>> {
    let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for Seen { path, headers, .. } in shop.seen().iter().filter(|seen| seen.path.starts_with("/order/")) {
        names.entry(headers["x-vu"].clone()).or_default().insert(path.split('/').nth(2).unwrap().to_owned());
    }
    names
}

#[test]
fn load_keeps_the_row_of_a_user_from_its_setup_to_its_teardown() {
    let shop = open();
    let observed = shop.play(&format!("stages: [ {{ vus: 2, count: 30, duration: 10s }} ]\n{}", data("stop")), &[]);
    assert_eq!(counts(&observed, "order"), (30, 0, Errors::new()));
    let names = names_of_users(&shop);
    assert!(names.len() == 2 && names.values().all(|names| names.len() == 1), "{names:?}");
    for path in ["/login/ann", "/login/bob", "/logout/ann", "/logout/bob"] {
        assert_eq!(shop.asked(path).len(), 1, "{path}");
    }
    let skus = |sku: &str| shop.seen().iter().filter(|seen| seen.path.ends_with(sku)).count();
    assert_eq!(["/a", "/b", "/c"].map(skus), [10; 3], "each iteration takes the next row of the other feeder");
}

#[test]
fn load_of_more_users_than_rows_shares_them_or_goes_without() {
    let stages = "stages: [ { vus: 3, count: 30, duration: 10s } ]";
    let shop = open();
    shop.play(&format!("{stages}\n{}", data("recycle")), &[]);
    assert_eq!((names_of_users(&shop).len(), shop.asked("/login/ann").len()), (3, 2), "two of three are ann");
    let shop = open();
    let observed = shop.play(&format!("{stages}\n{}", data("stop")), &[]);
    assert_eq!(names_of_users(&shop).len(), 2, "the third does nothing, and the others go on");
    assert_eq!(counts(&observed, "order"), (30, 0, Errors::new()), "what it would have done is left to them");
}

#[test]
fn load_of_an_open_loop_is_held_back_where_all_rows_are_in_use() {
    let stages = "target: TARGET\nstages: [ { rate: 50/s, duration: 1s } ]";
    let bench = Bench::new("defaults: { latency: 200ms }", &format!("{stages}\n{}", data("stop")));
    bench.ends_with(0, &["run", "--quiet"]);
    let record = bench.record("loadgate-report/record.json.gz");
    let stage = &record.plan.stages[0];
    assert_eq!(stage.offered + stage.held_back, 50);
    // Two users, and each iteration takes 200 ms at least, login apart.
    assert!(stage.started <= 12 && stage.withheld == 0, "{stage:?}");
}
