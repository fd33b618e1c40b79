//! xAI: its host, its richer listing, and what its reasoning models refuse.

use crate::parameters::{Messages, Parameters, Rule, Treatment};
use crate::profile::{Place, Profile};

/// `/language-models` says prices and modalities, `/models` only ids (its `OpenAPI` document, 2026-11-22). The Responses API
/// is the one it recommends (docs.x.ai, "Comparison with Chat Completions API").
pub(super) static XAI: Profile = Profile {
    slug: "xai",
    name: "xAI",
    hosts: &["x.ai"],
    base_url: Some("https://api.x.ai/v1"),
    catalogue: Some("xai"),
    listings: &[Place::Below("/language-models"), Place::Below("/models")],
    parameters: Parameters {
        // A 400 on reasoning models (litellm 1.109.1, `llms/xai/chat`).
        rules: &[
            Rule::reasoning("stop", Treatment::Dropped),
            Rule::reasoning("presence_penalty", Treatment::Dropped),
            Rule::reasoning("frequency_penalty", Treatment::Dropped),
        ],
        messages: Messages::NO_DEVELOPER,
        ..Parameters::OPEN
    },
    responses: Some("/responses"),
    ..Profile::PLAIN
};
