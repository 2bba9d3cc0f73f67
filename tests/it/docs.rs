//! The documentation for users: what it shows is what the program takes.

use std::{
    collections::BTreeSet,
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
};

use loadgate::mock_target::{MockTarget, Script};

use crate::{
    certificates::Authority,
    program::{loadgate, transcript},
};

/// Variables that examples use without a default.
const VARIABLES: [(&str, &str); 1] = [("API_TOKEN", "hunter2")];

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

fn page(name: &str) -> String {
    fs::read_to_string(docs().join(name)).unwrap()
}

/// A fenced block and the line it begins in.
struct Block {
    line: usize,
    text: String,
}

/// The fenced blocks of a language, without the indent that lists give them.
fn blocks(page: &str, language: &str) -> Vec<Block> {
    let (mut found, mut open): (Vec<Block>, Option<Block>) = (Vec::new(), None);
    let begin = format!("```{language}");
    for (number, line) in page.lines().enumerate() {
        match &mut open {
            Some(_) if line.trim() == "```" => found.extend(open.take()),
            Some(block) => block.text += &format!("{line}\n"),
            None if line.trim() == begin => open = Some(Block { line: number + 2, text: String::new() }),
            None => {}
        }
    }
    assert!(open.is_none(), "a block without an end");
    found
}

/// The names under `environments:`.
fn environments(config: &str) -> Vec<String> {
    let config: serde_yaml::Value = serde_yaml::from_str(config).unwrap();
    let named = config.get("environments").and_then(serde_yaml::Value::as_mapping);
    named.into_iter().flatten().filter_map(|(name, _)| name.as_str().map(str::to_owned)).collect()
}

/// The files that examples of TLS name.
fn write_certificates(folder: &Path) {
    fs::create_dir(folder).unwrap();
    let authority = Authority::new("ours");
    let client = authority.certificate(&["client"], |_| {});
    fs::copy(authority.ca_file(), folder.join("ca.pem")).unwrap();
    fs::write(folder.join("client.pem"), &client.pem).unwrap();
    fs::write(folder.join("client.key"), &client.key_pem).unwrap();
}

/// Runs `loadgate check` on each configuration of a page, as it stands and with each of its environments. Returns their number.
fn check_configurations(name: &str) -> usize {
    let folder = tempfile::tempdir().unwrap();
    write_certificates(&folder.path().join("certs"));
    fs::write(folder.path().join("users.csv"), "name,password\nann,one\nbob,two\n").unwrap();
    let is_configuration = |block: &Block| block.text.starts_with("version: 1") || block.text.contains("target:");
    let configurations: Vec<Block> = blocks(&page(name), "yaml").into_iter().filter(is_configuration).collect();
    for Block { line, text } in &configurations {
        fs::write(folder.path().join("loadgate.yml"), text).unwrap();
        let chosen = environments(text).into_iter().map(|environment| vec!["--env".to_owned(), environment]);
        for flags in [Vec::new()].into_iter().chain(chosen) {
            let args: Vec<&str> = ["check"].into_iter().chain(flags.iter().map(String::as_str)).collect();
            let output = loadgate(folder.path(), &args).envs(VARIABLES).output().unwrap();
            assert!(output.status.success(), "docs/{name}:{line} {flags:?}\n{}", transcript(&output));
        }
    }
    configurations.len()
}

#[test]
fn every_configuration_in_the_docs_resolves() {
    let sections = page("configuration.md").matches("\n## ").count();
    assert!(check_configurations("configuration.md") > sections / 2, "most sections have an example");
    assert_eq!(check_configurations("recipes.md"), 7);
}

#[test]
fn every_script_in_the_docs_can_be_played() {
    for (name, expected) in [("mock-target.md", 8), ("recipes.md", 2)] {
        let is_script = |block: &Block| block.text.contains("routes:") || block.text.starts_with("defaults:");
        let scripts: Vec<Block> = blocks(&page(name), "yaml").into_iter().filter(is_script).collect();
        assert_eq!(scripts.len(), expected, "docs/{name}");
        for Block { line, text } in scripts {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let started = Script::parse(&text).map(|script| MockTarget::start(script, listener).map(drop));
            assert!(matches!(started, Ok(Ok(()))), "docs/{name}:{line}: {started:?}");
        }
    }
}

/// The text of a section, up to the next heading of its level or above.
fn section<'a>(page: &'a str, heading: &str) -> &'a str {
    let begin = page.find(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no section '{heading}'"));
    let (rest, level) = (&page[begin + 1 + heading.len()..], heading.split(' ').next().unwrap().len());
    let end = (1..=level).filter_map(|level| rest.find(&format!("\n{} ", "#".repeat(level)))).min();
    &rest[..end.unwrap_or(rest.len())]
}

/// `--config`, `--set` and the like, in backticks or in the text of `--help`.
fn flags(text: &str) -> BTreeSet<String> {
    let is_flag = |c: char| c.is_ascii_lowercase() || c == '-';
    let words = text.match_indices("--").map(|(at, _)| &text[at..]);
    let names = words.map(|rest| rest.split(|c| !is_flag(c)).next().unwrap_or_default());
    names.filter(|name| name.len() > 2 && name.as_bytes()[2] != b'-').map(str::to_owned).collect()
}

#[test]
fn every_flag_of_every_command_is_described() {
    let (page, folder) = (page("commands.md"), tempfile::tempdir().unwrap());
    let shared = flags(section(&page, "## Common flags"));
    for command in [
        "gate",
        "publish",
        "run",
        "compare",
        "import",
        "history",
        "calibrate",
        "report",
        "pack",
        "check",
        "demo",
        "mock-target",
        "init",
        "schema",
        "completions",
        "man",
        "list",
        "show",
        "record",
        "learn",
        "forget",
        "promote",
        "accept",
        "pin",
        "unpin",
        "prune",
        "rollback",
    ] {
        let stored = ["list", "show", "record", "learn", "forget", "promote", "accept", "pin", "unpin", "prune", "rollback"]
            .contains(&command);
        let (args, heading) = if stored {
            (vec!["baseline", command, "--help"], format!("### baseline {command}"))
        } else {
            (vec![command, "--help"], format!("## {command}"))
        };
        let help = loadgate(folder.path(), &args).output().unwrap();
        assert!(help.status.success(), "{}", transcript(&help));
        let (offered, own) = (flags(&String::from_utf8_lossy(&help.stdout)), flags(section(&page, &heading)));
        assert!(offered.contains("--help"), "{command}: {offered:?}");
        let known = |flag: &String| own.contains(flag) || shared.contains(flag) || (stored && flag == "--dir");
        let missing: Vec<&String> = offered.iter().filter(|flag| !known(flag)).collect();
        assert!(missing.is_empty(), "docs/commands.md, {heading}: {missing:?} not described");
        let gone: Vec<&String> = own.difference(&offered).filter(|flag| !shared.contains(*flag)).collect();
        assert!(gone.is_empty(), "docs/commands.md, {heading}: {gone:?} not offered");
    }
}

#[test]
fn links_between_pages_lead_somewhere() {
    let paths = fs::read_dir(docs()).unwrap().map(|entry| entry.unwrap().path());
    for path in paths.filter(|path| path.extension().is_some_and(|extension| extension == "md")) {
        let text = fs::read_to_string(&path).unwrap();
        let targets = || text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for picture in targets().filter(|to| to.starts_with("pictures/")) {
            assert!(docs().join(picture).is_file(), "{}: no picture '{picture}'", path.display());
        }
        // Links out of the folder are not this test's affair.
        for target in targets().filter(|to| !to.contains('/')) {
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let linked = if file.is_empty() { text.clone() } else { fs::read_to_string(docs().join(file)).unwrap_or_default() };
            assert!(!linked.is_empty(), "{}: no page '{target}'", path.display());
            let found = anchor.is_empty() || linked.lines().any(|line| line.starts_with('#') && slug(line) == anchor);
            assert!(found, "{}: no heading '{target}'", path.display());
        }
    }
}

/// The anchor that a heading gets.
fn slug(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    text.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn pages_that_scripts_write_into_have_the_marks_these_look_for() {
    let root = docs().parent().unwrap().to_owned();
    for (page, script, begin, end) in [
        ("docs/STATISTICS.md", "benches/calibrate/main.rs", "<!-- calibrate -->", "<!-- /calibrate -->"),
        ("docs/STATISTICS.md", "benches/services/run.py", "<!-- services -->", "<!-- /services -->"),
        ("docs/PERFORMANCE.md", "benches/peers/run.py", "<!-- peers -->", "<!-- /peers -->"),
        ("README.md", "docs/refresh.sh", "<!-- demo:slower -->", "<!-- /demo -->"),
    ] {
        let text = fs::read_to_string(root.join(page)).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let place = |mark: &str| {
            assert_eq!(text.matches(mark).count(), 1, "{page}: {mark} is there once");
            let place = lines.iter().position(|line| *line == mark);
            place.unwrap_or_else(|| panic!("{page}: {mark} is not a line of its own"))
        };
        let (first, last) = (place(begin), place(end));
        assert!(first < last, "{page}: {end} stands before {begin}");
        let between = &lines[first + 1..last];
        assert!(between.iter().any(|line| !line.trim().is_empty()), "{page}: nothing between {begin} and {end}");
        // In a regular expression of awk a slash is escaped.
        let script_text = fs::read_to_string(root.join(script)).unwrap().replace("\\/", "/");
        assert!(script_text.contains(begin) && script_text.contains(end), "{script} does not know {begin} and {end}");
    }
}
