//! Mistral: its hosts, and the fields it takes: any other is a 422.

use crate::parameters::{Known, Messages, Parameters, Rule, StreamUsage, Treatment};
use crate::profile::Profile;

/// Base URL after mistralai/platform-docs-public, `openapi.yaml`, 2026-08-21.
pub(super) static MISTRAL: Profile = Profile {
    slug: "mistral",
    name: "Mistral",
    hosts: &["mistral.ai"],
    base_url: Some("https://api.mistral.ai/v1"),
    catalogue: Some("mistral"),
    parameters: Parameters {
        known: Known::Only(&CHAT_FIELDS),
        rules: &[
            Rule::renamed("max_completion_tokens", "max_tokens"),
            Rule::renamed("seed", "random_seed"),
            // It knows `none` and `high`: every effort is one of the two.
            Rule::all(
                "reasoning_effort",
                Treatment::Values(&[
                    ("\"minimal\"", "\"none\""),
                    ("\"low\"", "\"high\""),
                    ("\"medium\"", "\"high\""),
                    ("\"xhigh\"", "\"high\""),
                    ("\"max\"", "\"high\""),
                ]),
            ),
        ],
        messages: Messages {
            known: &[
                "role",
                "content",
                "tool_calls",
                "tool_call_id",
                "name",
                "prefix",
            ],
            ..Messages::NO_DEVELOPER
        },
        stream_usage: StreamUsage::Unasked,
    },
    ..Profile::PLAIN
};

/// The fields of a chat completion; its schema forbids others (the same source).
const CHAT_FIELDS: [&str; 22] = [
    "model",
    "temperature",
    "top_p",
    "max_tokens",
    "stream",
    "stop",
    "random_seed",
    "metadata",
    "messages",
    "response_format",
    "tools",
    "tool_choice",
    "presence_penalty",
    "frequency_penalty",
    "n",
    "prediction",
    "parallel_tool_calls",
    "prompt_mode",
    "reasoning_effort",
    "guardrails",
    "prompt_cache_key",
    "safe_prompt",
];
