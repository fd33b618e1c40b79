//! An unknown host: what nearly every OpenAI-compatible server does.

use crate::profile::{CredentialStyle, HealthProbe, Profile};
use crate::resolution::Spelling;

/// Bearer key, `/v1`, `GET /models`.
pub static GENERIC: Profile = Profile {
    slug: "openai_compatible",
    name: "OpenAI Compatible",
    hosts: &[],
    default_path: "/v1",
    dated_path: None,
    base_url: None,
    credential: CredentialStyle::Bearer,
    catalogue: None,
    health: HealthProbe::Models,
    listing: Some("/models"),
    spelling: Spelling::Plain,
};
