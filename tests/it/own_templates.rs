//! `report.templates`: the examples of docs/templates.md, and templates that are wrong.

use std::{fs, path::Path};

use crate::bench::Bench;

const CONFIG: &str = "\
name: shop
target: TARGET
stages: [ { rate: 100/s, duration: 1s } ]
scenarios: [ { name: items, get: /items } ]
record: { window: 250ms }
regression: { block: 250ms }
thresholds: [ p95 < 10s ]
";
const SHOP: &str = "{ routes: [ { path: /items, latency: 2ms } ] }";

fn page() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/templates.md")).unwrap()
}

/// The first fenced block of a language.
fn block<'a>(text: &'a str, language: &str) -> &'a str {
    let (_, rest) = text.split_once(&format!("```{language}\n")).unwrap();
    rest.split("```").next().unwrap()
}

/// The templates of the page: the file that each is to be in, and its text.
fn examples(page: &str) -> Vec<(&str, &str)> {
    let sections = page.split("\n## ").filter(|section| section.lines().next().is_some_and(|head| head.contains("`templates/")));
    sections.map(|section| (section.split('`').nth(1).unwrap(), block(section, "jinja"))).collect()
}

/// A bench with these templates.
fn bench(report: &str, templates: &[(&str, &str)]) -> Bench {
    let bench = Bench::new(SHOP, &format!("{CONFIG}{report}"));
    fs::create_dir(bench.path().join("templates")).unwrap();
    templates.iter().for_each(|(name, text)| fs::write(bench.path().join(name), text).unwrap());
    bench
}

#[test]
fn load_is_reported_by_the_templates_of_the_docs() {
    let page = page();
    let examples = examples(&page);
    assert_eq!(examples.len(), 3);
    let bench = bench(block(&page, "yaml"), &examples);
    let said = bench.ends_with(0, &["check"]);
    assert!(said.contains("  overview.html    filled by templates/overview.html.j2"), "{said}");

    bench.ends_with(0, &["gate", "--quiet"]);
    let summary = bench.text("loadgate-report/step_summary.md");
    assert!(summary.starts_with("### ") && summary.contains(" shop: ") && summary.contains("**Next:** "), "{summary}");
    assert!(summary.contains("There is no baseline yet, so nothing was compared."), "{summary}");
    let comment = bench.text("loadgate-report/comment.md");
    assert!(comment.contains("loadgate:state"), "the comment keeps its own layout: {comment}");
    let figures = bench.text("loadgate-report/figures.csv");
    let rows: Vec<&str> = figures.lines().collect();
    assert_eq!((rows.len(), rows[0]), (2, "endpoint,requests,p50_us,p99_us,failed_share"), "{figures}");
    assert!(rows[1].starts_with("items,100,"), "{figures}");
    let overview = bench.text("loadgate-report/overview.html");
    assert!(overview.contains("<h1>shop: ") && overview.contains("<code>p95 &lt; 10s</code>"), "{overview}");
}

#[test]
fn load_without_a_verdict_fills_what_needs_none() {
    let page = page();
    let bench = bench(block(&page, "yaml"), &examples(&page));
    bench.ends_with(0, &["run", "--quiet"]);
    assert!(bench.text("loadgate-report/overview.html").contains("<h1>shop</h1>"));
    assert!(bench.text("loadgate-report/figures.csv").contains("items,100,"));
    assert!(!bench.path().join("loadgate-report/step_summary.md").exists());
}

#[test]
fn a_wrong_template_is_told_before_any_load() {
    let bench = bench("report: { templates: { md: templates/own.j2 } }\n", &[("templates/own.j2", "x\n{{ run.sute }}\n")]);
    for args in [&["check"][..], &["gate", "--quiet"]] {
        let said = bench.ends_with(2, args);
        assert!(
            said.contains("error: templates/own.j2:2: there is no `run.sute`\nhint: docs/templates.md lists the names"),
            "{said}"
        );
    }
    assert_eq!(bench.requests(), 0);
}
