//! LM Studio.

use crate::parameters::{Messages, Parameters, Rule};
use crate::profile::{Place, Profile, Unlisted};

/// Three listings, of which a server has the newer ones or not; a 404 from one it lacks is normal. Only the older limit is
/// among its documented fields (lmstudio-ai/docs, `1_developer`, 2026-04-29).
pub(super) static LM_STUDIO: Profile = Profile {
    slug: "lm_studio",
    name: "LM Studio",
    listings: &[
        Place::Root("/api/v1/models"),
        Place::Root("/api/v0/models"),
        Place::Below("/models"),
    ],
    parameters: Parameters {
        rules: &[Rule::renamed("max_completion_tokens", "max_tokens")],
        messages: Messages::NO_DEVELOPER,
        ..Parameters::ASKED
    },
    owned_by: Some("organization_owner"),
    unlisted: Unlisted::Free,
    ..Profile::PLAIN
};
