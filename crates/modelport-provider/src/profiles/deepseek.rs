//! DeepSeek: its host; its API lies at the root.

use crate::parameters::{Messages, Parameters, Rule};
use crate::profile::Profile;

/// The root and `/v1` both work (its API documentation, 2026-11-22).
pub(super) static DEEPSEEK: Profile = Profile {
    slug: "deepseek",
    name: "DeepSeek",
    hosts: &["deepseek.com"],
    default_path: "",
    base_url: Some("https://api.deepseek.com"),
    catalogue: Some("deepseek"),
    parameters: Parameters {
        // Its documentation has only the older name (2026-11-22). `reasoning_content` in a history must come back as it was,
        // so messages are left alone but for the role.
        rules: &[Rule::renamed("max_completion_tokens", "max_tokens")],
        messages: Messages::NO_DEVELOPER,
        ..Parameters::OPEN
    },
    ..Profile::PLAIN
};
