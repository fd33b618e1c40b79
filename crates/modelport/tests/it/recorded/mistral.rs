//! Mistral.

use super::{Provider, Sees, Told, row, whole};

pub(super) static PROVIDER: Provider = Provider {
    folder: "mistral",
    told: Told::Profile("mistral"),
    rows: &[
        whole("stream_text.sse", 124, 22),
        whole("stream_thinking_content_array.sse", 124, 22),
        whole("stream_tool_call_incremental_empty_name.sse", 124, 22),
        whole("stream_tool_call_no_index.sse", 124, 22),
        row("error_400_flat.json", Sees::PassedOn),
        row("error_401.json", Sees::Ours(502, "upstream_credential")),
        row("error_422_detail.json", Sees::PassedOn),
        row("error_422_extra_field.json", Sees::PassedOn),
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
