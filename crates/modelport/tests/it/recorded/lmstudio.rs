//! LM Studio.

use super::{Provider, Told};

pub(super) static PROVIDER: Provider = Provider {
    folder: "lmstudio",
    told: Told::Nothing,
    rows: &[],
    listings: &["api_v0_models.json", "api_v1_models.json", "v1_models.json"],
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
