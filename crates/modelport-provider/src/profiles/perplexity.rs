//! Perplexity: its host; it has no listing and no free probe.

use crate::parameters::{Messages, Parameters, Rule, Treatment};
use crate::profile::{HealthProbe, Profile};

/// Base URL without `/v1` (litellm 1.109.1, `llms/perplexity/chat`). Its Agent API, the successor of the chat API that was
/// supported until 2026-09-27, speaks Responses (docs.perplexity.ai, "Migrate from Sonar").
pub(super) static PERPLEXITY: Profile = Profile {
    slug: "perplexity",
    name: "Perplexity",
    hosts: &["perplexity.ai"],
    default_path: "",
    base_url: Some("https://api.perplexity.ai"),
    catalogue: Some("perplexity"),
    health: HealthProbe::TrafficOnly,
    listings: &[],
    parameters: Parameters {
        rules: &[
            Rule::renamed("max_completion_tokens", "max_tokens"),
            Rule::all("n", Treatment::Only(&["1"])),
        ],
        messages: Messages::NO_DEVELOPER,
        ..Parameters::OPEN
    },
    responses: Some("/v1/responses"),
    ..Profile::PLAIN
};
