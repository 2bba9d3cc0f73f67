//! Securing a connection: what is trusted, how we prove ourselves, what is spoken inside, and what went wrong in words.

mod trust;
mod words;

use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{ClientConfig, crypto::ring, pki_types::ServerName, sign::SingleCertAndKey},
};

use super::Failure;
use crate::{
    plan::{HttpVersion, Target, Tls},
    record::ErrorClass,
};

pub(super) use words::failure_of;

/// Name of HTTP/2 in the handshake.
const H2: &[u8] = b"h2";
/// Name of HTTP/1.1 in the handshake.
const HTTP1: &[u8] = b"http/1.1";

/// How connections to one target are secured. Sessions are resumed where the server lets us, over all threads.
#[derive(Clone)]
pub(super) struct Secured {
    connector: TlsConnector,
    name: ServerName<'static>,
    protocol: HttpVersion,
}

impl std::fmt::Debug for Secured {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secured").field("name", &self.name).field("protocol", &self.protocol).finish_non_exhaustive()
    }
}

impl Secured {
    /// Makes ready what a target's `tls:` says.
    ///
    /// # Errors
    /// There is nobody to trust, or no such server can be asked for; in words.
    pub(super) fn new(target: &Target, tls: &Tls) -> Result<Self, String> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .dangerous()
            .with_custom_certificate_verifier(trust::verifier(&tls.trust, provider)?);
        let mut config = match &tls.identity {
            Some(identity) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(identity.key()))),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = match target.protocol {
            HttpVersion::Auto => vec![H2.to_vec(), HTTP1.to_vec()],
            HttpVersion::Http2 => vec![H2.to_vec()],
            HttpVersion::Http1 | HttpVersion::H2c => vec![HTTP1.to_vec()],
        };
        let name = tls.sni.as_ref().unwrap_or(&target.host).clone();
        let name = ServerName::try_from(name.clone()).map_err(|_| format!("'{name}' can't be the name of a TLS server"))?;
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), name, protocol: target.protocol })
    }

    /// Makes the handshake. Returns whether HTTP/2 is spoken inside.
    ///
    /// # Errors
    /// The server is not who it should be, does not want us, or speaks something else.
    pub(super) async fn handshake(&self, tcp: TcpStream) -> Result<(TlsStream<TcpStream>, bool), Failure> {
        let stream = self.connector.connect(self.name.clone(), tcp).await.map_err(|error| words::of_handshake(&error))?;
        let h2 = stream.get_ref().1.alpn_protocol() == Some(H2);
        if self.protocol == HttpVersion::Http2 && !h2 {
            return Err(Failure::new(ErrorClass::Tls, words::NO_HTTP2));
        }
        Ok((stream, h2))
    }
}
