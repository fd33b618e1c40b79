//! Text Generation Inference.

use super::{Provider, Sees, Told, row};

pub(super) static PROVIDER: Provider = Provider {
    folder: "tgi",
    told: Told::Nothing,
    rows: &[
        row("error_422.json", Sees::PassedOn),
        row("error_429.json", Sees::PassedOn),
    ],
    listings: &["models.json"],
    others: &["info.json"],
};

#[test]
fn answers() {
    PROVIDER.check();
}

#[test]
fn models() {
    PROVIDER.check_models();
}
