//! Settings: from the process's environment, a `.env` file and a configuration file to one checked [`Config`]. This
//! module alone reads the environment and these files; only `Config` and its parts, what is said about faults, and the table of settings leave it.

mod cache;
mod catalogue;
mod diff;
mod discount;
mod dotenv;
mod effective;
pub mod environment;
mod example;
mod fault;
mod file;
pub mod limits;
pub mod migrate;
mod names;
mod networks;
pub mod object;
mod providers;
mod redis;
pub mod report;
pub mod routes;
mod server;
mod setting;
mod source;
mod storage;
mod traces;
mod value;
mod webhook;

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use modelport_provider::catalogue::Overrides;

pub use self::cache::{CacheConfig, Place as CachePlace, Scope};
pub use self::diff::diff;
pub use self::effective::Effective;
use self::environment::Environment;
pub use self::example::env_example;
pub use self::fault::{Fault, Faults, Origin, Warning};
pub use self::file::{FileText, Readers, document, schema, schema_text};
pub use self::providers::{
    ConfiguredModel, FurtherKey, GENERIC_ID, OLDER_ID, OLLAMA_ID, OllamaChat, ProviderConfig,
    RoomConfig,
};
#[cfg(test)]
pub(crate) use self::redis::url as redis_url;
pub use self::redis::{Away, RedisConfig, RedisUrl};
pub use self::server::{CorsOrigins, Level, LogFormat, MetricsAccess, ServerConfig};
pub use self::setting::{Kind, Preset, SECTIONS, Section, Setting, all as settings};
pub use self::source::FILE;
pub use self::storage::{Database, Keep, PostgresUrl, StorageConfig};
pub use self::traces::{Sampler, TraceProtocol, TracesConfig};
pub use self::value::Wrong;
pub use self::webhook::WebhookUrl;

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
    /// How much may be used, keys and teams aside.
    pub limits: Vec<limits::LimitConfig>,
    /// What the operator says of models.
    pub catalogue: Overrides,
    /// What is kept, and where.
    pub storage: StorageConfig,
    /// What answers are kept to be given again, if any are.
    pub cache: Option<CacheConfig>,
    /// Where traces go, if there are any.
    pub traces: Option<TracesConfig>,
    /// How much is logged.
    pub log_level: Level,
    /// What its lines look like.
    pub log_format: LogFormat,
    /// Every setting's value and where it is set, to be shown.
    pub settings: Vec<Effective>,
    /// What works but is likely not meant so.
    pub warnings: Vec<Warning>,
    /// The configuration file that was read, by its path from `/`.
    pub file: Option<PathBuf>,
}

impl Config {
    /// Whether something is said of this model of the provider at this place.
    pub fn names(&self, place: usize, model: &str) -> bool {
        let Some(provider) = self.providers.get(place) else {
            return false;
        };
        let mut targets = self
            .routes
            .iter()
            .flat_map(|route| &route.groups)
            .flat_map(|group| &group.targets);
        let mut aliases = self.aliases.values();
        provider.default_model.as_deref() == Some(model)
            || targets
                .any(|target| target.provider == place && target.model.as_deref() == Some(model))
            || aliases.any(|target| {
                target == model
                    || target
                        .split_once(':')
                        .is_some_and(|(_, named)| named == model)
            })
            || self.catalogue.get(&provider.id, model).is_some()
    }

    /// Reads the settings of this process again, from the same configuration file. One that was there and is gone is a
    /// fault.
    ///
    /// # Errors
    /// All faults at once.
    pub fn reload(&self) -> Result<Self, Faults> {
        load_from_process(self.file.clone())
    }
}

/// Checks the settings of an environment, of a `.env` file's path and text, and of a configuration file; an earlier
/// one wins over a later one.
///
/// # Errors
/// All faults at once.
pub fn load(
    process: impl Iterator<Item = (OsString, OsString)>,
    dotenv: Option<(PathBuf, String)>,
    file: Option<&FileText>,
) -> Result<Config, Faults> {
    check(Environment::read(process, dotenv), file)
}

/// Checks the settings of this process: its environment, `.env` in the working directory if there is one, and the
/// configuration file: the named one, or the one that `MODELPORT_CONFIG` names, or [`FILE`] in the working directory
/// if there is one.
///
/// # Errors
/// All faults at once.
pub fn load_from_process(config: Option<PathBuf>) -> Result<Config, Faults> {
    let dotenv = source::dotenv().map_err(|fault| Faults(vec![fault]))?;
    let mut environment = Environment::read(environment::process(), dotenv);
    match source::file(config, &mut environment) {
        Ok(file) => check(environment, file.as_ref()),
        Err(fault) => {
            environment.faults.push(fault);
            Err(Faults(environment.faults))
        }
    }
}

/// What the settings of this process say, for a command that needs none; `None` where they are no configuration and say
/// nothing of models either.
///
/// # Errors
/// All faults at once, where a configuration file or `MODELPORT_CATALOGUE` is meant to count.
pub fn load_if_meant(config: Option<PathBuf>) -> Result<Option<Config>, Faults> {
    let dotenv = source::dotenv().map_err(|fault| Faults(vec![fault]))?;
    let mut environment = Environment::read(environment::process(), dotenv);
    let file = source::file(config, &mut environment).map_err(|fault| Faults(vec![fault]))?;
    let is_meant = file.is_some() || environment.is_set(setting::CATALOGUE.name);
    match check(environment, file.as_ref()) {
        Ok(config) => Ok(Some(config)),
        Err(faults) if is_meant => Err(faults),
        Err(_) => Ok(None),
    }
}

/// A variable of this process's environment or, where that has none or an empty one, of `.env`.
///
/// # Errors
/// A `.env` that cannot be read.
pub fn variable(name: &str) -> Result<Option<String>, Fault> {
    let environment = Environment::read(environment::process(), source::dotenv()?);
    let value = environment.variables.get(name);
    Ok(value.filter(|value| !value.is_empty()).cloned())
}

fn check(mut environment: Environment, file: Option<&FileText>) -> Result<Config, Faults> {
    let filed = match file.map(|file| file::read(file, &mut environment)) {
        // What the rest of the settings come to depends on the file.
        Some(None) => return Err(in_order(environment.faults)),
        Some(Some(filed)) => Some(filed),
        None => None,
    };
    let log_level = server::preset(&mut environment, &setting::LOG_LEVEL, value::level);
    let log_format = server::preset(&mut environment, &setting::LOG_FORMAT, server::log_format);
    let fallback = server::preset(
        &mut environment,
        &setting::ENABLE_PROVIDER_FALLBACK,
        value::switch,
    );
    let server = server::read(&mut environment);
    let storage = storage::read(&mut environment);
    let cache = cache::read(&mut environment, storage.redis.as_ref());
    let traces = traces::read(&mut environment);
    let entries = filed.as_ref().map(|filed| filed.providers.as_slice());
    let providers = providers::read(&mut environment, entries.unwrap_or_default());
    let all = providers.as_ref().map(|providers| providers.all.as_slice());
    let catalogue = catalogue::read(&mut environment, all.unwrap_or_default());
    let (routes, aliases, limits) = match (filed, all) {
        (Some(filed), Some(all)) => filed.routes(&mut environment, all),
        _ => (Vec::new(), HashMap::new(), Vec::new()),
    };
    let preferred = providers.as_ref().and_then(|providers| providers.preferred);
    match (
        server,
        providers,
        preferred,
        fallback,
        log_level.zip(log_format),
    ) {
        (
            Some(server),
            Some(providers),
            Some(preferred),
            Some(provider_fallback),
            Some((log_level, log_format)),
        ) if environment.faults.is_empty() => Ok(Config {
            server,
            providers: providers.all,
            preferred,
            provider_fallback,
            routes,
            aliases,
            limits,
            catalogue,
            storage,
            cache,
            traces,
            log_level,
            log_format,
            settings: effective::of(&environment),
            warnings: environment.warnings,
            file: file.map(|file| absolute(&file.path)),
        }),
        _ => Err(in_order(environment.faults)),
    }
}

/// Those of the environment first, then those of the configuration file by line.
fn in_order(mut faults: Vec<Fault>) -> Faults {
    faults.sort_by_key(|fault| {
        let line = fault.origin.line.as_ref().map(|(_, line)| *line);
        fault.origin.column.map(|column| (line, column))
    });
    Faults(faults)
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests;
