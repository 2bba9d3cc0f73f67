//! `loadgate init`: a first configuration and workflow for the project in a folder.

mod guess;
mod text;

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use guess::{Guess, Service};
use text::Project;

use super::{Failure, terminal};
use crate::{
    exit::Exit,
    record::name::{is_suite, suite_like},
};

/// Where the configuration is put.
const CONFIG: &str = "loadgate.yml";
/// Where the workflow is put.
const WORKFLOW: &str = ".github/workflows/loadgate.yml";

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Folder of the project
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Command that starts the service, instead of a guess; it listens on $PORT
    #[arg(long, value_name = "COMMAND", conflicts_with = "target")]
    start: Option<String>,
    /// Address of a service that is started by something else
    #[arg(long, value_name = "URL")]
    target: Option<String>,
    /// Action the workflow uses, OWNER/NAME@REF [default: the one this binary was released with]
    #[arg(long, value_name = "ACTION")]
    action: Option<String>,
    /// Write no workflow
    #[arg(long)]
    no_workflow: bool,
    /// Replace files that are there already
    #[arg(long)]
    force: bool,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let guess = guess_of(args)?;
    let action = args.action.clone().unwrap_or_else(action_of_release);
    let project = Project { name: suite_of(&args.dir), guess: &guess, action: &action };
    let mut files = vec![(args.dir.join(CONFIG), project.config())];
    if !args.no_workflow {
        files.push((args.dir.join(WORKFLOW), project.workflow()));
    }
    if !args.force {
        refuse_what_is_there(&files)?;
    }
    for (path, text) in &files {
        write(path, text, args.force)?;
        terminal::out(&format!("wrote {}", path.display()));
    }
    terminal::err(&next_steps(args, &guess, &action));
    Ok(Exit::Ok)
}

fn guess_of(args: &Args) -> Result<Guess, Failure> {
    if !args.dir.is_dir() {
        return Err(Failure::usage(format!("{}: no such folder", args.dir.display())));
    }
    let told = |service| Guess { because: None, build: None, service };
    Ok(match (&args.start, &args.target) {
        (Some(command), _) => told(Service::Command(command.clone())),
        (None, Some(url)) => told(Service::At(url.clone())),
        (None, None) => guess::of(&args.dir),
    })
}

/// The release workflow sets the variable when it builds; a build of one's own does not know where the action lives.
fn action_of_release() -> String {
    let repository = option_env!("LOADGATE_REPOSITORY").unwrap_or("OWNER/loadgate");
    format!("{repository}@v{}", env!("CARGO_PKG_VERSION"))
}

/// The name of the folder, as far as it can be that of a suite: in CI the folder is called otherwise.
fn suite_of(dir: &Path) -> String {
    let name = dir.canonicalize().ok().and_then(|dir| Some(suite_like(&dir.file_name()?.to_string_lossy())));
    name.filter(|name| is_suite(name)).unwrap_or_else(|| "service".to_owned())
}

/// Looked for before anything is written: all files or none.
fn refuse_what_is_there(files: &[(PathBuf, String)]) -> Result<(), Failure> {
    let there: Vec<String> =
        files.iter().filter(|(path, _)| path.symlink_metadata().is_ok()).map(|(path, _)| path.display().to_string()).collect();
    match there.as_slice() {
        [] => Ok(()),
        [one] => Err(Failure::usage(format!("{one} is there already")).hint("write --force to replace it")),
        several => {
            Err(Failure::usage(format!("{} are there already", several.join(" and "))).hint("write --force to replace them"))
        }
    }
}

fn write(path: &Path, text: &str, replace: bool) -> Result<(), Failure> {
    let failed = |error| Failure::usage(format!("{}: can't write it: {error}", path.display()));
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    // `create_new` also where a file has come into being since we looked.
    let mut options = fs::OpenOptions::new();
    let options = if replace { options.write(true).create(true).truncate(true) } else { options.write(true).create_new(true) };
    options.open(path).and_then(|mut file| file.write_all(text.as_bytes())).map_err(failed)
}

fn next_steps(args: &Args, guess: &Guess, action: &str) -> String {
    let found = match (&guess.because, &guess.service) {
        (Some(because), Service::Command(command)) => {
            format!("{because}, so the service is started with `{command}`; correct it if that is wrong.\n")
        }
        (Some(because), _) => {
            format!("{because}, so the workflow brings the service up with it; correct the address if it is wrong.\n")
        }
        (None, Service::Unknown) => {
            "nothing here tells how the service is started: fill in `target` (loadgate.yml says how).\n".to_owned()
        }
        (None, _) => String::new(),
    };
    let config = args.dir.join(CONFIG);
    let mut steps = vec![
        format!("name the requests that matter under `scenarios:` in {}", config.display()),
        format!(
            "loadgate check -c {0}   # says what would be sent; sends nothing\n     loadgate run -c {0}     # tries it out",
            config.display()
        ),
    ];
    if !args.no_workflow {
        if action.starts_with("OWNER/") {
            steps.push(format!("put the repository of the action in place of OWNER in {}", args.dir.join(WORKFLOW).display()));
        }
        steps.push("commit both files and open a pull request".to_owned());
    }
    let steps: String = steps.iter().enumerate().map(|(n, step)| format!("  {}. {step}\n", n + 1)).collect();
    format!("{found}next:\n{steps}")
}
