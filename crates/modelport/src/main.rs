//! The `modelport` binary: reads the command line and hands over to the library.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    ExitCode::from(modelport::cli::run(modelport::cli::Cli::parse()))
}
