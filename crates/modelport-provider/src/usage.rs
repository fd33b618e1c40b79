//! What an answer used, read from every form in which providers say it. Tolerant: what cannot be
//! read counts as not said, and never spoils the rest. What it costs is `cost`'s business.

use memchr::memmem;
use rust_decimal::Decimal;

use crate::{
    object::{Object, body_text, read_text},
    price,
};

/// Tokens and money of one answer, in one normal form: `input_tokens` includes cached, written,
/// audio and image tokens, `output_tokens` includes reasoning, audio and image tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Everything that went in, but for `citation_tokens`.
    pub input_tokens: u64,
    /// Everything that came out.
    pub output_tokens: u64,
    /// The part of the input that was read from a prompt cache.
    pub cached_input_tokens: u64,
    /// The part of the input that was written to a prompt cache.
    pub cache_write_tokens: u64,
    /// The part of `cache_write_tokens` that is kept for an hour; the rest for the provider's
    /// default time.
    pub cache_write_1h_tokens: u64,
    /// The part of the output that was reasoning.
    pub reasoning_tokens: u64,
    /// The part of the input that was audio.
    pub audio_input_tokens: u64,
    /// The part of the output that was audio.
    pub audio_output_tokens: u64,
    /// The part of the input that was images.
    pub image_input_tokens: u64,
    /// The part of the output that was images.
    pub image_output_tokens: u64,
    /// What the provider's own searches found and the model read. Beside the input.
    pub citation_tokens: u64,
    /// Searches of the web that the provider made.
    pub searches: u64,
    /// How much each search looked at.
    pub search_size: Option<SearchSize>,
    /// The class of service that the answer got, which may be another than was asked for.
    pub service: Option<Service>,
    /// What the provider says it charged, in US dollars.
    pub reported_cost: Option<Decimal>,
}

/// A class of service with prices of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    /// The usual one, at the usual prices.
    Standard,
    /// Slower and cheaper.
    Flex,
    /// Faster and dearer.
    Priority,
    /// Some time within a day.
    Batch,
}

/// How much a search looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SearchSize {
    /// Little.
    Low,
    /// More.
    Medium,
    /// Most.
    High,
}

impl Service {
    /// From an answer's `service_tier`: `default` is OpenAI's, `standard` Anthropic's, `on_demand`
    /// Groq's word for the usual one; OpenAI answers `priority` to a request for `fast` (its spec
    /// 2.3.0, 2026-08-21). `None` for a word that is not known, which has no price of its own.
    pub fn named(word: &str) -> Option<Self> {
        match word {
            "default" | "standard" | "on_demand" => Some(Self::Standard),
            "flex" => Some(Self::Flex),
            "priority" | "fast" => Some(Self::Priority),
            "batch" => Some(Self::Batch),
            _ => None,
        }
    }

    /// Reads the JSON of a `service_tier`; nothing if it is none that is known.
    pub(crate) fn read(json: &str) -> Option<Self> {
        Self::named(&read_text(json)?)
    }
}

impl SearchSize {
    /// From Perplexity's `search_context_size`.
    pub fn named(word: &str) -> Option<Self> {
        match word {
            "low" => Some(Self::Low),
            "medium" => Some(Self::Medium),
            "high" => Some(Self::High),
            _ => None,
        }
    }
}

impl Usage {
    /// What two calls used together.
    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        let reported = match (self.reported_cost, other.reported_cost) {
            (Some(one), Some(other)) => Some(one.saturating_add(other)),
            (one, other) => one.or(other),
        };
        Self {
            input_tokens: self.input_tokens.saturating_add(other.input_tokens),
            output_tokens: self.output_tokens.saturating_add(other.output_tokens),
            cached_input_tokens: self
                .cached_input_tokens
                .saturating_add(other.cached_input_tokens),
            cache_write_tokens: self
                .cache_write_tokens
                .saturating_add(other.cache_write_tokens),
            cache_write_1h_tokens: self
                .cache_write_1h_tokens
                .saturating_add(other.cache_write_1h_tokens),
            reasoning_tokens: self.reasoning_tokens.saturating_add(other.reasoning_tokens),
            audio_input_tokens: self
                .audio_input_tokens
                .saturating_add(other.audio_input_tokens),
            audio_output_tokens: self
                .audio_output_tokens
                .saturating_add(other.audio_output_tokens),
            image_input_tokens: self
                .image_input_tokens
                .saturating_add(other.image_input_tokens),
            image_output_tokens: self
                .image_output_tokens
                .saturating_add(other.image_output_tokens),
            citation_tokens: self.citation_tokens.saturating_add(other.citation_tokens),
            searches: self.searches.saturating_add(other.searches),
            search_size: other.search_size.or(self.search_size),
            service: other.service.or(self.service),
            reported_cost: reported,
        }
    }

    /// This later word over an earlier one of the same answer: what it is silent about stays. Anthropic's stream tells the
    /// input at its start and the output at its end, and at its start alone the class of service and how long its cache
    /// keeps what was written.
    #[must_use]
    pub fn over(self, earlier: Option<&Self>) -> Self {
        let Some(earlier) = earlier else {
            return self;
        };
        let either = |later: u64, earlier: u64| if later == 0 { earlier } else { later };
        let both = Self {
            cache_write_1h_tokens: either(
                self.cache_write_1h_tokens,
                earlier.cache_write_1h_tokens,
            ),
            citation_tokens: either(self.citation_tokens, earlier.citation_tokens),
            searches: either(self.searches, earlier.searches),
            search_size: self.search_size.or(earlier.search_size),
            service: self.service.or(earlier.service),
            reported_cost: self.reported_cost.or(earlier.reported_cost),
            ..self
        };
        if both.input_tokens != 0 {
            return both;
        }
        Self {
            input_tokens: earlier.input_tokens,
            cached_input_tokens: earlier.cached_input_tokens,
            cache_write_tokens: earlier.cache_write_tokens,
            audio_input_tokens: earlier.audio_input_tokens,
            image_input_tokens: earlier.image_input_tokens,
            ..both
        }
    }
}

/// xAI counts money in ticks of 1e-10 US dollars (docs.x.ai, "Cost tracking", 2026-11).
const TICK_PLACES: u32 = 10;

/// The members that may hold the usage, where it is not at the top.
const HOLDERS: [&str; 3] = ["x_groq", "response", "message"];

/// The usage in a completion or a chunk, wherever it sits: at the top, or with Groq also under
/// `x_groq`; in an event of the Responses API under `response`, of the Messages API under `message`. llama.cpp tells cached
/// tokens only under `timings`. OpenAI puts the `service_tier` beside the usage.
pub fn find_usage(json: &[u8]) -> Option<Usage> {
    memmem::find(json, b"\"usage\"")?;
    let object = Object::read(body_text(json)?)?;
    let (mut usage, holder) = match object.object("usage") {
        Some(usage) => (read(&usage)?, None),
        None => HOLDERS.iter().find_map(|name| {
            let holder = object.object(name)?;
            Some((read(&holder.object("usage")?)?, Some(holder)))
        })?,
    };
    if usage.service.is_none() {
        let holder = holder.as_ref().unwrap_or(&object);
        let tier = holder
            .raw("service_tier")
            .or_else(|| object.raw("service_tier"));
        usage.service = tier.and_then(|tier| Service::read(tier.get()));
    }
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
    let object = |names: &[&str]| names.iter().find_map(|name| usage.object(name));
    let inputs = object(&INPUT_DETAILS).unwrap_or_default();
    let outputs = object(&OUTPUT_DETAILS).unwrap_or_default();
    // Anthropic's own API counts what went through its cache beside the input, all others within it
    // (litellm 1.109.1, `llm_cost_calc/utils.py`).
    let beside = [CACHE_READ, CACHE_WRITE].map(|name| usage.unsigned(name).unwrap_or(0));
    let input = usage.unsigned("prompt_tokens").unwrap_or_else(|| {
        let plain = usage.unsigned("input_tokens").unwrap_or(0);
        beside
            .iter()
            .fold(plain, |sum, more| sum.saturating_add(*more))
    });
    let output = first(&["completion_tokens", "output_tokens"]).unwrap_or(0);
    let reasoning = outputs
        .unsigned("reasoning_tokens")
        .or_else(|| usage.unsigned("reasoning_tokens"))
        .unwrap_or(0);
    let cached = inputs
        .unsigned("cached_tokens")
        .or_else(|| first(&["prompt_cache_hit_tokens", "num_cached_tokens", CACHE_READ]));
    let written = inputs
        .unsigned("cache_write_tokens")
        .or_else(|| usage.unsigned(CACHE_WRITE));
    let citations = usage.unsigned("citation_tokens").unwrap_or(0);
    let size = usage
        .text("search_context_size")
        .and_then(|size| SearchSize::named(&size));
    let inside = |holder: &str, name: &str| usage.object(holder)?.unsigned(name);
    let counted = Usage {
        input_tokens: input,
        output_tokens: whole_output(usage, [input, output, reasoning], citations),
        cached_input_tokens: cached.unwrap_or(0),
        cache_write_tokens: written.unwrap_or(0),
        cache_write_1h_tokens: inside("cache_creation", "ephemeral_1h_input_tokens").unwrap_or(0),
        reasoning_tokens: reasoning,
        audio_input_tokens: inputs.unsigned("audio_tokens").unwrap_or(0),
        audio_output_tokens: outputs.unsigned("audio_tokens").unwrap_or(0),
        image_input_tokens: inputs.unsigned("image_tokens").unwrap_or(0),
        image_output_tokens: outputs.unsigned("image_tokens").unwrap_or(0),
        citation_tokens: citations,
        // Perplexity's Sonar tells the size alone: each request then has one fee (its pricing page,
        // fact sheet 2026-11-22).
        searches: usage
            .unsigned("num_search_queries")
            .or_else(|| inside("server_tool_use", "web_search_requests"))
            .unwrap_or_else(|| u64::from(size.is_some())),
        search_size: None,
        service: None,
        reported_cost: reported_cost(usage),
    };
    (counted != Usage::default()).then(|| Usage {
        search_size: size,
        service: usage
            .raw("service_tier")
            .and_then(|tier| Service::read(tier.get())),
        ..counted
    })
}

const INPUT_DETAILS: [&str; 3] = [
    "prompt_tokens_details",
    "prompt_token_details",
    "input_tokens_details",
];

const OUTPUT_DETAILS: [&str; 2] = ["completion_tokens_details", "output_tokens_details"];

/// The output with what was left out of it. xAI leaves reasoning out of `completion_tokens` though it
/// bills it as output (recorded stream in vercel/ai, `xai-text`, 2026-08-22), and Gemini's layer
/// leaves its thinking out of every part: there the parts do not add up to the total. Perplexity's
/// deep research, which alone has citations that are billed, reasons beside its answer and out of
/// its total.
fn whole_output(usage: &Object<'_>, [input, output, reasoning]: [u64; 3], citations: u64) -> u64 {
    let total = usage.unsigned("total_tokens").unwrap_or(0);
    let gap = total.saturating_sub(input.saturating_add(output));
    let left_out = match gap {
        0 if citations > 0 => reasoning,
        gap if reasoning == 0 || gap == reasoning => gap,
        _ => 0,
    };
    output.saturating_add(left_out)
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
mod tests;
