//! Why a request got no answer, read from what a tool says in words.

use crate::record::ErrorClass;

/// Words of the messages of Go and Java, the more special ones first.
const WORDS: [(&str, ErrorClass); 20] = [
    ("connecttimeout", ErrorClass::TimeoutConnect),
    ("connect timed out", ErrorClass::TimeoutConnect),
    ("i/o timeout", ErrorClass::TimeoutConnect),
    ("sockettimeout", ErrorClass::TimeoutRequest),
    ("timed out", ErrorClass::TimeoutRequest),
    ("timeout", ErrorClass::TimeoutRequest),
    ("deadline exceeded", ErrorClass::TimeoutRequest),
    ("no such host", ErrorClass::Dns),
    ("unknownhost", ErrorClass::Dns),
    ("refused", ErrorClass::ConnectRefused),
    ("unreachable", ErrorClass::ConnectFailed),
    ("noroutetohost", ErrorClass::ConnectFailed),
    ("x509", ErrorClass::Tls),
    ("tls:", ErrorClass::Tls),
    ("ssl", ErrorClass::Tls),
    ("reset", ErrorClass::Reset),
    ("eof", ErrorClass::Reset),
    ("nohttpresponse", ErrorClass::Reset),
    ("broken pipe", ErrorClass::Reset),
    ("malformed http", ErrorClass::Protocol),
];

/// The class of a failure without a response.
pub(super) fn class(message: &str) -> ErrorClass {
    let message = message.to_ascii_lowercase();
    WORDS.iter().find(|(words, _)| message.contains(words)).map_or(ErrorClass::NoResponse, |(_, class)| *class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_go_and_java_say_becomes_a_class() {
        for (message, expected) in [
            ("Get \"http://127.0.0.1:1/\": dial tcp 127.0.0.1:1: connect: connection refused", ErrorClass::ConnectRefused),
            (
                "Get \"http://h/\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
                ErrorClass::TimeoutRequest,
            ),
            ("dial tcp: lookup nowhere.invalid: no such host", ErrorClass::Dns),
            ("unexpected EOF", ErrorClass::Reset),
            ("read tcp 10.0.0.1:1->10.0.0.2:2: read: connection reset by peer", ErrorClass::Reset),
            ("Non HTTP response code: java.net.SocketTimeoutException", ErrorClass::TimeoutRequest),
            ("Non HTTP response code: org.apache.http.conn.ConnectTimeoutException", ErrorClass::TimeoutConnect),
            ("Non HTTP response code: javax.net.ssl.SSLHandshakeException", ErrorClass::Tls),
            ("Non HTTP response code: java.net.UnknownHostException", ErrorClass::Dns),
            ("something else", ErrorClass::NoResponse),
        ] {
            assert_eq!(class(message), expected, "{message}");
        }
    }
}
