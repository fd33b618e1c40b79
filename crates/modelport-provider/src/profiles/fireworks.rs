//! Fireworks: its hosts, the regional twin included.

use crate::parameters::{Messages, Parameters, Rule};
use crate::profile::Profile;

/// Base URL after docs.fireworks.ai, 2026-11-22; fields after litellm 1.109.1, `llms/fireworks_ai/chat`.
pub(super) static FIREWORKS: Profile = Profile {
    slug: "fireworks",
    name: "Fireworks",
    hosts: &["fireworks.ai"],
    default_path: "/inference/v1",
    base_url: Some("https://api.fireworks.ai/inference/v1"),
    catalogue: Some("fireworks_ai"),
    parameters: Parameters {
        rules: &[Rule::renamed("max_completion_tokens", "max_tokens")],
        messages: Messages::NO_DEVELOPER,
        ..Parameters::OPEN
    },
    ..Profile::PLAIN
};
