//! Azure OpenAI.

use super::{Provider, Sees, Told, row, whole};

pub(super) static PROVIDER: Provider = Provider {
    folder: "azure",
    told: Told::Profile("azure"),
    rows: &[
        whole("chat.json", 11, 3),
        row("stream_async_filter_blocked.sse", Sees::Whole),
        row("stream_async_filter_ok.sse", Sees::Whole),
        whole("stream_prompt_filter_first.sse", 11, 3),
        row("error_400_content_filter.json", Sees::PassedOn),
        row("error_400_content_filter_alt.json", Sees::PassedOn),
        row("error_401.json", Sees::Ours(502, "upstream_credential")),
        row("error_404_deployment.json", Sees::PassedOn),
        row("error_404_path.json", Sees::PassedOn),
        row("error_429.json", Sees::PassedOn),
    ],
    listings: &["models_classic.json"],
    others: &["headers_429.txt"],
};

#[test]
fn answers() {
    PROVIDER.check();
}

#[test]
fn models() {
    PROVIDER.check_models();
}
