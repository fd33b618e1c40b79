//! Perplexity.

use super::{Provider, Told, whole};

pub(super) static PROVIDER: Provider = Provider {
    folder: "perplexity",
    told: Told::Profile("perplexity"),
    rows: &[whole("stream_cumulative_usage_no_done.sse", 10, 4)],
    listings: &[],
    others: &[],
};

#[test]
fn answers() {
    PROVIDER.check();
}
