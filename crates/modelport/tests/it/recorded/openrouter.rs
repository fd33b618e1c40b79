//! OpenRouter.

use super::{Provider, Sees, Told, row, whole};

pub(super) static PROVIDER: Provider = Provider {
    folder: "openrouter",
    told: Told::Profile("openrouter"),
    rows: &[
        row("chat_200_choice_error.json", Sees::Unhidden(502, "502")),
        row("chat_200_top_level_error.json", Sees::Unhidden(502, "502")),
        whole("chat_byok.json", 194, 42),
        whole("chat_reasoning_cost.json", 194, 42),
        row("stream_midstream_error.sse", Sees::ErrorEvent("429")),
        row(
            "stream_midstream_error_string_code.sse",
            Sees::ErrorEvent("server_error"),
        ),
        whole("stream_reasoning_comments.sse", 194, 42),
        whole("stream_usage_on_nonempty_choices.sse", 194, 42),
        row("error_400_model_not_found.json", Sees::PassedOn),
        row("error_401.json", Sees::Ours(502, "upstream_credential")),
        row("error_402.json", Sees::Ours(502, "upstream_out_of_credit")),
        row("error_403_guardrail.json", Sees::PassedOn),
        row("error_429_capacity.json", Sees::PassedOn),
    ],
    listings: &["models.json"],
    others: &["headers_429_platform.txt", "key.json"],
};

#[test]
fn answers() {
    PROVIDER.check();
}

#[test]
fn models() {
    PROVIDER.check_models();
}
