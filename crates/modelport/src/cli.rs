//! The command line: one file per command, and how commands speak.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::{config, endpoints};

pub mod chat;
pub mod check;
pub mod completions;
pub mod demo;
pub mod explain;
mod gateway;
pub mod keys;
pub mod ledger;
mod limits;
mod man;
pub mod migrate;
pub mod models;
pub mod probe;
mod readable;
mod reload;
pub mod serve;
pub mod status;
mod table;
pub mod teams;
pub mod usage;

/// Exit status of a command that could not do its work.
pub const FAILED: u8 = 1;
/// Exit status when the configuration has faults.
pub const BAD_CONFIGURATION: u8 = 2;

/// One OpenAI-compatible port in front of every model.
#[derive(Debug, Parser)]
#[command(
    name = "modelport",
    version,
    subcommand_value_name = "COMMAND",
    after_help = "Settings come from environment variables, from .env and from modelport.toml in the working\ndirectory; `modelport check` shows them, .env.example and modelport.example.toml list them.\nExit status: 0 done, 1 failed, 2 the configuration or the command line is wrong."
)]
pub struct Cli {
    /// Read this configuration file instead of modelport.toml
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the gateway (this is also what `modelport` alone does)
    Serve,
    /// Show a plain and a streamed chat through a gateway in front of a simulated provider
    Demo(demo::Options),
    /// Run a simulated provider, with faults on demand
    Sim(Box<modelport_sim::Options>),
    /// Check the configuration and show what it means, without starting
    Check(check::Options),
    /// Talk to a model through a running gateway, in the terminal
    Chat(chat::Options),
    /// Show how a running gateway does: requests, errors, latency, spend, providers, limits
    Status(status::Options),
    /// Ask a running gateway who would answer a request, or who did
    Explain(Box<explain::Options>),
    /// Print an environment or a .env file with the older names replaced by the new ones
    Migrate(migrate::Options),
    /// Show the models of all providers
    Models(models::Options),
    /// Measure an endpoint by real calls: what it takes, ignores and refuses
    Probe(probe::Options),
    /// Make, list, rotate and revoke the keys that callers show
    #[command(subcommand)]
    Keys(Box<keys::Command>),
    /// Make and change teams, whose keys share limits
    #[command(subcommand)]
    Teams(teams::Command),
    /// Work on the ledger: `reprice` works out anew what requests cost
    #[command(subcommand)]
    Ledger(ledger::Command),
    /// Show what requests used, from the ledger
    Usage(usage::Options),
    /// Print the JSON Schema of modelport.toml, for editors
    Schema,
    /// Print the document of the API that a gateway has at /openapi.json
    Openapi,
    /// Print a script by which a shell completes the commands and their options
    Completions(completions::Options),
    /// Print the manual page of all commands: modelport man | man -l -
    Man,
    /// Print the version
    Version,
}

impl Command {
    fn reads_configuration(&self) -> bool {
        match self {
            Self::Serve
            | Self::Chat(_)
            | Self::Check(_)
            | Self::Explain(_)
            | Self::Models(_)
            | Self::Probe(_)
            | Self::Status(_)
            | Self::Keys(_)
            | Self::Ledger(_)
            | Self::Teams(_)
            | Self::Usage(_) => true,
            Self::Demo(_)
            | Self::Sim(_)
            | Self::Migrate(_)
            | Self::Schema
            | Self::Openapi
            | Self::Completions(_)
            | Self::Man
            | Self::Version => false,
        }
    }
}

/// Runs the command and gives the exit status.
pub fn run(cli: Cli) -> u8 {
    let command = cli.command.unwrap_or(Command::Serve);
    if cli.config.is_some() && !command.reads_configuration() {
        complain("modelport: this command reads no configuration file; leave out --config");
        return BAD_CONFIGURATION;
    }
    match command {
        Command::Serve => serve::run(cli.config),
        Command::Demo(options) => demo::run(&options),
        Command::Sim(options) => sim(*options),
        Command::Check(options) => check::run(cli.config, &options),
        Command::Chat(options) => chat::run(cli.config, &options),
        Command::Explain(options) => explain::run(cli.config, &options),
        Command::Migrate(options) => migrate::run(&options),
        Command::Models(options) => models::run(cli.config, &options),
        Command::Probe(options) => probe::run(cli.config, &options),
        Command::Keys(command) => keys::run(cli.config, *command),
        Command::Status(options) => status::run(cli.config, &options),
        Command::Teams(command) => teams::run(cli.config, command),
        Command::Ledger(command) => ledger::run(cli.config, &command),
        Command::Usage(options) => usage::run(cli.config, &options),
        Command::Schema => {
            say(config::schema_text());
            0
        }
        Command::Openapi => {
            say(endpoints::openapi_text());
            0
        }
        Command::Completions(options) => completions::run(&options),
        Command::Man => man::run(),
        Command::Version => {
            say(concat!("modelport ", env!("CARGO_PKG_VERSION")));
            0
        }
    }
}

/// Why a command does not begin.
pub(crate) struct Refusal {
    words: String,
    status: u8,
}

impl Refusal {
    /// The configuration or the command line is wrong.
    fn configuration(words: &impl ToString) -> Self {
        Self {
            words: words.to_string(),
            status: BAD_CONFIGURATION,
        }
    }

    /// Says it and gives the exit status.
    fn tell(self) -> u8 {
        complain(self.words);
        self.status
    }
}

/// The key that a variable of the environment or of `.env` holds, or what is wrong with it.
fn key_from(variable: &str) -> Result<String, String> {
    let key = config::variable(variable).map_err(|fault| fault.to_string())?;
    key.ok_or_else(|| {
        format!(
            "there is no variable {variable} in the environment or in .env, or it is empty. Set it to the key."
        )
    })
}

/// The configuration, as the start would read it; of one with faults, they are told.
pub(crate) fn load(file: Option<PathBuf>) -> Option<config::Config> {
    config::load_from_process(file)
        .inspect_err(|faults| complain(faults.to_string()))
        .ok()
}

/// A line to standard output. A reader who has left is no reason to fail.
pub(crate) fn say(line: impl AsRef<str>) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{}", line.as_ref());
}

/// Text to standard output as it is, shown at once.
pub(crate) fn show(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// A line to standard error.
pub(crate) fn complain(line: impl AsRef<str>) {
    let mut out = io::stderr().lock();
    let _ = writeln!(out, "{}", line.as_ref());
}

/// Runs `work` on a runtime of the calling thread.
pub(crate) fn block_on(work: impl Future<Output = u8>) -> u8 {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => runtime.block_on(work),
        Err(error) => {
            complain(format!("modelport: cannot start: {error}"));
            FAILED
        }
    }
}

fn sim(options: modelport_sim::Options) -> u8 {
    block_on(async move {
        match modelport_sim::run(options).await {
            Ok(()) => 0,
            Err(error) => {
                complain(format!("modelport sim: {error}"));
                FAILED
            }
        }
    })
}
