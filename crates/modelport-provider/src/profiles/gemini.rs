//! Gemini: the OpenAI layer of Google's API.

use crate::profile::{CredentialStyle, HealthProbe, Profile};
use crate::resolution::Spelling;

/// Base URL after ai.google.dev/gemini-api/docs/openai, 2026-11-22.
pub(super) static GEMINI: Profile = Profile {
    slug: "gemini",
    name: "Gemini",
    hosts: &["generativelanguage.googleapis.com"],
    default_path: "/v1beta/openai",
    dated_path: None,
    base_url: Some("https://generativelanguage.googleapis.com/v1beta/openai"),
    credential: CredentialStyle::Bearer,
    catalogue: Some("gemini"),
    health: HealthProbe::Models,
    listing: Some("/models"),
    spelling: Spelling::Gemini,
};
