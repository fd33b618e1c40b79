//! OpenRouter: its host, its free probe, its other APIs.

use crate::profile::{CredentialStyle, HealthProbe, MessagesApi, Place, Profile};
use crate::resolution::Spelling;

/// `GET /models` answers without a key, so the probe is `GET /key`, which proves the key. Fields that a model lacks are
/// ignored, so all are sent (OpenRouterTeam/docs, `openapi/openapi.yaml` and `api_reference/`, 2026-08-22).
pub static OPENROUTER: Profile = Profile {
    slug: "openrouter",
    name: "OpenRouter",
    hosts: &["openrouter.ai"],
    default_path: "/api/v1",
    base_url: Some("https://openrouter.ai/api/v1"),
    catalogue: Some("openrouter"),
    health: HealthProbe::Path(Place::Below("/key")),
    spelling: Spelling::OpenRouter,
    responses: Some("/responses"),
    messages: Some(MessagesApi {
        path: "/messages",
        count_tokens: None,
        credential: CredentialStyle::Bearer,
    }),
    ..Profile::PLAIN
};
