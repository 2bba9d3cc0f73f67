//! Running git, for a branch of the repository that holds baselines and for what a commit descends from.
//!
//! Nothing of the user's work is touched: no file of the work tree, no index, no branch, no hook.

mod branch;
mod lineage;

pub use branch::{BRANCH, Branch, Laid};
pub use lineage::Lineage;

use std::{
    fs::File,
    io::{self, Read as _, Seek as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use base64::Engine as _;

use super::error::StoreError;
use crate::clock::{self, Duration};

/// How long one call may take: fetching and pushing go over a network.
const LIMIT: Duration = Duration::from_secs(120);
/// Time between two looks at a call.
const STEP: Duration = Duration::from_millis(5);
/// Variables of a surrounding git that would lead ours to another repository, such as in a hook.
const SURROUNDING: [&str; 5] = ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY"];
/// Whoever made the commits: a program, and no account.
const AUTHOR: [(&str, &str); 4] = [
    ("GIT_AUTHOR_NAME", "loadgate"),
    ("GIT_AUTHOR_EMAIL", "loadgate@users.noreply.github.com"),
    ("GIT_COMMITTER_NAME", "loadgate"),
    ("GIT_COMMITTER_EMAIL", "loadgate@users.noreply.github.com"),
];

/// A token for the server where the repository is, for checkouts that keep none.
#[derive(Clone)]
pub struct Access {
    /// `https://github.com`; the token goes nowhere else.
    pub server: String,
    /// Never shown, and never on a command line, where other processes could read it.
    pub token: String,
}

impl Access {
    /// Settings of git for its environment. The empty one takes away what a checkout kept: two would be refused.
    fn settings(&self) -> [(String, String); 2] {
        let key = format!("http.{}/.extraheader", self.server.trim_end_matches('/'));
        let basic = base64::engine::general_purpose::STANDARD.encode(format!("x-access-token:{}", self.token));
        [(key.clone(), String::new()), (key, format!("AUTHORIZATION: basic {basic}"))]
    }
}

/// git in a repository.
#[derive(Clone)]
struct Git {
    /// A folder of the work tree.
    folder: PathBuf,
    access: Option<Access>,
    /// More of the environment.
    variables: Vec<(&'static str, PathBuf)>,
}

/// What a call came to.
struct Answer {
    is_success: bool,
    text: String,
    trouble: String,
}

impl Git {
    fn within(folder: &Path, access: Option<Access>) -> Self {
        // A bare file name has an empty parent.
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        Self { folder: folder.to_owned(), access, variables: Vec::new() }
    }

    /// The output of a call, without the end of its last line.
    fn ask(&self, args: &[&str]) -> Result<String, StoreError> {
        let answer = self.call(args)?;
        if answer.is_success { Ok(answer.text) } else { Err(trouble(args, &answer.trouble)) }
    }

    fn call(&self, args: &[&str]) -> Result<Answer, StoreError> {
        let io = |error: io::Error| trouble(args, &error.to_string());
        let (mut out, mut err) = (tempfile::tempfile().map_err(io)?, tempfile::tempfile().map_err(io)?);
        let mut command = self.command(args);
        command.stdout(out.try_clone().map_err(io)?).stderr(err.try_clone().map_err(io)?);
        let mut child = command.spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => trouble(args, "git is not installed"),
            _ => io(error),
        })?;
        let began = clock::now();
        let status = loop {
            if let Some(status) = child.try_wait().map_err(io)? {
                break status;
            }
            if clock::now().saturating_duration_since(began) >= LIMIT {
                child.kill().and_then(|()| child.wait()).map_err(io)?;
                return Err(trouble(args, &format!("no answer within {LIMIT:.0?}")));
            }
            clock::pause(STEP);
        };
        Ok(Answer { is_success: status.success(), text: text(&mut out).map_err(io)?, trouble: text(&mut err).map_err(io)? })
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("git");
        for name in SURROUNDING {
            command.env_remove(name);
        }
        command.args(["-c", "core.autocrlf=false", "-c", "gc.auto=0", "-c", "maintenance.auto=false"]).args(args);
        // What git says is read; nobody is there to be asked for a password.
        command.envs([("LC_ALL", "C"), ("GIT_TERMINAL_PROMPT", "0")]).envs(AUTHOR);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        if let Some(access) = &self.access {
            command.env("GIT_CONFIG_COUNT", "2");
            for (n, (key, value)) in access.settings().into_iter().enumerate() {
                command.env(format!("GIT_CONFIG_KEY_{n}"), key).env(format!("GIT_CONFIG_VALUE_{n}"), value);
            }
        }
        command.current_dir(&self.folder).stdin(Stdio::null());
        command
    }
}

fn text(file: &mut File) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
}

/// What git refused, by its own words: those after `fatal:` or `error:` where there are any.
fn trouble(args: &[&str], said: &str) -> StoreError {
    let lines = || said.lines().map(str::trim).filter(|line| !line.is_empty());
    let marked = lines().find_map(|line| line.strip_prefix("fatal: ").or_else(|| line.strip_prefix("error: ")));
    let reason = marked.or_else(|| lines().next_back()).unwrap_or("no reason given").to_owned();
    StoreError::Git { what: args.first().copied().unwrap_or_default().to_owned(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_to_its_server_alone_and_takes_the_place_of_what_the_checkout_kept() {
        let access = Access { server: "https://github.com/".to_owned(), token: "t0ken".to_owned() };
        let key = "http.https://github.com/.extraheader".to_owned();
        let header = "AUTHORIZATION: basic eC1hY2Nlc3MtdG9rZW46dDBrZW4=".to_owned();
        assert_eq!(access.settings(), [(key.clone(), String::new()), (key, header)]);
        let command = Git::within(Path::new("."), Some(access)).command(&["fetch"]);
        assert!(!command.get_args().any(|arg| arg.to_string_lossy().contains("eC1h")), "others can read command lines");
    }

    #[test]
    fn what_git_refuses_is_told_in_its_own_words() {
        let said = "remote: Permission denied\nfatal: unable to access 'https://x/': 403\n";
        assert_eq!(trouble(&["push"], said).to_string(), "git push: unable to access 'https://x/': 403");
        assert_eq!(trouble(&["push"], "").to_string(), "git push: no reason given");
    }
}
