//! Anthropic: the OpenAI layer of its API, and its own Messages API beside it.

use crate::parameters::{Parameters, Rule, Treatment};
use crate::profile::{CredentialStyle, HealthProbe, MessagesApi, Profile};

/// `/models` on this host is the native list, which wants other headers; a 401 from it would not prove a wrong key, so
/// it is no probe (anthropics/anthropic-sdk-python, `types/model_info.py`, 2026-11-22).
pub(super) static ANTHROPIC: Profile = Profile {
    slug: "anthropic",
    name: "Anthropic",
    hosts: &["api.anthropic.com"],
    base_url: Some("https://api.anthropic.com/v1"),
    catalogue: Some("anthropic"),
    health: HealthProbe::TrafficOnly,
    parameters: Parameters {
        rules: &IGNORED,
        ..Parameters::OPEN
    },
    messages: Some(MessagesApi {
        path: "/messages",
        count_tokens: Some("/messages/count_tokens"),
        credential: CredentialStyle::XApiKey,
    }),
    ..Profile::PLAIN
};

/// What the layer ignores without a word (platform.claude.com/docs/en/api/openai-sdk, 2026-11-22). Leaving it out changes no
/// answer, and the receipt tells.
const IGNORED: [Rule; 16] = [
    Rule::dropped("logprobs"),
    Rule::dropped("top_logprobs"),
    Rule::dropped("metadata"),
    Rule::dropped("response_format"),
    Rule::dropped("prediction"),
    Rule::dropped("presence_penalty"),
    Rule::dropped("frequency_penalty"),
    Rule::dropped("seed"),
    Rule::dropped("service_tier"),
    Rule::dropped("audio"),
    Rule::dropped("logit_bias"),
    Rule::dropped("store"),
    Rule::dropped("user"),
    Rule::dropped("modalities"),
    Rule::dropped("reasoning_effort"),
    Rule::all("n", Treatment::Only(&["1"])),
];
