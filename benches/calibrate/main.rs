//! Calibrates the gate: how often it cries wolf and how often it sees one, on simulated services (`make calibrate`).
//!
//! `--cases N` cases for each line of the tables (300), `--doubtful N` cases where these leave it open whether a goal is met (none
//! more), `--only TEXT` studies whose names hold that text, `--write FILE` puts the tables between the marks `<!-- calibrate -->` and
//! `<!-- /calibrate -->` of a Markdown file. The same numbers give the same tables.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "tables are what this program is for")]

mod study;

use std::{fs, process::ExitCode};

use loadgate::clock;
use study::{
    plan::{self, Results, Study},
    rounds, table, targets, words,
};

const MARKS: [&str; 2] = ["<!-- calibrate -->\n", "<!-- /calibrate -->"];

/// What was asked for.
#[derive(Debug)]
struct Asked {
    cases: u64,
    doubtful: u64,
    only: String,
    write: Option<String>,
}

fn main() -> ExitCode {
    match asked(std::env::args().skip(1)).and_then(|asked| calibrate(&asked)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("error: {reason}");
            ExitCode::from(2)
        }
    }
}

fn asked(args: impl IntoIterator<Item = String>) -> Result<Asked, String> {
    let mut asked = Asked { cases: 300, doubtful: 0, only: String::new(), write: None };
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value"));
        match arg.as_str() {
            // Cargo tells benchmarks so.
            "--bench" => {}
            "--cases" => asked.cases = value()?.parse().map_err(|_| "--cases needs a number above 0".to_owned())?,
            "--doubtful" => asked.doubtful = value()?.parse().map_err(|_| "--doubtful needs a number".to_owned())?,
            "--only" => asked.only = value()?,
            "--write" => asked.write = Some(value()?),
            _ => return Err(format!("unknown argument {arg}: there are --cases, --doubtful, --only and --write")),
        }
    }
    if asked.cases == 0 { Err("--cases needs a number above 0".to_owned()) } else { Ok(asked) }
}

fn calibrate(asked: &Asked) -> Result<(), String> {
    let (pairs, stored) = (play(plan::side_by_side(), asked), play(plan::stored(), asked));
    let (of_pairs, of_stored) = (table::of_gate("side by side", &pairs), table::of_gate("stored runs, 200/s x 60 s", &stored));
    let all = [pairs, stored].concat();
    let tables = [of_pairs, of_stored, table::of_rivals(&all), targets::table(&all), words::of(&all)];
    let text = tables.join("\n");
    println!("{text}");
    asked.write.as_ref().map_or(Ok(()), |file| write(file, &text))
}

fn play(studies: Vec<Study>, asked: &Asked) -> Vec<(Study, Results)> {
    let chosen = studies.into_iter().filter(|study| study.name.contains(&asked.only));
    let timed = |study: Study| {
        let began = clock::now();
        let results = rounds::play(&study, asked.cases, asked.doubtful);
        eprintln!("{:>6.1} s  {}", began.elapsed().as_secs_f64(), study.name);
        (study, results)
    };
    chosen.map(timed).collect()
}

fn write(file: &str, tables: &str) -> Result<(), String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    let (before, rest) = text.split_once(MARKS[0]).ok_or_else(|| format!("{file}: there is no line {}", MARKS[0].trim()))?;
    let (_, after) = rest.split_once(MARKS[1]).ok_or_else(|| format!("{file}: there is no {}", MARKS[1]))?;
    let text = format!("{before}{}{tables}{}{after}", MARKS[0], MARKS[1]);
    fs::write(file, text).map_err(|error| format!("{file}: {error}"))
}
