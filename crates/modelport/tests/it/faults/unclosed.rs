//! Streams that end without the empty line that ends their last event. What the gateway adds must
//! not be read as part of that event.

use serde_json::json;

use super::{reading::read, table::Outcome};
use crate::support::{Gateway, Scripted};

const OUTPUT: &str = r#"data: {"choices":[{"delta":{"content":"x"}}]}"#;

/// A stream that ends after `body` reaches the client as `seen` and then an error event of ours,
/// or of the provider's if the code is not.
fn check(body: &str, seen: &str, code: &str) {
    let upstream = Scripted::answering("text/event-stream", body.as_bytes());
    let settings = [("OPENAI_COMPATIBLE_MAX_RETRIES", "0")];
    let gateway = Gateway::before(&upstream.base_url(), &settings);
    let answer = gateway.chat(&json!({"model": "m", "messages": [], "stream": true}));
    let text = answer.text();
    assert!(text.starts_with(seen), "{body:?} became {text:?}");
    let outcome = read(&answer, true);
    let expected = Outcome::ErrorEvent(code.to_owned());
    assert_eq!(outcome, Ok(expected), "{body:?} became {text:?}");
}

#[test]
fn an_error_after_an_unclosed_event_is_an_event_of_its_own() {
    let ours = "upstream_failed";
    check(OUTPUT, OUTPUT, ours);
    check(&format!("{OUTPUT}\n"), OUTPUT, ours);
    check(&format!("{OUTPUT}\r\n\r\n: wait"), OUTPUT, ours);
    check(&format!("{OUTPUT}\n\n: wait\n"), OUTPUT, ours);
    check(&format!("{OUTPUT}\n\nevent: ping"), OUTPUT, ours);
    check(&format!("{OUTPUT}\n\n{OUTPUT}"), OUTPUT, ours);
    check(&format!("{OUTPUT}\n\ndata: {{\"choi"), OUTPUT, ours);
    check(
        &format!("{OUTPUT}\n\ndata: {{\"error\":\"spent\"}}"),
        OUTPUT,
        ours,
    );
}

#[test]
fn a_providers_own_unclosed_error_is_closed() {
    let theirs = r#"data: {"error":{"message":"spent","type":"t","param":null,"code":"spent"}}"#;
    check(
        &format!("{OUTPUT}\n\n{theirs}"),
        &format!("{OUTPUT}\n\n{theirs}\n\n"),
        "spent",
    );
}
