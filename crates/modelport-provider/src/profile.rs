//! What can be known about a provider before it is asked anything: its label, how it takes a credential, where its
//! listing is, what it makes of a request's fields. It holds the shape of those facts; the facts themselves are in
//! `profiles/`, one provider a file.

use crate::parameters::Parameters;
use crate::resolution::Spelling;

/// One provider's facts, as plain data. A profile says what differs from [`Profile::PLAIN`].
#[derive(Debug, PartialEq, Eq)]
pub struct Profile {
    /// Short name for settings and metrics: lower-case letters and underscores, unique.
    pub slug: &'static str,
    /// The display name.
    pub name: &'static str,
    /// Domains it answers under; each stands for itself and its subdomains.
    pub hosts: &'static [&'static str],
    /// The API's path where a base URL names only the host; no trailing slash.
    pub default_path: &'static str,
    /// As `default_path`, when the base URL's query asks for a dated `api-version`; such a base wants the model as
    /// `/deployments/MODEL` in the path.
    pub dated_path: Option<&'static str>,
    /// The provider's own public base URL, where there is one for everybody.
    pub base_url: Option<&'static str>,
    /// The header that carries the key.
    pub credential: CredentialStyle,
    /// The section of the embedded catalogue with this provider's models.
    pub catalogue: Option<&'static str>,
    /// What proves that it is alive without costing anything.
    pub health: HealthProbe,
    /// Where its model listing is, the richest first: a 404 leads to the next. Empty when it has none.
    pub listings: &'static [Place],
    /// How it takes ids that its own list spells otherwise.
    pub spelling: Spelling,
    /// What it makes of the fields of a chat completion.
    pub parameters: Parameters,
    /// The path of its Responses API, appended to the base URL; `None` where chat completions must do.
    pub responses: Option<&'static str>,
    /// Its Messages API, the one of Anthropic; `None` where chat completions must do.
    pub messages: Option<MessagesApi>,
    /// What a model of no known price costs.
    pub unlisted: Unlisted,
    /// The `owned_by` in the listing of a server that tells by it what it is.
    pub owned_by: Option<&'static str>,
}

/// A path of a provider's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Appended to the base URL.
    Below(&'static str),
    /// At the root of the host: a server's own API beside the one it serves below `/v1`.
    Root(&'static str),
}

/// What a model costs for which nobody, not even the operator, states a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unlisted {
    /// Nobody knows: a price that is not known is never taken for zero.
    #[default]
    Unknown,
    /// Nothing: whoever runs the server has paid for it already.
    Free,
    /// Nothing, but for the models that Ollama passes on to ollama.com, whose price is not known. A server that is ollama.com
    /// itself is [`Unknown`](Self::Unknown).
    FreeUnlessCloud,
}

/// How a provider speaks Anthropic's Messages API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessagesApi {
    /// Its path, appended to the base URL.
    pub path: &'static str,
    /// The path that counts a request's tokens; `None` where there is none.
    pub count_tokens: Option<&'static str>,
    /// The header that carries the key there.
    pub credential: CredentialStyle,
}

/// How a key is shown to a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialStyle {
    /// `Authorization: Bearer KEY`.
    Bearer,
    /// `api-key: KEY`, as Azure takes it.
    ApiKey,
    /// `x-api-key: KEY`, as Anthropic's own API takes it.
    XApiKey,
}

/// A free call that tells whether a provider is up. Never a completion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HealthProbe {
    /// Its model listing, `GET /models`.
    Models,
    /// `GET` of this path.
    Path(Place),
    /// No free call is known: only real traffic tells.
    TrafficOnly,
}

impl Profile {
    /// What nearly every OpenAI-compatible server does: Bearer key, `/v1`, `GET /models`, fields taken as sent.
    pub const PLAIN: Self = Self {
        slug: "openai_compatible",
        name: "OpenAI Compatible",
        hosts: &[],
        default_path: "/v1",
        dated_path: None,
        base_url: None,
        credential: CredentialStyle::Bearer,
        catalogue: None,
        health: HealthProbe::Models,
        listings: &[Place::Below("/models")],
        spelling: Spelling::Plain,
        parameters: Parameters::OPEN,
        responses: None,
        messages: None,
        unlisted: Unlisted::Unknown,
        owned_by: None,
    };

    /// Whether `host` is one of this profile's domains or lies under one, letter case and a final dot aside.
    pub fn covers(&self, host: &str) -> bool {
        self.hosts.iter().any(|domain| is_under(host, domain))
    }
}

/// Compares on label boundaries, so that `notopenrouter.ai` is not under `openrouter.ai`.
fn is_under(host: &str, domain: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host).as_bytes();
    let Some(split) = host.len().checked_sub(domain.len()) else {
        return false;
    };
    let (before, tail) = host.split_at(split);
    tail.eq_ignore_ascii_case(domain.as_bytes()) && before.last().is_none_or(|byte| *byte == b'.')
}
