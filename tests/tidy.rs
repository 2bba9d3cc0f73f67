//! The shape of the source, held by a test: imports run one way, names say what they hold, files stay readable.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Which top-level module may import which. A module that is not here may not exist.
const IMPORTS: [(&str, &[&str]); 27] = [
    ("exit", &[]),
    ("env", &[]),
    ("units", &[]),
    ("mask", &[]),
    ("stats", &[]),
    ("clock", &[]),
    ("record", &["units"]),
    ("policy", &["units"]),
    ("config", &["policy", "mask", "units", "env"]),
    ("plan", &["config", "policy", "record", "units"]),
    ("protocol", &["plan", "record", "clock", "mask", "units"]),
    ("measure", &["plan", "record", "clock", "units"]),
    ("engine", &["plan", "protocol", "measure", "record", "clock", "mask", "units"]),
    ("service", &["plan", "clock", "mask", "env", "units"]),
    ("compare", &["record", "policy", "stats", "units"]),
    ("verdict", &["compare", "policy", "record", "units", "exit"]),
    ("baseline", &["record", "clock", "units"]),
    ("history", &["record", "stats", "units"]),
    ("import", &["record", "units"]),
    ("diagnose", &["record", "compare", "verdict", "stats", "units"]),
    ("report", &["record", "compare", "verdict", "diagnose", "policy", "exit", "units"]),
    ("pack", &["report", "record", "policy", "mask", "units"]),
    ("publish", &["report", "verdict", "clock", "units", "env"]),
    ("mock_target", &["clock", "units"]),
    ("cli", &["*"]),
    ("main", &["cli"]),
    ("lib", &[]),
];

/// Longest a source file may grow before it holds more than one subject.
const LINES_MAX: usize = 400;

struct Source {
    path: PathBuf,
    module: String,
    text: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let inside = path.strip_prefix(&root).unwrap();
                let module = Path::new(inside.components().next().unwrap().as_os_str()).file_stem().unwrap();
                let (module, text) = (module.to_string_lossy().into_owned(), fs::read_to_string(&path).unwrap());
                found.push(Source { path: inside.to_owned(), module, text });
            }
        }
    }
    assert!(found.len() > 20, "the sources were not found");
    found
}

/// Top-level modules of ours that a file names: `crate::units::..` and the members of `use crate::{clock, plan::Plan}`.
fn imports(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (position, _) in text.match_indices("crate::") {
        let rest = &text[position + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => names.extend(members(group)),
            None => names.extend(first_word(rest)),
        }
    }
    names
}

fn first_word(text: &str) -> Option<String> {
    let word: String = text.trim_start().chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
    (!word.is_empty()).then_some(word)
}

/// First words of the members of a `{ .. }` group, whose opening brace is already taken off.
fn members(group: &str) -> Vec<String> {
    let (mut depth, mut begin, mut found) = (0, 0, Vec::new());
    for (position, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                found.extend(first_word(&group[begin..position]));
                begin = position + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    found
}

#[test]
fn imports_run_one_way() {
    let allowed: BTreeMap<&str, &[&str]> = IMPORTS.into_iter().collect();
    let mut wrong = Vec::new();
    for source in sources() {
        let Some(allowed) = allowed.get(source.module.as_str()) else {
            wrong.push(format!("{}: module '{}' has no place in the picture", source.path.display(), source.module));
            continue;
        };
        for import in imports(&source.text) {
            let known = IMPORTS.iter().any(|(module, _)| *module == import);
            if known && import != source.module && !allowed.contains(&"*") && !allowed.contains(&import.as_str()) {
                wrong.push(format!("{}: imports '{import}'", source.path.display()));
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "imports against the direction of docs/ARCHITECTURE.md:\n{}", wrong.join("\n"));
}

#[test]
fn no_module_is_a_drawer() {
    const DRAWERS: [&str; 6] = ["utils", "util", "helpers", "common", "manager", "misc"];
    for source in sources() {
        let stem = source.path.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(!DRAWERS.contains(&stem.as_str()), "{}: name the subject", source.path.display());
    }
}

#[test]
fn files_have_one_subject() {
    let is_test = |source: &Source| source.path.iter().any(|part| part == "tests") || source.path.ends_with("tests.rs");
    for source in sources().iter().filter(|source| !is_test(source)) {
        let lines = source.text.lines().count();
        assert!(lines <= LINES_MAX, "{}: {lines} lines", source.path.display());
    }
}

#[test]
fn only_protocol_opens_sockets_to_the_target() {
    for source in sources().iter().filter(|source| !["protocol", "mock_target"].contains(&source.module.as_str())) {
        for name in ["TcpStream", "UdpSocket", "hyper::client"] {
            assert!(!source.text.contains(name), "{}: {name}", source.path.display());
        }
    }
}

#[test]
fn what_makes_load_asks_for_the_date_in_three_places_and_times_nothing_by_it() {
    // When a run began, `now()` in a template, and messages that say when they were sent. The clock of the date may be set meanwhile;
    // everything else goes by the monotonic one.
    const DATES: [&str; 3] = ["engine/run.rs", "engine/user.rs", "engine/websocket/play.rs"];
    let mut found = Vec::new();
    for source in sources().iter().filter(|source| ["engine", "measure", "protocol"].contains(&source.module.as_str())) {
        let path = source.path.display().to_string().replace('\\', "/");
        found.extend(source.text.match_indices("clock::wall").map(|_| path.clone()));
    }
    found.sort();
    assert_eq!(found, DATES);
}

#[test]
fn the_import_reader_sees_paths_and_groups() {
    let text = "use crate::{\n    clock::{self, Instant},\n    plan::Plan,\n};\nfn f(x: crate::units::Micros) {}";
    assert_eq!(imports(text), ["clock", "plan", "units"]);
}
