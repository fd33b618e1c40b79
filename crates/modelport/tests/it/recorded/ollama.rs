//! Ollama.

use super::{Provider, Row, Sees, Told, row, whole};

pub(super) static PROVIDER: Provider = Provider {
    folder: "ollama",
    told: Told::Ollama,
    rows: &[
        translated("api_chat.json", 26, 11),
        translated("api_chat_stream.ndjson", 26, 11),
        translated("api_chat_stream_cached_prompt.ndjson", 0, 1),
        row("api_chat_stream_error.ndjson", Sees::ErrorEvent("null")),
        translated("api_chat_stream_tool.ndjson", 26, 11),
        row(
            "v1_stream_midstream_error_swallowed.sse",
            Sees::ErrorEvent("upstream_failed"),
        ),
        row("v1_stream_tool_whole.sse", Sees::Whole),
        whole("v1_stream_usage.sse", 26, 11),
        row("error_400_no_tools.json", Sees::Unhidden(400, "null")),
        row("error_404.json", Sees::Unhidden(404, "null")),
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

const fn translated(file: &'static str, input: u64, output: u64) -> Row {
    Row {
        file,
        sees: Sees::Translated,
        usage: Some((input, output)),
    }
}

#[test]
fn answers() {
    PROVIDER.check();
}

#[test]
fn models() {
    PROVIDER.check_models();
}
