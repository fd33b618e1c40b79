//! From the catalogue's text to facts. The text is part of the program and a test reads all of it; a section that cannot be read
//! is empty.

use jiff::civil::Date;
use serde::Deserialize;

use super::rows::{Day, Hours, PriceRow, Row, Rows, SearchRow, WindowRow};
use super::{Fact, Mode, Section, ServicePrices};
use crate::capability::{Capabilities, Capability, Source, Support};
use crate::price::{PriceRule, Prices, UtcWindow};

/// Reads one provider's section of `data`. Only that section is parsed; it is found by its opening line.
pub(super) fn read_section(data: &'static str, provider: &'static str) -> Section {
    let opening = format!("\n\"{provider}\":{{\n");
    let rows = data.find(&opening).and_then(|found| {
        let start = found + opening.len() - 2;
        let mut reader = serde_json::Deserializer::from_str(data.get(start..)?);
        Rows::deserialize(&mut reader).ok()
    });
    let models = rows.map_or_else(Vec::new, |rows| {
        let facts = rows.0.into_iter();
        let mut models: Vec<_> = facts
            .map(|(id, row)| (id, row.into_fact(provider, id)))
            .collect();
        models.sort_unstable_by_key(|(id, _)| *id);
        models.shrink_to_fit();
        models
    });
    Section { provider, models }
}

impl Row<'_> {
    fn into_fact(self, provider: &str, id: &str) -> Fact {
        let mode = read_mode(self.mode);
        let mut prices = self.price.prices();
        if let Some(search) = self.per_search {
            search.add_to(&mut prices);
        }
        let mut price_rules = read_tiers(self.tiers, provider);
        price_rules.extend(self.off_peak.map(PriceRow::into_off_peak_rule));
        if is_cloud(provider, id) || is_router(provider, id) {
            prices = Prices::UNKNOWN;
        }
        let service = |row: Option<PriceRow<'_>>| {
            row.map(|row| {
                let prices = row.prices();
                let price_rules = read_tiers(row.tiers, provider);
                Box::new(ServicePrices {
                    prices,
                    price_rules,
                })
            })
        };
        Fact {
            mode,
            max_input: self.max_in,
            max_output: self.max_out,
            prices,
            price_rules,
            flex: service(self.flex),
            priority: service(self.priority),
            batch: service(self.batch),
            capabilities: read_capabilities(&self.caps, mode, provider),
            deprecated_on: self.deprecated_on.and_then(|day| day.parse::<Date>().ok()),
        }
    }
}

impl PriceRow<'_> {
    fn prices(&self) -> Prices {
        Prices {
            prompt: self.prompt.0,
            completion: self.completion.0,
            cached_prompt: self.cache_read.0,
            cache_write: self.cache_write.0,
            cache_write_1h: self.cache_write_1h.0,
            reasoning: self.reasoning.0,
            audio_input: self.audio_in.0,
            audio_output: self.audio_out.0,
            image_token: self.image_token_in.0,
            image_output_token: self.image_token_out.0,
            image: self.per_image_in.0,
            request: self.per_request.0,
            citation: self.citation.0,
            ..Prices::UNKNOWN
        }
    }

    fn into_off_peak_rule(self) -> PriceRule {
        PriceRule {
            above_prompt_tokens: None,
            prices: self.prices(),
            windows: self.windows.iter().flat_map(WindowRow::windows).collect(),
        }
    }
}

impl SearchRow {
    /// One size stands for all where they cost the same.
    fn add_to(self, prices: &mut Prices) {
        prices.search = self.medium.0;
        prices.search_low = self.low.0.filter(|_| self.low.0 != self.medium.0);
        prices.search_high = self.high.0.filter(|_| self.high.0 != self.medium.0);
    }
}

/// Long prompts' prices, lowest threshold first, so that the highest that holds comes last. xAI's begin at the threshold, all
/// others' above it (the price package's `llm_cost_calc/utils.py`).
fn read_tiers(mut tiers: Vec<PriceRow<'_>>, provider: &str) -> Vec<PriceRule> {
    tiers.sort_by_key(|tier| tier.above);
    let inclusive = u64::from(provider == "xai");
    let rules = tiers.iter().filter_map(|tier| {
        Some(PriceRule {
            above_prompt_tokens: Some(tier.above?.saturating_sub(inclusive)),
            windows: Vec::new(),
            prices: tier.prices(),
        })
    });
    rules.collect()
}

impl WindowRow<'_> {
    fn windows(&self) -> Vec<UtcWindow> {
        let weekdays = self.weekdays.iter().fold(0, |days, day| days | day.bit());
        let hours = match &self.hours_utc {
            Hours::One(hours) => std::slice::from_ref(hours),
            Hours::Many(hours) => hours.as_slice(),
        };
        let windows = hours.iter().filter_map(|hours| {
            let (start, end) = hours.split_once('-')?;
            let (start, end) = (read_clock(start)?, read_clock(end)?);
            Some(UtcWindow {
                start,
                end,
                weekdays,
            })
        });
        windows.collect()
    }
}

impl Day<'_> {
    fn bit(&self) -> u8 {
        const NAMES: [&str; 7] = [
            "monday",
            "tuesday",
            "wednesday",
            "thursday",
            "friday",
            "saturday",
            "sunday",
        ];
        let place = match self {
            Self::Number(number) => number.checked_sub(1).map(usize::from),
            Self::Name(name) => NAMES.iter().position(|known| known == name),
        };
        place
            .filter(|place| *place < 7)
            .map_or(0, |place| 1 << place)
    }
}

/// `10:30` as the minute of the day.
fn read_clock(clock: &str) -> Option<u16> {
    let (hours, minutes) = clock.split_once(':')?;
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

/// Ollama's cloud models cost something, though the price file says nothing.
pub(super) fn is_cloud(provider: &str, id: &str) -> bool {
    provider == "ollama" && is_ollama_cloud(id)
}

/// Whether an Ollama server only passes this model's requests on to ollama.com (`gpt-oss:120b-cloud`, `glm-4.6:cloud`;
/// ollama/ollama, `docs/cloud.mdx`, 2026-08-21).
pub(crate) fn is_ollama_cloud(id: &str) -> bool {
    let start = id.len().saturating_sub("cloud".len());
    id.get(start..)
        .is_some_and(|end| end.eq_ignore_ascii_case("cloud"))
}

/// `OpenRouter`'s own models send a request on to another, whose price it then has; the price file says 0. Its listing says
/// -1 (fact sheet 2026-11-22).
fn is_router(provider: &str, id: &str) -> bool {
    provider == "openrouter" && id.starts_with("openrouter/") && id != "openrouter/free"
}

pub(super) fn read_mode(mode: &str) -> Mode {
    match mode {
        "chat" => Mode::Chat,
        "responses" => Mode::Responses,
        "completion" => Mode::Completion,
        "embedding" => Mode::Embedding,
        _ => Mode::Other,
    }
}

fn read_capabilities(words: &[&str], mode: Mode, provider: &str) -> Capabilities {
    let mut found = Capabilities::UNKNOWN;
    if provider == "anthropic" {
        // Its OpenAI layer ignores `response_format` without a word (its page on OpenAI SDK compatibility, 2026-11-22).
        for ignored in [Capability::JsonMode, Capability::JsonSchema] {
            found.note(ignored, Support::No, Source::Catalogue);
        }
    }
    found.merge(&capabilities_of(words, Some(mode), Source::Catalogue))
}

/// What a mode and the catalogue's words say of abilities.
pub(super) fn capabilities_of(words: &[&str], mode: Option<Mode>, source: Source) -> Capabilities {
    let mut found = Capabilities::UNKNOWN;
    let mut note = |capability, support| found.note(capability, support, source);
    match mode {
        Some(Mode::Chat) => {
            note(Capability::Chat, Support::Yes);
            note(Capability::Streaming, Support::Yes);
        }
        Some(Mode::Embedding) => {
            note(Capability::Chat, Support::No);
            note(Capability::Embeddings, Support::Yes);
        }
        Some(Mode::Responses | Mode::Other) => note(Capability::Chat, Support::No),
        Some(Mode::Completion) | None => {}
    }
    for word in words {
        for capability in meanings(word) {
            note(*capability, Support::Yes);
        }
    }
    found
}

/// What a word of the catalogue stands for. A schema can say "any object", so JSON mode comes with it.
fn meanings(word: &str) -> &'static [Capability] {
    match word {
        "tools" => &[Capability::Tools],
        "parallel_tools" => &[Capability::ParallelTools],
        "vision" => &[Capability::Vision],
        "pdf" => &[Capability::PdfInput],
        "audio_in" => &[Capability::AudioInput],
        "audio_out" => &[Capability::AudioOutput],
        "image_out" => &[Capability::ImageOutput],
        "json_schema" => &[Capability::JsonSchema, Capability::JsonMode],
        "reasoning" => &[Capability::Reasoning],
        "prompt_cache" => &[Capability::PromptCache],
        "web_search" => &[Capability::WebSearch],
        _ => &[],
    }
}
