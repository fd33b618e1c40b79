//! LocalAI. Nothing in its listing tells that it is one, so it must be named.

use crate::parameters::{Messages, Parameters};
use crate::profile::{HealthProbe, Place, Profile, Unlisted};

/// `/models/capabilities` says what `/models` leaves out; `/readyz` lies at the root (mudler/LocalAI, `core/schema/openai.go`
/// and `core/http/auth`, 2026-08-22). Model names are free text, so no catalogue speaks of them.
pub(super) static LOCALAI: Profile = Profile {
    slug: "localai",
    name: "LocalAI",
    health: HealthProbe::Path(Place::Root("/readyz")),
    listings: &[
        Place::Below("/models/capabilities"),
        Place::Below("/models"),
    ],
    parameters: Parameters {
        messages: Messages::NO_DEVELOPER,
        ..Parameters::ASKED
    },
    unlisted: Unlisted::Free,
    ..Profile::PLAIN
};
