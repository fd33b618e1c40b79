//! Text Generation Inference. Nothing in its listing tells that it is one, so it must be named.

use crate::parameters::{Known, Messages, Parameters, Rule, StreamUsage};
use crate::profile::{HealthProbe, Place, Profile, Unlisted};

/// `/health` lies at the root (huggingface/text-generation-inference, `docs/openapi.json` and `router/src/server.rs`,
/// 2026-01-08).
pub(super) static TGI: Profile = Profile {
    slug: "tgi",
    name: "Text Generation Inference",
    health: HealthProbe::Path(Place::Root("/health")),
    parameters: Parameters {
        known: Known::Only(&[
            "frequency_penalty",
            "logit_bias",
            "logprobs",
            "max_tokens",
            "messages",
            "model",
            "n",
            "presence_penalty",
            "response_format",
            "seed",
            "stop",
            "stream",
            "stream_options",
            "temperature",
            "tool_choice",
            "tool_prompt",
            "tools",
            "top_logprobs",
            "top_p",
        ]),
        rules: &[Rule::renamed("max_completion_tokens", "max_tokens")],
        messages: Messages::NO_DEVELOPER,
        stream_usage: StreamUsage::OnRequest,
    },
    unlisted: Unlisted::Free,
    ..Profile::PLAIN
};
