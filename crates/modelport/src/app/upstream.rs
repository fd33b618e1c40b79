//! A provider as requests reach it: of either kind, by each of its credentials, with connections of its own.

use http::Response;
use modelport_provider::{
    Error as ProviderError,
    credential::Secret,
    ollama::OllamaProvider,
    openai_compatible::OpenAiCompatibleProvider,
    provider::{Call, Provider, UploadCall},
    provider_type::ProviderType,
    receipt::Receipt,
    settings::ChatApi,
    transport::{Answer, Tls},
};

use super::SetupFault;
use crate::config::ProviderConfig;

/// One provider by each of its credentials.
#[derive(Clone)]
pub(super) struct Accounts {
    pub(super) first: Upstream,
    further: Vec<Upstream>,
}

impl Accounts {
    pub(super) fn new(config: &ProviderConfig, tls: &Tls) -> Result<Self, SetupFault> {
        let further = config.further_keys.iter();
        Ok(Self {
            first: Upstream::new(config, config.key.as_ref(), &config.key_variable, tls)?,
            further: further
                .map(|further| Upstream::new(config, Some(&further.key), &further.variable, tls))
                .collect::<Result<_, _>>()?,
        })
    }

    pub(super) fn with_own_connections(&self) -> Self {
        let further = self.further.iter().map(Upstream::with_own_connections);
        Self {
            first: self.first.with_own_connections(),
            further: further.collect(),
        }
    }

    pub(super) fn get(&self, key: usize) -> Option<&Upstream> {
        match key.checked_sub(1) {
            None => Some(&self.first),
            Some(further) => self.further.get(further),
        }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Upstream> {
        std::iter::once(&self.first).chain(&self.further)
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
    fn new(
        config: &ProviderConfig,
        key: Option<&Secret>,
        key_name: &str,
        tls: &Tls,
    ) -> Result<Self, SetupFault> {
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
                    .key_name(key_name)
                    .timeout(config.timeout)
                    .http2(config.http2)
                    .tls(tls.clone());
                let builder = match key {
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

    pub(super) fn sweep(&self) {
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
