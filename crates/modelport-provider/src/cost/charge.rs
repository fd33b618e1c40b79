//! From a usage and tariffs to what is charged: which tariff decides, and into what its prices divide the counts.
//!
//! A part with a price of its own is taken out of the total it belongs to, as far as that reaches: providers report nonsense now
//! and then, and no token is charged twice. A part without one stays in the total and is charged as plain input or output. That
//! is litellm's rule (1.109.1, `llm_cost_calc/utils.py`), from which the catalogue's prices come.

use rust_decimal::Decimal;

use super::tariff::{PriceSource, Quote, Tariff};
use super::{PartKind, Terms};
use crate::price::Prices;
use crate::usage::{SearchSize, Usage};

/// Something counted, and its price if it is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    pub(super) kind: PartKind,
    pub(super) count: u64,
    pub(super) quote: Option<Quote>,
}

/// Everything that can be on a bill.
pub(super) struct Lines([Line; 14]);

impl Lines {
    /// What there is any of.
    pub(super) fn charged(&self) -> impl Iterator<Item = &Line> {
        self.0.iter().filter(|line| line.count > 0)
    }

    fn are_priced(&self) -> bool {
        self.charged().all(|line| line.quote.is_some())
    }
}

/// The lines by the first tariff that can charge for all that was used: it needs a plain price for input or output where any
/// is left, and one for searches where there were any, which have no plain price to fall back on. It decides as a whole, since
/// prices of two lists do not fit together: a discount on one price is often paid for by another.
///
/// Only an operator's own prices that are too few to charge by are laid over the tariff that decides, value by value, as the
/// documentation of `MODELPORT_CATALOGUE` promises: whoever writes down a price means it.
///
/// Prices and lines are large, so they are handed to `work` where they are.
pub(super) fn find<T>(
    usage: &Usage,
    tariffs: &[Tariff<'_>],
    terms: &Terms,
    work: impl FnOnce(&Lines) -> T,
) -> Option<T> {
    let mut configured = None;
    for tariff in tariffs {
        let changed = tariff.changed(usage, terms);
        let stack = Stack {
            over: configured.as_ref(),
            under: changed.as_ref().unwrap_or(tariff.prices()),
            source: tariff.source(),
        };
        if stack.has_plain_price() {
            let lines = stack.lines(usage, terms);
            if lines.are_priced() {
                return Some(work(&lines));
            }
        }
        if tariff.source() == PriceSource::Configured {
            let stronger = configured.unwrap_or(Prices::UNKNOWN);
            configured = Some(stronger.or(stack.under));
        }
    }
    None
}

/// The prices that decide, with an operator's few over them.
struct Stack<'p> {
    over: Option<&'p Prices>,
    under: &'p Prices,
    source: PriceSource,
}

impl Stack<'_> {
    fn has_plain_price(&self) -> bool {
        let has = |prices: &Prices| prices.prompt.or(prices.completion).is_some();
        has(self.under) || self.over.is_some_and(has)
    }

    /// Negative prices are nobody's: they are passed over, as readers do.
    fn quote(&self, read: impl Fn(&Prices) -> Option<Decimal>) -> Option<Quote> {
        let usable = |prices: &Prices, source| {
            let price = read(prices).filter(|price| *price >= Decimal::ZERO)?;
            Some(Quote { price, source })
        };
        let over = self.over;
        over.and_then(|prices| usable(prices, PriceSource::Configured))
            .or_else(|| usable(self.under, self.source))
    }

    fn lines(&self, usage: &Usage, terms: &Terms) -> Lines {
        let write = || self.quote(|prices| prices.cache_write);
        let write_1h = || self.quote(|prices| prices.cache_write_1h).or_else(write);
        let hour = usage.cache_write_1h_tokens.min(usage.cache_write_tokens);
        let default = usage.cache_write_tokens.saturating_sub(hour);
        let mut input = Rest(usage.input_tokens);
        let cached = input.take(PartKind::CachedInput, usage.cached_input_tokens, || {
            self.quote(|prices| prices.cached_prompt)
        });
        let write = input.take(PartKind::CacheWrite, default, write);
        let write_1h = input.take(PartKind::CacheWrite1h, hour, write_1h);
        let audio_input = input.take(PartKind::AudioInput, usage.audio_input_tokens, || {
            self.quote(|prices| prices.audio_input)
        });
        let image_input = input.take(PartKind::ImageInput, usage.image_input_tokens, || {
            self.quote(|prices| prices.image_token)
        });
        let mut output = Rest(usage.output_tokens);
        let audio_output = output.take(PartKind::AudioOutput, usage.audio_output_tokens, || {
            self.quote(|prices| prices.audio_output)
        });
        let image_output = output.take(PartKind::ImageOutput, usage.image_output_tokens, || {
            self.quote(|prices| prices.image_output_token)
        });
        let reasoning = output.take(PartKind::Reasoning, usage.reasoning_tokens, || {
            self.quote(|prices| prices.reasoning)
        });
        Lines([
            input.plain(PartKind::Input, || self.quote(|prices| prices.prompt)),
            cached,
            write,
            write_1h,
            audio_input,
            image_input,
            output.plain(PartKind::Output, || self.quote(|prices| prices.completion)),
            audio_output,
            image_output,
            reasoning,
            fee(PartKind::Request, 1, || self.quote(|prices| prices.request)),
            fee(PartKind::Image, terms.images, || {
                self.quote(|prices| prices.image)
            }),
            line(PartKind::Search, usage.searches, || {
                self.search(usage.search_size)
            }),
            fee(PartKind::Citation, usage.citation_tokens, || {
                self.quote(|prices| prices.citation)
            }),
        ])
    }

    /// A size without a price of its own costs what the medium one does.
    fn search(&self, size: Option<SearchSize>) -> Option<Quote> {
        self.quote(|prices| {
            let sized = match size {
                Some(SearchSize::Low) => prices.search_low,
                Some(SearchSize::High) => prices.search_high,
                Some(SearchSize::Medium) | None => None,
            };
            sized.or(prices.search)
        })
    }
}

/// What is left of a total.
struct Rest(u64);

impl Rest {
    /// Takes out a part that has a price of its own, as far as there is anything left to take.
    fn take(&mut self, kind: PartKind, count: u64, quote: impl FnOnce() -> Option<Quote>) -> Line {
        let line = fee(kind, count.min(self.0), quote);
        self.0 = self.0.saturating_sub(line.count);
        line
    }

    fn plain(self, kind: PartKind, quote: impl FnOnce() -> Option<Quote>) -> Line {
        line(kind, self.0, quote)
    }
}

/// What is charged beside the tokens, by those who charge for it: no price is no fee. Images without one are charged as the
/// tokens that they are counted as, and only Perplexity's deep research charges for citations.
fn fee(kind: PartKind, count: u64, quote: impl FnOnce() -> Option<Quote>) -> Line {
    let line = line(kind, count, quote);
    let count = if line.quote.is_some() { count } else { 0 };
    Line { count, ..line }
}

/// Nobody is asked for the price of nothing.
fn line(kind: PartKind, count: u64, quote: impl FnOnce() -> Option<Quote>) -> Line {
    let quote = if count > 0 { quote() } else { None };
    Line { kind, count, quote }
}
