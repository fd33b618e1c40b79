//! OpenAI: its host, under which regional hosts lie, and the limit that its reasoning models know by its newer name only.

use crate::parameters::{Parameters, Rule, Treatment};
use crate::profile::Profile;

/// Base URL after openai/openai-openapi, spec 2.3.0, 2026-08-21.
pub(super) static OPENAI: Profile = Profile {
    slug: "openai",
    name: "OpenAI",
    hosts: &["api.openai.com"],
    base_url: Some("https://api.openai.com/v1"),
    catalogue: Some("openai"),
    parameters: PARAMETERS,
    responses: Some("/responses"),
    ..Profile::PLAIN
};

/// Reasoning models refuse `max_tokens`, which is deprecated in favour of the name that counts their thinking too (spec
/// 2.3.0; community.openai.com/t/1110750). What else they refuse differs from model to model, and new fields come often, so
/// all other fields are sent and OpenAI's own refusal is passed on.
pub(super) const PARAMETERS: Parameters = Parameters {
    rules: &[Rule::reasoning(
        "max_tokens",
        Treatment::Renamed("max_completion_tokens"),
    )],
    ..Parameters::ASKED
};
