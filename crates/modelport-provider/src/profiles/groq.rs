//! Groq: its host and path.

use crate::profile::{CredentialStyle, HealthProbe, Profile};
use crate::resolution::Spelling;

/// Base URL after console.groq.com/docs/openai, 2026-11-22.
pub(super) static GROQ: Profile = Profile {
    slug: "groq",
    name: "Groq",
    hosts: &["groq.com"],
    default_path: "/openai/v1",
    dated_path: None,
    base_url: Some("https://api.groq.com/openai/v1"),
    credential: CredentialStyle::Bearer,
    catalogue: Some("groq"),
    health: HealthProbe::Models,
    listing: Some("/models"),
    spelling: Spelling::Plain,
};
