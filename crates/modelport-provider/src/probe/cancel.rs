//! What becomes of a stream that nobody reads on. From outside only a weak sign can be seen: whether the next request waits.

use std::time::Duration;

use serde_json::json;

use super::{
    Group, Outcome, Report, Target,
    exchange::{self, Exchange},
    limits::{self, Limit},
};

/// The tokens of a stream that is left at its first piece.
pub(super) const LONG: u64 = 400;

/// The request after it.
pub(super) const SHORT: u64 = 50;

/// A next request that takes so many times as long as the same one before had to wait.
const WAITED: u32 = 4;

/// Less than this may be chance.
const NOTICEABLE: Duration = Duration::from_secs(1);

/// Leaves a long stream, and asks something short.
pub(super) async fn measure(target: &Target<'_>, limit: Limit, report: &mut Report) {
    let what = "left stream is stopped";
    let before = short(target, limit, report).await;
    let mut body = limits::ask();
    body["stream"] = json!(true);
    limit.put(&mut body, LONG);
    report.calls += 1;
    let path = "/chat/completions";
    let opened = exchange::open(target.provider, path, &target.model, body).await;
    let Ok((200, _, mut answer)) = opened else {
        report.note(Group::Streaming, what, Outcome::Unknown, "no stream began");
        return;
    };
    let _ = answer.data().await;
    // Closes the connection, since the answer is not read to its end.
    drop(answer);
    let after = short(target, limit, report).await;
    let waited = after.took > before.took.saturating_mul(WAITED) && after.took > NOTICEABLE;
    let evidence = match (after.is_ok(), waited) {
        (false, _) => "the connection was closed; the request after it failed",
        (true, true) => "the connection was closed; the request after it waited much longer",
        (true, false) => "the connection was closed; the request after it did not wait",
    };
    report.note(Group::Streaming, what, Outcome::Unknown, evidence);
}

async fn short(target: &Target<'_>, limit: Limit, report: &mut Report) -> Exchange {
    let mut body = json!({ "messages": [{"role": "user", "content": "Say pong."}] });
    limit.put(&mut body, SHORT);
    report.chat(target, body).await
}
