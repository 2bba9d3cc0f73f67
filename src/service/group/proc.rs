//! The processes of a group, as `/proc` shows them. A signal can't tell: zombies take it too, and where nobody adopts orphans, as in
//! many containers, they stay for ever.

use std::fs;

use rustix::process::Pid;

use crate::env;

/// Whether any process of the group, or with the mark, lives.
pub(super) fn lives(group: Option<Pid>, mark: &str) -> bool {
    let living: Vec<Process> = living().collect();
    // The group first: environments take longer to read.
    living.iter().any(|process| Some(process.group) == number(group)) || living.iter().any(|process| process.carries(mark))
}

/// Living processes that carry the mark and have left the group.
pub(super) fn strays(group: Option<Pid>, mark: &str) -> Vec<Pid> {
    let strayed = living().filter(|process| Some(process.group) != number(group) && process.carries(mark));
    strayed.filter_map(|process| Pid::from_raw(process.id)).collect()
}

fn number(group: Option<Pid>) -> Option<i32> {
    group.map(|group| group.as_raw_nonzero().get())
}

struct Process {
    id: i32,
    group: i32,
}

impl Process {
    /// Whether it was started with the mark in its environment. That of others can't be read, and they carry none.
    fn carries(&self, mark: &str) -> bool {
        let Ok(environment) = fs::read(format!("/proc/{}/environ", self.id)) else { return false };
        let wanted = format!("{}={mark}", env::LOADGATE_SERVICE);
        environment.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes())
    }
}

fn living() -> impl Iterator<Item = Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    ids.filter_map(|id| of_stat(id, &fs::read_to_string(format!("/proc/{id}/stat")).ok()?))
}

/// `12 (name) S 1 12 ..`: number, name, state, parent, group. The name may hold anything, brackets and blanks among it.
fn of_stat(id: i32, stat: &str) -> Option<Process> {
    let (_, behind_name) = stat.rsplit_once(')')?;
    let mut fields = behind_name.split_ascii_whitespace();
    let is_dead = matches!(fields.next()?, "Z" | "X" | "x");
    let group = fields.nth(1)?.parse().ok()?;
    (!is_dead).then_some(Process { id, group })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_and_group_are_found_behind_any_name() {
        let group = |stat: &str| of_stat(12, stat).map(|process| process.group);
        assert_eq!(group("12 (sh) S 1 34 34 0 -1"), Some(34));
        assert_eq!(group("12 (a) b) (c) R 1 56 34 0 -1"), Some(56));
        assert_eq!(group("12 (sh) Z 1 34 34 0 -1"), None, "a zombie does nothing any more");
        assert_eq!(group(""), None);
    }

    #[test]
    fn we_live_ourselves() {
        let us = Some(rustix::process::getpgid(None).unwrap());
        assert!(lives(us, "no mark"));
        assert!(strays(us, "no mark").is_empty());
    }
}
