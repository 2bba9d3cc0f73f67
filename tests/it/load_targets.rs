//! Several targets in one run, some of them behind TLS, as a user configures and sees them.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::TcpListener,
    path::Path,
    process::Stdio,
};

use loadgate::{
    mock_target::{Identity, MockTarget, Running, Script},
    record::{self, RunRecord},
};

use crate::{
    bench::{seen, target},
    certificates::Authority,
    program::{loadgate, transcript},
};

/// A mock target behind TLS, and its authority.
fn secured() -> (Running, Authority) {
    let authority = Authority::new("ours");
    let certificate = authority.certificate(&["127.0.0.1"], |_| {});
    let identity = Identity::from_pem(certificate.pem.as_bytes(), certificate.key_pem.as_bytes()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    (MockTarget::start_as(Some(&identity), Script::parse("{}").unwrap(), listener).unwrap(), authority)
}

/// A folder with a configuration and the file `ca.pem` of an authority.
fn folder(config: &str, authority: &Authority) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(authority.ca_file(), folder.path().join("ca.pem")).unwrap();
    fs::write(folder.path().join("loadgate.yml"), config).unwrap();
    folder
}

fn recorded(folder: &Path) -> RunRecord {
    record::file::read(&folder.join("loadgate-report/record.json.gz")).unwrap()
}

#[test]
fn load_goes_to_the_target_that_a_step_names() {
    let (home, users, (orders, authority)) = (target("{}"), target("{}"), secured());
    let config = format!(
        "name: shop
target: http://{}
targets:
  users: {{ base_url: 'http://{}/v1', protocol: h2c, headers: {{ X-Tenant: '7' }} }}
  orders: {{ base_url: 'https://{}', tls: {{ ca_file: ca.pem }}, wait_for: {{ get: /health }} }}
stages: [ {{ rate: 100/s, duration: 1s }} ]
scenarios:
  - name: buy
    steps: [ {{ get: /home }}, {{ name: me, get: /me, target: users }}, {{ name: order, post: /orders, body: tea, target: orders }} ]
",
        home.addr(),
        users.addr(),
        orders.addr()
    );
    let folder = folder(&config, &authority);
    let output = loadgate(folder.path(), &["run", "--quiet"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", transcript(&output));
    let record = recorded(folder.path());
    let requests: Vec<_> = record.endpoints.iter().map(|endpoint| (endpoint.name.as_str(), endpoint.total().requests)).collect();
    assert_eq!(requests, [("GET /home", 100), ("me", 100), ("order", 100)]);
    assert_eq!(record.total().error_count(), 0, "{:?}", record.failures);
    assert_eq!(seen(&home)["requests"], 100);
    assert_eq!(seen(&users)["requests"], 100);
    let order = record.endpoints[2].total();
    assert!(order.phases.tls > 0 && order.connections > 0, "{:?}", order.phases);
    assert!(record.endpoints[1].total().connections < 10, "HTTP/2 shares its connections");
}

#[test]
fn load_to_a_target_that_is_not_trusted_is_an_invalid_run_that_says_why() {
    let (orders, _) = secured();
    let stranger = Authority::new("theirs");
    let config = format!(
        "target: {{ base_url: 'https://{}', tls: {{ ca_file: ca.pem }} }}\nstages: [ {{ rate: 10/s, duration: 1s }} ]\nscenarios: [ GET / ]\n",
        orders.addr()
    );
    let folder = folder(&config, &stranger);
    let output = loadgate(folder.path(), &["run", "--quiet"]).output().unwrap();
    let text = transcript(&output);
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(text.contains("unknown issuer") && text.contains("target.tls.ca_file"), "{text}");
    let insecure = config.replace("ca_file: ca.pem", "insecure: true");
    fs::write(folder.path().join("loadgate.yml"), insecure).unwrap();
    let output = loadgate(folder.path(), &["run", "--quiet"]).output().unwrap();
    let text = transcript(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("note: `tls.insecure`: anybody could answer for"), "{text}");
}

#[test]
fn every_target_is_shown_with_how_it_is_spoken_to() {
    let authority = Authority::new("ours");
    let config = "\
name: shop
target: { base_url: 'https://localhost:8443/v2', tls: { ca_file: ca.pem, sni: shop } }
targets:
  users: { base_url: 'http://127.0.0.1:8081', protocol: h2c }
  orders: { base_url: 'https://localhost', protocol: http1, tls: { insecure: true }, wait_for: { get: /up } }
stages: [ { rate: 100/s, duration: 60s } ]
scenarios: [ GET /home, { name: me, get: /me, target: users } ]
";
    let folder = folder(config, &authority);
    let output = loadgate(folder.path(), &["check"]).output().unwrap();
    let text = transcript(&output);
    insta::assert_snapshot!(text.split("\n\n").next().unwrap(), @r"
    exit Some(0)
    --- stdout
    suite     shop
    target    https://localhost:8443/v2
    tls       authorities of ca.pem, as shop
    header    x-load-test: true
    target    orders: https://localhost:443 (HTTP/1.1)
    tls       any certificate is taken
    header    x-load-test: true
    wait for  GET /up to answer 200, up to 2m, every 1s
    target    users: http://127.0.0.1:8081 (HTTP/2 without TLS)
    header    x-load-test: true
    length    1m, 6000 arrivals, at most 100/s
    ");
    assert!(text.contains("note: `tls.insecure`: anybody could answer for localhost:443"), "{text}");
}

#[test]
fn the_mock_target_serves_behind_tls() {
    let authority = Authority::new("ours");
    let certificate = authority.certificate(&["127.0.0.1"], |_| {});
    let folder = folder("", &authority);
    fs::write(folder.path().join("cert.pem"), &certificate.pem).unwrap();
    fs::write(folder.path().join("key.pem"), &certificate.key_pem).unwrap();
    let args = ["mock-target", "--tls-cert", "cert.pem", "--tls-key", "key.pem"];
    let mut server = loadgate(folder.path(), &args).stdout(Stdio::piped()).spawn().unwrap();
    let mut address = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut address).unwrap();
    let address = address.trim().strip_prefix("listening on ").unwrap().to_owned();
    assert!(address.starts_with("https://127.0.0.1:"), "{address}");
    let config = format!(
        "target: {{ base_url: '{address}', protocol: http2, tls: {{ ca_file: ca.pem }} }}\nstages: [ {{ rate: 50/s, duration: 1s }} ]\nscenarios: [ GET / ]\n"
    );
    fs::write(folder.path().join("loadgate.yml"), config).unwrap();
    let output = loadgate(folder.path(), &["run", "--quiet"]).output().unwrap();
    let _ = server.kill().and_then(|()| server.wait());
    assert_eq!(output.status.code(), Some(0), "{}", transcript(&output));
    assert_eq!(recorded(folder.path()).total().error_count(), 0);
    let wrong = loadgate(folder.path(), &["mock-target", "--tls-cert", "cert.pem", "--tls-key", "cert.pem"]).output().unwrap();
    let text = transcript(&wrong);
    assert!(wrong.status.code() == Some(2) && text.contains("cert.pem and cert.pem") && text.contains("openssl req"), "{text}");
}
