//! llama.cpp.

use super::{Provider, Sees, Told, row, whole};

pub(super) static PROVIDER: Provider = Provider {
    folder: "llamacpp",
    told: Told::Nothing,
    rows: &[
        row("health_503_loading.json", Sees::PassedOn),
        whole("stream_timings.sse", 237, 5),
        row("error_400_context.json", Sees::PassedOn),
        row("error_401.json", Sees::Ours(502, "upstream_credential")),
    ],
    listings: &[
        "models.json",
        "models_loading.json",
        "models_with_context.json",
    ],
    others: &["health_ok.json", "props.json"],
};

#[test]
fn answers() {
    PROVIDER.check();
}

#[test]
fn models() {
    PROVIDER.check_models();
}
