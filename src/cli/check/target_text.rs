//! A service under load, for people: where it is, how it is spoken to, and what every request to it carries.

use crate::{
    plan::{HttpVersion, Plan, Target, Tls},
    units,
};

/// The lines of all targets: of each, the first one says where it is; of the baseline it is all, as it is spoken to like the
/// candidate.
pub(super) fn all(plan: &Plan) -> Vec<String> {
    let mut lines = Vec::new();
    for (number, target) in plan.targets.iter().enumerate() {
        match plan.baseline {
            Some(place) if number == place => {}
            _ => lines.extend(render(target)),
        }
        if let Some(place) = plan.baseline.filter(|_| number == 0) {
            let baseline = &plan.targets[place];
            let address = format!("{}://{}{}", baseline.scheme(), baseline.authority(), baseline.base_path);
            lines.push(format!("baseline  {address}, spoken to in the same way, at the same time"));
        }
    }
    lines
}

fn render(target: &Target) -> Vec<String> {
    let name = if target.name == "target" { String::new() } else { format!("{}: ", target.name) };
    let spoken = match target.protocol {
        HttpVersion::Auto => "",
        HttpVersion::Http1 => " (HTTP/1.1)",
        HttpVersion::Http2 => " (HTTP/2)",
        HttpVersion::H2c => " (HTTP/2 without TLS)",
    };
    let mut lines = vec![format!("target    {name}{}://{}{}{spoken}", target.scheme(), target.authority(), target.base_path)];
    lines.extend(target.tls.as_ref().map(|tls| format!("tls       {}", secured(tls))));
    for (name, value) in &target.headers {
        let value = if value.is_sensitive() { "***".into() } else { String::from_utf8_lossy(value.as_bytes()).into_owned() };
        lines.push(format!("header    {name}: {value}"));
    }
    if let Some(wait) = &target.wait_for {
        lines.push(format!(
            "wait for  GET {} to answer {}, up to {}, every {}",
            wait.path,
            wait.status,
            units::duration(wait.timeout),
            units::duration(wait.interval)
        ));
    }
    lines
}

fn secured(tls: &Tls) -> String {
    let trusted = match &tls.ca_file {
        _ if tls.insecure => "any certificate is taken".to_owned(),
        Some(file) => format!("authorities of {}", file.display()),
        None => "the system's authorities".to_owned(),
    };
    let name = tls.sni.as_ref().map(|name| format!("as {name}"));
    let own = tls.client_cert.as_ref().map(|file| format!("with the certificate of {}", file.display()));
    [Some(trusted), name, own].into_iter().flatten().collect::<Vec<_>>().join(", ")
}
