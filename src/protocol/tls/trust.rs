//! Whose certificates are taken.

use std::sync::Arc;

use tokio_rustls::rustls::{
    CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};

use crate::plan::{Authorities, Trust};

const NO_AUTHORITIES: &str = "this system has no trusted certificate authorities: install them (the package ca-certificates), \
                              or name a file of them in `target.tls.ca_file`";

/// Checks certificates as a target's `tls:` says.
///
/// # Errors
/// There is nobody to trust.
pub(super) fn verifier(trust: &Trust, provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, String> {
    let (roots, named) = match trust {
        Trust::Anybody => return Ok(Arc::new(Verifier { provider, chain: None, named: None })),
        Trust::Only(authorities) => (authorities.roots(), Some(authorities.clone())),
        Trust::System => (roots_of_system(), None),
    };
    if roots.is_empty() {
        return Err(NO_AUTHORITIES.to_owned());
    }
    let chain = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider)).build();
    Ok(Arc::new(Verifier { provider, chain: Some(chain.map_err(|error| error.to_string())?), named }))
}

fn roots_of_system() -> Arc<RootCertStore> {
    let mut roots = RootCertStore::empty();
    // Among the authorities of a system there is often one that can't be read; the others do.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    Arc::new(roots)
}

/// Whether a certificate is good in itself (its time, too, has been looked at), but is one of an authority, and no authority
/// vouches for itself by the rules. Those that people make for themselves (`openssl req -x509`) are like this.
pub(super) fn is_of_authority(error: &CertificateError) -> bool {
    let CertificateError::Other(why) = error else { return false };
    matches!(why.0.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

#[derive(Debug)]
struct Verifier {
    provider: Arc<CryptoProvider>,
    /// Who looks into the chain; nobody where any certificate is taken. Who does not care whose certificate it is does not care
    /// who holds its key either.
    chain: Option<Arc<WebPkiServerVerifier>>,
    /// Authorities that are taken for servers, too.
    named: Option<Authorities>,
}

impl Verifier {
    /// What the chain is found to be by one who looks, and taken for where nobody does.
    fn signature(
        &self,
        look: impl FnOnce(&WebPkiServerVerifier) -> Result<HandshakeSignatureValid, Error>,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain.as_ref().map_or_else(|| Ok(HandshakeSignatureValid::assertion()), |chain| look(chain))
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        match chain.verify_server_cert(certificate, intermediates, name, ocsp, now) {
            Err(Error::InvalidCertificate(error))
                if is_of_authority(&error) && self.named.as_ref().is_some_and(|named| named.hold(certificate)) =>
            {
                verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signature(|chain| chain.verify_tls12_signature(message, certificate, signature))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signature(|chain| chain.verify_tls13_signature(message, certificate, signature))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
