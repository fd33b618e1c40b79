//! DeepSeek: its host; its API lies at the root.

use crate::profile::{CredentialStyle, HealthProbe, Profile};
use crate::resolution::Spelling;

/// The root and `/v1` both work (its API documentation, 2026-11-22).
pub(super) static DEEPSEEK: Profile = Profile {
    slug: "deepseek",
    name: "DeepSeek",
    hosts: &["deepseek.com"],
    default_path: "",
    dated_path: None,
    base_url: Some("https://api.deepseek.com"),
    credential: CredentialStyle::Bearer,
    catalogue: Some("deepseek"),
    health: HealthProbe::Models,
    listing: Some("/models"),
    spelling: Spelling::Plain,
};
