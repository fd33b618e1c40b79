//! The table of settings: each one's name, kind, default and help, written once. The readers take defaults from
//! here; the example file and the documentation are made from it. It reads nothing.

mod table;
pub(super) mod traces;

use super::cache;
use super::discount;
use super::networks;
use super::redis;
use super::server;
use super::storage;
use super::traces as read_traces;
use super::value::{self, UrlHints, Wrong};
use super::webhook;
pub(super) use table::{
    ADMIN_KEY, ALLOW_OPEN, API_KEYS, BODY_LIMIT, BUDGET_WEBHOOK, CACHE, CACHE_SCOPE, CACHE_STORE,
    CACHE_TTL, CATALOGUE, CONFIG, CORS_ORIGINS, DATA_DIR, DATABASE_URL, DEFAULT_MODEL,
    ENABLE_PROVIDER_FALLBACK, HOST, KEEP_DAYS, LOG_FORMAT, LOG_LEVEL, MAX_SIZE, METRICS, PORT,
    PREFERRED_PROVIDER, REDIS_AWAY, REDIS_URL, REQUIRE_KEY, SHUTDOWN_TIMEOUT, STREAM_COST,
    TRUSTED_PROXIES, UPLOAD_LIMIT, WORKERS,
};

/// One setting that the environment can hold.
#[derive(Debug)]
pub struct Setting {
    /// The variable's name.
    pub name: &'static str,
    /// What its value looks like.
    pub kind: Kind,
    /// What holds when it is not set.
    pub preset: Preset,
    /// What it does, in a sentence or two.
    pub help: &'static str,
}

/// What holds when a setting is not set.
#[derive(Debug, Clone, Copy)]
pub enum Preset {
    /// This value.
    Value(&'static str),
    /// Nothing, or what is found out; with an example of a value.
    Unset {
        /// A value that would be accepted.
        example: &'static str,
    },
}

impl Preset {
    /// The default, or else the example.
    pub fn sample(self) -> &'static str {
        match self {
            Self::Value(text) | Self::Unset { example: text } => text,
        }
    }
}

/// What a value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// true or false.
    Switch,
    /// A key.
    Secret,
    /// An OpenAI-compatible base URL.
    BaseUrl,
    /// The root of an Ollama server.
    OllamaUrl,
    /// A model or a display name.
    Text,
    /// A JSON object of strings.
    Headers,
    /// A time in seconds.
    Seconds,
    /// A number of retries.
    Retries,
    /// A provider's id, or `auto`.
    Provider,
    /// An address to listen on.
    Address,
    /// A port.
    Port,
    /// A log level.
    Level,
    /// What a log line looks like.
    LogFormat,
    /// Keys that callers show.
    Keys,
    /// Addresses and networks.
    Networks,
    /// Origins of web pages.
    Origins,
    /// An amount of bytes.
    Bytes,
    /// The size of a file.
    Size,
    /// A number of days.
    Days,
    /// An amount of memory, or none.
    Memory,
    /// Who shares what is kept.
    Scope,
    /// Where what is kept is.
    CacheStore,
    /// A number of threads.
    Workers,
    /// The path of a file.
    File,
    /// The URL of a database.
    Database,
    /// The URL of a Redis server.
    Redis,
    /// What is done while that is away.
    Away,
    /// The URL of a webhook.
    Webhook,
    /// Who may read the metrics.
    MetricsAccess,
    /// The path of a directory.
    Directory,
    /// The slug of a profile.
    Profile,
    /// A policy for parameters.
    Policy,
    /// Ids of models, each perhaps with the name that the catalogue has for it.
    Models,
    /// Azure's `api-version`.
    ApiVersion,
    /// When HTTP/2 is spoken.
    Http2,
    /// One of Ollama's two APIs.
    ChatApi,
    /// How long a model stays loaded.
    KeepAlive,
    /// A share of a price.
    Discount,
    /// The URL of a receiver of traces.
    Collector,
    /// How it is spoken to.
    TraceProtocol,
    /// What it is shown.
    TraceHeaders,
    /// A time in milliseconds.
    Millis,
    /// Which requests are traced.
    Sampler,
    /// A share of requests.
    SampledShare,
    /// What is said of the gateway.
    Attributes,
}

impl Kind {
    /// The kind in words, for documentation.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Switch => "true or false (1/0, yes/no, on/off)",
            Self::Secret => "secret",
            Self::BaseUrl | Self::OllamaUrl => "URL",
            Self::Text => "text",
            Self::Headers => "JSON object of strings",
            Self::Seconds => "seconds",
            Self::Retries => "number, 0 to 100",
            Self::Provider => "auto or a provider's id",
            Self::Address => "IP address or host name",
            Self::Port => "number, 0 to 65535",
            Self::Level => "TRACE, DEBUG, INFO, WARN or ERROR",
            Self::LogFormat => "auto, text or json",
            Self::Keys => "secrets, separated by commas",
            Self::Networks => "addresses and networks, separated by commas",
            Self::Origins => "origins, separated by commas, or *",
            Self::Bytes => "bytes, or with a unit such as 64 MiB",
            Self::Size => "bytes, or with a unit such as 10 GiB",
            Self::Days => "days, or 0 for no end",
            Self::Memory => "bytes, or with a unit such as 256 MiB; 0 for none",
            Self::Scope => "key or shared",
            Self::CacheStore => "memory or redis",
            Self::Workers => "number, 1 to 1024",
            Self::File => "path of a file",
            Self::Database => "URL with sqlite:// or postgres://",
            Self::Redis => "URL with redis:// or rediss://",
            Self::Away => "local or refuse",
            Self::Webhook => "URL with https:// or http://",
            Self::MetricsAccess => "auto, open, key or off",
            Self::Directory => "path of a directory",
            Self::Profile => "name of a known provider",
            Self::Policy => "strict, warn or pass",
            Self::Models => "ids separated by commas, each perhaps as id=base-model",
            Self::ApiVersion => "date, or v1, preview, latest",
            Self::Http2 => "off, auto or prior-knowledge",
            Self::ChatApi => "native or openai",
            Self::KeepAlive => "duration, or seconds",
            Self::Discount => "percents such as 15%, or a share such as 0.15",
            Self::Collector => "URL with http:// or https://",
            Self::TraceProtocol => "http/protobuf or grpc",
            Self::TraceHeaders => "name=value, separated by commas",
            Self::Millis => "milliseconds",
            Self::Sampler => "name of a sampler",
            Self::SampledShare => "number, 0 to 1",
            Self::Attributes => "key=value, separated by commas",
        }
    }

    /// Whether a text could be a value of this kind.
    ///
    /// # Errors
    /// What is wrong with it, and what would be right.
    pub fn check(self, text: &str) -> Result<(), Wrong> {
        match self {
            Self::Switch => value::switch(text).map(drop),
            Self::Secret => value::secret(text).map(drop),
            Self::BaseUrl => value::base_url(text, &UrlHints::default()).map(drop),
            Self::OllamaUrl => value::ollama_url(text).map(drop),
            Self::Text | Self::Provider | Self::File | Self::Directory => {
                value::text(text).map(drop)
            }
            Self::Database => storage::database(text).map(drop),
            Self::Redis => redis::url(text).map(drop),
            Self::Away => redis::away(text).map(drop),
            Self::Webhook => webhook::url(text).map(drop),
            Self::MetricsAccess => server::metrics_access(text).map(drop),
            Self::Headers => value::headers(text).map(drop),
            Self::Seconds => value::seconds(text).map(drop),
            Self::Retries => value::retries(text).map(drop),
            Self::Address => value::address(text).map(drop),
            Self::Port => value::port(text).map(drop),
            Self::Level => value::level(text).map(drop),
            Self::LogFormat => server::log_format(text).map(drop),
            Self::Keys => value::keys(text).map(drop),
            Self::Networks => networks::networks(text).map(drop),
            Self::Origins => value::origins(text).map(drop),
            Self::Bytes => value::bytes(text).map(drop),
            Self::Size => value::size(text).map(drop),
            Self::Days => value::days(text).map(drop),
            Self::Memory => value::memory(text).map(drop),
            Self::Scope => cache::scope(text).map(drop),
            Self::CacheStore => cache::store(text).map(drop),
            Self::Workers => value::workers(text).map(drop),
            Self::Profile => value::profile(text).map(drop),
            Self::Policy => value::policy(text).map(drop),
            Self::Models => value::models(text).map(drop),
            Self::ApiVersion => value::api_version(text).map(drop),
            Self::Http2 => value::http2(text).map(drop),
            Self::ChatApi => value::chat_api(text).map(drop),
            Self::KeepAlive => value::keep_alive(text).map(drop),
            Self::Discount => discount::discount(text).map(drop),
            Self::Collector => read_traces::endpoint(text, None).map(drop),
            Self::TraceProtocol => read_traces::protocol(text).map(drop),
            Self::TraceHeaders => read_traces::headers(text).map(drop),
            Self::Millis => read_traces::millis(text).map(drop),
            Self::Sampler => read_traces::sampler(text).map(drop),
            Self::SampledShare => read_traces::share(text).map(drop),
            Self::Attributes => read_traces::attributes(text).map(drop),
        }
    }
}

/// What a provider's variables end in. Those of the generic provider, of which Ollama has some; and Ollama's own.
pub(super) mod field {
    pub(in crate::config) const ENABLED: &str = "ENABLED";
    pub(in crate::config) const API_KEY: &str = "API_KEY";
    pub(in crate::config) const BASE_URL: &str = "BASE_URL";
    pub(in crate::config) const DEFAULT_MODEL: &str = "DEFAULT_MODEL";
    pub(in crate::config) const PROVIDER_NAME: &str = "PROVIDER_NAME";
    pub(in crate::config) const CUSTOM_HEADERS: &str = "CUSTOM_HEADERS";
    pub(in crate::config) const TIMEOUT: &str = "TIMEOUT";
    pub(in crate::config) const MAX_RETRIES: &str = "MAX_RETRIES";
    pub(in crate::config) const PROFILE: &str = "PROFILE";
    pub(in crate::config) const PARAMETERS: &str = "PARAMETERS";
    pub(in crate::config) const MODELS: &str = "MODELS";
    pub(in crate::config) const API_VERSION: &str = "API_VERSION";
    pub(in crate::config) const HTTP2: &str = "HTTP2";
    pub(in crate::config) const DISCOUNT: &str = "DISCOUNT";
    pub(in crate::config) const CHAT_API: &str = "CHAT_API";
    pub(in crate::config) const KEEP_ALIVE: &str = "KEEP_ALIVE";

    /// Of an OpenAI-compatible provider.
    pub(in crate::config) const GENERIC: [&str; 14] = [
        ENABLED,
        API_KEY,
        BASE_URL,
        DEFAULT_MODEL,
        PROVIDER_NAME,
        CUSTOM_HEADERS,
        TIMEOUT,
        MAX_RETRIES,
        PROFILE,
        PARAMETERS,
        MODELS,
        API_VERSION,
        HTTP2,
        DISCOUNT,
    ];
    /// Of Ollama, where the short form is read too. `KEEP_ALIVE` is not among them: `OLLAMA_KEEP_ALIVE` is the
    /// server's own.
    pub(in crate::config) const OLLAMA: [&str; 8] = [
        ENABLED,
        API_KEY,
        BASE_URL,
        DEFAULT_MODEL,
        TIMEOUT,
        MAX_RETRIES,
        PARAMETERS,
        CHAT_API,
    ];
}

/// The generic provider's variables begin so.
pub(super) const GENERIC_PREFIX: &str = "OPENAI_COMPATIBLE_";
/// The older group for the same provider.
pub(super) const OLDER_PREFIX: &str = "OPENROUTER_";
/// Ollama's variables begin so.
pub(super) const OLLAMA_PREFIX: &str = "OLLAMA_SETTINGS_";
/// The short form for the same.
pub(super) const SHORT_OLLAMA_PREFIX: &str = "OLLAMA_";
/// Ollama's own variable for the address it listens on.
pub(super) const OLLAMA_HOST: &str = "OLLAMA_HOST";

/// A section of the documentation: its heading, and its settings in order.
pub type Section = (&'static str, &'static [Setting]);

/// Every setting with a name of its own, by section. The older group, the short Ollama forms and the further
/// instances follow from these by their prefixes.
pub const SECTIONS: [Section; 7] = [
    ("OpenAI-compatible provider", &table::GENERIC),
    ("Ollama", &table::OLLAMA),
    ("Choosing a provider", &table::CHOICE),
    ("Server", &table::SERVER),
    ("Storage", &table::STORAGE),
    ("Cache", &table::KEPT),
    ("Traces", &traces::TRACES),
];

/// Every setting of [`SECTIONS`].
pub fn all() -> impl Iterator<Item = &'static Setting> {
    SECTIONS.into_iter().flat_map(|(_, settings)| settings)
}

#[cfg(test)]
mod tests;
