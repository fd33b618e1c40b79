//! vLLM.

use super::{Provider, Sees, Told, row, whole};

pub(super) static PROVIDER: Provider = Provider {
    folder: "vllm",
    told: Told::Nothing,
    rows: &[
        whole("chat.json", 14, 10),
        whole("stream_continuous_usage.sse", 14, 6),
        row("stream_error_then_done.sse", Sees::ErrorEvent("500")),
        row("error_400_context.json", Sees::PassedOn),
        row("error_404_model.json", Sees::PassedOn),
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
