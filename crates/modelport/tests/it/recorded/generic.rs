//! Answers of no provider in particular.

use super::{Provider, Sees, Told, row};

pub(super) static PROVIDER: Provider = Provider {
    folder: "generic",
    told: Told::Nothing,
    rows: &[
        row("html_502.html", Sees::Ours(502, "upstream_failed")),
        row("plain_429.txt", Sees::Ours(429, "upstream_failed")),
        row(
            "stream_body_is_json_error_with_200.txt",
            Sees::Unhidden(502, "null"),
        ),
        row("stream_bom.sse", Sees::Whole),
        row("stream_crlf.sse", Sees::Whole),
        row("stream_event_error.sse", Sees::Unhidden(502, "null")),
        row("stream_finish_but_no_done.sse", Sees::Whole),
        row("stream_multiline_data.sse", Sees::Whole),
        row("stream_no_space_after_colon.sse", Sees::Whole),
        row(
            "stream_truncated_no_finish.sse",
            Sees::ErrorEvent("upstream_failed"),
        ),
    ],
    listings: &[],
    others: &[],
};

#[test]
fn answers() {
    PROVIDER.check();
}
