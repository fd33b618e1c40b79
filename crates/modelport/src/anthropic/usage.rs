//! Usage as Anthropic counts it: its input leaves out what was read from and written to a cache.

use modelport_provider::usage::Usage;
use serde::Serialize;

/// The usage of a message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct MessageUsage {
    input_tokens: u64,
    cache_creation_input_tokens: u64,
    cache_read_input_tokens: u64,
    output_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_tokens_details: Option<OutputDetails>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
struct OutputDetails {
    thinking_tokens: u64,
}

impl MessageUsage {
    /// What is known before the provider tells: how much went in, about.
    pub(super) fn estimated(input_tokens: u64) -> Self {
        Self {
            input_tokens,
            ..Self::default()
        }
    }

    /// The same before anything has come out.
    pub(super) fn of_input(self) -> Self {
        Self {
            output_tokens: 0,
            output_tokens_details: None,
            ..self
        }
    }
}

impl From<&Usage> for MessageUsage {
    /// Every other API counts cached tokens as input too, so they are taken out; a provider that counts more of them than
    /// input is not believed.
    fn from(usage: &Usage) -> Self {
        let read = usage.cached_input_tokens.min(usage.input_tokens);
        let uncached = usage.input_tokens.saturating_sub(read);
        let written = usage.cache_write_tokens.min(uncached);
        let thinking = usage.reasoning_tokens.min(usage.output_tokens);
        Self {
            input_tokens: uncached.saturating_sub(written),
            cache_creation_input_tokens: written,
            cache_read_input_tokens: read,
            output_tokens: usage.output_tokens,
            output_tokens_details: (thinking > 0).then_some(OutputDetails {
                thinking_tokens: thinking,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(counts: [u64; 5], expected: &str) {
        let [input, read, written, output, reasoning] = counts;
        let usage = Usage {
            input_tokens: input,
            cached_input_tokens: read,
            cache_write_tokens: written,
            output_tokens: output,
            reasoning_tokens: reasoning,
            ..Usage::default()
        };
        let told = serde_json::to_string(&MessageUsage::from(&usage)).unwrap();
        assert_eq!(told, expected);
    }

    #[test]
    fn cached_tokens_are_no_input() {
        check(
            [10_000, 8000, 1000, 500, 0],
            r#"{"input_tokens":1000,"cache_creation_input_tokens":1000,"cache_read_input_tokens":8000,"output_tokens":500}"#,
        );
        check(
            [194, 100, 0, 42, 20],
            r#"{"input_tokens":94,"cache_creation_input_tokens":0,"cache_read_input_tokens":100,"output_tokens":42,"output_tokens_details":{"thinking_tokens":20}}"#,
        );
    }

    #[test]
    fn nonsense_adds_up_all_the_same() {
        check(
            [10, 20, 30, 1, 5],
            r#"{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":10,"output_tokens":1,"output_tokens_details":{"thinking_tokens":1}}"#,
        );
    }
}
