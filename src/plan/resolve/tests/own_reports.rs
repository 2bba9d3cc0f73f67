//! `report.templates`: what they fill, and what is wrong with them before anything is tried.

use super::{resolve, resolved, users::problems, with};
use crate::{
    config::{Overrides, load},
    plan::Fills,
};

#[test]
fn templates_fill_the_job_summary_the_page_and_files_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("own.j2"), "{{ run.suite }}\n").unwrap();
    let path = folder.path().join("loadgate.yml");
    std::fs::write(&path, with("report: { templates: { md: own.j2, html: own.j2, figures.csv: own.j2 } }")).unwrap();
    let report = resolve(&load(&path, &Overrides::default()).unwrap()).unwrap().report;
    let fills: Vec<&Fills> = report.own.iter().map(|own| &own.fills).collect();
    assert_eq!(fills, [&Fills::File("figures.csv".to_owned()), &Fills::Page, &Fills::StepSummary]);
    assert!(report.own.iter().all(|own| own.template == "own.j2" && own.source == "{{ run.suite }}\n"));
    assert!(resolved(&with("")).report.own.is_empty());
}

#[test]
fn what_can_not_be_filled_by_a_template() {
    let config = "scenarios: [ GET / ]\nreport:\n  formats: [json]\n  templates:\n    md: own.j2\n    junit: own.j2\n    \
                  Summary.csv: own.j2\n    ../x.csv: own.j2\n    a.txt: none.j2\n    b.txt: latin.j2";
    let found = problems(config, &[("own.j2", b"x"), ("latin.j2", b"\xe9")]);
    insta::assert_snapshot!(found, @r"
    5:5 the template would fill step_summary.md, which `report.formats` leaves out -> add md to `report.formats`, or give the template a file of its own
    6:5 'junit' is nothing that a template can fill -> write md (step_summary.md), html (report.html), or the name of a file of its own, such as figures.csv: letters, digits, '-', '_' and '.'
    7:5 loadgate writes 'Summary.csv' itself -> write md (step_summary.md), html (report.html), or the name of a file of its own, such as figures.csv
    8:5 '../x.csv' is nothing that a template can fill -> write md (step_summary.md), html (report.html), or the name of a file of its own, such as figures.csv: letters, digits, '-', '_' and '.'
    9:12 none.j2: there is no such file -> name a file with a template, relative to the configuration's folder: docs/templates.md has three
    10:12 latin.j2: the file is not UTF-8 text -> name a file with a template, relative to the configuration's folder: docs/templates.md has three
    ");
}
