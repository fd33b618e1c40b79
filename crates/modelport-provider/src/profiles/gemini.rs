//! Gemini: the OpenAI layer of Google's API.

use crate::parameters::{Messages, Parameters};
use crate::profile::Profile;
use crate::resolution::Spelling;

/// Base URL after ai.google.dev/gemini-api/docs/openai, 2026-11-22. Which fields it refuses is not written down anywhere, so
/// all are sent. Signatures in `extra_content` of tool calls must come back, so messages are left alone but for the role.
pub(super) static GEMINI: Profile = Profile {
    slug: "gemini",
    name: "Gemini",
    hosts: &["generativelanguage.googleapis.com"],
    default_path: "/v1beta/openai",
    base_url: Some("https://generativelanguage.googleapis.com/v1beta/openai"),
    catalogue: Some("gemini"),
    spelling: Spelling::Gemini,
    parameters: Parameters {
        messages: Messages::NO_DEVELOPER,
        ..Parameters::OPEN
    },
    ..Profile::PLAIN
};
