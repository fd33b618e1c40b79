//! `modelport migrate`: the older names replaced by the new ones, nothing lost.

use std::path::PathBuf;

use clap::Args;

use super::{FAILED, complain, show};
use crate::config::{environment, migrate};

/// What to read.
#[derive(Debug, Args)]
pub struct Options {
    /// A .env file to rewrite; without one, the variables of the environment are printed
    file: Option<PathBuf>,
}

/// Prints the migrated settings, which hold the keys, and gives the exit status.
pub fn run(options: &Options) -> u8 {
    let migrated = match &options.file {
        None => migrate::migrate_environment(environment::process()),
        Some(file) => match std::fs::read_to_string(file) {
            Ok(contents) => migrate::migrate_dotenv(&contents),
            Err(error) => {
                complain(format!("modelport migrate: {}: {error}", file.display()));
                return FAILED;
            }
        },
    };
    show(&migrated);
    0
}
