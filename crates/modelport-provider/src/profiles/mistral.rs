//! Mistral: its hosts.

use crate::profile::{CredentialStyle, HealthProbe, Profile};
use crate::resolution::Spelling;

/// Base URL after mistralai/platform-docs-public, `openapi.yaml`, 2026-08-21.
pub(super) static MISTRAL: Profile = Profile {
    slug: "mistral",
    name: "Mistral",
    hosts: &["mistral.ai"],
    default_path: "/v1",
    dated_path: None,
    base_url: Some("https://api.mistral.ai/v1"),
    credential: CredentialStyle::Bearer,
    catalogue: Some("mistral"),
    health: HealthProbe::Models,
    listing: Some("/models"),
    spelling: Spelling::Plain,
};
