//! What all requests share: the configuration, the providers, the models they serve.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use http::Response;
use modelport_provider::{
    Error as ProviderError,
    ollama::OllamaProvider,
    openai_compatible::OpenAiCompatibleProvider,
    provider::{Call, Provider, UploadCall},
    provider_type::ProviderType,
    receipt::Receipt,
    settings::ChatApi,
    transport::{Answer, Tls},
};

use crate::{
    auth::Keys,
    config::{Config, ProviderConfig},
    models::{Directory, discovery::Wake, lessons::Lessons},
    routing::health::Signals,
    telemetry::logs::Sink,
};

/// The gateway's state, shared by all its threads.
pub struct App {
    /// What was configured.
    pub config: Config,
    /// The gateway's own keys.
    pub keys: Keys,
    /// What each provider serves, by its place in the configuration.
    pub models: Directory,
    /// What traffic taught about the models, by their provider's place in the configuration.
    pub lessons: Lessons,
    /// How each provider is doing, by its place in the configuration.
    pub signals: Vec<Signals>,
    /// Asks for a provider's listing to be fetched again, by its place in the configuration.
    pub wakes: Vec<Wake>,
    /// Finished requests go here.
    pub records: Sink,
    upstreams: Vec<Upstream>,
    draining: AtomicBool,
}

/// Why the gateway cannot be set up from a configuration that is otherwise sound.
#[derive(Debug, thiserror::Error)]
pub enum SetupFault {
    /// A provider cannot be made from its settings.
    #[error("provider {id}: {cause}")]
    Provider {
        /// Which.
        id: String,
        /// Why.
        cause: ProviderError,
    },
    /// No certificates can be checked on this machine.
    #[error(transparent)]
    Tls(#[from] modelport_provider::transport::TlsFault),
    /// A thread could not be started.
    #[error("a thread could not be started: {0}")]
    Thread(#[from] std::io::Error),
}

impl App {
    /// Everything that a configuration says, with no connection made yet.
    ///
    /// # Errors
    ///
    /// [`SetupFault`].
    pub fn new(config: Config) -> Result<Self, SetupFault> {
        let tls = Tls::new()?;
        let upstreams = config
            .providers
            .iter()
            .map(|provider| Upstream::new(provider, &tls))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            keys: Keys::new(&config.server.api_keys),
            models: Directory::new(&config),
            lessons: Lessons::new(config.providers.len()),
            signals: config.providers.iter().map(Signals::new).collect(),
            wakes: config.providers.iter().map(|_| Wake::default()).collect(),
            records: Sink::start(config.log_level.into())?,
            upstreams,
            draining: AtomicBool::new(false),
            config,
        })
    }

    /// From now on the gateway says that it is going down.
    pub fn start_draining(&self) {
        self.draining.store(true, Ordering::Release);
    }

    /// Whether the gateway is going down.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// The provider at `place` in the configuration, for background work.
    pub fn upstream(&self, place: usize) -> Option<&Upstream> {
        self.upstreams.get(place)
    }
}

/// One thread's view: the shared state, and connections that no other thread uses.
pub struct Worker {
    /// The shared state.
    pub app: Arc<App>,
    upstreams: Vec<Upstream>,
}

impl Worker {
    /// A view for one thread.
    pub fn new(app: Arc<App>) -> Self {
        let upstreams = app
            .upstreams
            .iter()
            .map(Upstream::with_own_connections)
            .collect();
        Self { app, upstreams }
    }

    /// The provider at `place` in the configuration, over this thread's connections.
    pub fn upstream(&self, place: usize) -> Option<&Upstream> {
        self.upstreams.get(place)
    }

    /// Closes connections that have been unused for long.
    pub fn sweep(&self) {
        for upstream in &self.upstreams {
            upstream.sweep();
        }
    }
}

/// A provider of either kind. The kinds are few and the path is hot, so this is an enum.
#[derive(Clone, Debug)]
pub enum Upstream {
    /// Any endpoint that speaks the OpenAI API.
    OpenAi(Box<OpenAiCompatibleProvider>),
    /// An Ollama server.
    Ollama(Box<OllamaProvider>),
}

impl Upstream {
    fn new(config: &ProviderConfig, tls: &Tls) -> Result<Self, SetupFault> {
        let made = match config.provider_type.canonical() {
            ProviderType::Ollama => {
                let mut builder = OllamaProvider::builder(config.base_url.clone())
                    .headers(config.headers.clone())
                    .timeout(config.timeout)
                    .tls(tls.clone());
                if let Some(chat) = &config.ollama {
                    builder = builder
                        .chat_api(chat.api)
                        .keep_alive(chat.keep_alive.clone());
                }
                builder
                    .build()
                    .map(|provider| Self::Ollama(Box::new(provider)))
            }
            ProviderType::OpenAiCompatible | ProviderType::OpenRouter => {
                let builder = OpenAiCompatibleProvider::builder_at(config.base_url.clone())
                    .id(&config.id)
                    .name(&config.name)
                    .headers(config.custom_headers.clone())
                    .key_name(&config.key_variable)
                    .timeout(config.timeout)
                    .http2(config.http2)
                    .tls(tls.clone());
                let builder = match &config.key {
                    Some(key) => builder.secret(key.clone()),
                    None => builder,
                };
                builder
                    .build()
                    .map(|provider| Self::OpenAi(Box::new(provider)))
            }
        };
        made.map_err(|cause| SetupFault::Provider {
            id: config.id.clone(),
            cause,
        })
    }

    fn with_own_connections(&self) -> Self {
        match self {
            Self::OpenAi(provider) => Self::OpenAi(Box::new(provider.with_own_connections())),
            Self::Ollama(provider) => Self::Ollama(Box::new(provider.with_own_connections())),
        }
    }

    fn sweep(&self) {
        match self {
            Self::OpenAi(provider) => provider.sweep(),
            Self::Ollama(provider) => provider.sweep(),
        }
    }

    /// Sends one request and waits for the head of the answer.
    ///
    /// # Errors
    ///
    /// As [`OpenAiCompatibleProvider::send`].
    pub async fn send(&self, call: Call<'_>) -> Result<Response<Answer>, ProviderError> {
        match self {
            Self::OpenAi(provider) => provider.send(call).await,
            // Boxed: it translates, and a chat with any other provider would carry its size.
            Self::Ollama(provider) => Box::pin(provider.send(call)).await,
        }
    }

    /// Sends one upload and waits for the head of the answer.
    ///
    /// # Errors
    ///
    /// As [`OpenAiCompatibleProvider::send_upload`].
    pub async fn send_upload(
        &self,
        call: UploadCall<'_>,
    ) -> Result<Response<Answer>, ProviderError> {
        match self {
            Self::OpenAi(provider) => provider.send_upload(call).await,
            Self::Ollama(provider) => provider.send_upload(call).await,
        }
    }

    /// What would become of a chat's fields where the provider itself puts it into other terms; `None` where it goes out
    /// as it is.
    pub fn own_receipt(&self, body: &[u8]) -> Option<Result<Receipt, ProviderError>> {
        match self {
            Self::OpenAi(_) => None,
            Self::Ollama(provider) => match provider.chat_api() {
                ChatApi::OpenAi => None,
                ChatApi::Native => Some(provider.receipt_of(body)),
            },
        }
    }

    /// Whether the provider itself puts a chat into other terms.
    pub fn translates_chats(&self) -> bool {
        match self {
            Self::OpenAi(_) => false,
            Self::Ollama(provider) => provider.chat_api() == ChatApi::Native,
        }
    }

    /// The same provider, for somebody who outlives this.
    pub fn to_provider(&self) -> Box<dyn Provider> {
        match self {
            Self::OpenAi(provider) => Box::new(provider.with_own_connections()),
            Self::Ollama(provider) => Box::new(provider.with_own_connections()),
        }
    }

    /// Where chats go, where that is not the same for all providers of the kind.
    pub fn chat_path(&self) -> Option<&'static str> {
        match self {
            Self::OpenAi(_) => None,
            Self::Ollama(provider) => Some(provider.chat_api().path()),
        }
    }

    /// The provider by what all providers can do.
    pub fn as_provider(&self) -> &dyn Provider {
        match self {
            Self::OpenAi(provider) => &**provider,
            Self::Ollama(provider) => &**provider,
        }
    }
}
