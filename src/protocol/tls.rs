//! Securing a connection: what is trusted, how we prove ourselves, what is spoken inside, and what went wrong in words.

mod trust;
mod words;

use std::{fs, path::Path, sync::Arc};

use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _},
    },
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
    /// Reads the files of a target's `tls:`.
    ///
    /// # Errors
    /// What is wrong with them, in words.
    pub(super) fn new(target: &Target, tls: &Tls) -> Result<Self, String> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .dangerous()
            .with_custom_certificate_verifier(trust::verifier(tls, &provider)?);
        let mut config = match (&tls.client_cert, &tls.client_key) {
            (Some(cert), Some(key)) => {
                let wrong = |error| format!("{} and {}: {error}", cert.display(), key.display());
                builder.with_client_auth_cert(certificates(cert)?, private_key(key)?).map_err(wrong)?
            }
            _ => builder.with_no_client_auth(),
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

/// All certificates of a PEM file.
fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(file)?).collect();
    let found = found.map_err(|error| format!("{}: {error}", file.display()))?;
    if found.is_empty() { Err(format!("{}: there is no certificate in it", file.display())) } else { Ok(found) }
}

/// The first private key of a PEM file.
fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, String> {
    PrivateKeyDer::from_pem_slice(&read(file)?).map_err(|error| format!("{}: {error}", file.display()))
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    fs::read(file).map_err(|error| format!("{}: {error}", file.display()))
}
