//! Anthropic: the OpenAI layer of its API.

use crate::profile::{CredentialStyle, HealthProbe, Profile};
use crate::resolution::Spelling;

/// `/models` on this host is the native list, which wants other headers; a 401 from it would not prove a wrong key, so
/// it is no probe (anthropics/anthropic-sdk-python, `types/model_info.py`, 2026-11-22).
pub(super) static ANTHROPIC: Profile = Profile {
    slug: "anthropic",
    name: "Anthropic",
    hosts: &["api.anthropic.com"],
    default_path: "/v1",
    dated_path: None,
    base_url: Some("https://api.anthropic.com/v1"),
    credential: CredentialStyle::Bearer,
    catalogue: Some("anthropic"),
    health: HealthProbe::TrafficOnly,
    listing: Some("/models"),
    spelling: Spelling::Plain,
};
