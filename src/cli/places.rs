//! Where things stand in the repository, for findings that are shown beside their line.

use std::{fs, path::Path};

use crate::{plan::Resolved, report::Places};

/// The configuration inside its repository, and the lines of its endpoints.
pub(super) fn of(resolved: &Resolved) -> Places {
    let workload = &resolved.plan.workload;
    let endpoint = |(id, line): (&usize, &u64)| Some((workload.endpoints.get(*id)?.name.clone(), *line));
    let named = resolved.config.to_str().map(str::to_owned);
    Places { file: in_repository(&resolved.config), named, endpoints: workload.lines.iter().filter_map(endpoint).collect() }
}

/// The path from the root of the repository that a file lies in; `None` for a file in none.
fn in_repository(file: &Path) -> Option<String> {
    let file = fs::canonicalize(file).ok()?;
    let root = file.ancestors().skip(1).find(|folder| folder.join(".git").exists())?;
    let parts = file.strip_prefix(root).ok()?.iter().map(|part| part.to_str()).collect::<Option<Vec<&str>>>()?;
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_from_the_root_of_its_repository() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("shop/perf")).unwrap();
        fs::create_dir(root.path().join("shop/.git")).unwrap();
        let file = root.path().join("shop/perf/loadgate.yml");
        fs::write(&file, "").unwrap();
        assert_eq!(in_repository(&file).as_deref(), Some("perf/loadgate.yml"));
        assert_eq!(in_repository(&root.path().join("missing.yml")), None);
    }
}
