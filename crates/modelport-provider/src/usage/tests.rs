use super::*;
use crate::sse::events;

fn recorded(file: &str) -> Vec<u8> {
    std::fs::read(format!(
        "{}/tests/recorded/{file}",
        env!("CARGO_MANIFEST_DIR")
    ))
    .unwrap()
}

/// The last usage of a recorded answer, streamed or not.
fn last(file: &str) -> Option<Usage> {
    let bytes = recorded(file);
    if file.contains("stream") {
        let found = events(&bytes).filter_map(|event| find_usage(&event.data));
        return found.last();
    }
    find_usage(&bytes)
}

fn check(file: &str, expected: [u64; 5], cost: Option<&str>) {
    let usage = last(file).unwrap_or_else(|| panic!("no usage in {file}"));
    let counts = [
        usage.input_tokens,
        usage.output_tokens,
        usage.cached_input_tokens,
        usage.cache_write_tokens,
        usage.reasoning_tokens,
    ];
    assert_eq!(counts, expected, "{file}");
    let cost = cost.map(|cost| cost.parse::<Decimal>().unwrap());
    assert_eq!(usage.reported_cost, cost, "{file}");
}

#[test]
fn recorded_usage() {
    check("openai/stream_text_usage.sse", [19, 4, 0, 0, 0], None);
    check(
        "openrouter/chat_reasoning_cost.json",
        [194, 42, 100, 0, 20],
        Some("0.00123"),
    );
    check(
        "openrouter/chat_byok.json",
        [194, 42, 100, 0, 20],
        Some("0.001281"),
    );
    check(
        "openrouter/stream_usage_on_nonempty_choices.sse",
        [194, 42, 100, 0, 20],
        Some("0.00123"),
    );
    check("vllm/stream_continuous_usage.sse", [14, 6, 0, 0, 0], None);
    check("ollama/v1_stream_usage.sse", [26, 11, 0, 0, 0], None);
    let xai = last("xai/stream_reasoning_excluded_from_completion.sse").unwrap();
    assert_eq!(xai.output_tokens, 342);
    assert_eq!(xai.reported_cost, Some("0.000172125".parse().unwrap()));
    let perplexity = last("perplexity/stream_cumulative_usage_no_done.sse").unwrap();
    assert!(perplexity.reported_cost.is_some());
    assert!(last("openai/stream_text_no_usage.sse").is_none());
}

#[test]
fn every_recorded_answer_with_a_usage_is_read() {
    let root = format!("{}/tests/recorded", env!("CARGO_MANIFEST_DIR"));
    let mut read = 0;
    for provider in std::fs::read_dir(root).unwrap() {
        let Ok(files) = std::fs::read_dir(provider.unwrap().path()) else {
            continue;
        };
        for file in files {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let is_answer = name.starts_with("chat") || name.starts_with("stream");
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            if is_answer && text.contains("\"completion_tokens\"") {
                let bytes = text.into_bytes();
                let found = events(&bytes)
                    .filter_map(|event| find_usage(&event.data))
                    .last();
                let usage = found.or_else(|| find_usage(&bytes));
                let usage = usage.unwrap_or_else(|| panic!("{}", path.display()));
                assert!(usage.input_tokens > 0, "{}", path.display());
                read += 1;
            }
        }
    }
    assert!(read > 20, "{read}");
}

#[test]
fn odd_usage_spoils_nothing() {
    let read = |json: &str| read_usage(json.as_bytes());
    assert_eq!(read("null"), None);
    assert_eq!(read("[]"), None);
    assert_eq!(read("{}"), None);
    let odd = read(
        r#"{"prompt_tokens":-1,"completion_tokens":"7","prompt_tokens_details":[],"cost":-2}"#,
    )
    .unwrap();
    assert_eq!(
        (odd.input_tokens, odd.output_tokens, odd.reported_cost),
        (0, 7, None)
    );
    let gemini = read(r#"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":40}"#).unwrap();
    assert_eq!(gemini.output_tokens, 30);
    let exact = read(r#"{"prompt_tokens":1,"cost":6.1e-05}"#).unwrap();
    assert_eq!(exact.reported_cost, Some("0.000061".parse().unwrap()));
}

#[test]
fn text_that_speaks_of_usage_is_not_usage() {
    let json = br#"{"choices":[{"message":{"content":"the \"usage\": {} field"}}]}"#;
    assert_eq!(find_usage(json), None);
    let nested = br#"{"choices":[{"usage":{"prompt_tokens":1}}]}"#;
    assert_eq!(find_usage(nested), None);
}

#[test]
fn what_only_some_providers_tell_is_read() {
    // Anthropic's Messages API (its reference, 2026-11): the cache by its times, the searches, the class.
    let anthropic = br#"{"type":"message","usage":{"input_tokens":100,"cache_creation_input_tokens":248,"cache_read_input_tokens":1800,"cache_creation":{"ephemeral_5m_input_tokens":148,"ephemeral_1h_input_tokens":100},"output_tokens":503,"server_tool_use":{"web_search_requests":2},"service_tier":"priority"}}"#;
    let usage = find_usage(anthropic).unwrap();
    assert_eq!(usage.input_tokens, 2148);
    assert_eq!(
        (usage.cache_write_tokens, usage.cache_write_1h_tokens),
        (248, 100)
    );
    assert_eq!(
        (usage.searches, usage.search_size, usage.service),
        (2, None, Some(Service::Priority))
    );
    let nulls = br#"{"usage":{"prompt_tokens":1,"cache_creation":null,"server_tool_use":null,"service_tier":null},"service_tier":null}"#;
    assert_eq!(find_usage(nulls).unwrap().service, None);
    // Perplexity: a size alone is one request's fee; deep research counts its searches, and its reasoning beside the output.
    let read = |json: &str| read_usage(json.as_bytes()).unwrap();
    let sonar = read(r#"{"prompt_tokens":8,"completion_tokens":4,"search_context_size":"high"}"#);
    assert_eq!(
        (sonar.searches, sonar.search_size),
        (1, Some(SearchSize::High))
    );
    let research = read(
        r#"{"prompt_tokens":33,"completion_tokens":7163,"total_tokens":7196,"citation_tokens":20016,"num_search_queries":18,"reasoning_tokens":73997}"#,
    );
    assert_eq!(
        (research.output_tokens, research.reasoning_tokens),
        (81_160, 73_997)
    );
    assert_eq!((research.citation_tokens, research.searches), (20_016, 18));
    let images = read(
        r#"{"prompt_tokens":9,"completion_tokens":7,"prompt_tokens_details":{"image_tokens":5},"completion_tokens_details":{"image_tokens":6}}"#,
    );
    assert_eq!(
        (images.image_input_tokens, images.image_output_tokens),
        (5, 6)
    );
}

#[test]
fn the_class_of_service_stands_beside_the_usage_or_in_it() {
    let service = |json: &str| find_usage(json.as_bytes()).and_then(|usage| usage.service);
    let usage = r#""usage":{"prompt_tokens":1}"#;
    for (json, expected) in [
        (
            format!(r#"{{{usage},"service_tier":"flex"}}"#),
            Some(Service::Flex),
        ),
        (
            format!(r#"{{"service_tier":"default",{usage}}}"#),
            Some(Service::Standard),
        ),
        (
            format!(r#"{{"response":{{"service_tier":"priority",{usage}}}}}"#),
            Some(Service::Priority),
        ),
        (
            format!(r#"{{"service_tier":"flex","x_groq":{{{usage}}}}}"#),
            Some(Service::Flex),
        ),
        (format!(r#"{{{usage},"service_tier":"scale"}}"#), None),
        (format!(r#"{{{usage},"service_tier":7}}"#), None),
        (format!("{{{usage}}}"), None),
    ] {
        assert_eq!(service(&json), expected, "{json}");
        let looked = crate::openai_compatible::look::Look::at(json.as_bytes()).unwrap();
        let looked = looked.usage().and_then(|usage| usage.service);
        assert_eq!(looked, expected, "{json}");
    }
    assert_eq!(
        read_usage(br#"{"service_tier":"flex"}"#),
        None,
        "it counts nothing"
    );
}

#[test]
fn a_later_word_leaves_what_it_is_silent_about() {
    let read = |json: &str| read_usage(json.as_bytes()).unwrap();
    let start = read(
        r#"{"input_tokens":10,"cache_creation_input_tokens":6,"cache_read_input_tokens":4,"cache_creation":{"ephemeral_1h_input_tokens":5},"output_tokens":1,"service_tier":"priority"}"#,
    );
    let short = read(r#"{"output_tokens":9,"server_tool_use":{"web_search_requests":1}}"#);
    let whole = read(
        r#"{"input_tokens":10,"cache_creation_input_tokens":6,"cache_read_input_tokens":4,"output_tokens":9,"server_tool_use":{"web_search_requests":1}}"#,
    );
    let expected = Usage {
        input_tokens: 20,
        output_tokens: 9,
        cached_input_tokens: 4,
        cache_write_tokens: 6,
        cache_write_1h_tokens: 5,
        searches: 1,
        service: Some(Service::Priority),
        ..Usage::default()
    };
    assert_eq!(short.over(Some(&start)), expected);
    assert_eq!(whole.over(Some(&start)), expected);
    assert_eq!(start.clone().over(None), start);
}
