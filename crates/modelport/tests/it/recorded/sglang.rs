//! SGLang.

use super::{Provider, Sees, Told, row, whole};

pub(super) static PROVIDER: Provider = Provider {
    folder: "sglang",
    told: Told::Nothing,
    rows: &[
        whole("chat_reasoning_tokens_top_level.json", 14, 10),
        row("error_400_flat.json", Sees::PassedOn),
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
