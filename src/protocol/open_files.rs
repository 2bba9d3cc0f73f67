//! The system gives no more file descriptors: the one failure of a connection that is the generator's own fault.

use std::io;

use super::Failure;
use crate::record::ErrorClass;

/// The failure of a connection that wants for a file descriptor, with the limit and the remedy; `None` for any other error.
pub(super) fn failure_of(error: &io::Error) -> Option<Failure> {
    let message = format!("no file descriptor left for a connection: {}", shortage(error)?);
    Some(Failure { class: ErrorClass::OpenFiles, message: message.into() })
}

/// An error of the system in words: where it gives no file descriptor, with the limit and the remedy.
#[must_use]
pub fn system_error_in_words(error: &io::Error) -> String {
    shortage(error).map_or_else(|| error.to_string(), |why| format!("no file descriptor left: {why}"))
}

/// Which limit an error tells of, and what to do; `None` where it tells of something else.
#[cfg(unix)]
fn shortage(error: &io::Error) -> Option<String> {
    use rustix::{
        io::Errno,
        process::{Resource, getrlimit},
    };

    let limit = match Errno::from_io_error(error)? {
        Errno::MFILE => {
            let limit = getrlimit(Resource::Nofile).current.map_or("unlimited".to_owned(), |limit| limit.to_string());
            format!("this process may open {limit} files")
        }
        Errno::NFILE => "the limit of the whole system is reached".to_owned(),
        _ => return None,
    };
    Some(format!("{limit}; raise it (`ulimit -n`) or use fewer connections (`http.connections.max`)"))
}

/// Other systems do not tell.
#[cfg(not(unix))]
fn shortage(_: &io::Error) -> Option<String> {
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
        let words = system_error_in_words(&error);
        assert!(words.starts_with("no file descriptor left: this process may open ") && words.contains("ulimit -n"), "{words}");
        let other: io::Error = io::ErrorKind::ConnectionRefused.into();
        assert_eq!(system_error_in_words(&other), other.to_string());
    }
}
