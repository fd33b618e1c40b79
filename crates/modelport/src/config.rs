//! Settings: from the process's environment and a `.env` file to one checked [`Config`]. This module alone reads
//! the environment; only `Config` and its parts, what is said about faults, and the table of settings leave it.

mod catalogue;
mod dotenv;
pub mod environment;
mod example;
mod fault;
pub mod migrate;
mod names;
mod providers;
pub mod report;
pub mod routes;
mod server;
mod setting;
mod value;

use std::collections::HashMap;
use std::ffi::OsString;
use std::io::Read;
use std::path::PathBuf;

use modelport_provider::catalogue::Overrides;

use self::environment::Environment;
pub use self::example::env_example;
pub use self::fault::{Fault, Faults, Origin, Warning};
pub use self::providers::{
    ConfiguredModel, GENERIC_ID, OLDER_ID, OLLAMA_ID, OllamaChat, ProviderConfig,
};
pub use self::server::{CorsOrigins, Level, ServerConfig};
pub use self::setting::{Kind, Preset, SECTIONS, Section, Setting, all as settings};
pub use self::value::Wrong;

/// Everything that is configured, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// The server itself.
    pub server: ServerConfig,
    /// Every provider, enabled or not: the generic ones in order, Ollama last.
    pub providers: Vec<ProviderConfig>,
    /// The index of the preferred provider in `providers`; it is enabled.
    pub preferred: usize,
    /// Whether a request that names no provider may fall over to another one.
    pub provider_fallback: bool,
    /// Routes, the first that is for a name counts; exact names before patterns.
    pub routes: Vec<routes::RouteConfig>,
    /// Other names of models and routes.
    pub aliases: HashMap<String, String>,
    /// What the operator says of models.
    pub catalogue: Overrides,
    /// How much is logged.
    pub log_level: Level,
    /// What works but is likely not meant so.
    pub warnings: Vec<Warning>,
}

/// Checks the settings of an environment and of a `.env` file's path and text; the environment wins.
///
/// # Errors
/// All faults at once.
pub fn load(
    process: impl Iterator<Item = (OsString, OsString)>,
    dotenv: Option<(PathBuf, String)>,
) -> Result<Config, Faults> {
    let mut environment = Environment::read(process, dotenv);
    let log_level = server::preset(&mut environment, &setting::LOG_LEVEL, value::level);
    let fallback = server::preset(
        &mut environment,
        &setting::ENABLE_PROVIDER_FALLBACK,
        value::switch,
    );
    let server = server::read(&mut environment);
    let providers = providers::read(&mut environment);
    let all = providers.as_ref().map(|providers| providers.all.as_slice());
    let catalogue = catalogue::read(&mut environment, all.unwrap_or_default());
    match (server, providers, fallback, log_level) {
        (Some(server), Some(providers), Some(provider_fallback), Some(log_level))
            if environment.faults.is_empty() =>
        {
            Ok(Config {
                server,
                providers: providers.all,
                preferred: providers.preferred,
                provider_fallback,
                routes: Vec::new(),
                aliases: HashMap::new(),
                catalogue,
                log_level,
                warnings: environment.warnings,
            })
        }
        _ => Err(Faults(environment.faults)),
    }
}

/// Checks the settings of this process: its environment, and `.env` in the working directory if there is one.
///
/// # Errors
/// All faults at once.
pub fn load_from_process() -> Result<Config, Faults> {
    let dotenv = read_dotenv().map_err(|fault| Faults(vec![fault]))?;
    load(environment::process(), dotenv)
}

fn read_dotenv() -> Result<Option<(PathBuf, String)>, Fault> {
    let path = PathBuf::from(".env");
    let fault = |line: usize, problem: String, remedy: &str| Fault {
        origin: Origin {
            variable: String::new(),
            line: Some((path.clone(), line)),
        },
        problem,
        remedy: remedy.to_owned(),
    };
    let mut bytes = Vec::new();
    let limit = u64::try_from(dotenv::MAX_DOTENV).unwrap_or(u64::MAX);
    let read =
        std::fs::File::open(&path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes));
    match read {
        Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(reason) => {
            return Err(fault(
                1,
                format!("it cannot be read ({reason})"),
                "Mend its permissions or remove it.",
            ));
        }
        Ok(_) if bytes.len() > dotenv::MAX_DOTENV => {
            return Err(fault(
                1,
                format!("it is larger than {} bytes", dotenv::MAX_DOTENV),
                "Keep only settings in it.",
            ));
        }
        Ok(_) => {}
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some((path, text))),
        Err(wrong) => {
            let good = wrong.utf8_error().valid_up_to();
            let line = 1 + wrong
                .as_bytes()
                .iter()
                .take(good)
                .filter(|byte| **byte == b'\n')
                .count();
            Err(fault(
                line,
                "this line is not UTF-8".to_owned(),
                "Save the file as UTF-8.",
            ))
        }
    }
}

#[cfg(test)]
mod tests;
