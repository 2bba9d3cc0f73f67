//! How a command came to its end, and what that usually means.

use std::fmt;

/// How the leader of a group ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself, with an exit code.
    Code(i32),
    /// By a signal.
    Signal(i32),
    /// The system does not tell.
    Unknown,
}

/// Exit codes by which a shell says that it could not run the command.
const NOT_FOUND: i32 = 127;
const NOT_EXECUTABLE: i32 = 126;
const KILLED: i32 = 9;

impl End {
    /// Whether a command that is meant to end has done its work.
    #[must_use]
    pub fn is_success(self) -> bool {
        self == Self::Code(0)
    }

    /// What to do about a service that ended so.
    #[must_use]
    pub fn hint_of_service(self) -> Option<&'static str> {
        match self {
            Self::Code(0) => Some(
                "a service must stay in the foreground until it is stopped: no `&` at its end, no `docker compose up -d`, \
                 no `daemon on`",
            ),
            Self::Signal(KILLED) => Some("the system kills what takes too much memory: look at its limits"),
            _ => self.hint(),
        }
    }

    /// What to do about a command that ended so.
    #[must_use]
    pub fn hint(self) -> Option<&'static str> {
        match self {
            Self::Code(NOT_FOUND) => Some(
                "build it first, or correct its path: commands of the configuration run in the folder of the configuration, those of \
                 flags in the current one",
            ),
            Self::Code(NOT_EXECUTABLE) => Some("make the file executable: chmod +x"),
            _ => None,
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(NOT_FOUND) => write!(f, "the command was not found (exit code {NOT_FOUND})"),
            Self::Code(NOT_EXECUTABLE) => write!(f, "the command could not be executed (exit code {NOT_EXECUTABLE})"),
            Self::Code(code) => write!(f, "it ended by itself (exit code {code})"),
            Self::Signal(signal) => match name(*signal) {
                Some(name) => write!(f, "it was ended by {name}"),
                None => write!(f, "it was ended by signal {signal}"),
            },
            Self::Unknown => f.write_str("it ended by itself"),
        }
    }
}

/// Signals whose numbers are the same on all systems.
fn name(signal: i32) -> Option<&'static str> {
    Some(match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        4 => "SIGILL",
        6 => "SIGABRT",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        15 => "SIGTERM",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_of_the_shell_are_understood() {
        assert_eq!(End::Code(127).to_string(), "the command was not found (exit code 127)");
        assert_eq!(End::Code(126).to_string(), "the command could not be executed (exit code 126)");
        assert_eq!(End::Code(3).to_string(), "it ended by itself (exit code 3)");
        assert_eq!(End::Signal(11).to_string(), "it was ended by SIGSEGV");
        assert_eq!(End::Signal(64).to_string(), "it was ended by signal 64");
        assert!(End::Code(0).hint_of_service().unwrap().contains("foreground"));
        assert_eq!((End::Code(0).hint(), End::Code(3).hint_of_service()), (None, None));
    }
}
