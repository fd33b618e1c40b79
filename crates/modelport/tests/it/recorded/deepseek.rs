//! DeepSeek.

use super::{Provider, Sees, Told, row, whole};

pub(super) static PROVIDER: Provider = Provider {
    folder: "deepseek",
    told: Told::Profile("deepseek"),
    rows: &[
        row(
            "chat_insufficient_resource.json",
            Sees::Unhidden(502, "null"),
        ),
        whole("chat_with_leading_blank_lines.txt", 18, 7),
        whole("stream_reasoning_keepalive.sse", 339, 7),
        row("error_400_reasoning_content.json", Sees::PassedOn),
        row("error_402.json", Sees::Ours(502, "upstream_out_of_credit")),
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
