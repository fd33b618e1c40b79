//! The generic provider: any endpoint that speaks the OpenAI API.
//!
//! What is particular to a host is in its profile; nothing here asks which provider it talks to.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Response, Uri};

use crate::{
    base_url::BaseUrl,
    chat::{self, ChatCompletion, ChatRequest},
    chat_stream::ChatStream,
    client::Client,
    error::Error,
    failure,
    parameters::{self, Policy, Target},
    profile::{HealthProbe, Place, Profile},
    profiles,
    provider::{Call, Discovered, Health, HealthState, Provider, UploadCall},
    provider_type::ProviderType,
    settings::OpenAiSettings,
    splice,
    transport::Answer,
};

mod builder;
pub mod ends;
pub mod look;
pub(crate) mod pages;
pub mod stream;
mod typed;

pub use builder::Builder;

/// The longest plain answer that the typed API reads.
pub(crate) const MAX_COMPLETION: usize = 64 << 20;

/// Where Anthropic's own API begins, below the base URL.
const MESSAGES: &str = "/messages";

/// Any endpoint that speaks the OpenAI API. Cheap to clone: clones share their connections.
#[derive(Clone, Debug)]
pub struct OpenAiCompatibleProvider {
    client: Client,
    /// What the server's listing said it is, by its place in the table of profiles plus one; zero for nothing.
    told: Arc<AtomicUsize>,
}

impl OpenAiCompatibleProvider {
    /// A provider at `base_url`. Without a name it is called after its host; custom headers win
    /// over the credential that the key would give.
    ///
    /// # Errors
    ///
    /// `is_invalid` when the URL, the key or a header cannot be used; the message names which.
    pub fn new<N, V>(
        api_key: Option<&str>,
        base_url: &str,
        provider_name: Option<&str>,
        custom_headers: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, Error>
    where
        N: AsRef<str>,
        V: AsRef<str>,
    {
        let mut builder = Self::builder(base_url);
        if let Some(key) = api_key {
            builder = builder.api_key(key);
        }
        if let Some(name) = provider_name {
            builder = builder.name(name);
        }
        for (name, value) in custom_headers {
            builder = builder.header(name.as_ref(), value.as_ref());
        }
        builder.build()
    }

    /// Starts a provider at `base_url`.
    pub fn builder(base_url: &str) -> Builder {
        Builder::new(BaseUrl::parse(base_url))
    }

    /// Starts a provider at a base URL that has been read before.
    pub fn builder_at(base_url: BaseUrl) -> Builder {
        Builder::new(Ok(base_url))
    }

    /// A provider from settings, as the environment gives them.
    ///
    /// # Errors
    ///
    /// As [`OpenAiCompatibleProvider::new`].
    pub fn from_settings(settings: &OpenAiSettings) -> Result<Self, Error> {
        let mut builder = Self::builder(&settings.base_url)
            .timeout(settings.timeout)
            .max_retries(settings.max_retries)
            .http2(settings.http2)
            .headers(settings.custom_headers.clone());
        if let Some(key) = &settings.api_key {
            builder = builder.secret(key.clone());
        }
        if let Some(name) = &settings.provider_name {
            builder = builder.name(name);
        }
        if let Some(model) = &settings.default_model {
            builder = builder.default_model(model);
        }
        builder.build()
    }

    /// The generic provider's calls over a client made elsewhere.
    pub(crate) fn over(client: Client) -> Self {
        Self {
            client,
            told: Arc::default(),
        }
    }

    /// The same provider with connections of its own, for a thread that shares none.
    #[must_use]
    pub fn with_own_connections(&self) -> Self {
        Self {
            client: self.client.with_own_connections(),
            told: Arc::clone(&self.told),
        }
    }

    /// Closes connections that have been unused for long.
    pub fn sweep(&self) {
        self.client.transport().sweep();
    }

    /// As [`Provider::call`], without a boxed future.
    ///
    /// # Errors
    ///
    /// `is_connect`, `is_timeout` or `is_closed`; any status is an `Ok`.
    pub async fn send(&self, call: Call<'_>) -> Result<Response<Answer>, Error> {
        let uri = self.client.uri(call.path, call.model);
        if call.path.starts_with(MESSAGES) {
            // Boxed so that a chat's future is not as large.
            let call = self.client.post_messages(&uri, call.headers, call.body);
            return Box::pin(call).await;
        }
        self.client.post(&uri, call.headers, call.body).await
    }

    /// As [`OpenAiCompatibleProvider::send`], of a body that arrives while it is sent.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn send_upload(&self, call: UploadCall<'_>) -> Result<Response<Answer>, Error> {
        let uri = self.client.uri(call.path, call.model);
        self.client.upload(&uri, call.headers, call.body).await
    }

    /// The listing. A server of one's own may say in it what it is, and may then have a richer one.
    async fn find_models(&self) -> Result<Discovered, Error> {
        let configured = self.client.options.profile;
        let found = pages::list(&self.client, configured).await?;
        if !std::ptr::eq(configured, &raw const profiles::GENERIC) {
            return Ok(found);
        }
        let told = found
            .models
            .first()
            .and_then(|model| model.owned_by.as_deref());
        let place = told.and_then(profiles::place_of_owner);
        self.told
            .store(place.map_or(0, |place| place + 1), Ordering::Relaxed);
        let profile = self.known();
        if profile.listings == configured.listings {
            return Ok(found);
        }
        Ok(pages::list(&self.client, profile).await.unwrap_or(found))
    }

    /// What is known of this provider: what was configured, or what it said of itself.
    fn known(&self) -> &'static Profile {
        let told = self.told.load(Ordering::Relaxed).checked_sub(1);
        told.and_then(profiles::at)
            .unwrap_or(self.client.options.profile)
    }

    async fn sign_of_life(&self) -> Health {
        let place = match self.known().health {
            HealthProbe::Models => Place::Below("/models"),
            HealthProbe::Path(place) => place,
            HealthProbe::TrafficOnly => {
                return Health {
                    state: HealthState::Unknown,
                    reason: "no free probe is known; real traffic will tell".to_owned(),
                    latency: None,
                };
            }
        };
        self.client.probe(self.client.place(place, "")).await
    }

    async fn complete(&self, request: ChatRequest) -> Result<ChatCompletion, Error> {
        let (uri, body) = self.prepare(request, false)?;
        completion(self.client.accepted(&uri, &body).await?).await
    }

    async fn stream(&self, request: ChatRequest) -> Result<ChatStream, Error> {
        let (uri, body) = self.prepare(request, true)?;
        let answer = self.client.accepted(&uri, &body).await?;
        Ok(ChatStream::new(answer))
    }

    /// Where a request goes and what is sent there.
    fn prepare(&self, request: ChatRequest, stream: bool) -> Result<(Uri, Bytes), Error> {
        let request = settled(&self.client, request, stream)?;
        let uri = self.client.uri("/chat/completions", &request.model);
        let body = Bytes::from(request.to_json());
        let profile = self.known();
        let target = Target {
            parameters: &profile.parameters,
            catalogue: profile.catalogue,
            model: &request.model,
            known_as: &request.model,
            policy: Policy::Warn,
            refused: &[],
            // Who uses the crate alone asks for what it wants.
            wants_usage: false,
        };
        let ask = splice::read_ask(&body).map_err(|fault| Error::invalid(fault.describe(&body)))?;
        let adapted = parameters::adapt(&body, &ask, &target);
        // The policy refuses nothing.
        let body = adapted.map_or(body, |adapted| adapted.body.into_bytes());
        Ok((uri, body))
    }
}

/// A request with its model and its way of answering.
pub(crate) fn settled(
    client: &Client,
    mut request: ChatRequest,
    stream: bool,
) -> Result<ChatRequest, Error> {
    if request.model.is_empty() {
        let default = client.options.default_model.clone();
        request.model = default.ok_or_else(|| {
            Error::invalid("the request names no model and the provider has no default model")
        })?;
    }
    request.stream = stream;
    Ok(request)
}

/// Reads a whole answer.
pub(crate) async fn completion(answer: Response<Answer>) -> Result<ChatCompletion, Error> {
    let status = answer.status();
    let bytes = answer.into_body().collect(MAX_COMPLETION).await?;
    if let Some(said) = failure::error_in_ok(&bytes) {
        let kind = failure::classify_in_band(&said);
        return Err(Error::refused(status, kind, said, None));
    }
    chat::read_completion(&bytes).map_err(Error::malformed)
}

impl Provider for OpenAiCompatibleProvider {
    fn id(&self) -> &str {
        &self.client.options.id
    }

    fn name(&self) -> &str {
        &self.client.options.name
    }

    fn provider_type(&self) -> ProviderType {
        ProviderType::OpenAiCompatible
    }

    fn base_url(&self) -> &BaseUrl {
        &self.client.options.base
    }

    fn profile(&self) -> &'static Profile {
        self.known()
    }

    fn default_model(&self) -> Option<&str> {
        self.client.options.default_model.as_deref()
    }

    fn call<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Response<Answer>, Error>> {
        Box::pin(self.send(call))
    }

    fn list_models(&self) -> BoxFuture<'_, Result<Discovered, Error>> {
        Box::pin(self.find_models())
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        Box::pin(self.sign_of_life())
    }

    fn chat(&self, request: ChatRequest) -> BoxFuture<'_, Result<ChatCompletion, Error>> {
        Box::pin(self.complete(request))
    }

    fn chat_stream(&self, request: ChatRequest) -> BoxFuture<'_, Result<ChatStream, Error>> {
        Box::pin(self.stream(request))
    }
}
