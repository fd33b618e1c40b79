//! Together AI: both spellings of its domain.

use crate::profile::{CredentialStyle, HealthProbe, Profile};
use crate::resolution::Spelling;

/// The API answers at `api.together.xyz`; newer documents say `api.together.ai` (togethercomputer/openapi, 2026-04-28).
pub(super) static TOGETHER: Profile = Profile {
    slug: "together",
    name: "Together AI",
    hosts: &["together.ai", "together.xyz"],
    default_path: "/v1",
    dated_path: None,
    base_url: Some("https://api.together.xyz/v1"),
    credential: CredentialStyle::Bearer,
    catalogue: Some("together_ai"),
    health: HealthProbe::Models,
    listing: Some("/models"),
    spelling: Spelling::Plain,
};
