//! Anthropic.

use super::{Provider, Sees, Told, row};

pub(super) static PROVIDER: Provider = Provider {
    folder: "anthropic",
    told: Told::Profile("anthropic"),
    rows: &[
        row("stream_tool_index_starts_at_1.sse", Sees::Whole),
        row("error_529_native.json", Sees::PassedOn),
    ],
    listings: &["models_native.json"],
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
