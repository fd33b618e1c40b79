//! `modelport check`: reads the configuration as the start would, and says what it means, or what it would change.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{BAD_CONFIGURATION, complain, load, say};
use crate::config::{self, Config, report};

/// What to say of the configuration.
#[derive(Debug, Args)]
pub struct Options {
    /// Show what taking it up would change, one line each; needs --against, as a gateway that runs does not tell its
    /// settings
    #[arg(long, requires = "against")]
    diff: bool,
    /// The configuration file to compare with, read with the same environment
    #[arg(long, value_name = "FILE", requires = "diff")]
    against: Option<PathBuf>,
}

/// Checks and gives the exit status.
pub fn run(file: Option<PathBuf>, options: &Options) -> u8 {
    let Some(config) = load(file) else {
        return BAD_CONFIGURATION;
    };
    if let Some(old) = &options.against {
        return compare(old, &config);
    }
    say(report::startup_block(&config, &[]));
    say("The configuration is sound.");
    0
}

fn compare(old: &Path, new: &Config) -> u8 {
    match config::load_from_process(Some(old.to_owned())) {
        Ok(old) => {
            say(in_words(&config::diff(&old, new)));
            0
        }
        Err(faults) => {
            complain(format!("{} is not sound:\n{faults}", old.display()));
            BAD_CONFIGURATION
        }
    }
}

fn in_words(changes: &[String]) -> String {
    if changes.is_empty() {
        return "Nothing would change.".to_owned();
    }
    changes.join("\n")
}
