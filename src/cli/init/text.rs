//! The files of a first configuration: templates whose blanks (`@NAME@`) are filled in.

use super::guess::{Guess, Service};

const CONFIG: &str = include_str!("../../../templates/init/loadgate.yml");
/// Both versions are started side by side: nothing needs to be stored.
const TWO_VERSIONS: &str = include_str!("../../../templates/init/two-versions.yml");
/// One version is started, and compared with stored runs of main.
const STORED: &str = include_str!("../../../templates/init/stored.yml");

/// What the files say.
pub(super) struct Project<'a> {
    pub(super) name: String,
    pub(super) guess: &'a Guess,
    /// `OWNER/NAME@REF`.
    pub(super) action: &'a str,
}

impl Project<'_> {
    /// `loadgate.yml`.
    pub(super) fn config(&self) -> String {
        fill_in(CONFIG, &[("NAME", &self.name), ("TARGET", &self.target())])
    }

    fn target(&self) -> String {
        let because = self.guess.because.as_deref().map_or(String::new(), |because| format!("  # Guessed: {because}.\n"));
        match &self.guess.service {
            Service::Command(command) => format!(
                "{because}  # loadgate starts the service itself, at a free port that it puts into $PORT, and stops it when it is done.\n  start: {}",
                quoted(command)
            ),
            Service::Compose(url) | Service::At(url) => format!("{because}  base_url: {}", quoted(url)),
            Service::Unknown => "  # Where the service is once something else has started it. Or let loadgate start it, which also allows to compare two versions\n  \
                                 # side by side:\n  #   start: ./service --port $PORT\n  base_url: http://127.0.0.1:8080"
                .to_owned(),
        }
    }

    /// The workflow file.
    pub(super) fn workflow(&self) -> String {
        match &self.guess.service {
            Service::Command(command) => {
                let build = self.guess.build.as_deref().map_or_else(|| "echo 'nothing to build'".to_owned(), block);
                fill_in(TWO_VERSIONS, &[("ACTION", self.action), ("BUILD", &build), ("START", &literal(command))])
            }
            Service::Compose(_) => fill_in(STORED, &[("ACTION", self.action), ("UP", "docker compose up --detach --wait")]),
            Service::At(_) => fill_in(STORED, &[("ACTION", self.action), ("UP", "echo 'the service is up already'")]),
            Service::Unknown => {
                fill_in(STORED, &[("ACTION", self.action), ("UP", "echo 'write here what starts the service' && exit 1")])
            }
        }
    }
}

fn fill_in(template: &str, blanks: &[(&str, &str)]) -> String {
    blanks.iter().fold(template.to_owned(), |text, (name, value)| text.replace(&format!("@{name}@"), value))
}

/// A value in double quotes; YAML reads those of JSON.
fn quoted(text: &str) -> String {
    serde_json::Value::from(literal(text)).to_string()
}

/// `${` begins a variable of the configuration, `$${` is the shell's.
fn literal(command: &str) -> String {
    command.replace("${", "$${")
}

/// A command on a line of its own in a script.
fn block(command: &str) -> String {
    command.replace(" && ", "\n          ")
}
