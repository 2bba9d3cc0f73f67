//! What can go wrong with a WebSocket connection, by class.

use std::io;

use http::StatusCode;
use tokio_tungstenite::tungstenite::{
    Error,
    error::ProtocolError,
    protocol::frame::{CloseFrame, coding::CloseCode},
};

use crate::{
    protocol::{Failure, connect},
    record::ErrorClass,
};

/// The failure behind an error of a connection that is open, or of its handshake.
pub(super) fn failure_of(error: &Error) -> Failure {
    match error {
        Error::Io(error) => of_io(error),
        Error::Http(response) => of_status(response.status()),
        Error::Capacity(_) => Failure::of(ErrorClass::MessageTooBig, error),
        Error::ConnectionClosed
        | Error::AlreadyClosed
        | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake | ProtocolError::HandshakeIncomplete) => {
            Failure::new(ErrorClass::Reset, "the connection ended without a close message")
        }
        other => Failure::of(ErrorClass::Protocol, other),
    }
}

fn of_io(error: &io::Error) -> Failure {
    let failure = connect::failure_of(error);
    // There was a connection: whatever became of it, it is not that it could not be made.
    let is_of_making = matches!(failure.class, ErrorClass::ConnectFailed | ErrorClass::TimeoutConnect);
    if is_of_making { Failure { class: ErrorClass::Reset, ..failure } } else { failure }
}

/// An answer to the handshake that is not the one that opens the connection.
fn of_status(status: StatusCode) -> Failure {
    let class = match status.as_u16() {
        400..=499 => ErrorClass::Status4xx,
        500.. => ErrorClass::Status5xx,
        _ => ErrorClass::Protocol,
    };
    Failure::told(class, &format!("status {} instead of a WebSocket connection", status.as_u16()))
}

/// A connection that the target closed.
pub(super) fn of_close(frame: Option<&CloseFrame>) -> Failure {
    let code = frame.map(|frame| u16::from(frame.code));
    let class = ErrorClass::of_close(code);
    match frame {
        None => Failure::new(class, "the target closed the connection without a code"),
        Some(CloseFrame { code: CloseCode::Status, .. }) => {
            Failure::new(class, "the target closed the connection without a code")
        }
        Some(CloseFrame { code, reason }) if reason.is_empty() => {
            Failure::told(class, &format!("the target closed the connection with code {code}"))
        }
        Some(CloseFrame { code, reason }) => {
            Failure::told(class, &format!("the target closed the connection with code {code}: {reason}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_codes_have_classes_of_their_own() {
        let of = |code: u16, reason: &'static str| {
            let failure = of_close(Some(&CloseFrame { code: code.into(), reason: reason.into() }));
            (failure.class.name(), failure.message.into_owned())
        };
        assert_eq!(of(1011, "boom"), ("close.1011", "the target closed the connection with code 1011: boom".to_owned()));
        assert_eq!(of(1001, ""), ("close.1001", "the target closed the connection with code 1001".to_owned()));
        assert_eq!(of(4000, "").0, "close.other");
        assert_eq!(of_close(None).class.name(), "close.none");
        assert!(ErrorClass::Close1011.is_named("close") && ErrorClass::CloseNone.is_named("close"));
    }

    #[test]
    fn an_end_without_a_close_message_is_a_reset() {
        for kind in [io::ErrorKind::ConnectionReset, io::ErrorKind::BrokenPipe, io::ErrorKind::UnexpectedEof] {
            assert_eq!(failure_of(&Error::Io(kind.into())).class, ErrorClass::Reset, "{kind:?}");
        }
        assert_eq!(failure_of(&Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)).class, ErrorClass::Reset);
        assert_eq!(failure_of(&Error::Protocol(ProtocolError::MaskedFrameFromServer)).class, ErrorClass::Protocol);
    }

    #[test]
    fn a_refused_handshake_is_told_by_its_status() {
        let of = |status| {
            let failure = of_status(StatusCode::from_u16(status).unwrap());
            (failure.class, failure.message.into_owned())
        };
        assert_eq!(of(403), (ErrorClass::Status4xx, "status 403 instead of a WebSocket connection".to_owned()));
        assert_eq!((of(503).0, of(200).0), (ErrorClass::Status5xx, ErrorClass::Protocol));
    }
}
