//! Ollama: listed and probed by its own API, spoken to through its OpenAI layer.
//!
//! The OpenAI layer lives at `/v1` below the root, so a chat is the generic provider's; the native
//! API tells what is installed with details that `/v1/models` leaves out.

use std::time::Duration;

use futures_util::future::BoxFuture;
use http::{HeaderMap, Response};

use crate::{
    base_url::BaseUrl,
    chat::{ChatCompletion, ChatRequest},
    chat_stream::ChatStream,
    client::{Client, Options},
    credential::Secret,
    error::Error,
    openai_compatible::{OpenAiCompatibleProvider, pages},
    profile::Profile,
    profiles,
    provider::{Call, Discovered, Health, Provider, UploadCall},
    provider_type::ProviderType,
    settings::{Http2, OllamaSettings},
    transport::{Answer, Tls},
};

/// An Ollama server.
#[derive(Clone, Debug)]
pub struct OllamaProvider {
    native: Client,
    chat: OpenAiCompatibleProvider,
}

impl OllamaProvider {
    /// The server at `base_url`: its root, such as `http://localhost:11434`.
    ///
    /// # Errors
    ///
    /// `is_invalid` when the URL cannot be used.
    pub fn new(base_url: &str) -> Result<Self, Error> {
        let base = BaseUrl::parse_ollama(base_url).map_err(Error::invalid)?;
        Self::builder(base).build()
    }

    /// A server from settings, as the environment gives them.
    ///
    /// # Errors
    ///
    /// `is_invalid` when the URL cannot be used.
    pub fn from_settings(settings: &OllamaSettings) -> Result<Self, Error> {
        let base = BaseUrl::parse_ollama(&settings.base_url).map_err(Error::invalid)?;
        let mut builder = Self::builder(base)
            .timeout(settings.timeout)
            .max_retries(settings.max_retries);
        builder.key.clone_from(&settings.api_key);
        builder.default_model.clone_from(&settings.default_model);
        builder.build()
    }

    /// Starts a server at its root.
    pub fn builder(base_url: BaseUrl) -> Builder {
        let defaults = OllamaSettings::default();
        Builder {
            base: base_url,
            key: None,
            headers: HeaderMap::new(),
            default_model: None,
            silence: defaults.timeout,
            max_retries: defaults.max_retries,
            tls: None,
        }
    }

    /// The same server with connections of its own, for a thread that shares none.
    #[must_use]
    pub fn with_own_connections(&self) -> Self {
        Self {
            native: self.native.with_own_connections(),
            chat: self.chat.with_own_connections(),
        }
    }

    /// Closes connections that have been unused for long.
    pub fn sweep(&self) {
        self.native.transport().sweep();
        self.chat.sweep();
    }

    /// As [`Provider::call`], without a boxed future.
    ///
    /// # Errors
    ///
    /// `is_connect`, `is_timeout` or `is_closed`; any status is an `Ok`.
    pub async fn send(&self, call: Call<'_>) -> Result<Response<Answer>, Error> {
        self.chat.send(call).await
    }

    /// As [`OllamaProvider::send`], of a body that arrives while it is sent.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn send_upload(&self, call: UploadCall<'_>) -> Result<Response<Answer>, Error> {
        self.chat.send_upload(call).await
    }

    /// `/api/tags`; a server that has only the OpenAI layer is asked there.
    async fn find_models(&self) -> Result<Discovered, Error> {
        pages::list(&self.native, &profiles::OLLAMA).await
    }
}

impl Provider for OllamaProvider {
    fn id(&self) -> &str {
        &self.native.options.id
    }

    fn name(&self) -> &str {
        &self.native.options.name
    }

    fn provider_type(&self) -> ProviderType {
        ProviderType::Ollama
    }

    fn base_url(&self) -> &BaseUrl {
        &self.native.options.base
    }

    fn profile(&self) -> &'static Profile {
        &profiles::OLLAMA
    }

    fn default_model(&self) -> Option<&str> {
        self.native.options.default_model.as_deref()
    }

    fn call<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Response<Answer>, Error>> {
        Box::pin(self.send(call))
    }

    fn list_models(&self) -> BoxFuture<'_, Result<Discovered, Error>> {
        Box::pin(self.find_models())
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        let uri = self.native.options.base.endpoint("/api/version");
        Box::pin(self.native.probe(uri))
    }

    fn chat(&self, request: ChatRequest) -> BoxFuture<'_, Result<ChatCompletion, Error>> {
        self.chat.chat(request)
    }

    fn chat_stream(&self, request: ChatRequest) -> BoxFuture<'_, Result<ChatStream, Error>> {
        self.chat.chat_stream(request)
    }
}

/// Sets up an [`OllamaProvider`]; what is not set has the defaults of [`OllamaSettings`].
#[derive(Debug)]
pub struct Builder {
    base: BaseUrl,
    key: Option<Secret>,
    headers: HeaderMap,
    default_model: Option<String>,
    silence: Duration,
    max_retries: u32,
    tls: Option<Tls>,
}

impl Builder {
    /// Headers for every call, already checked.
    #[must_use]
    pub fn headers(mut self, headers: HeaderMap) -> Self {
        self.headers.extend(headers);
        self
    }

    /// The model used when a request names none.
    #[must_use]
    pub fn default_model(mut self, model: &str) -> Self {
        self.default_model = Some(model.to_owned());
        self
    }

    /// How long the server may stay silent.
    #[must_use]
    pub fn timeout(mut self, silence: Duration) -> Self {
        self.silence = silence;
        self
    }

    /// Retries of the typed API after the first attempt.
    #[must_use]
    pub fn max_retries(mut self, retries: u32) -> Self {
        self.max_retries = retries;
        self
    }

    /// Certificate checking shared with other providers.
    #[must_use]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// The provider.
    ///
    /// # Errors
    ///
    /// `is_invalid` when TLS cannot be set up or the URL has no host.
    pub fn build(self) -> Result<OllamaProvider, Error> {
        let tls = match self.tls {
            Some(tls) => tls,
            None => Tls::new().map_err(Error::invalid)?,
        };
        let native = Options {
            id: "ollama".to_owned(),
            name: profiles::OLLAMA.name.to_owned(),
            profile: &profiles::OLLAMA,
            base: self.base,
            key: self.key,
            key_name: "OLLAMA_API_KEY".to_owned(),
            custom_headers: self.headers,
            default_model: self.default_model,
            silence: self.silence,
            max_retries: self.max_retries,
            http2: Http2::Off,
        };
        let chat = Options {
            base: native.base.below("/v1"),
            ..native.clone()
        };
        Ok(OllamaProvider {
            native: Client::new(native, tls.clone())?,
            chat: OpenAiCompatibleProvider::over(Client::new(chat, tls)?),
        })
    }
}
