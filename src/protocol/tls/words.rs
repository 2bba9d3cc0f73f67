//! What went wrong with TLS, in words that say what to do.

use std::io;

use tokio_rustls::rustls::{AlertDescription, CertificateError, Error, pki_types::ServerName};

use super::trust::is_of_authority;
use crate::{protocol::Failure, record::ErrorClass};

/// The server was asked for HTTP/2 alone.
pub(super) const NO_HTTP2: &str = "the server does not speak HTTP/2 over TLS; write `protocol: auto` or `http1` for it";

/// The failure behind an error of a secured connection, if it is one of TLS: a server that wants a certificate of ours says so
/// only after the handshake.
pub(in crate::protocol) fn failure_of(error: &io::Error) -> Option<Failure> {
    let error = error.get_ref()?.downcast_ref::<Error>()?;
    Some(Failure { class: ErrorClass::Tls, message: in_words(error).into() })
}

/// A handshake that failed.
pub(super) fn of_handshake(error: &io::Error) -> Failure {
    failure_of(error).unwrap_or_else(|| match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
            Failure::new(ErrorClass::Tls, "the server closed the connection during the TLS handshake; is this a port for https?")
        }
        _ => Failure::of(ErrorClass::Tls, error),
    })
}

fn in_words(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(error) => of_certificate(error),
        Error::InvalidMessage(_) => "what the server sent is not TLS; is this a port for https?".to_owned(),
        Error::AlertReceived(AlertDescription::CertificateRequired) => {
            "the server wants a client certificate; give it one with `target.tls.client_cert` and `client_key`".to_owned()
        }
        Error::AlertReceived(AlertDescription::NoApplicationProtocol) | Error::NoApplicationProtocol => NO_HTTP2.to_owned(),
        Error::AlertReceived(AlertDescription::UnrecognisedName) => {
            "the server does not know the name it was asked for; give it another with `target.tls.sni`".to_owned()
        }
        Error::AlertReceived(alert) => format!("the server refuses the TLS connection: {}", spaced(&format!("{alert:?}"))),
        Error::PeerIncompatible(why) => {
            format!("the server shares no version or cipher of TLS with us: {}", spaced(&format!("{why:?}")))
        }
        other => other.to_string(),
    }
}

fn of_certificate(error: &CertificateError) -> String {
    use CertificateError as E;
    match error {
        E::Expired => "the server's certificate has expired".to_owned(),
        E::ExpiredContext { not_after, .. } => {
            format!(
                "the server's certificate has expired{}",
                date(not_after.as_secs()).map_or_else(String::new, |on| format!(" on {on}"))
            )
        }
        E::NotValidYet => "the server's certificate is not valid yet".to_owned(),
        E::NotValidYetContext { not_before, .. } => {
            let from = date(not_before.as_secs()).map_or_else(String::new, |on| format!(", but from {on} on"));
            format!("the server's certificate is not valid yet{from}")
        }
        E::UnknownIssuer => {
            "the server's certificate is self-signed or of an unknown issuer; name its authority in `target.tls.ca_file`"
                .to_owned()
        }
        E::BadSignature => {
            "the server's certificate is not signed by the authority it names; is `target.tls.ca_file` the one of this service?"
                .to_owned()
        }
        E::NotValidForName => "the server's certificate is for another name; ask for that one with `target.tls.sni`".to_owned(),
        E::NotValidForNameContext { expected, presented } => of_name(expected, presented),
        error if is_of_authority(error) => {
            "the server's certificate is self-signed; name the file that holds it in `target.tls.ca_file`".to_owned()
        }
        other => format!("the server's certificate is not taken: {}", Error::InvalidCertificate(other.clone())),
    }
}

fn of_name(expected: &ServerName<'_>, presented: &[String]) -> String {
    // `DnsName("shop.example.com")` or `IpAddress(10.0.0.1)` as the library writes them.
    let name = |written: &String| {
        let inner = written.split_once('(').map_or(written.as_str(), |(_, rest)| rest.trim_end_matches(')'));
        inner.trim_matches('"').to_owned()
    };
    let presented: Vec<String> = presented.iter().take(3).map(name).collect();
    let others = if presented.is_empty() { "no name".to_owned() } else { presented.join(", ") };
    format!("the server's certificate is for {others}, not for {}; `target.tls.sni` sets the name", expected.to_str())
}

fn date(seconds: u64) -> Option<String> {
    let moment = jiff::Timestamp::from_second(i64::try_from(seconds).ok()?).ok()?;
    Some(moment.strftime("%Y-%m-%d").to_string())
}

/// `HandshakeFailure` as `handshake failure`.
fn spaced(name: &str) -> String {
    let mut words = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(c.to_ascii_lowercase());
    }
    words
}
