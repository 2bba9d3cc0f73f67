//! How connections are secured: whom we trust and how we prove ourselves, as it was read and found good. Nothing reads a file of
//! these again, so that what was checked is what is used.

use std::{path::PathBuf, sync::Arc};

use tokio_rustls::rustls::{
    Error, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer},
    sign::CertifiedKey,
};

/// How a connection is secured.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// Whose certificates are taken.
    pub trust: Trust,
    /// Who we are, for servers that ask.
    pub identity: Option<Identity>,
    /// Name the server is asked for and must prove; the host by default.
    pub sni: Option<String>,
}

/// Whose certificates are taken.
#[derive(Clone, Debug, Default)]
pub enum Trust {
    /// Those that an authority of the system vouches for.
    #[default]
    System,
    /// Those that one of these authorities vouches for.
    Only(Authorities),
    /// Any.
    Anybody,
}

/// Certificates of authorities, at least one.
#[derive(Clone, Debug)]
pub struct Authorities {
    /// Where they were read, for people.
    pub file: PathBuf,
    certificates: Arc<[CertificateDer<'static>]>,
    roots: Arc<RootCertStore>,
}

/// A certificate of ours with its key.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Where the certificate was read, for people.
    pub file: PathBuf,
    key: Arc<CertifiedKey>,
}

impl Authorities {
    /// Looks into certificates.
    ///
    /// # Errors
    /// One of them can't be read.
    pub fn new(file: impl Into<PathBuf>, certificates: Vec<CertificateDer<'static>>) -> Result<Self, Error> {
        let mut roots = RootCertStore::empty();
        certificates.iter().try_for_each(|certificate| roots.add(certificate.clone()))?;
        Ok(Self { file: file.into(), certificates: certificates.into(), roots: Arc::new(roots) })
    }

    /// Those whose word is taken for a certificate.
    #[must_use]
    pub fn roots(&self) -> Arc<RootCertStore> {
        Arc::clone(&self.roots)
    }

    /// Whether this certificate is one of theirs.
    #[must_use]
    pub fn hold(&self, certificate: &CertificateDer<'_>) -> bool {
        self.certificates.iter().any(|known| known == certificate)
    }
}

impl Identity {
    /// Looks into a chain of certificates, ours first, and a key.
    ///
    /// # Errors
    /// They don't belong together, or are of a kind that can't be used.
    pub fn new(
        file: impl Into<PathBuf>,
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<Self, Error> {
        let key = CertifiedKey::from_der(chain, key, &ring::default_provider())?;
        Ok(Self { file: file.into(), key: Arc::new(key) })
    }

    /// The chain and the key.
    #[must_use]
    pub fn key(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.key)
    }
}
