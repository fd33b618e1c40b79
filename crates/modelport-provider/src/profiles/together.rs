//! Together AI: both spellings of its domain, and the fields it has in a form of its own.

use crate::parameters::{Messages, Parameters, Rule, Treatment};
use crate::profile::Profile;

/// The API answers at `api.together.xyz`; newer documents say `api.together.ai` (togethercomputer/openapi, 2026-04-28).
pub(super) static TOGETHER: Profile = Profile {
    slug: "together",
    name: "Together AI",
    hosts: &["together.ai", "together.xyz"],
    base_url: Some("https://api.together.xyz/v1"),
    catalogue: Some("together_ai"),
    parameters: Parameters {
        // Its schema has no `max_completion_tokens`, and its `logprobs` is a number from 0 to 20 (the same source).
        rules: &[
            Rule::renamed("max_completion_tokens", "max_tokens"),
            Rule::renamed("top_logprobs", "logprobs"),
            Rule::all(
                "logprobs",
                Treatment::Values(&[("true", "1"), ("false", "0")]),
            ),
        ],
        messages: Messages::NO_DEVELOPER,
        ..Parameters::OPEN
    },
    ..Profile::PLAIN
};
