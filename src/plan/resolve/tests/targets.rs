//! Targets: how they are spoken to, how they are secured, and which of them a step asks.

use std::path::Path;

use rcgen::{CertificateParams, KeyPair};

use super::{overrides, refusal, resolved, resolved_with, with_scenarios};
use crate::{
    config::{Overrides, load},
    plan::{HttpVersion, Plan, Resolved, Step, Trust, resolve},
};

/// A right configuration with this target.
fn with_target(target: &str) -> String {
    format!("target: {target}\nstages: [ {{ rate: 10/s, duration: 60s }} ]\nscenarios: [ GET /items ]\n")
}

/// A folder with a certificate and its key, the key of another one, and files that are neither.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let (key, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let certificate = CertificateParams::new(vec!["client".to_owned()]).unwrap().self_signed(&key).unwrap();
    write("cert.pem", &certificate.pem());
    write("key.pem", &key.serialize_pem());
    write("other.pem", &other.serialize_pem());
    write("text.pem", "hello");
    write("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    write("locked.pem", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n");
    folder
}

fn resolved_in(folder: &Path, target: &str) -> Result<Resolved, String> {
    let path = folder.join("loadgate.yml");
    std::fs::write(&path, with_target(target)).unwrap();
    let resolved = load(&path, &Overrides::default()).and_then(|loaded| resolve(&loaded));
    resolved.map_err(|mut error| {
        error.path = "loadgate.yml".into();
        error.to_string()
    })
}

#[test]
fn an_https_address_is_secured_by_the_authorities_of_the_system() {
    let plan = resolved(&with_target("https://shop.example.com/v1")).plan;
    let target = plan.target();
    assert_eq!((target.authority().as_str(), target.base_path.as_str()), ("shop.example.com:443", "/v1"));
    let tls = target.tls.as_ref().unwrap();
    assert!(target.protocol == HttpVersion::Auto && matches!(tls.trust, Trust::System) && tls.identity.is_none(), "{tls:?}");
    assert_eq!(target.caution(), None);
}

#[test]
fn files_of_tls_start_from_the_folder_of_the_configuration() {
    let folder = folder();
    let tls = "{ ca_file: cert.pem, client_cert: cert.pem, client_key: key.pem, sni: shop }";
    let target = format!("{{ base_url: 'https://localhost', protocol: http2, tls: {tls} }}");
    let resolved = resolved_in(folder.path(), &target).unwrap();
    let target = resolved.plan.target();
    let tls = target.tls.as_ref().unwrap();
    let Trust::Only(authorities) = &tls.trust else { panic!("{tls:?}") };
    let own = tls.identity.as_ref().unwrap();
    assert_eq!([&authorities.file, &own.file], [&folder.path().join("cert.pem"); 2]);
    assert!(authorities.hold(&own.key().cert[0]) && authorities.roots().len() == 1);
    assert_eq!((tls.sni.as_deref(), target.protocol), (Some("shop"), HttpVersion::Http2));
}

#[test]
fn who_takes_any_certificate_is_told_what_that_means() {
    let resolved = resolved(&with_target("{ base_url: 'https://localhost', tls: { insecure: true, client_cert: null } }"));
    assert!(resolved.notes[0].contains("`tls.insecure`: anybody could answer for localhost:443"), "{:?}", resolved.notes);
}

#[test]
fn what_tls_can_not_be() {
    let folder = folder();
    let error = |tls: &str| {
        let target = format!("{{ base_url: 'https://localhost', tls: {{ {tls} }} }}");
        resolved_in(folder.path(), &target).map_or_else(|error| error, |_| "it was accepted".to_owned())
    };
    insta::assert_snapshot!(error("ca_file: none.pem"), @r"
    loadgate.yml:1:58: 'none.pem': there is no such file
      1 | target: { base_url: 'https://localhost', tls: { ca_file: none.pem } }
        |                                                          ^
    hint: relative paths start from the folder of the configuration
    ");
    let says = |tls: &str, words: &str, hint: &str| {
        let error = error(tls);
        assert!(error.contains(words) && error.contains(hint), "{tls}: {error}");
    };
    says("ca_file: text.pem", "'text.pem' holds no certificate in PEM form", "openssl x509 -inform der");
    says("ca_file: broken.pem", "a certificate in 'broken.pem' can't be read", "PEM");
    says("ca_file: ''", "the file can't be read", "relative paths start");
    says("client_cert: cert.pem", "a certificate is of no use without its key", "add `client_key:`");
    says("client_key: key.pem", "a key is of no use without its certificate", "add `client_cert:`");
    says(
        "client_cert: cert.pem, client_key: other.pem",
        "'other.pem' is not the key of the certificate in 'cert.pem'",
        "made with",
    );
    says("client_cert: cert.pem, client_key: cert.pem", "'cert.pem' holds no private key in PEM form", "PRIVATE KEY");
    says("client_cert: cert.pem, client_key: locked.pem", "the key in 'locked.pem' is encrypted", "openssl pkey");
    says("ca_file: cert.pem, insecure: true", "with 'insecure' any certificate is taken", "remove one");
    says("sni: 'https://x'", "'https://x' can't be the name of a server", "shop.example.com");
    says("cafile: x", "unknown key 'cafile'", "did you mean 'ca_file'?");
}

#[test]
fn scheme_protocol_and_tls_go_together() {
    let says = |target: &str, words: &str, hint: &str| {
        let error = refusal(&with_target(target));
        assert!(error.contains(words) && error.contains(hint), "{target}: {error}");
    };
    says("{ base_url: 'http://h', protocol: http2 }", "'http2' is spoken over TLS", "h2c");
    says("{ base_url: 'https://h', protocol: h2c }", "'h2c' is spoken without TLS", "http2");
    says("{ base_url: 'http://h', tls: { insecure: true } }", "'tls' means nothing for an http:// address", "https://");
    says("{ base_url: 'https://h', protocol: http3 }", "'http3' is not a value of 'target.protocol'", "http1");
    says("ftp://h", "'ftp://h' is not a web address", "http://127.0.0.1:8080");
    assert_eq!(resolved(&with_target("{ base_url: 'http://h', protocol: h2c }")).plan.target().protocol, HttpVersion::H2c);
}

/// The targets of the request steps, one after the other.
fn asked(plan: &Plan) -> Vec<usize> {
    let steps = plan.workload.scenarios.iter().flat_map(|scenario| &scenario.steps);
    steps.filter_map(Step::request).map(|step| step.request.target).collect()
}

const SEVERAL: &str = "\
targets:
  users: http://127.0.0.1:9001/u
  orders: { base_url: 'https://localhost:9002', headers: { X-Tenant: '7' }, wait_for: { get: /health } }
scenarios:
  - GET /home
  - { name: list, get: /list, target: orders }
  - { name: buy, steps: [ { get: /me, target: users }, { get: /cart }, { post: /orders, target: orders } ] }";

#[test]
fn a_step_names_the_target_it_asks() {
    let plan = resolved(&with_scenarios(SEVERAL)).plan;
    let names: Vec<&str> = plan.targets.iter().map(|target| target.name.as_str()).collect();
    assert_eq!(names, ["target", "orders", "users"]);
    assert_eq!(asked(&plan), [0, 1, 2, 0, 1]);
    assert!(plan.targets[1].tls.is_some() && plan.targets[1].wait_for.is_some());
    assert_eq!(plan.targets[1].headers.len(), 2, "its own, and the marker");
    assert_eq!(plan.targets[2].base_path, "/u");
}

#[test]
fn what_targets_can_not_be() {
    let says = |from: &str, to: &str, words: &str, hint: &str| {
        let error = refusal(&with_scenarios(&SEVERAL.replacen(from, to, 1)));
        assert!(error.contains(words) && error.contains(hint), "{to}: {error}");
    };
    says("target: users", "target: user", "there is no target 'user'", "did you mean 'users'?");
    says("users: http", "target: http", "'target' is the name of the service under `target:`", "another name");
    says("http://127.0.0.1:9001/u", "{ headers: {} }", "'base_url' is missing here", "http://127.0.0.1:8080");
    says("http://127.0.0.1:9001/u", "127.0.0.1:9001", "'127.0.0.1:9001' is not a web address", "scheme");
    says("targets:", "safety: { deny_hosts: [ localhost ] }\ntargets:", "load to 'localhost' is forbidden", "deny_hosts");
    says("targets:", "safety: { allow_hosts: [ 127.0.0.1 ] }\ntargets:", "the host 'localhost' is not in", "allow_hosts");
    let alone = refusal(&with_scenarios("scenarios: [ { name: list, get: /list, target: orders } ]"));
    assert!(alone.contains("targets: { orders: http://127.0.0.1:8081 }"), "{alone}");
    let beside = refusal(&with_scenarios("scenarios: [ { name: a, target: x, steps: [ { get: /a } ] } ]"));
    assert!(beside.contains("'target' belongs to a step"), "{beside}");
}

#[test]
fn how_targets_are_spoken_to_is_part_of_the_workload() {
    let hash = |text: &str| resolved(text).plan.workload.hash;
    let plain = hash(&with_target("http://127.0.0.1:8080"));
    assert_eq!(plain, hash(&with_target("{ base_url: 'http://localhost:99', protocol: auto }")));
    assert_ne!(plain, hash(&with_target("https://127.0.0.1:8080")));
    assert_ne!(plain, hash(&with_target("{ base_url: 'http://127.0.0.1:8080', protocol: h2c }")));
    let several = with_scenarios(SEVERAL);
    assert_ne!(hash(&several), hash(&several.replacen("target: users", "target: orders", 1)));
    assert_eq!(hash(&several), hash(&several.replace("http://127.0.0.1:9001", "http://127.0.0.1:9009")));
}

#[test]
fn a_secret_stays_out_of_the_names_of_servers() {
    let text = with_target("{ base_url: 'https://localhost', tls: { sni: '${secret.NAME}' } }");
    let text = format!("secrets: {{ NAME: {{ env: LG_TEST_NAME }} }}\n{text}");
    let error = resolved_with(&text, &overrides(&[("LG_TEST_NAME", "s3cret")], &[], None)).unwrap_err().to_string();
    assert!(error.contains("the name the server is asked for holds a secret") && !error.contains("s3cret"), "{error}");
}

#[test]
fn names_are_looked_up_again_where_that_is_asked_for() {
    let with = |http: &str| format!("http: {{ {http} }}\n{}", with_target("http://h"));
    let http = resolved(&with("dns: { refresh: 30s }, connections: { streams: 8 }")).plan.http;
    assert_eq!((http.dns_refresh, http.connections.streams), (Some(std::time::Duration::from_secs(30)), 8));
    assert!(refusal(&with("dns: { refresh: 10ms }")).contains("'10ms' is too often to look names up"));
    assert!(refusal(&with("connections: { streams: 0 }")).contains("'0' is out of range"));
}
