//! What every recorded answer with a usage costs, computed by hand from the catalogue's prices. The bytes are in
//! `tests/recorded/`, the prices in `data/models.json`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "test helpers outside a test function"
)]

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use modelport_provider::catalogue;
use modelport_provider::cost::{Cost, Tariff, Terms};
use modelport_provider::openai_compatible::look::Look;
use modelport_provider::price::plain;
use modelport_provider::profiles;
use modelport_provider::sse::events;
use modelport_provider::usage::{Usage, find_usage, read_usage};
use serde_json::Value;

/// One recorded answer: the file, the provider's profile, the model that was asked for, what the provider reports, and what the
/// bill comes to; `-` is unknown.
struct Row(
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    // 176·1.5e-7 + 1024·7.5e-8 + 9·6e-7 = 0.0000264 + 0.0000768 + 0.0000054
    Row("openai/chat.json", "openai", "gpt-4o-mini", "-", "0.0001086"),
    // 82·1.5e-7 + 17·6e-7 = 0.0000123 + 0.0000102
    Row("openai/chat_tool_call.json", "openai", "gpt-4o-mini-2024-07-18", "-", "0.0000225"),
    // 30·2.5e-7 + 256·2e-6 = 0.0000075 + 0.000512
    Row("openai/chat_reasoning_empty_length.json", "openai", "gpt-5-mini", "-", "0.0005195"),
    // 5·2e-8
    Row("openai/embeddings.json", "openai", "text-embedding-3-small", "-", "0.0000001"),
    // 19·1.5e-7 + 4·6e-7 = 0.00000285 + 0.0000024
    Row("openai/stream_text_usage.sse", "openai", "gpt-4o-mini", "-", "0.00000525"),
    // 90·1.5e-7 + 31·6e-7 = 0.0000135 + 0.0000186
    Row("openai/stream_tool_calls_parallel.sse", "openai", "gpt-4o-mini", "-", "0.0000321"),
    // 11·1.5e-7 + 3·6e-7 = 0.00000165 + 0.0000018
    Row("azure/chat.json", "azure", "gpt-4o-mini", "-", "0.00000345"),
    Row("azure/stream_prompt_filter_first.sse", "azure", "gpt-4o-mini", "-", "0.00000345"),
    // At peak hours: 19·3e-7 + 320·6e-9 + 7·1.2e-6 = 0.0000057 + 0.00000192 + 0.0000084
    Row("deepseek/stream_reasoning_keepalive.sse", "deepseek", "deepseek-v4-flash", "-", "0.00001602"),
    // 18·3e-7 + 1·1.2e-6 = 0.0000054 + 0.0000012
    Row("deepseek/chat_insufficient_resource.json", "deepseek", "deepseek-v4-flash", "-", "0.0000066"),
    // 18·3e-7 + 7·1.2e-6 = 0.0000054 + 0.0000084
    Row("deepseek/chat_with_leading_blank_lines.txt", "deepseek", "deepseek-v4-flash", "-", "0.0000138"),
    // 124·1.5e-7 + 22·6e-7 = 0.0000186 + 0.0000132
    Row("mistral/stream_text.sse", "mistral", "mistral-small-latest", "-", "0.0000318"),
    Row("mistral/stream_thinking_content_array.sse", "mistral", "mistral-small-latest", "-", "0.0000318"),
    Row("mistral/stream_tool_call_no_index.sse", "mistral", "mistral-small-latest", "-", "0.0000318"),
    Row("mistral/stream_tool_call_incremental_empty_name.sse", "mistral", "mistral-small-latest", "-", "0.0000318"),
    // The total has 42 tokens of thinking more than the parts: 54·3e-7 + 58·2.5e-6 = 0.0000162 + 0.000145
    Row("gemini/stream_tool_signature.sse", "gemini", "gemini-2.5-flash", "-", "0.0001612"),
    // 45·1.5e-7 + 6·6e-7 = 0.00000675 + 0.0000036
    Row("groq/stream_x_groq.sse", "groq", "openai/gpt-oss-120b", "-", "0.00001035"),
    // 12·1.04e-6 + 3·1.04e-6 = 15·1.04e-6
    Row("together/chat.json", "together", "meta-llama/Llama-3.3-70B-Instruct-Turbo", "-", "0.0000156"),
    Row("together/stream_usage_on_finish_chunk.sse", "together", "meta-llama/Llama-3.3-70B-Instruct-Turbo", "-", "0.0000156"),
    // 1721250 ticks of 1e-10. The catalogue no longer has the model.
    Row("xai/stream_reasoning_excluded_from_completion.sse", "xai", "grok-3-mini", "0.000172125", "-"),
    // 10·1e-6 + 4·1e-6 + one request's search of the low size at 0.005
    Row("perplexity/stream_cumulative_usage_no_done.sse", "perplexity", "sonar", "0.005014", "0.005014"),
    // A model that does not exist.
    Row("openrouter/chat_reasoning_cost.json", "openrouter", "anthropic/claude-sample-4.5", "0.00123", "-"),
    Row("openrouter/stream_reasoning_comments.sse", "openrouter", "anthropic/claude-sample-4.5", "0.00123", "-"),
    Row("openrouter/stream_usage_on_nonempty_choices.sse", "openrouter", "anthropic/claude-sample-4.5", "0.00123", "-"),
    // OpenRouter's fee and the upstream's price: 0.000061 + 0.00122. By the list it would be
    // 94·1.5e-7 + 100·7.5e-8 + 42·6e-7 = 0.0000141 + 0.0000075 + 0.0000252
    Row("openrouter/chat_byok.json", "openrouter", "openai/gpt-4o-mini", "0.001281", "0.0000468"),
    // Servers of one's own.
    Row("vllm/chat.json", "vllm", "Qwen/Qwen3-8B", "-", "0"),
    Row("vllm/stream_continuous_usage.sse", "vllm", "Qwen/Qwen3-8B", "-", "0"),
    Row("sglang/chat_reasoning_tokens_top_level.json", "sglang", "Qwen/Qwen3-8B", "-", "0"),
    Row("llamacpp/stream_timings.sse", "llama_cpp", "local.gguf", "-", "0"),
    Row("ollama/v1_stream_usage.sse", "ollama_v1", "qwen3:8b", "-", "0"),
    // Ollama's own API counts in other words, which its translation makes a usage of.
    Row("ollama/api_chat.json", "ollama_v1", "llama3.1:8b", "-", "0"),
    Row("ollama/api_chat_stream.ndjson", "ollama_v1", "qwen3:8b", "-", "0"),
    Row("ollama/api_chat_stream_tool.ndjson", "ollama_v1", "qwen3:8b", "-", "0"),
    Row("ollama/api_chat_stream_cached_prompt.ndjson", "ollama_v1", "qwen3:8b", "-", "0"),
    Row("ollama/api_embed.json", "ollama_v1", "nomic-embed-text:latest", "-", "0"),
];

/// The worked checks of the fact sheet `cost.md` that no recording covers: the section, the model, the usage, the amount.
#[rustfmt::skip]
const WORKED: &[(&str, &str, &str, &str)] = &[
    // 176·1.5e-7 + 1024·7.5e-8 + 9·6e-7
    ("openai", "gpt-4o-mini", r#"{"prompt_tokens":1200,"completion_tokens":9,"prompt_tokens_details":{"cached_tokens":1024}}"#, "0.0001086"),
    // 200000·1.25e-6 + 1000·1e-5
    ("gemini", "gemini-2.5-pro", r#"{"prompt_tokens":200000,"completion_tokens":1000}"#, "0.26"),
    // 200001·2.5e-6 + 1000·1.5e-5
    ("gemini", "gemini-2.5-pro", r#"{"prompt_tokens":200001,"completion_tokens":1000}"#, "0.5150025"),
    // 1000·3e-6 + 8000·3e-7 + 1000·3.75e-6 + 500·1.5e-5
    ("anthropic", "claude-sonnet-4-5", r#"{"prompt_tokens":10000,"completion_tokens":500,"prompt_tokens_details":{"cached_tokens":8000,"cache_write_tokens":1000}}"#, "0.01665"),
    // The same in Anthropic's own words, which count the cache beside the input.
    ("anthropic", "claude-sonnet-4-5", r#"{"input_tokens":1000,"cache_read_input_tokens":8000,"cache_creation_input_tokens":1000,"output_tokens":500}"#, "0.01665"),
    // Kept for an hour, and with a search: 1000·3e-6 + 8000·3e-7 + 1000·6e-6 + 500·1.5e-5 + 0.01
    ("anthropic", "claude-sonnet-4-5", r#"{"input_tokens":1000,"cache_read_input_tokens":8000,"cache_creation_input_tokens":1000,"cache_creation":{"ephemeral_1h_input_tokens":1000},"output_tokens":500,"server_tool_use":{"web_search_requests":1}}"#, "0.0289"),
    // Its batches: 1000·1.5e-6 + 500·7.5e-6
    ("anthropic", "claude-sonnet-4-5", r#"{"input_tokens":1000,"output_tokens":500,"service_tier":"batch"}"#, "0.00525"),
    // 1000·1e-6 of input and output each; the fee of the high size is 0.012
    ("perplexity", "sonar", r#"{"prompt_tokens":1000,"completion_tokens":1000,"search_context_size":"high"}"#, "0.014"),
    // The example of Perplexity's pricing page: 33·2e-6 + 7163·8e-6 + 20016·2e-6 + 73997·3e-6 + 18·0.005
    ("perplexity", "sonar-deep-research", r#"{"prompt_tokens":33,"completion_tokens":7163,"total_tokens":7196,"citation_tokens":20016,"num_search_queries":18,"reasoning_tokens":73997}"#, "0.409393"),
    ("openai", "no-such-model", r#"{"prompt_tokens":1,"completion_tokens":1}"#, "-"),
];

/// A Wednesday in peak hours at DeepSeek.
fn peak() -> SystemTime {
    let peak: jiff::Timestamp = "2026-11-25T03:00Z".parse().unwrap();
    peak.into()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recorded")
}

fn recorded(file: &str) -> Vec<u8> {
    std::fs::read(root().join(file)).unwrap()
}

fn is_stream(file: &str) -> bool {
    Path::new(file)
        .extension()
        .is_some_and(|extension| extension == "sse")
}

/// The usage of a recorded answer, read as the gateway reads it: a stream event by event, each word over the one before.
fn usage_of(file: &str) -> Option<Usage> {
    let bytes = recorded(file);
    if let Some(usage) = native(&bytes) {
        return Some(usage);
    }
    if !is_stream(file) {
        return find_usage(&bytes);
    }
    let mut usage = None;
    for event in events(&bytes) {
        let looked = Look::at(&event.data).ok().and_then(|look| look.usage());
        assert_eq!(looked, find_usage(&event.data), "{file}");
        if let Some(later) = looked {
            usage = Some(later.over(usage.as_ref()));
        }
    }
    usage
}

/// The counts of Ollama's own API, in the last line.
fn native(bytes: &[u8]) -> Option<Usage> {
    let text = std::str::from_utf8(bytes).unwrap();
    let last = text.trim().lines().last()?;
    let json: Value = serde_json::from_str(text)
        .or_else(|_| serde_json::from_str(last))
        .ok()?;
    let count = |name: &str| json.get(name).and_then(Value::as_u64);
    let (input, output) = (count("prompt_eval_count"), count("eval_count"));
    input.or(output)?;
    Some(Usage {
        input_tokens: input.unwrap_or(0),
        output_tokens: output.unwrap_or(0),
        ..Usage::default()
    })
}

fn cost(usage: &Usage, profile: &str, model: &str) -> Cost {
    let profile = profiles::by_slug(profile).unwrap_or_else(|| panic!("no profile {profile}"));
    let section = profile.catalogue.and_then(catalogue::section);
    let found = section.and_then(|section| section.get(model));
    let mut tariffs = Vec::new();
    tariffs.extend(found.as_ref().map(Tariff::catalogue));
    tariffs.push(Tariff::unlisted(profile.unlisted, model));
    Cost::of(usage, &tariffs, &Terms::at(peak()))
}

/// What a cost says, in the words of the table.
fn told(cost: &Cost) -> [String; 2] {
    let bill = cost.bill.as_ref().map(|bill| bill.total);
    [cost.reported, bill].map(|amount| amount.map_or_else(|| "-".to_owned(), plain))
}

#[test]
fn every_recorded_answer_costs_what_was_computed_by_hand() {
    for Row(file, profile, model, reported, bill) in ROWS {
        let usage = usage_of(file).unwrap_or_else(|| panic!("no usage in {file}"));
        let cost = cost(&usage, profile, model);
        assert_eq!(told(&cost), [*reported, *bill], "{file}");
        let expected = [*reported, *bill].into_iter().find(|amount| *amount != "-");
        assert_eq!(cost.amount().map(plain).as_deref(), expected, "{file}");
    }
}

#[test]
fn a_stream_costs_what_the_whole_answer_would() {
    let mut compared = 0;
    for Row(file, profile, model, reported, bill) in ROWS.iter().filter(|row| is_stream(row.0)) {
        let bytes = recorded(file);
        let last = events(&bytes).filter(|event| find_usage(&event.data).is_some());
        let last: Value = serde_json::from_slice(&last.last().unwrap().data).unwrap();
        let usage = [&last["usage"], &last["x_groq"]["usage"]];
        let usage = usage.into_iter().find(|usage| usage.is_object()).unwrap();
        let whole = serde_json::json!({
            "object": "chat.completion",
            "choices": [{"message": {"role": "assistant", "content": "x"}}],
            "usage": usage,
            "service_tier": last["service_tier"],
        });
        let usage = find_usage(whole.to_string().as_bytes()).unwrap();
        assert_eq!(
            told(&cost(&usage, profile, model)),
            [*reported, *bill],
            "{file}"
        );
        compared += 1;
    }
    assert!(compared > 10, "{compared}");
}

#[test]
fn every_recorded_answer_with_a_usage_is_in_the_table() {
    const COUNTS: [&str; 4] = [
        "\"prompt_tokens\"",
        "\"completion_tokens\"",
        "\"prompt_eval_count\"",
        "\"eval_count\"",
    ];
    let mut found = 0;
    for provider in std::fs::read_dir(root()).unwrap() {
        let Ok(files) = std::fs::read_dir(provider.unwrap().path()) else {
            continue;
        };
        for file in files {
            let path = file.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            if COUNTS.iter().any(|count| text.contains(count)) {
                let name = path.strip_prefix(root()).unwrap().to_string_lossy();
                assert!(ROWS.iter().any(|row| row.0 == name), "{name} has no row");
                found += 1;
            }
        }
    }
    assert_eq!(found, ROWS.len(), "rows without a usage");
}

#[test]
fn worked_checks() {
    for (section, model, usage, expected) in WORKED {
        let usage = read_usage(usage.as_bytes()).unwrap();
        let [_, bill] = told(&cost(&usage, section, model));
        assert_eq!(&bill, expected, "{model} {usage:?}");
    }
}
