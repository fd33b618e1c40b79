//! What an answer used, read from every form in which providers say it. Tolerant: what cannot be
//! read counts as not said, and never spoils the rest. Pricing is not done here.

use memchr::memmem;
use rust_decimal::Decimal;

use crate::{
    object::{Object, body_text},
    price,
};

/// Tokens and money of one answer, in one normal form: `input_tokens` includes cached, written and
/// audio tokens, `output_tokens` includes reasoning and audio tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Everything that went in.
    pub input_tokens: u64,
    /// Everything that came out.
    pub output_tokens: u64,
    /// The part of the input that was read from a prompt cache.
    pub cached_input_tokens: u64,
    /// The part of the input that was written to a prompt cache.
    pub cache_write_tokens: u64,
    /// The part of the output that was reasoning.
    pub reasoning_tokens: u64,
    /// The part of the input that was audio.
    pub audio_input_tokens: u64,
    /// The part of the output that was audio.
    pub audio_output_tokens: u64,
    /// What the provider says it charged, in US dollars.
    pub reported_cost: Option<Decimal>,
}

impl Usage {
    /// This later word over an earlier one of the same answer: what it is silent about stays. Anthropic's stream tells the
    /// input at its start and the output at its end.
    #[must_use]
    pub fn over(self, earlier: Option<&Self>) -> Self {
        match earlier {
            Some(earlier) if self.input_tokens == 0 => Self {
                output_tokens: self.output_tokens,
                reasoning_tokens: self.reasoning_tokens,
                ..earlier.clone()
            },
            Some(_) | None => self,
        }
    }
}

/// xAI counts money in ticks of 1e-10 US dollars (docs.x.ai, "Cost tracking", 2026-11).
const TICK_PLACES: u32 = 10;

/// The members that may hold the usage, where it is not at the top.
const HOLDERS: [&str; 3] = ["x_groq", "response", "message"];

/// The usage in a completion or a chunk, wherever it sits: at the top, or with Groq also under
/// `x_groq`; in an event of the Responses API under `response`, of the Messages API under `message`. llama.cpp tells cached
/// tokens only under `timings`.
pub fn find_usage(json: &[u8]) -> Option<Usage> {
    memmem::find(json, b"\"usage\"")?;
    let object = Object::read(body_text(json)?)?;
    let inside = |name: &&str| object.object(name)?.object("usage");
    let usage = object
        .object("usage")
        .or_else(|| HOLDERS.iter().find_map(inside))?;
    let mut usage = read(&usage)?;
    if usage.cached_input_tokens == 0 {
        let timings = object.object("timings");
        let cached = timings.and_then(|timings| timings.unsigned("cache_n"));
        usage.cached_input_tokens = cached.unwrap_or(0).min(usage.input_tokens);
    }
    Some(usage)
}

/// Reads the value of a `usage` member, which may be followed by the rest of its document.
pub fn read_usage(json: &[u8]) -> Option<Usage> {
    read(&Object::first(json)?)
}

const CACHE_READ: &str = "cache_read_input_tokens";
const CACHE_WRITE: &str = "cache_creation_input_tokens";

/// `None` for an object that counts nothing, which must not replace one that does.
fn read(usage: &Object<'_>) -> Option<Usage> {
    let first = |names: &[&str]| names.iter().find_map(|name| usage.unsigned(name));
    let inputs = [
        "prompt_tokens_details",
        "prompt_token_details",
        "input_tokens_details",
    ];
    let outputs = ["completion_tokens_details", "output_tokens_details"];
    let detail = |objects: &[&str], name: &str| {
        let found = objects.iter().find_map(|object| usage.object(object));
        found.and_then(|object| object.unsigned(name))
    };
    // Anthropic's own API counts what went through its cache beside the input, all others within it
    // (litellm 1.109.1, `llm_cost_calc/utils.py`).
    let beside = [CACHE_READ, CACHE_WRITE].map(|name| usage.unsigned(name).unwrap_or(0));
    let input = usage.unsigned("prompt_tokens").unwrap_or_else(|| {
        let plain = usage.unsigned("input_tokens").unwrap_or(0);
        beside
            .iter()
            .fold(plain, |sum, more| sum.saturating_add(*more))
    });
    let mut output = first(&["completion_tokens", "output_tokens"]).unwrap_or(0);
    let reasoning = detail(&outputs, "reasoning_tokens")
        .or_else(|| usage.unsigned("reasoning_tokens"))
        .unwrap_or(0);
    let total = usage.unsigned("total_tokens").unwrap_or(0);
    if total > input.saturating_add(output) {
        output = whole_output(input, output, reasoning, total);
    }
    let cached = detail(&inputs, "cached_tokens")
        .or_else(|| first(&["prompt_cache_hit_tokens", "num_cached_tokens", CACHE_READ]));
    let written = detail(&inputs, "cache_write_tokens").or_else(|| usage.unsigned(CACHE_WRITE));
    let counted = Usage {
        input_tokens: input,
        output_tokens: output,
        cached_input_tokens: cached.unwrap_or(0),
        cache_write_tokens: written.unwrap_or(0),
        reasoning_tokens: reasoning,
        audio_input_tokens: detail(&inputs, "audio_tokens").unwrap_or(0),
        audio_output_tokens: detail(&outputs, "audio_tokens").unwrap_or(0),
        reported_cost: reported_cost(usage),
    };
    (counted != Usage::default()).then_some(counted)
}

/// The output where the parts do not add up to the total. xAI leaves reasoning out of
/// `completion_tokens` though it bills it as output (recorded stream in vercel/ai,
/// `xai-text`, 2026-08-22), and Gemini's layer leaves its thinking out of every part.
fn whole_output(input: u64, output: u64, reasoning: u64, total: u64) -> u64 {
    let gap = total.saturating_sub(input.saturating_add(output));
    if reasoning == 0 || gap == reasoning {
        output.saturating_add(gap)
    } else {
        output
    }
}

/// `OpenRouter`'s `cost`, to which the upstream's own price comes where the key is the caller's own
/// (`OpenRouterTeam/docs`, usage accounting, 2026-08-22); Perplexity's `cost.total_cost`; xAI's ticks.
fn reported_cost(usage: &Object<'_>) -> Option<Decimal> {
    if let Some(ticks) = usage.raw("cost_in_usd_ticks") {
        return price::shifted(price::read_amount(ticks.get())?, TICK_PLACES);
    }
    if let Some(cost) = usage.object("cost") {
        return price::read_amount(cost.raw("total_cost")?.get());
    }
    let cost = price::read_amount(usage.raw("cost")?.get())?;
    if usage.flag("is_byok") != Some(true) {
        return Some(cost);
    }
    let details = usage.object("cost_details")?;
    let upstream = price::read_amount(details.raw("upstream_inference_cost")?.get())?;
    cost.checked_add(upstream)
}

#[cfg(test)]
mod tests {
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
        let gemini =
            read(r#"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":40}"#).unwrap();
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
}
