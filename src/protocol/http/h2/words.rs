//! What went wrong with HTTP/2, in words.

use std::borrow::Cow;

use h2::{Error, Reason};

use crate::{
    protocol::{Failure, tls},
    record::ErrorClass,
};

/// Whether the server says that it has not looked at the request, so that sending it again does no harm (RFC 9113, section 8.7).
pub(super) fn is_unprocessed(error: &Error) -> bool {
    error.is_remote() && (error.is_go_away() || (error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM)))
}

/// The failure of a request.
pub(super) fn of_stream(error: &Error) -> Failure {
    if error.is_io() {
        return of_broken_connection(error, "the connection was closed before the response was complete");
    }
    let reason = error.reason().unwrap_or(Reason::NO_ERROR);
    let (class, message): (_, Cow<'static, str>) = if !error.is_remote() {
        (ErrorClass::Protocol, format!("what the server sent breaks the rules of HTTP/2: {error}").into())
    } else if error.is_go_away() {
        (
            ErrorClass::Reset,
            format!("the server gave the connection up (GOAWAY, {reason:?}) before it looked at the request").into(),
        )
    } else if reason == Reason::HTTP_1_1_REQUIRED {
        (ErrorClass::Protocol, "the server wants HTTP/1.1 for this request; write `target.protocol: http1`".into())
    } else {
        (ErrorClass::Reset, format!("the server reset the stream ({reason:?}): {reason}").into())
    };
    Failure { class, message }
}

/// The failure of a request whose connection was closed after the server had said that it would take no new ones.
pub(super) fn after_goodbye(reason: Reason) -> Failure {
    let message =
        format!("the server had given the connection up (GOAWAY, {reason:?}), and closed it before the response was complete");
    Failure { class: ErrorClass::Reset, message: message.into() }
}

/// The failure of a connection before any request could be sent on it.
pub(super) fn of_opening(error: &Error) -> Failure {
    if error.is_io() {
        return of_broken_connection(error, "the server closed the connection before it sent its HTTP/2 settings");
    }
    let message = if error.is_remote() {
        format!("the server does not want the HTTP/2 connection: {error}")
    } else {
        format!("what the server sent is not HTTP/2 ({error}); write `target.protocol: http1` if it speaks HTTP/1.1")
    };
    Failure { class: ErrorClass::Protocol, message: message.into() }
}

fn of_broken_connection(error: &Error, words: &'static str) -> Failure {
    // A server that does not take our certificate says so only now.
    error.get_io().and_then(tls::failure_of).unwrap_or(Failure::new(ErrorClass::Reset, words))
}
