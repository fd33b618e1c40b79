//! The older way to name OpenRouter: the generic provider with OpenRouter's address.

use futures_util::future::BoxFuture;
use http::Response;

use crate::{
    base_url::BaseUrl,
    chat::{ChatCompletion, ChatRequest},
    chat_stream::ChatStream,
    error::Error,
    openai_compatible::OpenAiCompatibleProvider,
    profile::Profile,
    provider::{Call, Discovered, Health, Provider},
    provider_type::ProviderType,
    settings::OpenAiSettings,
    transport::Answer,
};

/// OpenRouter, under its older name.
#[derive(Clone, Debug)]
pub struct OpenRouterProvider(OpenAiCompatibleProvider);

impl OpenRouterProvider {
    /// OpenRouter with this key.
    ///
    /// # Errors
    ///
    /// `is_invalid` when the key cannot be sent in a header.
    pub fn new(api_key: impl AsRef<str>) -> Result<Self, Error> {
        let settings = OpenAiSettings::default();
        let builder = OpenAiCompatibleProvider::builder(&settings.base_url)
            .api_key(api_key.as_ref())
            .name("OpenRouter");
        let builder = match &settings.default_model {
            Some(model) => builder.default_model(model),
            None => builder,
        };
        builder.build().map(Self)
    }

    /// The generic provider that it is.
    pub fn into_inner(self) -> OpenAiCompatibleProvider {
        self.0
    }
}

impl Provider for OpenRouterProvider {
    fn id(&self) -> &str {
        self.0.id()
    }

    fn name(&self) -> &str {
        self.0.name()
    }

    fn provider_type(&self) -> ProviderType {
        ProviderType::OpenRouter.canonical()
    }

    fn base_url(&self) -> &BaseUrl {
        self.0.base_url()
    }

    fn profile(&self) -> &'static Profile {
        self.0.profile()
    }

    fn default_model(&self) -> Option<&str> {
        self.0.default_model()
    }

    fn call<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Response<Answer>, Error>> {
        self.0.call(call)
    }

    fn list_models(&self) -> BoxFuture<'_, Result<Discovered, Error>> {
        self.0.list_models()
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        self.0.health()
    }

    fn chat(&self, request: ChatRequest) -> BoxFuture<'_, Result<ChatCompletion, Error>> {
        self.0.chat(request)
    }

    fn chat_stream(&self, request: ChatRequest) -> BoxFuture<'_, Result<ChatStream, Error>> {
        self.0.chat_stream(request)
    }
}
