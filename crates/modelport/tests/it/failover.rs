//! What another provider is asked for, and what stays where it is.

use std::time::Duration;

use modelport_sim::Options;
use serde_json::{Value, json};

use crate::support::{Gateway, Upstream, wait_until};

fn chat(model: &str, stream: bool) -> Value {
    json!({"model": model, "stream": stream, "messages": [{"role": "user", "content": "hello"}]})
}

/// A generic provider and Ollama that both list `shared`.
struct Both {
    generic: Upstream,
    ollama: Upstream,
    gateway: Gateway,
}

impl Both {
    fn start(more: &[(&str, &str)]) -> Self {
        let models = |names: [&str; 2]| Options {
            models: names.map(str::to_owned).to_vec(),
            ..Options::default()
        };
        let generic = Upstream::with(models(["shared", "only-generic"]));
        let ollama = Upstream::with(models(["shared", "only-ollama"]));
        let root = ollama.root_url();
        let mut settings = vec![
            ("OLLAMA_ENABLED", "true"),
            ("OLLAMA_BASE_URL", root.as_str()),
            ("OPENAI_COMPATIBLE_MAX_RETRIES", "0"),
            ("OPENAI_COMPATIBLE_TIMEOUT", "0.5"),
            ("OLLAMA_MAX_RETRIES", "0"),
        ];
        settings.extend_from_slice(more);
        let gateway = Gateway::before(&generic.base_url(), &settings);
        let known = || {
            let serving = |model: &str| gateway.get(&format!("/v1/models/{model}")).json();
            serving("shared")["providers"] == json!(["openai_compatible", "ollama"])
        };
        assert!(
            wait_until(Duration::from_secs(10), known),
            "{}",
            gateway.output()
        );
        Self {
            generic,
            ollama,
            gateway,
        }
    }

    /// The generic provider meets a fault: who answers, and how many attempts each provider saw.
    fn check(&self, fault: &str, model: &str, stream: bool, expected: (u16, &str, usize, usize)) {
        self.generic.set_fault(Some(fault));
        let seen = || {
            (
                self.generic.completions().len(),
                self.ollama.completions().len(),
            )
        };
        let before = seen();
        let answer = self.gateway.chat(&chat(model, stream));
        let after = seen();
        let provider = answer.header("x-modelport-provider").unwrap_or("-");
        let found = (
            answer.status,
            provider,
            after.0 - before.0,
            after.1 - before.1,
        );
        assert_eq!(
            found,
            expected,
            "{fault} {model} {stream}: {}",
            answer.text()
        );
    }
}

#[test]
fn a_bare_model_fails_over_to_the_next_provider_that_lists_it() {
    let both = Both::start(&[]);
    // Those that break a connection come first: on a kept one they would look like its old age.
    for fault in [
        "reset",
        "close",
        "hang",
        "status-500",
        "status-429",
        "status-401",
        "status-402",
        "status-404",
        "quota",
        "html",
        "error-200",
        "empty",
        "garbage",
        "retry-after-90",
    ] {
        both.check(fault, "shared", false, (200, "ollama", 1, 1));
    }
    for fault in [
        "preamble-error",
        "preamble-cut",
        "status-503",
        "empty-stream",
        "hang-head",
    ] {
        both.check(fault, "shared", true, (200, "ollama", 1, 1));
    }
    let seen = both.ollama.completions().pop().unwrap();
    assert_eq!(seen.path, "/api/chat");
    assert_eq!(
        seen.header("authorization"),
        None,
        "a key went where it was not given for"
    );
}

#[test]
fn the_callers_own_fault_and_a_broken_stream_stay_where_they_are() {
    let both = Both::start(&[]);
    both.check(
        "status-400",
        "shared",
        false,
        (400, "openai_compatible", 1, 0),
    );
    both.check(
        "status-422",
        "shared",
        true,
        (422, "openai_compatible", 1, 0),
    );
    both.check("cut-3", "shared", true, (200, "openai_compatible", 1, 0));
    both.check(
        "error-event-3",
        "shared",
        true,
        (200, "openai_compatible", 1, 0),
    );
}

#[test]
fn a_named_provider_and_a_model_of_one_alone_stay_where_they_are() {
    let both = Both::start(&[]);
    both.check(
        "status-500",
        "openai_compatible:shared",
        false,
        (500, "openai_compatible", 1, 0),
    );
    both.check(
        "status-500",
        "openrouter:shared",
        true,
        (500, "openai_compatible", 1, 0),
    );
    both.check(
        "status-500",
        "only-generic",
        false,
        (500, "openai_compatible", 1, 0),
    );
    both.check(
        "status-500",
        "unheard-of",
        false,
        (500, "openai_compatible", 1, 0),
    );
    both.check("status-500", "ollama:shared", false, (200, "ollama", 0, 1));
    both.check("status-500", "only-ollama", false, (200, "ollama", 0, 1));
}

#[test]
fn fallback_can_be_switched_off() {
    let both = Both::start(&[("ENABLE_PROVIDER_FALLBACK", "false")]);
    both.check(
        "status-500",
        "shared",
        false,
        (500, "openai_compatible", 1, 0),
    );
}

#[test]
fn when_all_fail_the_last_one_speaks() {
    let both = Both::start(&[]);
    both.ollama.set_fault(Some("status-503"));
    both.check("status-500", "shared", false, (503, "ollama", 1, 1));
}
