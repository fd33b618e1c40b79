//! vLLM.

use crate::parameters::{Messages, Parameters};
use crate::profile::{CredentialStyle, HealthProbe, MessagesApi, Place, Profile, Unlisted};

/// Its listing says who it is, and `/health` lies at the root, open even where a key is wanted (vllm-project/vllm,
/// `engine/protocol.py` and `chat_completion/protocol.py`, 2026). Unknown fields are logged there and ignored, and nearly
/// every release takes more of them, so all are sent. Other APIs after docs.vllm.ai, v0.32, "Online Serving".
pub(super) static VLLM: Profile = Profile {
    slug: "vllm",
    name: "vLLM",
    health: HealthProbe::Path(Place::Root("/health")),
    parameters: Parameters {
        messages: Messages::NO_DEVELOPER,
        ..Parameters::ASKED
    },
    responses: Some("/responses"),
    messages: Some(MessagesApi {
        path: "/messages",
        count_tokens: Some("/messages/count_tokens"),
        credential: CredentialStyle::Bearer,
    }),
    owned_by: Some("vllm"),
    unlisted: Unlisted::Free,
    ..Profile::PLAIN
};
