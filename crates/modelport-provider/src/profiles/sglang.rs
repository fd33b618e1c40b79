//! SGLang.

use crate::parameters::{Messages, Parameters};
use crate::profile::{HealthProbe, Place, Profile, Unlisted};

/// `/health` lies at the root; `/health_generate` would generate (sgl-project/sglang, `entrypoints/openai/protocol.py`).
pub(super) static SGLANG: Profile = Profile {
    slug: "sglang",
    name: "SGLang",
    health: HealthProbe::Path(Place::Root("/health")),
    parameters: Parameters {
        messages: Messages::NO_DEVELOPER,
        ..Parameters::ASKED
    },
    owned_by: Some("sglang"),
    unlisted: Unlisted::Free,
    ..Profile::PLAIN
};
