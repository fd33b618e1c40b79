//! Ollama: listed, probed and chatted with by its own API.
//!
//! A chat in OpenAI's shape is translated to `/api/chat` and its answer back: only there can the
//! context be fitted to the prompt, and only there is an error within a stream told. Everything
//! else, and chats too where the settings say so, goes to the OpenAI layer at `/v1`.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue, Response, Uri, header};

use crate::{
    base_url::BaseUrl,
    chat::{ChatCompletion, ChatRequest},
    chat_stream::ChatStream,
    client::{Client, Options},
    credential::Secret,
    error::Error,
    openai_compatible::{self, OpenAiCompatibleProvider},
    profile::Profile,
    profiles,
    provider::{Call, Discovered, Health, Provider, UploadCall},
    provider_type::ProviderType,
    receipt::Receipt,
    settings::{ChatApi, Http2, KeepAlive, OllamaSettings},
    splice::Spliced,
    transport::{Answer, Tls},
};

mod answer;
mod chunks;
mod details;
mod inventory;
mod known;
mod lines;
mod messages;
mod refusal;
mod request;
mod translation;
mod window;

use known::Known;
use request::Native;
pub(crate) use translation::Translation;

/// Says on an answer which of the server's APIs gave it.
pub const UPSTREAM_PATH: HeaderName = HeaderName::from_static("x-modelport-upstream-path");

/// Says on an answer which context the server was asked for.
pub const NUM_CTX: HeaderName = HeaderName::from_static("x-modelport-num-ctx");

/// An Ollama server.
#[derive(Clone, Debug)]
pub struct OllamaProvider {
    native: Client,
    chat: OpenAiCompatibleProvider,
    /// Where native chats go.
    native_chat: Uri,
    chat_api: ChatApi,
    keep_alive: Option<KeepAlive>,
    known: Known,
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
            .max_retries(settings.max_retries)
            .chat_api(settings.chat_api)
            .keep_alive(settings.keep_alive.clone());
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
            chat_api: defaults.chat_api,
            keep_alive: defaults.keep_alive,
            tls: None,
        }
    }

    /// The same server with connections of its own, for a thread that shares none.
    #[must_use]
    pub fn with_own_connections(&self) -> Self {
        Self {
            native: self.native.with_own_connections(),
            chat: self.chat.with_own_connections(),
            ..self.clone()
        }
    }

    /// Closes connections that have been unused for long.
    pub fn sweep(&self) {
        self.native.transport().sweep();
        self.chat.sweep();
    }

    /// As [`Provider::call`], without a boxed future. A chat is put into Ollama's terms and its answer back; what
    /// became of its fields is the [`Receipt`] among the answer's extensions.
    ///
    /// # Errors
    ///
    /// `is_connect`, `is_timeout` or `is_closed`; a `request_fault` where nothing was sent. Any status is an `Ok`.
    pub async fn send(&self, call: Call<'_>) -> Result<Response<Answer>, Error> {
        if self.chat_api() == ChatApi::OpenAi || !is_chat(call.path) {
            return self.chat.send(call).await;
        }
        let native = self.translate(&whole(call.body))?;
        let body = Spliced::from(native.body.clone());
        let answer = self
            .native
            .post(&self.native_chat, call.headers, &body)
            .await?;
        self.translated(native, answer)
    }

    /// As [`OllamaProvider::send`], of a body that arrives while it is sent.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn send_upload(&self, call: UploadCall<'_>) -> Result<Response<Answer>, Error> {
        self.chat.send_upload(call).await
    }

    /// Which of the server's APIs chats use now: the one that is set, unless its listing has shown that the server has
    /// only the OpenAI layer.
    pub fn chat_api(&self) -> ChatApi {
        match self.chat_api {
            ChatApi::Native if self.known.has_only_layer() => ChatApi::OpenAi,
            set => set,
        }
    }

    /// What would become of a chat's fields in the native API's terms.
    ///
    /// # Errors
    ///
    /// A `request_fault` when it cannot be put into them.
    pub fn receipt_of(&self, body: &[u8]) -> Result<Receipt, Error> {
        self.translate(body).map(|native| native.receipt)
    }

    fn translate(&self, body: &[u8]) -> Result<Native, Error> {
        let window = |model: &str| self.known.window(model);
        request::translate(body, self.keep_alive.as_ref(), window)
    }

    /// An answer in OpenAI's shape, from a native one.
    fn translated(
        &self,
        asked: Native,
        answer: Response<Answer>,
    ) -> Result<Response<Answer>, Error> {
        let status = answer.status();
        let headers = answer.headers();
        if headers.contains_key(header::CONTENT_ENCODING) {
            return Err(Error::malformed(
                "its answer is compressed, which was not asked for",
            ));
        }
        if let Some(context) = asked.num_ctx.filter(|_| status.is_success()) {
            self.known.note_loaded(&asked.model, context);
        }
        let translation = Translation::of(&asked, status);
        let kind = translation.content_type();
        let mut answer = answer.map(|body| body.translated(translation));
        label(answer.headers_mut(), kind, asked.num_ctx);
        answer.extensions_mut().insert(asked.receipt);
        Ok(answer)
    }

    /// A typed chat over the native API, with retries.
    async fn ask(&self, request: ChatRequest, stream: bool) -> Result<Response<Answer>, Error> {
        let request = openai_compatible::settled(&self.native, request, stream)?;
        let native = self.translate(request.to_json().as_bytes())?;
        let answer = self
            .native
            .accepted(&self.native_chat, &native.body)
            .await?;
        self.translated(native, answer)
    }
}

fn is_chat(path: &str) -> bool {
    path.split('?').next() == Some("/chat/completions")
}

/// A body in one piece.
fn whole(body: &Spliced) -> Bytes {
    match body.parts() {
        [only] => only.clone(),
        parts => Bytes::from(parts.concat()),
    }
}

fn label(headers: &mut HeaderMap, kind: HeaderValue, num_ctx: Option<u64>) {
    headers.insert(header::CONTENT_TYPE, kind);
    headers.remove(header::CONTENT_LENGTH);
    let path = ChatApi::Native.path();
    headers.insert(UPSTREAM_PATH, HeaderValue::from_static(path));
    if let Some(tokens) = num_ctx {
        headers.insert(NUM_CTX, HeaderValue::from(tokens));
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
        Box::pin(inventory::list(&self.native, &self.known))
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        let uri = self.native.options.base.endpoint("/api/version");
        Box::pin(self.native.probe(uri))
    }

    fn chat(&self, request: ChatRequest) -> BoxFuture<'_, Result<ChatCompletion, Error>> {
        match self.chat_api() {
            ChatApi::OpenAi => self.chat.chat(request),
            ChatApi::Native => Box::pin(async move {
                openai_compatible::completion(self.ask(request, false).await?).await
            }),
        }
    }

    fn chat_stream(&self, request: ChatRequest) -> BoxFuture<'_, Result<ChatStream, Error>> {
        match self.chat_api() {
            ChatApi::OpenAi => self.chat.chat_stream(request),
            ChatApi::Native => {
                Box::pin(async move { Ok(ChatStream::new(self.ask(request, true).await?)) })
            }
        }
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
    chat_api: ChatApi,
    keep_alive: Option<KeepAlive>,
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

    /// Which of the server's APIs chats use.
    #[must_use]
    pub fn chat_api(mut self, api: ChatApi) -> Self {
        self.chat_api = api;
        self
    }

    /// How long a model stays loaded after a request that does not say so itself.
    #[must_use]
    pub fn keep_alive(mut self, keep: Option<KeepAlive>) -> Self {
        self.keep_alive = keep;
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
            native_chat: native.base.endpoint(ChatApi::Native.path()),
            chat_api: self.chat_api,
            keep_alive: self.keep_alive,
            known: Known::default(),
            native: Client::new(native, tls.clone())?,
            chat: OpenAiCompatibleProvider::over(Client::new(chat, tls)?),
        })
    }
}
