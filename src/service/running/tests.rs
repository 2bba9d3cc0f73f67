//! Processes of all kinds, and that none of them lives on.

use std::{fs, io::Read as _, path::Path, sync::Arc};

use super::*;

const SOON: Duration = Duration::from_millis(50);
const LONG: Duration = Duration::from_secs(600);

/// A service of this script, which notes processes in the file `children` of the folder.
fn start(folder: &Path, script: &str) -> Service {
    let command = ShellCommand { text: script.to_owned(), folder: folder.to_owned() };
    let keep = Keep { log: folder.join("log"), mask: Arc::new(str::to_owned) };
    Service::start("candidate", &command, &[("PORT", "4711".to_owned())], keep).unwrap()
}

/// Processes noted by a service, once there are so many.
fn children(folder: &Path, count: usize) -> Vec<u32> {
    loop {
        let noted = fs::read_to_string(folder.join("children")).unwrap_or_default();
        let lines: Vec<&str> = noted.split_inclusive('\n').filter(|line| line.ends_with('\n')).collect();
        if lines.len() >= count {
            return lines.iter().map(|line| line.trim().parse().unwrap()).collect();
        }
    }
}

fn assert_gone(processes: &[u32]) {
    for process in processes {
        let mut stat = String::new();
        let _ = fs::File::open(format!("/proc/{process}/stat")).map(|mut file| file.read_to_string(&mut stat));
        assert!(stat.rsplit_once(')').is_none_or(|(_, rest)| rest.starts_with(" Z")), "{process} lives: {stat}");
    }
}

#[test]
fn a_service_ends_when_it_is_asked_to_with_all_its_children() {
    let folder = tempfile::tempdir().unwrap();
    let service = start(folder.path(), "echo $$ > children; (echo $PORT; sleep 600 & echo $! >> children; wait) & wait");
    let mut services = [service];
    let processes = children(folder.path(), 2);
    assert_eq!(services[0].end(), None);
    assert_eq!(stop(&mut services, LONG, || false), Stopped::Asked);
    assert_gone(&processes);
    assert_eq!(services[0].last_lines(3), ["4711"]);
}

#[test]
fn children_that_outlive_their_leader_are_ended_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let mut service =
        start(folder.path(), "(trap '' TERM; echo ready > ready; while :; do sleep 600; done) & echo $! > children; exit 3");
    let processes = children(folder.path(), 1);
    while service.end().is_none() || !folder.path().join("ready").exists() {}
    assert_eq!(service.end(), Some(End::Code(3)));
    assert_eq!(stop(std::slice::from_mut(&mut service), SOON, || false), Stopped::Killed);
    assert_gone(&processes);
}

#[test]
fn what_ignores_the_wish_is_killed_after_our_patience_or_at_once_in_a_hurry() {
    for (patience, hurry) in [(SOON, false), (LONG, true)] {
        let folder = tempfile::tempdir().unwrap();
        let mut service = start(folder.path(), "trap '' TERM; echo $$ > children; while :; do sleep 600; done");
        let processes = children(folder.path(), 1);
        assert_eq!(stop(std::slice::from_mut(&mut service), patience, || hurry), Stopped::Killed);
        assert_gone(&processes);
    }
}

#[test]
fn a_service_that_leaves_its_group_is_found_by_its_mark() {
    let folder = tempfile::tempdir().unwrap();
    let mut service = start(folder.path(), "setsid sh -c 'echo $$ > children; sleep 600' & wait");
    let processes = children(folder.path(), 1);
    assert_eq!(stop(std::slice::from_mut(&mut service), LONG, || false), Stopped::Asked);
    assert_gone(&processes);
}

#[test]
fn a_service_ends_with_whoever_has_started_it_also_in_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let panicked = std::thread::spawn(move || {
        let _service = start(&path, "trap '' TERM; echo $$ > children; while :; do sleep 600; done");
        children(&path, 1);
        panic!("as it is meant to");
    });
    assert!(panicked.join().is_err());
    assert_gone(&children(folder.path(), 1));
}

#[test]
fn how_a_service_ended_is_told() {
    let folder = tempfile::tempdir().unwrap();
    for (script, end) in [("exit 9", End::Code(9)), ("kill -KILL $$", End::Signal(9)), ("./nothing", End::Code(127))] {
        let mut service = start(folder.path(), script);
        while service.end().is_none() {}
        assert_eq!(service.end(), Some(end), "{script}");
    }
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let command = ShellCommand { text: "true".to_owned(), folder: folder.path().join("gone") };
    let keep = Keep { log: folder.path().join("log"), mask: Arc::new(str::to_owned) };
    let error = Service::start("candidate", &command, &[], keep).unwrap_err().to_string();
    assert!(error.contains("gone: commands can't run in this folder"), "{error}");
}
