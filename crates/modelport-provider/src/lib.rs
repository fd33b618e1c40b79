//! One client for any OpenAI-compatible endpoint and Ollama.
//!
//! [`provider::Provider`] is what they have in common; [`openai_compatible::OpenAiCompatibleProvider`],
//! [`openrouter::OpenRouterProvider`] and [`ollama::OllamaProvider`] are the kinds there are. The
//! library reads no environment and keeps no state but its connections.
//!
//! ```no_run
//! use modelport_provider::{Error, OpenAiCompatibleProvider, Provider, chat::ChatRequest};
//!
//! # async fn ask() -> Result<(), Error> {
//! let provider = OpenAiCompatibleProvider::new(
//!     Some("sk-or-v1-0123456789"),
//!     "https://openrouter.ai/api/v1",
//!     None,
//!     [("x-title", "My program")],
//! )?;
//! assert_eq!(provider.name(), "OpenRouter");
//! let request = ChatRequest::new("openai/gpt-4o-mini").user("What does a gateway do?");
//! let answer = provider.chat(request).await?;
//! println!("{}", answer.text());
//! # Ok(())
//! # }
//! ```

pub mod base_url;
pub mod capability;
pub mod catalogue;
pub mod chat;
pub mod chat_stream;
pub mod cost;
pub mod credential;
pub mod error;
pub mod failure;
pub mod listing;
pub mod ollama;
pub mod openai_compatible;
pub mod openrouter;
pub mod parameters;
pub mod price;
pub mod probe;
pub mod profile;
pub mod profiles;
pub mod provider;
pub mod provider_type;
pub mod receipt;
pub mod resolution;
pub mod retry;
pub mod scan;
pub mod settings;
pub mod splice;
pub mod sse;
pub mod transport;
pub mod usage;
pub mod written;

mod client;
mod object;

pub use error::Error;
pub use ollama::OllamaProvider;
pub use openai_compatible::OpenAiCompatibleProvider;
pub use openrouter::OpenRouterProvider;
pub use provider::Provider;
pub use provider_type::ProviderType;
pub use settings::{OllamaSettings, OpenAiSettings};
