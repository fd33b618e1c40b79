//! Groq: its host and path, and what it refuses.

use crate::parameters::{Messages, Nulls, Parameters, Rule, Treatment};
use crate::profile::Profile;

/// Base URL after console.groq.com/docs/openai, 2026-11-22.
pub(super) static GROQ: Profile = Profile {
    slug: "groq",
    name: "Groq",
    hosts: &["groq.com"],
    default_path: "/openai/v1",
    base_url: Some("https://api.groq.com/openai/v1"),
    catalogue: Some("groq"),
    parameters: Parameters {
        // A 400 for each of these (console.groq.com/docs/openai); efforts after groq/groq-python, 2026-08-18.
        rules: &[
            Rule::dropped("logprobs"),
            Rule::dropped("top_logprobs"),
            Rule::dropped("logit_bias"),
            Rule::all("n", Treatment::Only(&["1"])),
            Rule::all(
                "reasoning_effort",
                Treatment::Values(&[
                    ("\"minimal\"", "\"low\""),
                    ("\"xhigh\"", "\"high\""),
                    ("\"max\"", "\"high\""),
                ]),
            ),
        ],
        // Nulls in assistant messages are refused (litellm 1.109.1, `llms/groq/chat`).
        messages: Messages {
            nulls: Nulls::Refused,
            refused: &["name"],
            ..Messages::NO_DEVELOPER
        },
        ..Parameters::OPEN
    },
    ..Profile::PLAIN
};
