//! OpenAI: its host; regional hosts lie under it.

use crate::profile::{CredentialStyle, HealthProbe, Profile};
use crate::resolution::Spelling;

/// Base URL after openai/openai-openapi, spec 2.3.0, 2026-08-21.
pub(super) static OPENAI: Profile = Profile {
    slug: "openai",
    name: "OpenAI",
    hosts: &["api.openai.com"],
    default_path: "/v1",
    dated_path: None,
    base_url: Some("https://api.openai.com/v1"),
    credential: CredentialStyle::Bearer,
    catalogue: Some("openai"),
    health: HealthProbe::Models,
    listing: Some("/models"),
    spelling: Spelling::Plain,
};
