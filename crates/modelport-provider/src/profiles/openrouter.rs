//! OpenRouter: its host and its free probe.

use crate::profile::{CredentialStyle, HealthProbe, Profile};
use crate::resolution::Spelling;

/// `GET /models` answers without a key, so the probe is `GET /key`, which proves the key (OpenRouterTeam/docs, 2026-08-22).
pub static OPENROUTER: Profile = Profile {
    slug: "openrouter",
    name: "OpenRouter",
    hosts: &["openrouter.ai"],
    default_path: "/api/v1",
    dated_path: None,
    base_url: Some("https://openrouter.ai/api/v1"),
    credential: CredentialStyle::Bearer,
    catalogue: Some("openrouter"),
    health: HealthProbe::Path("/key"),
    listing: Some("/models"),
    spelling: Spelling::OpenRouter,
};
