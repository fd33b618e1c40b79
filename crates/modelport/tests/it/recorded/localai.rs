//! LocalAI.

use super::{Provider, Told};

pub(super) static PROVIDER: Provider = Provider {
    folder: "localai",
    told: Told::Nothing,
    rows: &[],
    listings: &["models.json", "models_capabilities.json"],
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
