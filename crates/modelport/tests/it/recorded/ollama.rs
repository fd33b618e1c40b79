//! Ollama.

use super::{Provider, Sees, Told, row, whole};

pub(super) static PROVIDER: Provider = Provider {
    folder: "ollama",
    told: Told::Ollama,
    rows: &[
        row("api_chat.json", Sees::Whole),
        row("api_chat_stream.ndjson", Sees::Ours(502, "upstream_failed")),
        row(
            "api_chat_stream_cached_prompt.ndjson",
            Sees::Ours(502, "upstream_failed"),
        ),
        row(
            "api_chat_stream_error.ndjson",
            Sees::Ours(502, "upstream_failed"),
        ),
        row(
            "api_chat_stream_tool.ndjson",
            Sees::Ours(502, "upstream_failed"),
        ),
        row(
            "v1_stream_midstream_error_swallowed.sse",
            Sees::ErrorEvent("upstream_failed"),
        ),
        row("v1_stream_tool_whole.sse", Sees::Whole),
        whole("v1_stream_usage.sse", 26, 11),
        row("error_400_no_tools.json", Sees::PassedOn),
        row("error_404.json", Sees::PassedOn),
        row("v1_error_404.json", Sees::PassedOn),
    ],
    listings: &[
        "api_tags.json",
        "api_tags_empty.json",
        "v1_models.json",
        "v1_models_empty.json",
    ],
    others: &[
        "api_embed.json",
        "api_ps.json",
        "api_show.json",
        "api_version.json",
    ],
};

#[test]
fn answers() {
    PROVIDER.check();
}

#[test]
fn models() {
    PROVIDER.check_models();
}
