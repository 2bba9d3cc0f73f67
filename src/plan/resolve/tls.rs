//! `target.tls` -> how connections are secured. The files are looked into here, so that a wrong one is found before any load.

use tokio_rustls::rustls::{
    Error,
    pki_types::{
        CertificateDer, PrivateKeyDer, ServerName,
        pem::{self, PemObject},
    },
};

use super::Problems;
use crate::{
    config::{Loaded, Path, target as written},
    plan::{Authorities, Identity, Tls, Trust},
};

/// How connections to an `https://` address are secured; what is wrong is noted.
pub(super) fn resolve(written: Option<&written::Tls>, at: &Path, loaded: &Loaded, problems: &Problems<'_>) -> Tls {
    let Some(written) = written else { return Tls::default() };
    let insecure = written.insecure.unwrap_or_default();
    if insecure && written.ca_file.is_some() {
        let hint = "remove one of the two; without `insecure` the certificate must be of this authority";
        problems.add(&at.key("insecure"), "with 'insecure' any certificate is taken, whatever is in 'ca_file'", hint);
    }
    if let Some(name) = &written.sni {
        check_name(name, &at.key("sni"), loaded, problems);
    }
    let named = written.ca_file.as_ref().and_then(|name| authorities(name, &at.key("ca_file"), loaded, problems));
    Tls {
        trust: if insecure { Trust::Anybody } else { named.map_or(Trust::System, Trust::Only) },
        identity: identity(written, at, loaded, problems),
        sni: written.sni.clone(),
    }
}

fn authorities(name: &str, at: &Path, loaded: &Loaded, problems: &Problems<'_>) -> Option<Authorities> {
    let certificates = certificates(name, at, loaded, problems)?;
    let refuse = |error| problems.add(at, format!("a certificate in '{name}' can't be read: {error}"), "export it anew as PEM");
    Authorities::new(loaded.folder().join(name), certificates).map_err(refuse).ok()
}

/// Our certificate and its key, which must belong together.
fn identity(written: &written::Tls, at: &Path, loaded: &Loaded, problems: &Problems<'_>) -> Option<Identity> {
    let (cert_at, key_at) = (at.key("client_cert"), at.key("client_key"));
    let (cert, key) = match (&written.client_cert, &written.client_key) {
        (Some(cert), Some(key)) => (cert, key),
        (Some(_), None) => {
            problems.add(&cert_at, "a certificate is of no use without its key", "add `client_key:`");
            return None;
        }
        (None, Some(_)) => {
            problems.add(&key_at, "a key is of no use without its certificate", "add `client_cert:`");
            return None;
        }
        (None, None) => return None,
    };
    let chain = certificates(cert, &cert_at, loaded, problems);
    let der = private_key(key, &key_at, loaded, problems);
    let refuse = |error| match error {
        Error::InconsistentKeys(_) => {
            let message = format!("'{key}' is not the key of the certificate in '{cert}'");
            problems.add(&key_at, message, "name the key it was made with");
        }
        error => {
            let hint = "loadgate takes RSA, ECDSA (P-256, P-384) and Ed25519 keys";
            problems.add(&key_at, format!("'{key}' can't be used with '{cert}': {error}"), hint);
        }
    };
    Identity::new(loaded.folder().join(cert), chain?, der?).map_err(refuse).ok()
}

fn certificates(name: &str, at: &Path, loaded: &Loaded, problems: &Problems<'_>) -> Option<Vec<CertificateDer<'static>>> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(read(name, at, loaded, problems)?).collect();
    match found {
        Ok(found) if !found.is_empty() => Some(found),
        found => {
            let reason = found.err().map_or_else(String::new, |error| format!(": {error}"));
            let hint =
                "it begins with -----BEGIN CERTIFICATE-----; for a DER file: openssl x509 -inform der -in FILE -out FILE.pem";
            problems.add(at, format!("'{name}' holds no certificate in PEM form{reason}"), hint);
            None
        }
    }
}

fn private_key(name: &str, at: &Path, loaded: &Loaded, problems: &Problems<'_>) -> Option<PrivateKeyDer<'static>> {
    let text = read(name, at, loaded, problems)?;
    let refuse = |message: String, hint: &str| {
        problems.add(at, message, hint);
        None
    };
    match PrivateKeyDer::from_pem_slice(text) {
        Ok(key) => Some(key),
        Err(pem::Error::NoItemsFound) if String::from_utf8_lossy(text).contains("BEGIN ENCRYPTED PRIVATE KEY") => refuse(
            format!("the key in '{name}' is encrypted"),
            "write it without a password: openssl pkey -in FILE -out FILE.key",
        ),
        Err(pem::Error::NoItemsFound) => {
            refuse(format!("'{name}' holds no private key in PEM form"), "it begins with -----BEGIN PRIVATE KEY-----")
        }
        Err(error) => {
            refuse(format!("'{name}' holds no private key in PEM form: {error}"), "it begins with -----BEGIN PRIVATE KEY-----")
        }
    }
}

fn read<'a>(name: &str, at: &Path, loaded: &'a Loaded, problems: &Problems<'_>) -> Option<&'a [u8]> {
    let note =
        |reason| problems.add(at, format!("'{name}': {reason}"), "relative paths start from the folder of the configuration");
    loaded.files.get(name).map_err(note).ok()
}

fn check_name(name: &str, at: &Path, loaded: &Loaded, problems: &Problems<'_>) {
    if loaded.secrets.appear_in(name) {
        problems.add(
            at,
            "the name the server is asked for holds a secret",
            "write it openly; it goes over the wire in the clear",
        );
    } else if ServerName::try_from(name).is_err() {
        problems.add(
            at,
            format!("'{name}' can't be the name of a server"),
            "write a host without scheme, port or path: shop.example.com",
        );
    }
}
