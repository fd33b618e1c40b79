//! Groq.

use super::{Provider, Sees, Told, row, whole};

pub(super) static PROVIDER: Provider = Provider {
    folder: "groq",
    told: Told::Profile("groq"),
    rows: &[
        row(
            "stream_error_in_x_groq.sse",
            Sees::ErrorEvent("upstream_failed"),
        ),
        whole("stream_x_groq.sse", 45, 6),
        row("error_400_tool_use_failed.json", Sees::PassedOn),
        row("error_429.json", Sees::PassedOn),
    ],
    listings: &["models.json"],
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
