//! Ollama: the native API, which a provider of type `ollama` speaks whatever its host, and the OpenAI layer beside it.

use crate::parameters::{Known, Messages, Parameters, Rule, StreamUsage};
use crate::profile::{HealthProbe, Place, Profile, Unlisted};
use crate::resolution::Spelling;

/// No host leads here: the type decides. Paths are below the root (ollama/ollama, `docs/api.md`, 2026-08-21).
pub static OLLAMA: Profile = Profile {
    slug: "ollama",
    name: "Ollama",
    default_path: "",
    base_url: Some("http://localhost:11434"),
    catalogue: Some("ollama"),
    health: HealthProbe::Path(Place::Below("/api/version")),
    listings: &[Place::Below("/api/tags"), Place::Below("/v1/models")],
    spelling: Spelling::Ollama,
    parameters: PARAMETERS,
    unlisted: Unlisted::FreeUnlessCloud,
    ..Profile::PLAIN
};

/// The OpenAI layer of an Ollama server that is configured as any OpenAI-compatible one.
pub(super) static OLLAMA_LAYER: Profile = Profile {
    slug: "ollama_v1",
    name: "Ollama",
    catalogue: Some("ollama"),
    health: HealthProbe::Path(Place::Root("/api/version")),
    spelling: Spelling::Ollama,
    parameters: PARAMETERS,
    owned_by: Some("library"),
    unlisted: Unlisted::FreeUnlessCloud,
    ..Profile::PLAIN
};

/// The OpenAI layer reads these fields and drops all others without a word; `max_completion_tokens` among them, so that a
/// limit would be lost (ollama/ollama, `openai/openai.go`, 2026-08-21).
const PARAMETERS: Parameters = Parameters {
    known: Known::Only(&[
        "model",
        "messages",
        "stream",
        "stream_options",
        "max_tokens",
        "seed",
        "stop",
        "temperature",
        "top_p",
        "frequency_penalty",
        "presence_penalty",
        "response_format",
        "tools",
        "reasoning",
        "reasoning_effort",
        "logprobs",
        "top_logprobs",
    ]),
    rules: &[Rule::renamed("max_completion_tokens", "max_tokens")],
    messages: Messages::NO_DEVELOPER,
    stream_usage: StreamUsage::OnRequest,
};
