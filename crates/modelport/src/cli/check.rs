//! `modelport check`: reads the configuration as the start would, and says what it means.

use std::path::PathBuf;

use super::{BAD_CONFIGURATION, complain, say};
use crate::config::{self, report};

/// Checks and gives the exit status.
pub fn run(file: Option<PathBuf>) -> u8 {
    match config::load_from_process(file) {
        Ok(config) => {
            say(report::startup_block(&config, &[]));
            say("The configuration is sound.");
            0
        }
        Err(faults) => {
            complain(faults.to_string());
            BAD_CONFIGURATION
        }
    }
}
