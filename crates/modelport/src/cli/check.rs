//! `modelport check`: reads the configuration as the start would, and says what it means, or what it would change.

use std::path::{Path, PathBuf};

use clap::Args;

use serde_json::{Value, json};

use super::{BAD_CONFIGURATION, complain, say};
use crate::config::{self, Config, Faults, report};

/// What to say of the configuration.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 the configuration is sound, 2 it is not, and every fault is told."
)]
pub struct Options {
    /// Show what taking it up would change, one line each; needs --against, as a gateway that runs does not tell its
    /// settings
    #[arg(long, requires = "against")]
    diff: bool,
    /// The configuration file to compare with, read with the same environment
    #[arg(long, value_name = "FILE", requires = "diff")]
    against: Option<PathBuf>,
    /// Print one JSON object: the settings with where each is set, or the faults; with --diff the changes
    #[arg(long)]
    json: bool,
}

/// Checks and gives the exit status.
pub fn run(file: Option<PathBuf>, options: &Options) -> u8 {
    let config = match config::load_from_process(file) {
        Ok(config) => config,
        Err(faults) => {
            if options.json {
                say(unsound(&faults).to_string());
            } else {
                complain(faults.to_string());
            }
            return BAD_CONFIGURATION;
        }
    };
    if let Some(old) = &options.against {
        return compare(old, &config, options);
    }
    if options.json {
        say(sound(&config).to_string());
        return 0;
    }
    say(report::startup_block(&config, &[]));
    say("The configuration is sound.");
    0
}

fn compare(old: &Path, new: &Config, options: &Options) -> u8 {
    match config::load_from_process(Some(old.to_owned())) {
        Ok(old) => {
            let changes = config::diff(&old, new);
            say(if options.json {
                json!({"object": "configuration.changes", "changes": changes}).to_string()
            } else {
                in_words(&changes)
            });
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

fn unsound(faults: &Faults) -> Value {
    let faults: Vec<String> = faults.0.iter().map(ToString::to_string).collect();
    json!({"object": "configuration", "sound": false, "faults": faults})
}

fn sound(config: &Config) -> Value {
    let settings = config.settings.iter().map(|setting| {
        json!({
            "name": setting.name,
            "value": setting.value,
            "source": setting.source.as_deref().unwrap_or("default"),
        })
    });
    let warnings = config.warnings.iter().map(ToString::to_string);
    json!({
        "object": "configuration",
        "sound": true,
        "file": config.file.as_ref().map(|file| file.display().to_string()),
        "settings": settings.collect::<Vec<_>>(),
        "warnings": warnings.collect::<Vec<_>>(),
    })
}
