//! Templates of the user's own: filled with hostile text, refused before any load, stopped where they would never end.

use super::fixture::{HOSTILE, failing, hostile, without_baseline};
use crate::report::{OwnTemplate, ReportError, View, write_own};

fn template(file: &str, source: &str) -> OwnTemplate {
    OwnTemplate { file: file.to_owned(), path: format!("t/{file}.j2"), source: source.to_owned() }
}

/// What a template leaves.
fn filled(file: &str, source: &str, view: &View) -> String {
    let folder = tempfile::tempdir().unwrap();
    let refused = write_own(&[template(file, source)], &view.run, Some(&view.judged), folder.path()).unwrap();
    assert!(refused.is_empty(), "{refused:?}");
    std::fs::read_to_string(folder.path().join(file)).unwrap()
}

/// The error of a template, and the hint.
fn refusal(file: &str, source: &str) -> String {
    match template(file, source).check() {
        Ok(()) => "it was accepted".to_owned(),
        Err(error) => format!("{error}\nhint: {}", error.hint()),
    }
}

/// Everything that comes from outside, one value a line.
const EVERYTHING: &str = "\
{{ run.suite }}
{{ run.target }}
{% for traffic in run.endpoints %}
{{ traffic.endpoint }}
{{ traffic.name }}
{% endfor %}
{% for failure in run.failures %}
{{ failure.message }}
{% endfor %}
{% for row in judged.compared.rows %}
{{ row.endpoint }}
{{ row.reason }}
{% endfor %}
{{ judged.headline }}
";

#[test]
fn hostile_text_stays_text_in_every_format() {
    let view = hostile();
    let markdown = filled("own.md", EVERYTHING, &view);
    assert!(!markdown.contains("<script") && !markdown.contains("@team") && !markdown.contains('\u{1b}'), "{markdown}");
    let html = filled("own.html", &format!("<p title=\"{{{{ run.suite }}}}\">{EVERYTHING}</p>"), &view);
    assert!(!html.contains("<script") && html.contains("&lt;script&gt;"), "{html}");
    let xml = filled("own.xml", EVERYTHING, &view);
    assert!(!xml.contains('<') && !xml.contains('\u{1b}'), "{xml}");
    let text = filled("own.txt", EVERYTHING, &view);
    assert!(!text.contains('\u{1b}') && text.contains("<script>"), "{text:?}");
    let row = "{{ traffic.endpoint }},{{ traffic.requests }}";
    let csv = filled("own.csv", &format!("{{% for traffic in run.endpoints %}}\n{row}\n{{% endfor %}}"), &view);
    assert_eq!(csv.lines().count(), view.run.endpoints.len(), "a line break in a name ends no line: {csv:?}");
    let source = "{ \"endpoint\": {{ run.endpoints[0].endpoint }}, \"why\": {{ judged.not_compared }} }";
    let json = filled("own.json", source, &view);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((json["endpoint"].as_str(), json["why"].is_null()), (Some(HOSTILE), true));
}

#[test]
fn cells_of_csv_are_quoted_and_numbers_are_numbers() {
    let source = "{{ \"a,b\" }},{{ \"=1+1\" }},{{ 0 - 5 }},{{ 'x\"y' }},{{ judged.not_compared }}\n";
    assert_eq!(filled("own.csv", source, &failing()), "\"a,b\",'=1+1,-5,\"x\"\"y\",\n");
}

#[test]
fn templates_can_calculate_with_the_figures_of_a_change() {
    let source = "{% for row in judged.compared.rows if row.outcome == \"regressed\" %}\n\
                  {{ row.endpoint }},{{ row.figures.change }},{{ row.figures.baseline / 1000 }}\n{% endfor %}";
    assert_eq!(filled("own.csv", source, &failing()), "GET /search,0.31,20.0\n");
}

#[test]
fn filters_of_ours_are_there_too() {
    let text = filled("own.md", "{{ run.endpoints[1].name|code }}\n", &failing());
    assert_eq!(text, "`POST /orders`\n");
}

#[test]
fn what_is_wrong_with_a_template_is_said_with_its_line() {
    insta::assert_snapshot!(refusal("own.md", "x\n{{ run.sute }}\n"), @r"
    t/own.md.j2:2: there is no `run.sute`
    hint: docs/templates.md lists the names; a misspelt one is an error, not an empty place
    ");
    let in_a_loop = refusal("own.md", "{% for traffic in run.endpoints %}\n{{ traffic.p99 }}\n{% endfor %}\n");
    assert!(in_a_loop.starts_with("t/own.md.j2:2: there is no "), "{in_a_loop}");
    let no_template = refusal("own.md", "{% if %}\n");
    assert!(no_template.starts_with("t/own.md.j2:1: this is no template: "), "{no_template}");
    let filter = refusal("own.md", "{{ run.suite|shout }}\n");
    assert!(filter.starts_with("t/own.md.j2:1: ") && filter.contains("shout"), "{filter}");
    let another = refusal("own.md", "{% include \"findings.md\" %}\n");
    assert!(another.contains("it asks for another template"), "{another}");
}

#[test]
fn what_can_be_missing_must_be_asked_for() {
    let unasked = refusal("own.md", "{{ judged.compared.how_sure }}\n");
    assert!(unasked.contains("{% if judged.compared %}"), "{unasked}");
    let asked = "{% if judged and judged.compared %}{{ judged.compared.how_sure }}{% endif %}\n";
    assert_eq!(refusal("own.md", asked), "it was accepted");
    let alone = refusal("own.csv", "{{ judged.headline }}\n");
    assert!(alone.contains("{% if judged %}"), "{alone}");
    assert_eq!(refusal("step_summary.md", "{{ judged.headline }}\n"), "it was accepted", "it is written of verdicts only");
}

#[test]
fn a_loop_that_takes_too_long_is_stopped() {
    let endless = "{% for a in range(10000) %}{% for b in range(10000) %}{% set c = b %}{% endfor %}{% endfor %}";
    let refused = refusal("own.txt", endless);
    assert!(refused.contains("filling it takes more than 10 million steps"), "{refused}");
}

#[test]
fn what_could_not_be_filled_leaves_no_file_of_an_earlier_run_and_keeps_our_own() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = ["own.txt", "step_summary.md"].map(|file| template(file, "{{ run.sute }}"));
    wrong.iter().for_each(|own| std::fs::write(folder.path().join(&own.file), "before").unwrap());
    let view = without_baseline();
    let refused = write_own(&wrong, &view.run, Some(&view.judged), folder.path()).unwrap();
    assert!(refused.iter().all(|error| matches!(error, ReportError::Template { .. })) && refused.len() == 2, "{refused:?}");
    assert!(!folder.path().join("own.txt").exists() && folder.path().join("step_summary.md").exists());
    let alone = write_own(&[template("step_summary.md", "{{ run.suite }}")], &view.run, None, folder.path()).unwrap();
    assert!(alone.is_empty() && std::fs::read_to_string(folder.path().join("step_summary.md")).unwrap() == "before");
}

/// A name of the page, without what stands behind it.
fn names(page: &str) -> impl Iterator<Item = &str> {
    let cells = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`')).map(|(name, _)| name);
    cells.filter(|name| ["run.", "judged.", "schema"].iter().any(|begin| name.starts_with(begin)))
}

#[test]
fn every_name_of_the_page_on_templates_exists() {
    let page = include_str!("../../../docs/templates.md");
    assert!(names(page).count() > 60, "{}", names(page).count());
    let questions: Vec<String> = names(page).map(question).collect();
    let answer = refusal("own.txt", &questions.join("\n"));
    assert_eq!(answer, "it was accepted", "{questions:#?}");
}

/// A template that fails where there is nothing of this name.
fn question(name: &str) -> String {
    // A list is gone through; what is asked of its entries is asked in a loop.
    let parts: Vec<&str> = name.split("[]").collect();
    let mut source = String::new();
    let mut within = String::new();
    for (depth, part) in parts.iter().enumerate() {
        let path = format!("{within}{part}");
        if depth + 1 < parts.len() {
            source.push_str(&format!("{{% for x{depth} in {path} %}}"));
            within = format!("x{depth}");
        } else {
            let path = path.trim_end_matches('.');
            source.push_str(&format!("{{% if {path} is undefined %}}{{{{ nothing_of_this_name }}}}{{% endif %}}"));
        }
    }
    source.push_str(&"{% endfor %}".repeat(parts.len() - 1));
    if name.starts_with("judged.compared") {
        format!("{{% if judged and judged.compared %}}{source}{{% endif %}}")
    } else if name.starts_with("judged.diagnosis") {
        format!("{{% if judged and judged.diagnosis %}}{source}{{% endif %}}")
    } else {
        format!("{{% if judged %}}{source}{{% endif %}}")
    }
}
