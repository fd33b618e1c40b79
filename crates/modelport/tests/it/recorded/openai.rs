//! OpenAI.

use super::{Provider, Sees, Told, row, whole};

pub(super) static PROVIDER: Provider = Provider {
    folder: "openai",
    told: Told::Profile("openai"),
    rows: &[
        whole("chat.json", 1200, 9),
        whole("chat_reasoning_empty_length.json", 30, 256),
        whole("chat_tool_call.json", 82, 17),
        row("stream_midstream_error.sse", Sees::ErrorEvent("null")),
        row("stream_text_no_usage.sse", Sees::Whole),
        whole("stream_text_usage.sse", 19, 4),
        whole("stream_tool_calls_parallel.sse", 90, 31),
        row("error_400_context_length.json", Sees::PassedOn),
        row("error_400_max_tokens.json", Sees::PassedOn),
        row("error_400_unknown_parameter.json", Sees::PassedOn),
        row("error_400_unrecognized_argument.json", Sees::PassedOn),
        row("error_401.json", Sees::Ours(502, "upstream_credential")),
        row("error_404_model.json", Sees::PassedOn),
        row(
            "error_429_insufficient_quota.json",
            Sees::Ours(502, "upstream_out_of_credit"),
        ),
        row("error_429_rate_limit.json", Sees::PassedOn),
    ],
    listings: &["models.json"],
    others: &["embeddings.json", "headers_429.txt"],
};

#[test]
fn answers() {
    PROVIDER.check();
}

#[test]
fn models() {
    PROVIDER.check_models();
}
