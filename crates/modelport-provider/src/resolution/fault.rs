//! Why a model cannot be resolved, in words for the caller.

use super::MAX_MODEL;

/// Why a model cannot be resolved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolutionFault {
    /// It is no model name.
    #[error("model must be 1 to {MAX_MODEL} bytes without spaces or control characters")]
    Malformed,
    /// It names a provider that is switched off.
    #[error("provider '{provider}' is disabled")]
    Disabled {
        /// The provider's id.
        provider: String,
    },
    /// None was named, and there is none to take.
    #[error("the request names no model and provider '{provider}' has no default; name one, or set {}", default_variable(.provider))]
    NoDefault {
        /// The preferred provider's id.
        provider: String,
    },
    /// No provider takes requests.
    #[error("no provider is enabled")]
    NoProvider,
}

/// The variable that sets the default model of the provider with that id.
fn default_variable(provider: &str) -> String {
    format!(
        "{}_DEFAULT_MODEL",
        provider.to_ascii_uppercase().replace('-', "_")
    )
}
