//! The protocol that a provider speaks, and its spellings in settings and JSON.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The protocol that a configured provider speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ProviderType {
    /// Any endpoint that speaks the OpenAI API.
    #[serde(rename = "openai_compatible")]
    OpenAiCompatible,
    /// Ollama's native API.
    #[serde(rename = "ollama")]
    Ollama,
    /// The older name of the generic provider with OpenRouter's defaults; see [`ProviderType::canonical`].
    #[serde(rename = "openrouter")]
    OpenRouter,
}

impl ProviderType {
    /// Every type.
    pub const ALL: [Self; 3] = [Self::OpenAiCompatible, Self::Ollama, Self::OpenRouter];

    /// The type that does the work: `OpenRouter` is the generic provider.
    #[must_use]
    pub fn canonical(self) -> Self {
        match self {
            Self::OpenAiCompatible | Self::OpenRouter => Self::OpenAiCompatible,
            Self::Ollama => Self::Ollama,
        }
    }

    /// Its spelling in settings and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenAiCompatible => "openai_compatible",
            Self::Ollama => "ollama",
            Self::OpenRouter => "openrouter",
        }
    }
}

impl fmt::Display for ProviderType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no provider type.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown provider type; known are openai_compatible, ollama and openrouter")]
pub struct UnknownProviderType;

impl FromStr for ProviderType {
    type Err = UnknownProviderType;

    fn from_str(text: &str) -> Result<Self, UnknownProviderType> {
        Self::ALL
            .into_iter()
            .find(|known| known.as_str().eq_ignore_ascii_case(text))
            .ok_or(UnknownProviderType)
    }
}

#[cfg(test)]
mod tests {
    mod openrouter_backward_compatibility {
        use super::super::ProviderType;

        #[test]
        fn every_type_reads_back_from_settings_and_json() {
            for kind in ProviderType::ALL {
                assert_eq!(kind.to_string().parse(), Ok(kind));
                let json = serde_json::to_string(&kind).unwrap();
                assert_eq!(json, format!("\"{kind}\""));
                assert_eq!(serde_json::from_str::<ProviderType>(&json).unwrap(), kind);
            }
            assert!("vllm".parse::<ProviderType>().is_err());
        }

        #[test]
        fn openrouter_is_the_generic_provider() {
            assert_eq!(
                ProviderType::OpenRouter.canonical(),
                ProviderType::OpenAiCompatible
            );
            assert_eq!(ProviderType::Ollama.canonical(), ProviderType::Ollama);
        }
    }
}
