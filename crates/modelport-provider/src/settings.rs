//! What a provider can be told, as plain data with the documented defaults. Reading it from somewhere is the
//! caller's part.

use std::fmt;
use std::time::Duration;

use http::HeaderMap;

mod ollama;

pub use ollama::{ChatApi, KeepAlive};

use crate::base_url::{BaseUrl, BaseUrlFault};
use crate::credential::Secret;

/// The generic provider's default base URL.
pub const DEFAULT_BASE_URL: &str = "https://openrouter.ai/api/v1";
/// The generic provider's default model.
pub const DEFAULT_MODEL: &str = "anthropic/claude-3.5-sonnet";
/// Ollama's default base URL.
pub const DEFAULT_OLLAMA_BASE_URL: &str = "http://localhost:11434";
/// How long a provider may stay silent by default.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest timeout that may be set: a day.
pub const MAX_TIMEOUT: Duration = Duration::from_hours(24);
/// Retries after the first attempt by default.
pub const DEFAULT_MAX_RETRIES: u32 = 3;
/// The most retries that may be set.
pub const MAX_MAX_RETRIES: u32 = 100;

/// Whether a provider is spoken to with HTTP/2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Http2 {
    /// Never: one call a connection, with HTTP/1.1.
    #[default]
    Off,
    /// Where the provider chooses it when an encrypted connection is made.
    Auto,
    /// Always, without asking. For plain connections.
    PriorKnowledge,
}

impl Http2 {
    /// The word for it in settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Auto => "auto",
            Self::PriorKnowledge => "prior-knowledge",
        }
    }
}

/// Settings of one OpenAI-compatible provider.
#[derive(Clone)]
pub struct OpenAiSettings {
    /// Whether it is used at all.
    pub enabled: bool,
    /// The key; `None` for servers that want none.
    pub api_key: Option<Secret>,
    /// Where its API is.
    pub base_url: String,
    /// Used when a request names no model.
    pub default_model: Option<String>,
    /// The display name; `None` to take it from the host.
    pub provider_name: Option<String>,
    /// Sent on every call; they win over the default headers.
    pub custom_headers: HeaderMap,
    /// How long it may stay silent: until the head of its answer, and between two reads of the body.
    pub timeout: Duration,
    /// Retries after the first attempt.
    pub max_retries: u32,
    /// Whether it is spoken to with HTTP/2.
    pub http2: Http2,
}

/// Settings of an Ollama server.
#[derive(Clone)]
pub struct OllamaSettings {
    /// Whether it is used at all.
    pub enabled: bool,
    /// The key; a local server wants none, ollama.com does.
    pub api_key: Option<Secret>,
    /// Its root.
    pub base_url: String,
    /// Used when a request names no model.
    pub default_model: Option<String>,
    /// How long it may stay silent: until the head of its answer, and between two reads of the body.
    pub timeout: Duration,
    /// Retries after the first attempt.
    pub max_retries: u32,
    /// Which of its two APIs chats use.
    pub chat_api: ChatApi,
    /// How long a model stays loaded after a request that does not say so itself; `None` leaves it to the server.
    pub keep_alive: Option<KeepAlive>,
}

/// What makes settings unusable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsFault {
    /// The base URL.
    #[error("the base URL is wrong: {0}")]
    BaseUrl(#[from] BaseUrlFault),
    /// A timeout of zero or over [`MAX_TIMEOUT`].
    #[error("the timeout is not above 0 and at most {} seconds", MAX_TIMEOUT.as_secs())]
    Timeout,
    /// More than [`MAX_MAX_RETRIES`].
    #[error("there are more than {MAX_MAX_RETRIES} retries")]
    MaxRetries,
}

impl Default for OpenAiSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            api_key: None,
            base_url: DEFAULT_BASE_URL.to_owned(),
            default_model: Some(DEFAULT_MODEL.to_owned()),
            provider_name: None,
            custom_headers: HeaderMap::new(),
            timeout: DEFAULT_TIMEOUT,
            max_retries: DEFAULT_MAX_RETRIES,
            http2: Http2::Off,
        }
    }
}

impl Default for OllamaSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            api_key: None,
            base_url: DEFAULT_OLLAMA_BASE_URL.to_owned(),
            default_model: None,
            timeout: DEFAULT_TIMEOUT,
            max_retries: DEFAULT_MAX_RETRIES,
            chat_api: ChatApi::default(),
            keep_alive: None,
        }
    }
}

impl OpenAiSettings {
    /// Checks everything and gives the normalised base URL.
    ///
    /// # Errors
    /// When the base URL, the timeout or the retries are out of bounds.
    pub fn validate(&self) -> Result<BaseUrl, SettingsFault> {
        within_bounds(self.timeout, self.max_retries)?;
        Ok(BaseUrl::parse(&self.base_url)?)
    }
}

impl OllamaSettings {
    /// Checks everything and gives the normalised root.
    ///
    /// # Errors
    /// When the base URL, the timeout or the retries are out of bounds.
    pub fn validate(&self) -> Result<BaseUrl, SettingsFault> {
        within_bounds(self.timeout, self.max_retries)?;
        Ok(BaseUrl::parse_ollama(&self.base_url)?)
    }
}

fn within_bounds(timeout: Duration, max_retries: u32) -> Result<(), SettingsFault> {
    if timeout.is_zero() || timeout > MAX_TIMEOUT {
        return Err(SettingsFault::Timeout);
    }
    if max_retries > MAX_MAX_RETRIES {
        return Err(SettingsFault::MaxRetries);
    }
    Ok(())
}

impl fmt::Debug for OpenAiSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenAiSettings")
            .field("enabled", &self.enabled)
            .field("api_key", &self.api_key)
            .field("base_url", &shown(BaseUrl::parse(&self.base_url)))
            .field("default_model", &self.default_model)
            .field("provider_name", &self.provider_name)
            .field(
                "custom_headers",
                &self.custom_headers.keys().collect::<Vec<_>>(),
            )
            .field("timeout", &self.timeout)
            .field("max_retries", &self.max_retries)
            .field("http2", &self.http2)
            .finish()
    }
}

impl fmt::Debug for OllamaSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OllamaSettings")
            .field("enabled", &self.enabled)
            .field("api_key", &self.api_key)
            .field("base_url", &shown(BaseUrl::parse_ollama(&self.base_url)))
            .field("default_model", &self.default_model)
            .field("timeout", &self.timeout)
            .field("max_retries", &self.max_retries)
            .field("chat_api", &self.chat_api)
            .field("keep_alive", &self.keep_alive)
            .finish()
    }
}

/// A base URL that is not checked yet may hold a password, so only a checked one is shown.
fn shown(base_url: Result<BaseUrl, BaseUrlFault>) -> String {
    base_url.map_or_else(|_| "[not a base URL]".to_owned(), |url| url.to_string())
}

#[cfg(test)]
mod tests;
