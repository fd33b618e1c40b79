//! llama.cpp's server.

use crate::parameters::{Messages, Parameters};
use crate::profile::{CredentialStyle, HealthProbe, MessagesApi, Place, Profile, Unlisted};

/// `/health` says 503 while a model loads, and wakes no sleeping server; unknown fields are ignored (ggml-org/llama.cpp,
/// `tools/server/README.md`, 2026, which has `/v1/messages` too).
pub(super) static LLAMA_CPP: Profile = Profile {
    slug: "llama_cpp",
    name: "llama.cpp",
    health: HealthProbe::Path(Place::Root("/health")),
    parameters: Parameters {
        messages: Messages::NO_DEVELOPER,
        ..Parameters::ASKED
    },
    messages: Some(MessagesApi {
        path: "/messages",
        count_tokens: None,
        credential: CredentialStyle::Bearer,
    }),
    owned_by: Some("llamacpp"),
    unlisted: Unlisted::Free,
    ..Profile::PLAIN
};
