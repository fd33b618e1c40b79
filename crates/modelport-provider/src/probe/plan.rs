//! What a probe would cost, before anything is spent.

use rust_decimal::Decimal;

use super::{CHECKS, Target, cancel, limits};
use crate::price::Prices;

/// Bytes of a request that count at least one token.
const BYTES_PER_TOKEN: usize = 3;

/// What a small image may count, in tokens; its bytes say nothing.
const IMAGE: u64 = 1500;

/// What the text after a base64 image's beginning is left out by.
const IMAGE_MARK: &str = "data:image";

/// The most calls and tokens of a probe, as far as the endpoint honours a limit at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Completions and embeddings.
    pub calls: u64,
    /// Tokens in.
    pub input_tokens: u64,
    /// Tokens out.
    pub output_tokens: u64,
}

/// What a plan costs at a price.
pub type Cost = Option<Decimal>;

impl Plan {
    /// The plan for a target.
    pub fn of(target: &Target<'_>) -> Self {
        let mut plan = Self {
            calls: 0,
            input_tokens: 0,
            output_tokens: 0,
        };
        for check in CHECKS {
            plan.add(&(check.ask)().to_string(), check.output);
        }
        let counting = limits::ask().to_string();
        plan.add(&counting, limits::FEW);
        // One of both limits may be ignored.
        plan.add(&counting, limits::MANY);
        plan.add(&counting, cancel::LONG);
        plan.add("a short request", cancel::SHORT);
        plan.add("a short request", cancel::SHORT);
        plan.add("an unknown model", cancel::SHORT);
        if target.stranger.is_some() {
            plan.add("a wrong key", cancel::SHORT);
        }
        if target.embedding_model.is_some() {
            plan.add("an embedding", 0);
        }
        plan
    }

    fn add(&mut self, body: &str, output: u64) {
        self.calls += 1;
        let (text, image) = match body.find(IMAGE_MARK) {
            Some(at) => (at, IMAGE),
            None => (body.len(), 0),
        };
        let tokens = u64::try_from(text / BYTES_PER_TOKEN).unwrap_or(u64::MAX);
        self.input_tokens = self
            .input_tokens
            .saturating_add(tokens)
            .saturating_add(image);
        self.output_tokens = self.output_tokens.saturating_add(output);
    }

    /// What it costs at most, in US dollars; nothing where a price is unknown.
    pub fn cost(&self, prices: &Prices) -> Cost {
        let input = prices.prompt?.checked_mul(self.input_tokens.into())?;
        let output = prices.completion?.checked_mul(self.output_tokens.into())?;
        let requests = prices.request.unwrap_or_default();
        let requests = requests.checked_mul(self.calls.into())?;
        input.checked_add(output)?.checked_add(requests)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openai_compatible::OpenAiCompatibleProvider;

    #[test]
    fn a_plan_counts_its_calls_and_costs_what_its_tokens_cost() {
        let provider = OpenAiCompatibleProvider::builder("http://127.0.0.1:1/v1");
        let provider = provider.build().unwrap();
        let target = |stranger: bool, embedding: Option<&str>| Target {
            provider: &provider,
            stranger: stranger.then_some(&provider as _),
            model: "m".to_owned(),
            embedding_model: embedding.map(str::to_owned),
        };
        let least = Plan::of(&target(false, None));
        assert_eq!(least.calls, 21);
        assert_eq!(Plan::of(&target(true, Some("e"))).calls, 23);
        // The image's base64 is not counted as text.
        assert!((2000..3000).contains(&least.input_tokens), "{least:?}");
        let prices = Prices {
            prompt: Some(Decimal::new(1, 6)),
            completion: Some(Decimal::new(2, 6)),
            ..Prices::UNKNOWN
        };
        let millionths = least.input_tokens + 2 * least.output_tokens;
        let expected = Decimal::from(millionths) / Decimal::from(1_000_000);
        assert_eq!(least.cost(&prices), Some(expected));
        assert_eq!(least.cost(&Prices::UNKNOWN), None);
    }
}
