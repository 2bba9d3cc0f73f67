//! Authorities, certificates and servers behind TLS, made for one test.

use std::{
    net::TcpStream,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use loadgate::plan::{Authorities, Identity};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio_rustls::rustls::{
    RootCertStore, ServerConfig, ServerConnection, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
    server::WebPkiClientVerifier,
};

use crate::scripted::server;

/// A certificate with its key.
pub(crate) struct Certificate {
    pub(crate) pem: String,
    pub(crate) key_pem: String,
    der: CertificateDer<'static>,
    key: Vec<u8>,
}

/// Somebody who vouches for certificates.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: tempfile::TempDir,
}

/// What a server behind TLS demands and offers.
#[derive(Default)]
pub(crate) struct Https {
    /// Who vouches for the clients it takes.
    pub(crate) clients_of: Option<CertificateDer<'static>>,
    /// Protocols offered by ALPN; none: the extension is not known.
    pub(crate) alpn: Vec<&'static str>,
    /// Names that clients asked for.
    pub(crate) asked_for: Arc<Mutex<Vec<Option<String>>>>,
    /// Connections that resumed a session.
    pub(crate) resumed: Arc<Mutex<usize>>,
}

/// A connection to a client, secured.
pub(crate) type Secured = StreamOwned<ServerConnection, TcpStream>;

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { issuer, folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn der(&self) -> CertificateDer<'static> {
        self.issuer.der().clone()
    }

    /// A PEM file; it lives as long as the authority.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// What trusts it alone.
    pub(crate) fn authorities(&self) -> Authorities {
        Authorities::new("ca.pem", vec![self.der()]).unwrap()
    }

    /// The file to trust.
    pub(crate) fn ca_file(&self) -> PathBuf {
        self.file("ca.pem", &self.issuer.pem())
    }

    /// A certificate for these names or addresses, changed as the test needs it.
    pub(crate) fn certificate(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Certificate {
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        change(&mut params);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Certificate {
            pem: certificate.pem(),
            key_pem: key.serialize_pem(),
            der: certificate.der().clone(),
            key: key.serialize_der(),
        }
    }
}

impl Certificate {
    /// What trusts it alone.
    pub(crate) fn authorities(&self) -> Authorities {
        Authorities::new("self.pem", vec![self.der.clone()]).unwrap()
    }

    /// What proves who we are with it.
    pub(crate) fn identity(&self) -> Identity {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.clone()));
        Identity::new("own.pem", vec![self.der.clone()], key).unwrap()
    }
}

/// A certificate that vouches for itself, as `openssl req -x509` makes it, changed as the test needs it.
pub(crate) fn self_signed(name: &str, change: impl FnOnce(&mut CertificateParams)) -> Certificate {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    change(&mut params);
    let certificate = params.self_signed(&key).unwrap();
    Certificate { pem: certificate.pem(), key_pem: key.serialize_pem(), der: certificate.der().clone(), key: key.serialize_der() }
}

impl Https {
    /// What a TLS server is configured with.
    pub(crate) fn config(&self, certificate: &Certificate) -> ServerConfig {
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions().unwrap();
        let builder = match &self.clients_of {
            None => builder.with_no_client_auth(),
            Some(authority) => {
                let mut roots = RootCertStore::empty();
                roots.add(authority.clone()).unwrap();
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
                builder.with_client_cert_verifier(verifier)
            }
        };
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(certificate.key.clone()));
        let mut config = builder.with_single_cert(vec![certificate.der.clone()], key).unwrap();
        config.alpn_protocols = self.alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        config
    }

    /// Serves each connection with `serve` once its handshake is done. Returns the port.
    pub(crate) fn serve(&self, certificate: &Certificate, serve: impl Fn(Secured) + Clone + Send + 'static) -> u16 {
        let config = Arc::new(self.config(certificate));
        let (asked_for, resumed) = (Arc::clone(&self.asked_for), Arc::clone(&self.resumed));
        server(move |mut tcp| {
            let mut session = ServerConnection::new(Arc::clone(&config)).unwrap();
            let handshake = session.complete_io(&mut tcp);
            asked_for.lock().unwrap().push(session.server_name().map(str::to_owned));
            if handshake.is_ok() {
                let is_resumed = session.handshake_kind() == Some(tokio_rustls::rustls::HandshakeKind::Resumed);
                *resumed.lock().unwrap() += usize::from(is_resumed);
                serve(StreamOwned::new(session, tcp));
            } else {
                // The alert that says why must still go out.
                let _ = session.complete_io(&mut tcp);
            }
        })
    }
}
