//! xAI.

use super::{Provider, Sees, Told, row, whole};

pub(super) static PROVIDER: Provider = Provider {
    folder: "xai",
    told: Told::Profile("xai"),
    rows: &[
        whole("stream_reasoning_excluded_from_completion.sse", 12, 342),
        row("error_400_object.json", Sees::PassedOn),
        row(
            "error_400_string.json",
            Sees::Ours(502, "upstream_credential"),
        ),
    ],
    listings: &["language_models.json", "models.json"],
    others: &[],
};

#[test]
fn answers() {
    PROVIDER.check();
}

#[test]
fn models() {
    PROVIDER.check_models();
}
