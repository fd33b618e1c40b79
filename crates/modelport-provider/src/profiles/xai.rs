//! xAI: its host and its richer listing.

use crate::profile::{CredentialStyle, HealthProbe, Profile};
use crate::resolution::Spelling;

/// `/language-models` says prices and modalities, `/models` only ids (its `OpenAPI` document, 2026-11-22).
pub(super) static XAI: Profile = Profile {
    slug: "xai",
    name: "xAI",
    hosts: &["x.ai"],
    default_path: "/v1",
    dated_path: None,
    base_url: Some("https://api.x.ai/v1"),
    credential: CredentialStyle::Bearer,
    catalogue: None,
    health: HealthProbe::Models,
    listing: Some("/language-models"),
    spelling: Spelling::Plain,
};
