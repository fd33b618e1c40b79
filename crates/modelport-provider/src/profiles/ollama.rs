//! Ollama: the native API, which a provider of type `ollama` speaks whatever its host.

use crate::profile::{CredentialStyle, HealthProbe, Profile};
use crate::resolution::Spelling;

/// No host leads here: the type decides. Paths are below the root (ollama/ollama, `docs/api.md`, 2026-08-21).
pub static OLLAMA: Profile = Profile {
    slug: "ollama",
    name: "Ollama",
    hosts: &[],
    default_path: "",
    dated_path: None,
    base_url: Some("http://localhost:11434"),
    credential: CredentialStyle::Bearer,
    catalogue: Some("ollama"),
    health: HealthProbe::OllamaVersion,
    listing: Some("/api/tags"),
    spelling: Spelling::Ollama,
};
