//! Gemini.

use super::{Provider, Sees, Told, row, whole};

pub(super) static PROVIDER: Provider = Provider {
    folder: "gemini",
    told: Told::Profile("gemini"),
    rows: &[
        whole("stream_tool_signature.sse", 54, 58),
        row("error_400_array.json", Sees::PassedOn),
        row("error_429.json", Sees::PassedOn),
    ],
    listings: &["models.json"],
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
