//! How GitHub is reached: straight, or through the proxy that the environment names.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::{
    legacy::connect::{HttpConnector, proxy::Tunnel},
    proxy::matcher::{Intercept, Matcher},
};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};
use tower_service::Service;

use crate::env;

type Failed = Box<dyn std::error::Error + Send + Sync>;
type Stream = <HttpConnector as Service<Uri>>::Response;

/// Connects to whatever has to be connected to for an address.
#[derive(Clone, Debug)]
pub(super) struct Route {
    direct: HttpConnector,
    proxies: Arc<Matcher>,
}

/// A connector with TLS where the address asks for it.
///
/// # Errors
/// The cryptography of this build can't speak TLS.
pub(super) fn connector(base: &Uri, connect: Duration) -> Result<HttpsConnector<Route>, Failed> {
    let mut direct = HttpConnector::new();
    direct.enforce_http(false);
    direct.set_nodelay(true);
    direct.set_connect_timeout(Some(connect));
    let route = Route { direct, proxies: Arc::new(proxies(env::lookup)) };
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots(base))
        .with_no_client_auth();
    Ok(HttpsConnectorBuilder::new().with_tls_config(config).https_or_http().enable_http1().wrap_connector(route))
}

/// The authorities of the system, or those that `SSL_CERT_FILE` names. Reading them takes a while, so plain HTTP does without.
fn roots(base: &Uri) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    if base.scheme_str() != Some("http") {
        // Certificates of the system that can't be read are the system's affair: one good one suffices.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    roots
}

/// The proxies that variables name, in capitals as runners have it or in small letters as shells have it.
fn proxies(lookup: impl Fn(&str) -> Option<String>) -> Matcher {
    let either = |names: [&str; 2]| names.into_iter().find_map(&lookup).unwrap_or_default();
    Matcher::builder()
        .all(either(env::ALL_PROXY))
        .http(either(env::HTTP_PROXY))
        .https(either(env::HTTPS_PROXY))
        .no(either(env::NO_PROXY))
        .build()
}

impl Service<Uri> for Route {
    type Response = Stream;
    type Error = Failed;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, Failed>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Failed>> {
        self.direct.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        match self.proxies.intercept(&to) {
            None => {
                let connecting = self.direct.call(to);
                Box::pin(async move { Ok(connecting.await?) })
            }
            Some(proxy) => {
                let connecting = tunnel(&proxy, self.direct.clone()).call(with_port(&to));
                Box::pin(async move { Ok(connecting.await?) })
            }
        }
    }
}

/// Plain HTTP goes through a tunnel as well: one way through a proxy is enough, and every proxy of a CI knows it.
fn tunnel(proxy: &Intercept, direct: HttpConnector) -> Tunnel<HttpConnector> {
    let tunnel = Tunnel::new(proxy.uri().clone(), direct);
    match proxy.basic_auth() {
        Some(credentials) => tunnel.with_auth(credentials.clone()),
        None => tunnel,
    }
}

/// A tunnel takes 443 where there is no port, also for plain HTTP.
fn with_port(to: &Uri) -> Uri {
    let plain = to.scheme_str() == Some("http") && to.port().is_none();
    let named = to.host().filter(|_| plain).and_then(|host| format!("http://{host}:80{}", to.path()).parse().ok());
    named.unwrap_or_else(|| to.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(variables: &[(&str, &str)], address: &str) -> Option<String> {
        let lookup = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        proxies(lookup).intercept(&address.parse().unwrap()).map(|proxy| proxy.uri().to_string())
    }

    #[test]
    fn the_environment_says_which_proxy_is_taken_and_for_whom_none() {
        let set = [("HTTPS_PROXY", "http://proxy.corp:3128"), ("no_proxy", "ghes.corp,10.0.0.0/8")];
        assert_eq!(through(&set, "https://api.github.com/x").as_deref(), Some("http://proxy.corp:3128/"));
        assert_eq!(through(&set, "https://ghes.corp/api/v3"), None);
        assert_eq!(through(&set, "https://10.1.2.3/api/v3"), None);
        assert_eq!(through(&set, "http://api.github.com"), None, "no proxy is named for plain HTTP");
        assert_eq!(through(&[], "https://api.github.com"), None);
        assert_eq!(through(&[("all_proxy", "p:1")], "http://a.b").as_deref(), Some("http://p:1/"));
    }

    #[test]
    fn a_tunnel_for_plain_http_goes_to_its_own_port() {
        let port = |address: &str| with_port(&address.parse().unwrap()).to_string();
        assert_eq!(port("http://ghes.corp/api/v3"), "http://ghes.corp:80/api/v3");
        assert_eq!(port("http://ghes.corp:8080/x"), "http://ghes.corp:8080/x");
        assert_eq!(port("https://ghes.corp/x"), "https://ghes.corp/x");
    }
}
