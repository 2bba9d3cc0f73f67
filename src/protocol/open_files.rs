//! The system gives no more file descriptors: the one failure of a connection that is the generator's own fault.

use std::io;

use super::Failure;
use crate::record::ErrorClass;

/// The failure of a connection that wants for a file descriptor, with the limit and the remedy; `None` for any other error.
#[cfg(unix)]
pub(super) fn failure_of(error: &io::Error) -> Option<Failure> {
    use rustix::{
        io::Errno,
        process::{Resource, getrlimit},
    };

    let remedy = "raise it (`ulimit -n`) or use fewer connections (`http.connections.max`)";
    let message = match Errno::from_io_error(error)? {
        Errno::MFILE => {
            let limit = getrlimit(Resource::Nofile).current.map_or("unlimited".to_owned(), |limit| limit.to_string());
            format!("no file descriptor left for a connection: this process may open {limit} files; {remedy}")
        }
        Errno::NFILE => format!("no file descriptor left for a connection: the limit of the whole system is reached; {remedy}"),
        _ => return None,
    };
    Some(Failure { class: ErrorClass::OpenFiles, message: message.into() })
}

/// The failure of a connection that wants for a file descriptor; other systems do not tell.
#[cfg(not(unix))]
pub(super) fn failure_of(_: &io::Error) -> Option<Failure> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_named_with_the_remedy() {
        let error = rustix::io::Errno::MFILE.into();
        let failure = failure_of(&error).unwrap();
        assert_eq!(failure.class, ErrorClass::OpenFiles);
        assert!(failure.message.contains("ulimit -n") && failure.message.chars().any(|c| c.is_ascii_digit()), "{failure:?}");
        assert_eq!(failure_of(&io::ErrorKind::ConnectionRefused.into()), None);
    }
}
