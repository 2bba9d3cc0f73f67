//! `loadgate mock-target`.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    str::FromStr,
};

use super::{Failure, signals::Signals, terminal};
use crate::{
    exit::Exit,
    mock_target::{
        BodyScript, ErrorScript, Identity, Latency, MockTarget, Script, ScriptError, Share, Size, Stall, StartError, Time,
    },
    units::{self, UnitError},
};

/// Flags that describe a behaviour replace the `defaults:` of the script.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where to listen; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Time to answer: 5ms, uniform:1ms,9ms, lognormal:5ms,0.5 (median, sigma), exponential:20ms (mean)
    #[arg(long, value_parser = hinted::<Latency>)]
    latency: Option<Latency>,
    /// Answer nothing for a time in every period: 2s,200ms
    #[arg(long, value_name = "EVERY,FOR", value_parser = parse_stall)]
    stall: Option<Stall>,
    /// Share of answers with status 500: 1%
    #[arg(long, value_name = "SHARE", value_parser = hinted::<Share>)]
    error_share: Option<Share>,
    /// Size of the response body: 2kB
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    body: Option<Size>,
    /// Script (YAML or JSON) with routes and their behaviour
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// Serve behind TLS with this certificate (PEM); HTTP/2 by ALPN
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Key of the certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let mut script = args.script.as_deref().map_or(Ok(Script::default()), read)?;
    args.lay_over(&mut script);
    let identity = args.identity()?;
    let listener = TcpListener::bind(args.listen).map_err(|error| bind_failure(args.listen, &error))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::usage)?;
    runtime.block_on(async {
        // Before the address is known to anybody, so that whoever reads it can end the server at once.
        let mut signals = Signals::new().map_err(Failure::usage)?;
        let running = MockTarget::start_as(identity.as_ref(), script, listener)
            .map_err(|error| start_failure(error, args.script.as_deref()))?;
        terminal::out(&format!("listening on {}://{}", if identity.is_some() { "https" } else { "http" }, running.addr()));
        signals.next().await;
        running.stop().map_err(Failure::invalid)?;
        Ok(Exit::Ok)
    })
}

impl Args {
    fn identity(&self) -> Result<Option<Identity>, Failure> {
        let (Some(cert), Some(key)) = (&self.tls_cert, &self.tls_key) else { return Ok(None) };
        let read = |path: &Path| std::fs::read(path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())));
        let identity = Identity::from_pem(&read(cert)?, &read(key)?);
        let hint = "make a pair: openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1";
        let wrong = |reason| Failure::usage(format!("{} and {}: {reason}", cert.display(), key.display())).hint(hint);
        identity.map(Some).map_err(wrong)
    }

    fn lay_over(&self, script: &mut Script) {
        let defaults = &mut script.defaults;
        defaults.latency = self.latency.or(defaults.latency);
        defaults.stall = self.stall.or(defaults.stall);
        defaults.errors = self.error_share.map(|share| ErrorScript { share, status: 500 }).or(defaults.errors);
        if self.body.is_some() {
            defaults.body = Some(BodyScript { size: self.body, ..BodyScript::default() });
        }
    }
}

fn read(path: &Path) -> Result<Script, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::usage(format!("{}: {error}", path.display())).hint("give the path of a script with --script")
    })?;
    Script::parse(&text).map_err(|error| script_failure(error, Some(path)))
}

fn script_failure(error: ScriptError, path: Option<&Path>) -> Failure {
    let place = path.map_or_else(String::new, |path| format!("{}: ", path.display()));
    Failure { hint: error.hint, ..Failure::usage(format!("{place}{}", error.message)) }
}

fn start_failure(error: StartError, path: Option<&Path>) -> Failure {
    match error {
        StartError::Script(error) => script_failure(error, path),
        StartError::Io(_) => Failure::usage(error),
    }
}

fn bind_failure(addr: SocketAddr, error: &io::Error) -> Failure {
    let failure = |reason: &str| Failure::usage(format!("can't listen on {addr}: {reason}"));
    match error.kind() {
        io::ErrorKind::AddrInUse => failure("the port is already in use")
            .hint(format!("stop the other program, or choose a free port with --listen {}", SocketAddr::new(addr.ip(), 0))),
        io::ErrorKind::PermissionDenied => {
            failure("not permitted").hint("ports below 1024 usually need privileges; choose a higher one")
        }
        io::ErrorKind::AddrNotAvailable => failure("this machine does not have that address").hint("use 127.0.0.1 or 0.0.0.0"),
        _ => failure(&error.to_string()),
    }
}

/// A quantity with what to write instead, as clap shows a single text.
fn hinted<T: FromStr<Err = UnitError>>(text: &str) -> Result<T, String> {
    text.parse().map_err(one_line)
}

fn parse_stall(text: &str) -> Result<Stall, String> {
    let (every, length) = text.split_once(',').ok_or("write the period, then the length of the stall: 2s,200ms")?;
    let time = |text: &str| units::parse_duration(text).map(Time).map_err(one_line);
    Ok(Stall { every: time(every)?, length: time(length)? })
}

fn parse_size(text: &str) -> Result<Size, String> {
    units::parse_size(text).map(Size).map_err(one_line)
}

#[expect(clippy::needless_pass_by_value, reason = "the signature `map_err` asks for")]
fn one_line(error: UnitError) -> String {
    format!("{}; {}", error.message, error.hint)
}
