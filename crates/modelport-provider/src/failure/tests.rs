use super::*;
use crate::sse::events;

fn recorded(file: &str) -> Vec<u8> {
    std::fs::read(format!(
        "{}/tests/recorded/{file}",
        env!("CARGO_MANIFEST_DIR")
    ))
    .unwrap()
}

fn check(file: &str, status: u16, kind: FailureKind, begins: &str) {
    let body = read_error_body(&recorded(file));
    let found = classify(StatusCode::from_u16(status).unwrap(), body.as_ref());
    assert_eq!(found, kind, "{file}: {body:?}");
    let message = body.unwrap().message;
    assert!(message.starts_with(begins), "{file}: {message:?}");
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn recorded_errors() {
    use FailureKind as Kind;
    check(
        "openai/error_400_context_length.json",
        400,
        Kind::ContextOverflow,
        "",
    );
    check(
        "openai/error_400_max_tokens.json",
        400,
        Kind::BadRequest,
        "",
    );
    check(
        "openai/error_400_unknown_parameter.json",
        400,
        Kind::BadRequest,
        "",
    );
    check(
        "openai/error_400_unrecognized_argument.json",
        400,
        Kind::BadRequest,
        "Unrecognized",
    );
    check("openai/error_401.json", 401, Kind::Credential, "");
    check("openai/error_404_model.json", 404, Kind::NotFound, "");
    check(
        "openai/error_429_insufficient_quota.json",
        429,
        Kind::OutOfCredit,
        "",
    );
    check(
        "openai/error_429_rate_limit.json",
        429,
        Kind::RateLimited,
        "",
    );
    check(
        "openrouter/error_400_model_not_found.json",
        400,
        Kind::NotFound,
        "acme/fake-1.0",
    );
    check(
        "openrouter/error_401.json",
        401,
        Kind::Credential,
        "Missing",
    );
    check(
        "openrouter/error_402.json",
        402,
        Kind::OutOfCredit,
        "Insufficient credits",
    );
    check(
        "openrouter/error_403_guardrail.json",
        403,
        Kind::ContentFilter,
        "Request blocked",
    );
    check(
        "openrouter/error_429_capacity.json",
        429,
        Kind::Overloaded,
        "All providers",
    );
    check(
        "azure/error_400_content_filter.json",
        400,
        Kind::ContentFilter,
        "",
    );
    check(
        "azure/error_400_content_filter_alt.json",
        400,
        Kind::ContentFilter,
        "",
    );
    check("azure/error_401.json", 401, Kind::Credential, "");
    check("azure/error_404_deployment.json", 404, Kind::NotFound, "");
    check("azure/error_404_path.json", 404, Kind::NotFound, "");
    check("azure/error_429.json", 429, Kind::RateLimited, "");
    check(
        "deepseek/error_400_reasoning_content.json",
        400,
        Kind::BadRequest,
        "",
    );
    check(
        "deepseek/error_402.json",
        402,
        Kind::OutOfCredit,
        "Insufficient",
    );
    check("gemini/error_400_array.json", 400, Kind::BadRequest, "");
    check("gemini/error_429.json", 429, Kind::RateLimited, "");
    check(
        "groq/error_400_tool_use_failed.json",
        400,
        Kind::BadRequest,
        "",
    );
    check("groq/error_429.json", 429, Kind::RateLimited, "");
    check(
        "llamacpp/error_400_context.json",
        400,
        Kind::ContextOverflow,
        "",
    );
    check("llamacpp/error_401.json", 401, Kind::Credential, "");
    check(
        "llamacpp/health_503_loading.json",
        503,
        Kind::Overloaded,
        "Loading model",
    );
    check("mistral/error_400_flat.json", 400, Kind::NotFound, "");
    check("mistral/error_401.json", 401, Kind::Credential, "");
    check("mistral/error_422_detail.json", 422, Kind::BadRequest, "");
    check(
        "mistral/error_422_extra_field.json",
        422,
        Kind::BadRequest,
        "",
    );
    check(
        "ollama/error_404.json",
        404,
        Kind::NotFound,
        "model \"nope\" not found",
    );
    check(
        "ollama/v1_error_404.json",
        404,
        Kind::NotFound,
        "model \"nope\" not found",
    );
    check(
        "ollama/error_400_no_tools.json",
        400,
        Kind::BadRequest,
        "\"gemma:2b\"",
    );
    check("sglang/error_400_flat.json", 400, Kind::ContextOverflow, "");
    check("tgi/error_422.json", 422, Kind::ContextOverflow, "");
    check("tgi/error_429.json", 429, Kind::Overloaded, "");
    check("together/error_400.json", 400, Kind::ContextOverflow, "");
    check(
        "together/error_429_dynamic.json",
        429,
        Kind::RateLimited,
        "",
    );
    check(
        "vllm/error_400_context.json",
        400,
        Kind::ContextOverflow,
        "",
    );
    check("vllm/error_404_model.json", 404, Kind::NotFound, "");
    check("xai/error_400_object.json", 400, Kind::BadRequest, "");
    check("xai/error_400_string.json", 400, Kind::Credential, "");
    check(
        "anthropic/error_529_native.json",
        529,
        Kind::Overloaded,
        "Overloaded",
    );
    check(
        "generic/html_502.html",
        502,
        Kind::Server,
        "502 Bad Gateway",
    );
    check(
        "generic/plain_429.txt",
        429,
        Kind::RateLimited,
        "Too Many Requests",
    );
}

#[test]
fn every_recorded_error_says_something() {
    let root = format!("{}/tests/recorded", env!("CARGO_MANIFEST_DIR"));
    for provider in std::fs::read_dir(root).unwrap() {
        let Ok(files) = std::fs::read_dir(provider.unwrap().path()) else {
            continue;
        };
        for file in files {
            let path = file.unwrap().path();
            if path
                .file_name()
                .unwrap()
                .to_string_lossy()
                .starts_with("error_")
            {
                let body = read_error_body(&std::fs::read(&path).unwrap()).unwrap();
                assert!(body.message.len() > 3, "{}: {body:?}", path.display());
                assert_ne!(
                    body.message,
                    "the provider gave no message",
                    "{}",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn waits_inside_bodies() {
    let wait = |file| read_error_body(&recorded(file)).unwrap().retry_after;
    assert_eq!(
        wait("openrouter/error_429_capacity.json"),
        Some(Duration::from_secs(40))
    );
    assert_eq!(wait("gemini/error_429.json"), Some(Duration::from_secs(34)));
    assert_eq!(wait("openai/error_429_rate_limit.json"), None);
}

#[test]
fn statuses_without_words() {
    let kind = |status| classify(StatusCode::from_u16(status).unwrap(), None);
    assert_eq!(kind(400), FailureKind::BadRequest);
    assert_eq!(kind(403), FailureKind::Permission);
    assert_eq!(kind(408), FailureKind::Timeout);
    assert_eq!(kind(409), FailureKind::Conflict);
    assert_eq!(kind(412), FailureKind::OutOfCredit);
    assert_eq!(kind(413), FailureKind::BadRequest);
    assert_eq!(kind(424), FailureKind::Server);
    assert_eq!(kind(498), FailureKind::Overloaded);
    assert_eq!(kind(501), FailureKind::NotFound);
    assert_eq!(kind(520), FailureKind::Server);
    assert_eq!(kind(529), FailureKind::Overloaded);
    assert_eq!(kind(302), FailureKind::Malformed);
}

#[test]
fn errors_inside_a_success() {
    let top = error_in_ok(&recorded("openrouter/chat_200_top_level_error.json")).unwrap();
    assert_eq!(status_in_band(&top), StatusCode::BAD_GATEWAY);
    assert_eq!(classify_in_band(&top), FailureKind::Server);
    let choice = error_in_ok(&recorded("openrouter/chat_200_choice_error.json")).unwrap();
    assert_eq!(choice.message, "Provider disconnected mid-stream");
    let stream = recorded("openrouter/stream_midstream_error.sse");
    let found: Vec<_> = events(&stream)
        .filter_map(|event| error_in_ok(&event.data))
        .collect();
    assert_eq!(found.len(), 1);
    assert_eq!(classify_in_band(&found[0]), FailureKind::RateLimited);
    let groq = recorded("groq/stream_error_in_x_groq.sse");
    assert_eq!(
        events(&groq)
            .filter_map(|event| error_in_ok(&event.data))
            .count(),
        1
    );
    let finish = br#"{"choices":[{"finish_reason":"error"}]}"#;
    assert!(error_in_ok(finish).is_some());
}

#[test]
fn text_about_errors_is_no_error() {
    for json in [
        r#"{"error":null,"choices":[]}"#,
        r#"{"choices":[{"message":{"content":"say \"error\": {}"}}]}"#,
        r#"{"choices":[{"delta":{"tool_calls":[{"name":"error"}]},"finish_reason":null}]}"#,
        r#"{"choices":[{"message":{"content":"error"},"finish_reason":"stop"}]}"#,
    ] {
        assert_eq!(error_in_ok(json.as_bytes()), None, "{json}");
    }
}

#[test]
fn unreadable_bodies_are_cleaned_and_bounded() {
    assert_eq!(read_error_body(b" \n"), None);
    let long = format!("<html><body>{}</body></html>", "word \u{7}".repeat(500));
    let message = read_error_body(long.as_bytes()).unwrap().message;
    assert!(message.chars().count() <= MAX_TEXT && !message.contains(['<', '\u{7}']));
    assert!(read_error_body(&[0xff, 0xfe, b'x']).is_some());
    let deep = "[".repeat(50_000);
    assert!(read_error_body(deep.as_bytes()).is_some());
}
