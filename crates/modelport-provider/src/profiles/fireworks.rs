//! Fireworks: its hosts, the regional twin included.

use crate::profile::{CredentialStyle, HealthProbe, Profile};
use crate::resolution::Spelling;

/// Base URL after docs.fireworks.ai, 2026-11-22.
pub(super) static FIREWORKS: Profile = Profile {
    slug: "fireworks",
    name: "Fireworks",
    hosts: &["fireworks.ai"],
    default_path: "/inference/v1",
    dated_path: None,
    base_url: Some("https://api.fireworks.ai/inference/v1"),
    credential: CredentialStyle::Bearer,
    catalogue: Some("fireworks_ai"),
    health: HealthProbe::Models,
    listing: Some("/models"),
    spelling: Spelling::Plain,
};
