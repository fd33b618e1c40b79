//! What every provider can do, whatever protocol it speaks.
//!
//! The trait is the library's edge: a program that holds several kinds of provider holds them as
//! `Box<dyn Provider>`. Code that must not pay for boxed futures uses the concrete types.

use std::{fmt, time::Duration};

use futures_util::future::BoxFuture;
use http::{HeaderMap, Response};

use crate::{
    base_url::BaseUrl,
    chat::{ChatCompletion, ChatRequest},
    chat_stream::ChatStream,
    error::Error,
    listing::ListedModel,
    profile::Profile,
    provider_type::ProviderType,
    splice::Spliced,
    transport::{Answer, Upload},
};

/// One configured upstream.
pub trait Provider: fmt::Debug + Send + Sync {
    /// The name it is configured under, such as `openai_compatible`.
    fn id(&self) -> &str;

    /// The name shown to people, such as `OpenRouter`.
    fn name(&self) -> &str;

    /// The protocol it speaks.
    fn provider_type(&self) -> ProviderType;

    /// Where its API is mounted.
    fn base_url(&self) -> &BaseUrl;

    /// What is known about its host.
    fn profile(&self) -> &'static Profile;

    /// The model used when a request names none.
    fn default_model(&self) -> Option<&str>;

    /// Sends bytes and gives the answer's bytes; any status is an `Ok`. Nothing is retried.
    fn call<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Response<Answer>, Error>>;

    /// Asks the provider which models it serves.
    fn list_models(&self) -> BoxFuture<'_, Result<Discovered, Error>>;

    /// The models it serves, or, when it cannot be asked, those it is known to serve.
    fn models(&self) -> BoxFuture<'_, ModelList> {
        Box::pin(async move {
            match self.list_models().await {
                Ok(found) => ModelList {
                    ids: found.models.into_iter().map(|model| model.id).collect(),
                    source: ListSource::Discovered,
                },
                Err(_) => ModelList {
                    ids: fallback_ids(self.profile(), self.default_model()),
                    source: ListSource::Fallback,
                },
            }
        })
    }

    /// Asks for a sign of life that costs nothing.
    fn health(&self) -> BoxFuture<'_, Health>;

    /// One chat completion, with retries.
    fn chat(&self, request: ChatRequest) -> BoxFuture<'_, Result<ChatCompletion, Error>>;

    /// One chat completion, piece by piece. Retried until the provider accepts it, not after.
    fn chat_stream(&self, request: ChatRequest) -> BoxFuture<'_, Result<ChatStream, Error>>;
}

/// One byte-level call: what is sent, besides what the provider itself adds.
#[derive(Debug)]
pub struct Call<'a> {
    /// The endpoint below the base URL, such as `/chat/completions`, with the caller's query
    /// string if there is one.
    pub path: &'a str,
    /// The model as the provider knows it, for an API that wants it in the path as well.
    pub model: &'a str,
    /// The caller's end-to-end headers, credentials already taken out.
    pub headers: &'a HeaderMap,
    /// The body, as a few slices.
    pub body: &'a Spliced,
}

/// As [`Call`], with a body that arrives while it is sent.
pub struct UploadCall<'a> {
    /// As in [`Call`].
    pub path: &'a str,
    /// As in [`Call`].
    pub model: &'a str,
    /// As in [`Call`].
    pub headers: &'a HeaderMap,
    /// The body.
    pub body: Upload,
}

/// What a provider said it serves.
#[derive(Debug)]
pub struct Discovered {
    /// The models, in the provider's order.
    pub models: Vec<ListedModel>,
    /// How many entries could not be read.
    pub skipped: usize,
}

/// Model ids and where they come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelList {
    /// The upstream's own ids.
    pub ids: Vec<String>,
    /// Where they come from.
    pub source: ListSource,
}

/// Where a list of models comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListSource {
    /// The provider's own listing.
    Discovered,
    /// The predefined list, because the provider could not be asked.
    Fallback,
    /// The configuration alone: nothing predefined is known of this provider.
    Configured,
}

impl ListSource {
    /// The name used in answers and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Discovered => "discovered",
            Self::Fallback => "fallback",
            Self::Configured => "configured",
        }
    }
}

/// The predefined ids of a provider, with the configured default model among them.
pub fn fallback_ids(profile: &Profile, default_model: Option<&str>) -> Vec<String> {
    let known = profile.catalogue.map(crate::catalogue::fallback_models);
    let mut ids: Vec<String> = known
        .unwrap_or_default()
        .into_iter()
        .map(str::to_owned)
        .collect();
    if let Some(model) = default_model
        && !ids.iter().any(|id| id == model)
    {
        ids.insert(0, model.to_owned());
    }
    ids
}

/// A provider's state of health, as a person needs it to act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// The state.
    pub state: HealthState,
    /// Why, in a sentence that says what to do where something can be done.
    pub reason: String,
    /// How long the sign of life took.
    pub latency: Option<Duration>,
}

/// How a provider is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HealthState {
    /// It answers.
    Healthy,
    /// It answers, but not always, or not to everything.
    Degraded,
    /// It does not answer, or refuses our credential.
    Unhealthy,
    /// Nothing is known yet.
    Unknown,
    /// It is switched off in the configuration.
    Disabled,
}

impl HealthState {
    /// The name used in answers and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Unhealthy => "unhealthy",
            Self::Unknown => "unknown",
            Self::Disabled => "disabled",
        }
    }
}
