use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::capability::{Capability, Source};
use crate::price::plain;

fn data() -> Value {
    serde_json::from_str(DATA).unwrap()
}

fn at(provider: &str) -> &'static Section {
    section(provider).unwrap()
}

fn price(price: Option<rust_decimal::Decimal>) -> String {
    price.map_or_else(|| "unknown".to_owned(), plain)
}

#[test]
fn every_section_is_read_whole() {
    let data = data();
    assert_eq!(data["_meta"]["sources"][0]["version"], VERSION);
    let counts = data["_meta"]["counts"].as_object().unwrap();
    assert_eq!(counts.len(), PROVIDERS.len());
    for (provider, count) in counts {
        assert_eq!(
            at(provider).len() as u64,
            count.as_u64().unwrap(),
            "{provider}"
        );
        for (id, fact) in at(provider).models() {
            let row = &data["models"][provider][id];
            assert_eq!(fact.max_input, row["max_in"].as_u64(), "{provider} {id}");
            assert_eq!(
                fact.deprecated_on.is_some(),
                row["deprecated_on"].is_string(),
                "{provider} {id}"
            );
            assert_eq!(
                fact.prices.prompt.is_some(),
                row["price"]["in"].is_number()
                    && !id.ends_with("-cloud")
                    && (!id.starts_with("openrouter/") || id == "openrouter/free"),
                "{provider} {id}"
            );
            let rules = row["tiers"].as_array().map_or(0, Vec::len)
                + usize::from(row["off_peak"].is_object());
            assert_eq!(fact.price_rules.len(), rules, "{provider} {id}");
            for service in [
                (&fact.flex, "flex"),
                (&fact.priority, "priority"),
                (&fact.batch, "batch"),
            ] {
                assert_eq!(
                    service.0.is_some(),
                    row[service.1].is_object(),
                    "{provider} {id}"
                );
            }
        }
    }
    assert!(section("nobody").is_none());
}

#[test]
fn facts_are_read_exactly() {
    let fact = at("openai").exact("gpt-4o-mini").unwrap();
    assert_eq!(fact.mode, Mode::Chat);
    assert_eq!(
        (fact.max_input, fact.max_output),
        (Some(128_000), Some(16_384))
    );
    assert_eq!(price(fact.prices.prompt), "0.00000015");
    assert_eq!(price(fact.prices.completion), "0.0000006");
    assert_eq!(price(fact.prices.cached_prompt), "0.000000075");
    assert!(fact.capabilities.has(Capability::Tools));
    assert!(fact.capabilities.has(Capability::JsonMode));
    assert!(fact.capabilities.has(Capability::Streaming));
    assert_eq!(
        fact.capabilities.source(Capability::Vision),
        Some(Source::Catalogue)
    );
    assert!(
        !fact.capabilities.has(Capability::Reasoning)
            && !fact.capabilities.lacks(Capability::Reasoning)
    );
    let embedding = at("openai").exact("text-embedding-3-small").unwrap();
    assert!(
        embedding.capabilities.has(Capability::Embeddings)
            && embedding.capabilities.lacks(Capability::Chat)
    );
}

#[test]
fn long_prompts_and_services_have_their_own_prices() {
    let gemini = at("gemini").exact("gemini-2.5-pro").unwrap();
    let [tier] = gemini.price_rules.as_slice() else {
        panic!("one tier")
    };
    assert_eq!(tier.above_prompt_tokens, Some(200_000));
    assert_eq!(price(tier.prices.prompt), "0.0000025");
    assert_eq!(
        price(
            gemini.priority.as_ref().unwrap().price_rules[0]
                .prices
                .completion
        ),
        "0.000027"
    );
    assert_eq!(price(gemini.prices.search), "0.035");
    // At xAI the threshold itself is above.
    assert_eq!(
        at("xai").exact("grok-4.3").unwrap().price_rules[0].above_prompt_tokens,
        Some(199_999)
    );
}

#[test]
fn off_peak_hours_are_read_from_both_spellings() {
    for (provider, id) in [
        ("deepseek", "deepseek-flash"),
        ("openrouter", "deepseek/deepseek-v4-pro-0813"),
    ] {
        let rule = at(provider).exact(id).unwrap().price_rules.last().unwrap();
        assert_eq!(rule.windows.len(), 4, "{id}");
        let open = |weekday, minute| {
            rule.windows
                .iter()
                .any(|window| window.is_open(weekday, minute))
        };
        for (weekday, hour, expected) in [
            (1, 0, true),
            (1, 3, false),
            (3, 5, true),
            (5, 9, false),
            (5, 23, true),
            (6, 9, true),
        ] {
            assert_eq!(open(weekday, hour * 60), expected, "{id} {weekday} {hour}");
        }
    }
}

#[test]
fn the_layer_of_anthropic_enforces_no_schema() {
    for (id, fact) in at("anthropic").models() {
        assert!(fact.capabilities.lacks(Capability::JsonSchema), "{id}");
    }
}

/// Looks up `id` and compares how it was found and its prompt price.
fn check(provider: &str, id: &str, by: MatchedBy, prompt: &str) {
    let found = at(provider).get(id).unwrap();
    let said = (found.by, price(found.prices.prompt));
    assert_eq!(said, (by, prompt.to_owned()), "{provider} {id}");
}

#[test]
fn ids_are_found_by_the_nearest_spelling() {
    use MatchedBy::{Date, Exact, FineTune, Prefix, Variant};
    check("openai", "gpt-4o-mini", Exact, "0.00000015");
    check("openai", "gpt-4o-mini-2024-07-18", Exact, "0.00000015");
    check("openai", "gpt-4o-mini-2099-01-01", Date, "0.00000015");
    check("openai", "openai/gpt-4o-mini", Prefix, "0.00000015");
    let tuned = "ft:gpt-4o-mini-2024-07-18:org::AbC";
    check("openai", tuned, FineTune, "0.0000003");
    check("openai", "ft:gpt-5-mini:org::AbC", FineTune, "unknown");
    check("anthropic", "claude-opus-4-8-20990101", Date, "0.000005");
    check("anthropic", "claude-haiku-4-5@20251001", Date, "0.000001");
    check(
        "anthropic",
        "anthropic/claude-haiku-4-5",
        Prefix,
        "0.000001",
    );
    check("gemini", "models/gemini-2.5-pro", Prefix, "0.00000125");
    check("azure", "gpt-4o-mini", Exact, "0.00000015");
    check("openrouter", "google/gemma-4-31b-it:free", Exact, "0");
    check("openrouter", "deepseek/deepseek-r1:free", Variant, "0");
    check(
        "openrouter",
        "deepseek/deepseek-r1:nitro",
        Variant,
        "unknown",
    );
    check("ollama", "llama3.1:8b", Variant, "0");
    check("ollama", "llama3.1:latest", Variant, "0");
    check("ollama", "someone/llama3.1:8b", Prefix, "0");
    check("ollama", "gpt-oss:120b-cloud", Exact, "unknown");
    check("ollama", "llama3.1:405b-cloud", Variant, "unknown");
    assert!(at("openai").get("gpt-nope").is_none());
    assert!(at("openai").get("").is_none());
}

#[test]
fn an_undated_id_finds_the_newest_dated_one() {
    let section = Section {
        provider: "test",
        models: [
            "a-2024-01-01",
            "a-2025-06-30",
            "a-mini-2026-01-01",
            "b-20250101",
        ]
        .into_iter()
        .map(|id| {
            (
                id,
                Fact {
                    max_input: id.len().try_into().ok(),
                    deprecated_on: Some(DATE),
                    ..blank()
                },
            )
        })
        .collect(),
    };
    assert_eq!(section.get("a").unwrap().fact, &section.models[1].1);
    assert_eq!(
        section.get("a-2023-01-01").unwrap().fact,
        &section.models[1].1
    );
    assert_eq!(section.get("b").unwrap().fact, &section.models[3].1);
    assert!(section.get("c").is_none());
}

fn blank() -> Fact {
    Fact {
        mode: Mode::Chat,
        max_input: None,
        max_output: None,
        prices: Prices::UNKNOWN,
        price_rules: Vec::new(),
        flex: None,
        priority: None,
        batch: None,
        capabilities: Capabilities::UNKNOWN,
        deprecated_on: None,
    }
}

#[test]
fn fallback_lists_hold_living_chat_models() {
    for (provider, inside, outside) in [
        (
            "openai",
            vec!["gpt-4o-mini", "o3"],
            vec![
                "ft:gpt-4o-mini-2024-07-18",
                "container",
                "text-embedding-3-small",
            ],
        ),
        (
            "openrouter",
            vec!["anthropic/claude-3.5-sonnet", "google/gemma-4-31b-it:free"],
            vec!["openai/gpt-5:batch"],
        ),
        (
            "azure",
            vec!["gpt-4o"],
            vec!["eu/gpt-4o", "gpt-5.1-chat", "text-embedding-3-small"],
        ),
        (
            "anthropic",
            vec!["claude-sonnet-4-5"],
            vec!["claude-mythos-preview"],
        ),
        (
            "fireworks_ai",
            vec!["accounts/fireworks/models/deepseek-v3"],
            vec!["fireworks-ai-default"],
        ),
        ("ollama", vec!["llama3.1"], vec!["codegemma"]),
        (
            "groq",
            vec!["openai/gpt-oss-120b"],
            vec!["whisper-large-v3"],
        ),
    ] {
        let models = fallback_models(provider);
        assert!(models.is_sorted(), "{provider}");
        for id in inside {
            assert!(models.contains(&id), "{provider} lacks {id}");
        }
        for id in outside {
            assert!(!models.contains(&id), "{provider} has {id}");
        }
    }
    for provider in PROVIDERS {
        assert!(!fallback_models(provider).is_empty(), "{provider}");
    }
    assert!(fallback_models("openai_compatible").is_empty());
}

proptest! {
    #[test]
    fn no_id_panics(id in "\\PC{0,40}|ft:[a-z0-9:é-]{0,20}|[a-zé0-9@/:-]{0,30}") {
        for provider in ["openai", "ollama", "openrouter"] {
            let _ = at(provider).get(&id);
        }
    }

    #[test]
    fn every_id_finds_itself(place in 0_usize..2000) {
        let section = at("openrouter");
        let (id, fact) = section.models().nth(place % section.len()).unwrap();
        prop_assert_eq!(section.get(id).map(|found| found.fact), Some(fact));
    }
}

#[test]
fn a_router_has_no_price_of_its_own_unless_it_is_free() {
    let routers = at("openrouter");
    let prompt = |id: &str| price(routers.get(id).unwrap().prices.prompt);
    assert_eq!(prompt("openrouter/auto"), "unknown");
    assert_eq!(prompt("openrouter/free"), "0");
}
