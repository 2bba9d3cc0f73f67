//! Whole reports of runs and verdicts made by hand.

mod accepted;
mod comment;
mod connections;
mod console;
mod detail;
mod diagnosis;
mod fixture;
mod html;
mod json;
mod ladder;
mod leaning;
mod markdown;
mod own;
mod restored;
mod side_by_side;
mod steering;
mod tables;

use super::{FORMATS, Format, Render, RunView, View, write, write_run};

fn render(name: &str) -> &'static Render {
    FORMATS.iter().find(|file| file.name == name).map(|file| &file.render).expect("a file of the table")
}

/// The text of a report on a verdict.
fn text(name: &str, view: &View) -> String {
    match render(name) {
        Render::Run(render) => render(&view.run),
        Render::Found(render) => render(&view.run).expect("there is something to say"),
        Render::Verdict(render) => render(view),
        Render::Judged(render) => render(view).expect("there is something to say"),
        Render::Either(render) => render(&view.run, Some(&view.judged)),
    }
    .unwrap()
}

/// The text of a report on runs alone.
fn run_text(name: &str, view: &RunView) -> String {
    match render(name) {
        Render::Run(render) => render(view),
        Render::Found(render) => render(view).expect("there is something to say"),
        Render::Either(render) => render(view, None),
        Render::Verdict(_) | Render::Judged(_) => panic!("{name} needs a verdict"),
    }
    .unwrap()
}

fn names(paths: &[std::path::PathBuf]) -> Vec<String> {
    paths.iter().filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned())).collect()
}

#[test]
fn a_verdict_leaves_every_file_and_a_run_those_that_need_none() {
    let folder = tempfile::tempdir().unwrap();
    let formats = Format::ALL.map(|(_, format)| format);
    let view = fixture::failing();
    let all = names(&write(&view, &formats, folder.path()).unwrap());
    assert_eq!(all, FORMATS.map(|file| file.name.to_owned()));
    let alone = names(&write_run(&view.run, &formats, folder.path()).unwrap());
    assert_eq!(
        alone,
        [
            "summary.json",
            "failures.json",
            "windows.csv",
            "histogram.csv",
            "samples.csv",
            "load-performance.json",
            "metrics.txt",
            "report.html"
        ]
    );
}

#[test]
fn only_the_formats_asked_for_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let written = names(&write(&fixture::passing(), &[Format::Junit, Format::Md], folder.path()).unwrap());
    assert_eq!(written, ["junit.xml", "comment.md", "step_summary.md"]);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
}
