//! A service under load, for people: where it is, how it is spoken to, and what every request to it carries.

use crate::{
    plan::{HttpVersion, Plan, ShellCommand, Target, Tls, Trust},
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
            lines.extend(baseline.start.as_ref().map(start));
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
    lines.extend(target.start.as_ref().map(start));
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
    } else if target.start.is_some() {
        lines.push("wait for  a connection".to_owned());
    }
    lines
}

fn start(command: &ShellCommand) -> String {
    format!("start     {}", one_line(&command.text))
}

/// A command may have several lines; the first one says which it is.
pub(super) fn one_line(command: &str) -> String {
    let command = command.trim();
    match command.split_once('\n') {
        Some((first, _)) => format!("{} ..", first.trim_end()),
        None => command.to_owned(),
    }
}

fn secured(tls: &Tls) -> String {
    let trusted = match &tls.trust {
        Trust::Anybody => "any certificate is taken".to_owned(),
        Trust::Only(authorities) => format!("authorities of {}", authorities.file.display()),
        Trust::System => "the system's authorities".to_owned(),
    };
    let name = tls.sni.as_ref().map(|name| format!("as {name}"));
    let own = tls.identity.as_ref().map(|own| format!("with the certificate of {}", own.file.display()));
    [Some(trusted), name, own].into_iter().flatten().collect::<Vec<_>>().join(", ")
}
