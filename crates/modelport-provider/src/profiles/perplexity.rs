//! Perplexity: its host; it has no listing and no free probe.

use crate::profile::{CredentialStyle, HealthProbe, Profile};
use crate::resolution::Spelling;

/// Base URL without `/v1` (litellm 1.109.1, `llms/perplexity/chat`).
pub(super) static PERPLEXITY: Profile = Profile {
    slug: "perplexity",
    name: "Perplexity",
    hosts: &["perplexity.ai"],
    default_path: "",
    dated_path: None,
    base_url: Some("https://api.perplexity.ai"),
    credential: CredentialStyle::Bearer,
    catalogue: Some("perplexity"),
    health: HealthProbe::TrafficOnly,
    listing: None,
    spelling: Spelling::Plain,
};
