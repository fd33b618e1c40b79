//! `GET /v1/models` and `GET /v1/models/{id}`.

use modelport_sim::ListingShape;
use serde_json::{Value, json};

use crate::support::{
    Gateway, NOBODY, Upstream,
    views::{ids, refusal},
};

#[test]
fn the_list_has_openais_shape_and_more() {
    let upstream = Upstream::listing(ListingShape::Data);
    let gateway = Gateway::informed(&upstream.base_url(), &[]);
    let models = gateway.models();
    assert_eq!(
        ids(&models),
        [
            "sim-fast",
            "sim-smart",
            "vendor/sim-large:free",
            "text-embedding-sim"
        ]
    );
    for model in &models {
        assert_eq!(model["object"], "model");
        assert!(
            model["created"].is_u64() && model["owned_by"].is_string(),
            "{model}"
        );
        assert!(model["age_seconds"].is_u64(), "{model}");
    }
    let model = gateway.model("vendor/sim-large:free");
    for (pointer, expected) in [
        ("/owned_by", json!("vendor")),
        ("/providers", json!(["openai_compatible"])),
        (
            "/qualified_ids",
            json!(["openai_compatible:vendor/sim-large:free"]),
        ),
        ("/source", json!("discovered")),
        ("/context_length", json!(131_072)),
        ("/max_output_tokens", json!(16_384)),
        // Whose prices they are, and so their unit, nobody knows of an unknown host.
        ("/pricing", Value::Null),
        ("/limits/context_length/value", json!(131_072)),
        ("/limits/context_length/source", json!("listing")),
        ("/limits/max_output_tokens/source", json!("listing")),
        ("/capabilities/tools/supported", json!(true)),
        ("/capabilities/tools/source", json!("listing")),
        (
            "/capabilities/tools/age_seconds",
            model["age_seconds"].clone(),
        ),
        ("/capabilities/vision/source", json!("listing")),
        // What the provider says besides stays, under its own name where that is free.
        ("/name", json!("Sim: vendor/sim-large:free")),
        ("/architecture/tokenizer", json!("Other")),
        ("/upstream_pricing/prompt", json!("0.0000005")),
    ] {
        assert_eq!(
            model.pointer(pointer),
            Some(&expected),
            "{pointer} of {model}"
        );
    }
}

#[test]
fn what_a_listing_leaves_out_comes_from_the_catalogue() {
    let gateway = Gateway::before(
        NOBODY,
        &[("OLLAMA_ENABLED", "true"), ("OLLAMA_BASE_URL", NOBODY)],
    );
    let model = gateway.model("llama3.1");
    for (pointer, expected) in [
        ("/providers", json!(["ollama"])),
        ("/source", json!("fallback")),
        ("/age_seconds", Value::Null),
        ("/context_length", json!(8192)),
        ("/pricing/currency", json!("USD")),
        ("/pricing/unit", json!("token")),
        ("/pricing/prompt", json!("0")),
        ("/pricing/image", Value::Null),
        ("/limits/context_length/source", json!("catalogue")),
        ("/capabilities/tools/supported", json!(true)),
        ("/capabilities/tools/source", json!("catalogue")),
    ] {
        assert_eq!(
            model.pointer(pointer),
            Some(&expected),
            "{pointer} of {model}"
        );
    }
    let age = model["capabilities"]["tools"]["age_seconds"].as_u64();
    assert!(age.is_some_and(|age| age > 0), "{model}");
}

#[test]
fn unknown_fields_of_every_shape_are_kept() {
    let upstream = Upstream::start();
    let gateway = Gateway::informed(&upstream.base_url(), &[]);
    let check = |shape: ListingShape, pointer: &str, expected: Value| {
        upstream.set_listing(shape);
        gateway.refresh();
        let model = gateway.model("sim-fast");
        assert_eq!(model.pointer(pointer), Some(&expected), "{shape}: {model}");
        assert_eq!(model["object"], "model", "{shape}");
    };
    check(ListingShape::OpenAi, "/owned_by", json!("modelport-sim"));
    check(ListingShape::OpenAi, "/created", json!(1_790_000_000));
    check(ListingShape::Array, "/display_name", json!("sim-fast"));
    check(ListingShape::Models, "/details/format", json!("gguf"));
    check(ListingShape::Keys, "/type", json!("llm"));
    check(ListingShape::Keys, "/context_length", json!(131_072));
    check(
        ListingShape::Anthropic,
        "/created_at",
        json!("2026-09-21T13:46:40Z"),
    );
    check(ListingShape::Anthropic, "/created", json!(1_789_998_400));
    check(
        ListingShape::Gemini,
        "/upstream_id",
        json!("models/sim-fast"),
    );
    check(ListingShape::Strings, "/owned_by", json!("unknown"));
    check(ListingShape::IdOnly, "/created", json!(0));
}

#[test]
fn a_model_of_two_providers_appears_once_with_both() {
    let generic = Upstream::serving(&["only/generic", "shared:8b"]);
    let ollama = Upstream::serving(&["shared:8b", "llama3.1:8b"]);
    let gateway = Gateway::before_both(&generic, &ollama, &[]);
    assert_eq!(gateway.ids(), ["only/generic", "shared:8b", "llama3.1:8b"]);
    let check = |id: &str, providers: &[&str], qualified: &[&str]| {
        let model = gateway.model(id);
        assert_eq!(model["providers"], json!(providers), "{model}");
        assert_eq!(model["qualified_ids"], json!(qualified), "{model}");
    };
    check(
        "only/generic",
        &["openai_compatible"],
        &["openai_compatible:only/generic"],
    );
    check(
        "shared:8b",
        &["openai_compatible", "ollama"],
        &["openai_compatible:shared:8b", "ollama:shared:8b"],
    );
    check("llama3.1:8b", &["ollama"], &["ollama:llama3.1:8b"]);
}

#[test]
fn one_model_is_found_by_any_spelling_of_its_id() {
    let generic = Upstream::start();
    let ollama = Upstream::serving(&["llama3.1:8b", "sim-fast"]);
    let gateway = Gateway::before_both(&generic, &ollama, &[]);
    let check = |path: &str, id: &str| {
        for prefix in ["/v1/models", "/models"] {
            let answer = gateway.get(&format!("{prefix}/{path}"));
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
            assert_eq!(answer.json(), gateway.model(id), "{path}");
        }
    };
    check("sim-fast", "sim-fast");
    check("vendor/sim-large:free", "vendor/sim-large:free");
    check("vendor%2Fsim-large%3Afree", "vendor/sim-large:free");
    check("vendor%2fsim-large:free", "vendor/sim-large:free");
    check(
        "openai_compatible:vendor/sim-large:free",
        "vendor/sim-large:free",
    );
    check(
        "openai_compatible%3Avendor%2Fsim-large%3Afree",
        "vendor/sim-large:free",
    );
    check("openrouter:sim-smart", "sim-smart");
    check("llama3.1:8b", "llama3.1:8b");
    check("ollama:llama3.1:8b", "llama3.1:8b");
    check("ollama:sim-fast", "sim-fast");

    let check = |path: &str| {
        let answer = gateway.get(&format!("/v1/models/{path}"));
        let message = refusal(&answer, 404, "model_not_found");
        assert!(message.contains("GET /v1/models"), "{message}");
        assert_eq!(answer.json()["error"]["param"], "model");
    };
    check("nope");
    check("vendor/sim-large");
    check("VENDOR/sim-large:free");
    check("ollama:sim-smart");
    check("openai_compatible:llama3.1:8b");
    check("openai_compatible:");
    check("sim-fast/");
    check("%00");
    check("%zz");
}

#[test]
fn refreshing_is_asked_for_in_any_usual_way() {
    let upstream = Upstream::start();
    let gateway = Gateway::informed(&upstream.base_url(), &[]);
    let listings = || {
        upstream
            .requests()
            .iter()
            .filter(|seen| seen.path == "/v1/models")
            .count()
    };
    let check = |query: &str, fetches: usize| {
        let before = listings();
        let answer = gateway.get(&format!("/v1/models{query}"));
        assert_eq!(answer.status, 200, "{query}: {}", answer.text());
        assert_eq!(listings() - before, fetches, "{query}");
    };
    check("", 0);
    check("?refresh=false", 0);
    check("?refresh=0", 0);
    check("?limit=1000&after=x", 0);
    check("?refresh=true", 1);
    check("?refresh=1", 1);
    check("?refresh", 1);
    check("?limit=20&refresh=True", 1);
    let answer = gateway.get("/v1/models?refresh=maybe");
    let message = refusal(&answer, 400, "invalid_parameter");
    assert!(
        message.contains("maybe") && message.contains("true"),
        "{message}"
    );
}

#[test]
fn both_spellings_of_the_path_are_one_list() {
    let upstream = Upstream::start();
    let gateway = Gateway::informed(&upstream.base_url(), &[("OLLAMA_BASE_URL", NOBODY)]);
    let ids_at = |path: &str| ids(&crate::support::views::entries(&gateway.get(path)));
    assert_eq!(ids_at("/models"), ids_at("/v1/models"));
    assert_eq!(ids_at("/models?refresh=true").len(), 4);
}
