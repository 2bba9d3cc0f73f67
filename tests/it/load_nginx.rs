//! Load on a real server nobody here wrote, over TLS and HTTP/2: nginx, which gives connections up after so many requests while
//! others are on their way.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
};

use loadgate::record::{self, Errors, Totals};

use crate::{
    certificates::Authority,
    program::{component, loadgate, transcript},
};

/// Requests nginx takes on one connection.
const REQUESTS_PER_CONNECTION: u64 = 100;

struct Nginx {
    process: Child,
    tls_port: u16,
    h2c_port: u16,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // TERM, not KILL: the master must take its worker along.
        let _ = Command::new("kill").arg(self.process.id().to_string()).status();
        let _ = self.process.wait();
    }
}

/// nginx with the certificate of an authority, whose file is `ca.pem` in the folder.
fn start(nginx: &Path, folder: &Path) -> Nginx {
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
    let authority = Authority::new("ours");
    let certificate = authority.certificate(&["127.0.0.1"], |_| {});
    write("ca.pem", &fs::read_to_string(authority.ca_file()).unwrap());
    write("cert.pem", &certificate.pem);
    write("key.pem", &certificate.key_pem);
    let ports: Vec<TcpListener> = (0..2).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    let port = |n: usize| ports[n].local_addr().unwrap().port();
    let (tls_port, h2c_port) = (port(0), port(1));
    fs::create_dir_all(folder.join("temp")).unwrap();
    write(
        "nginx.conf",
        &format!(
            "daemon off; worker_processes 1; pid nginx.pid; error_log stderr crit;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_max_body_size 10m;
  client_body_temp_path temp; proxy_temp_path temp; fastcgi_temp_path temp; uwsgi_temp_path temp; scgi_temp_path temp;
  keepalive_requests {REQUESTS_PER_CONNECTION};
  ssl_certificate cert.pem; ssl_certificate_key key.pem;
  server {{
    listen 127.0.0.1:{tls_port} ssl http2;
    listen 127.0.0.1:{h2c_port} http2;
    location / {{ return 200 \"$server_protocol\"; }}
    location /wants-http1 {{ if ($server_protocol != HTTP/1.1) {{ return 500; }} return 200; }}
    location /wants-http2 {{ if ($server_protocol != HTTP/2.0) {{ return 500; }} return 200; }}
  }}
}}"
        ),
    );
    drop(ports);
    let process = Command::new(nginx)
        .args(["-p", ".", "-c", "nginx.conf"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let server = Nginx { process, tls_port, h2c_port };
    for port in [tls_port, h2c_port] {
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            std::thread::yield_now();
        }
    }
    server
}

/// Runs 500 requests for a path of a target, all of which succeed.
fn run(folder: &Path, target: &str, path: &str) -> Totals {
    let config = format!(
        "name: shop\ntarget: {target}\nhttp: {{ timeouts: {{ connect: 5s }} }}\nstages: [ {{ rate: 500/s, duration: 1s }} ]\nscenarios: [ GET {path} ]\n"
    );
    fs::write(folder.join("loadgate.yml"), config).unwrap();
    let output = loadgate(folder, &["run", "--quiet"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", transcript(&output));
    let record = record::file::read(&folder.join("loadgate-report/record.json.gz")).unwrap();
    let total = record.total();
    assert_eq!((total.requests, &total.errors), (500, &Errors::new()), "{:?}", record.failures);
    total
}

#[test]
fn load_on_nginx_speaks_what_it_is_told_to() {
    let Some(nginx) = component("nginx") else { return };
    let folder = tempfile::tempdir().unwrap();
    let server = start(&nginx, folder.path());
    let https = |protocol: &str| {
        let port = server.tls_port;
        format!("{{ base_url: 'https://127.0.0.1:{port}', protocol: {protocol}, tls: {{ ca_file: ca.pem }} }}")
    };
    for (protocol, path) in [("auto", "/wants-http2"), ("http2", "/wants-http2"), ("http1", "/wants-http1")] {
        let total = run(folder.path(), &https(protocol), path);
        assert!(total.connections >= 500 / REQUESTS_PER_CONNECTION && total.phases.tls > 0, "{protocol}: {}", total.connections);
    }
    let h2c = format!("{{ base_url: 'http://127.0.0.1:{}', protocol: h2c, wait_for: {{ get: / }} }}", server.h2c_port);
    let total = run(folder.path(), &h2c, "/wants-http2");
    assert!(total.connections >= 500 / REQUESTS_PER_CONNECTION && total.phases.tls == 0, "{}", total.connections);
}
