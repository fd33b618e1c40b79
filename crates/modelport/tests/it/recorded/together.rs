//! Together.

use super::{Provider, Sees, Told, row, whole};

pub(super) static PROVIDER: Provider = Provider {
    folder: "together",
    told: Told::Profile("together"),
    rows: &[
        whole("chat.json", 12, 3),
        whole("stream_usage_on_finish_chunk.sse", 12, 3),
        row("error_400.json", Sees::PassedOn),
        row("error_429_dynamic.json", Sees::PassedOn),
    ],
    listings: &["models.json"],
    others: &["headers.txt"],
};

#[test]
fn answers() {
    PROVIDER.check();
}

#[test]
fn models() {
    PROVIDER.check_models();
}
