//! The `loadgate` program: read the command line, do it, say how it ended.

use std::process::ExitCode;

fn main() -> ExitCode {
    loadgate::cli::main().into()
}
