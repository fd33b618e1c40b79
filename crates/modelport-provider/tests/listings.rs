//! Every recorded model listing, and what must be read from it. The bytes are in `tests/recorded/`.

#![expect(clippy::panic, reason = "test helpers outside a test function")]

use std::path::PathBuf;

use modelport_provider::capability::{Capability, Source, Support};
use modelport_provider::listing::{ListedModel, Listing, ListingFault, read_listing};
use modelport_provider::price::plain;
use rust_decimal::Decimal;

/// What one recorded listing must give.
struct Case {
    file: &'static str,
    slug: &'static str,
    ids: &'static [&'static str],
    /// Context and longest answer of each model, in order.
    limits: &'static [(Option<u64>, Option<u64>)],
    /// Prices of each model in plain USD, as `name=amount`; empty for those without.
    prices: &'static [&'static str],
    /// Capabilities of each model: `+` for yes, `-` for no; what is not named is unknown.
    capabilities: &'static [&'static str],
}

const fn lean(file: &'static str, slug: &'static str, ids: &'static [&'static str]) -> Case {
    Case {
        file,
        slug,
        ids,
        limits: &[],
        prices: &[],
        capabilities: &[],
    }
}

const CASES: &[Case] = &[
    // Object with `data`, ids only.
    lean(
        "openai/models.json",
        "openai",
        &[
            "gpt-4o-mini",
            "gpt-5-mini",
            "o3",
            "text-embedding-3-small",
            "ft:gpt-4o-mini-2024-07-18:example-org::AbC123xy",
        ],
    ),
    lean(
        "deepseek/models.json",
        "deepseek",
        &["deepseek-v4-flash", "deepseek-v4-pro"],
    ),
    lean("xai/models.json", "xai", &["grok-4.3"]),
    lean(
        "tgi/models.json",
        "tgi",
        &["mistralai/Mistral-7B-Instruct-v0.3"],
    ),
    lean(
        "lmstudio/v1_models.json",
        "lmstudio",
        &["llama-3.1-8b-instruct"],
    ),
    lean(
        "anthropic/models_native.json",
        "anthropic",
        &["claude-haiku-4-5-20251001"],
    ),
    // `models/` comes off.
    lean(
        "gemini/models.json",
        "gemini",
        &["gemini-2.5-pro", "gemini-embedding-001"],
    ),
    // Only `id` and `object`.
    lean("localai/models.json", "localai", &["gpt-4", "whisper-1"]),
    // `data` is null.
    lean("ollama/v1_models_empty.json", "ollama", &[]),
    lean("ollama/api_tags_empty.json", "ollama", &[]),
    lean(
        "ollama/v1_models.json",
        "",
        &["llama3.1:8b", "example/custom:latest"],
    ),
    // `active: false` is left out.
    Case {
        limits: &[(Some(131_072), Some(65_536)), (Some(448), Some(448))],
        ..lean(
            "groq/models.json",
            "groq",
            &["openai/gpt-oss-120b", "whisper-large-v3"],
        )
    },
    Case {
        limits: &[(Some(40_960), None), (None, None)],
        ..lean("vllm/models.json", "", &["Qwen/Qwen3-8B", "sql-lora"])
    },
    Case {
        limits: &[(Some(40_960), None)],
        ..lean("sglang/models.json", "", &["Qwen/Qwen3-8B"])
    },
    Case {
        limits: &[(Some(131_072), None)],
        capabilities: &["-vision -audio_input -image_output -audio_output +json_mode +json_schema"],
        ..lean(
            "llamacpp/models.json",
            "",
            &["../models/Llama-3.1-8B-Instruct-Q4_K_M.gguf"],
        )
    },
    // Newer servers tell the context of a slot, which is less than the model could have.
    Case {
        limits: &[(Some(4_096), None)],
        capabilities: &["-vision -audio_input -image_output -audio_output +json_mode +json_schema"],
        ..lean("llamacpp/models_with_context.json", "", &["smollm2-135m"])
    },
    // `meta` is null while the model loads.
    Case {
        limits: &[(None, None)],
        capabilities: &["+json_mode +json_schema"],
        ..lean(
            "llamacpp/models_loading.json",
            "",
            &["../models/Llama-3.1-8B-Instruct-Q4_K_M.gguf"],
        )
    },
    Case {
        limits: &[
            (Some(32_768), None),
            (Some(4_096), None),
            (Some(2_048), None),
        ],
        capabilities: &[
            "+chat +streaming +vision",
            "+chat +streaming -vision",
            "-chat +embeddings",
        ],
        ..lean(
            "lmstudio/api_v0_models.json",
            "",
            &[
                "qwen2-vl-7b-instruct",
                "llama-3.1-8b-instruct",
                "text-embedding-nomic-embed-text-v1.5",
            ],
        )
    },
    // Entries by `key`, the loaded context before the possible one.
    Case {
        limits: &[(Some(8_192), None), (Some(2_048), None)],
        capabilities: &[
            "+chat +streaming +tools -vision +reasoning +json_mode +json_schema",
            "-chat +embeddings",
        ],
        ..lean(
            "lmstudio/api_v1_models.json",
            "",
            &["sample/qwen3-8b", "sample/embed"],
        )
    },
    Case {
        capabilities: &[
            "+chat +streaming +tools +vision -reasoning -embeddings -audio_input -image_output -audio_output",
            "-chat -tools -vision -reasoning -embeddings +audio_input -image_output -audio_output",
        ],
        ..lean(
            "localai/models_capabilities.json",
            "localai",
            &["gpt-4", "whisper-1"],
        )
    },
    Case {
        limits: &[
            (Some(131_072), None),
            (Some(8_192), None),
            (Some(32_768), None),
        ],
        capabilities: &[
            "+chat +streaming +tools +vision -audio_input",
            "-chat -tools -vision -audio_input +embeddings",
            "+chat +streaming +tools -vision -audio_input",
        ],
        ..lean(
            "mistral/models.json",
            "mistral",
            &[
                "mistral-small-latest",
                "mistral-embed",
                "ft:open-mistral-7b:sample:20260101:abcd1234",
            ],
        )
    },
    Case {
        capabilities: &["+chat +streaming -embeddings", "-chat +embeddings"],
        ..lean(
            "azure/models_classic.json",
            "azure",
            &["gpt-4o-mini-2024-07-18", "text-embedding-3-small"],
        )
    },
    // Ollama's native list; only newer servers say what a model can do.
    Case {
        limits: &[
            (None, None),
            (Some(262_144), None),
            (None, None),
            (None, None),
        ],
        capabilities: &[
            "+json_mode +json_schema",
            "+chat +streaming +tools +vision +reasoning -embeddings -audio_input +json_mode +json_schema",
            "-chat -tools -vision -reasoning +embeddings -audio_input",
            "",
        ],
        ..lean(
            "ollama/api_tags.json",
            "ollama",
            &[
                "llama3.1:8b",
                "qwen3-vl:8b",
                "nomic-embed-text:latest",
                "gpt-oss:120b-cloud",
            ],
        )
    },
    // Whole numbers of 1e-10 USD.
    Case {
        prices: &["prompt=0.000003 completion=0.000015 cached_prompt=0.00000075 search=0.025"],
        capabilities: &["+chat +streaming -vision -audio_input -image_output -audio_output"],
        ..lean("xai/language_models.json", "xai", &["grok-3"])
    },
    // A bare array; USD per million.
    Case {
        limits: &[(Some(131_072), None), (Some(512), None), (None, None)],
        prices: &[
            "prompt=0.00000088 completion=0.00000088",
            "prompt=0.000000008 completion=0",
            "",
        ],
        capabilities: &[
            "+chat +streaming",
            "-chat +embeddings",
            "-chat +image_output",
        ],
        ..lean(
            "together/models.json",
            "together",
            &[
                "meta-llama/Llama-3.3-70B-Instruct-Turbo",
                "BAAI/bge-base-en-v1.5",
                "black-forest-labs/sample-image",
            ],
        )
    },
    // Strings in USD per token; -1 is unknown; null context.
    Case {
        limits: &[
            (Some(200_000), Some(64_000)),
            (Some(131_072), None),
            (Some(65_536), None),
            (Some(2_000_000), None),
            (None, None),
        ],
        prices: &[
            "prompt=0.000003 completion=0.000015 cached_prompt=0.0000003 cache_write=0.00000375 cache_write_1h=0.000006 \
             image=0.0048 request=0 search=0.01",
            "prompt=0 completion=0 image=0 request=0",
            "prompt=0.00000028 completion=0.00000042",
            "",
            "prompt=0.0000001 completion=0.0000002",
        ],
        capabilities: &[
            "+chat +streaming +tools +json_mode +json_schema +reasoning +vision +pdf_input -audio_input -image_output \
             -audio_output",
            "+chat +streaming -tools -json_mode -json_schema -reasoning +vision -audio_input -image_output -audio_output",
            "+chat +streaming -tools -json_mode -json_schema -reasoning -vision -audio_input -image_output -audio_output",
            "+chat +streaming +tools +json_mode +json_schema -reasoning -vision -audio_input -image_output -audio_output",
            "+chat +streaming -vision -audio_input -image_output -audio_output",
        ],
        ..lean(
            "openrouter/models.json",
            "openrouter",
            &[
                "anthropic/claude-sample-4.5",
                "google/gemma-sample-31b-it:free",
                "vendor/time-priced",
                "openrouter/auto",
                "vendor/null-context",
            ],
        )
    },
];

fn recorded(file: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/recorded")
        .join(file);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn read(file: &str, slug: &str) -> Listing {
    read_listing(&recorded(file), slug).unwrap_or_else(|fault| panic!("{file}: {fault}"))
}

fn prices_of(model: &ListedModel) -> String {
    let prices = &model.prices;
    let named: [(&str, Option<Decimal>); 12] = [
        ("prompt", prices.prompt),
        ("completion", prices.completion),
        ("cached_prompt", prices.cached_prompt),
        ("cache_write", prices.cache_write),
        ("cache_write_1h", prices.cache_write_1h),
        ("reasoning", prices.reasoning),
        ("audio_input", prices.audio_input),
        ("audio_output", prices.audio_output),
        ("image_token", prices.image_token),
        ("image", prices.image),
        ("request", prices.request),
        ("search", prices.search),
    ];
    let known = named
        .into_iter()
        .filter_map(|(name, price)| price.map(|price| format!("{name}={}", plain(price))));
    known.collect::<Vec<_>>().join(" ")
}

fn check_capabilities(file: &str, model: &ListedModel, expected: &str) {
    let mut said: Vec<String> = Vec::new();
    for (capability, support, source) in model.capabilities.known() {
        assert_eq!(source, Source::Listing, "{file} {} {capability}", model.id);
        said.push(format!(
            "{}{capability}",
            if support == Support::Yes { '+' } else { '-' }
        ));
    }
    let mut wanted: Vec<String> = expected.split_whitespace().map(str::to_owned).collect();
    said.sort();
    wanted.sort();
    assert_eq!(said, wanted, "{file} {}", model.id);
}

fn check(case: &Case) {
    let listing = read(case.file, case.slug);
    let ids: Vec<&str> = listing
        .models
        .iter()
        .map(|model| model.id.as_str())
        .collect();
    assert_eq!(ids, case.ids, "{}", case.file);
    assert_eq!((listing.skipped, listing.next), (0, None), "{}", case.file);
    for (place, model) in listing.models.iter().enumerate() {
        let limits = case.limits.get(place).copied().unwrap_or_default();
        assert_eq!(
            (model.context_length, model.max_output),
            limits,
            "{} {}",
            case.file,
            model.id
        );
        let prices = case.prices.get(place).copied().unwrap_or_default();
        assert_eq!(prices_of(model), prices, "{} {}", case.file, model.id);
        let capabilities = case.capabilities.get(place).copied().unwrap_or_default();
        check_capabilities(case.file, model, capabilities);
    }
}

#[test]
fn every_recorded_listing() {
    for case in CASES {
        check(case);
    }
}

/// Every file under `tests/recorded/` that is a listing, by name: a new one without a case fails here.
#[test]
fn no_recorded_listing_is_left_out() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/recorded");
    for provider in std::fs::read_dir(root).unwrap().filter_map(Result::ok) {
        if !provider.path().is_dir() {
            continue;
        }
        for file in std::fs::read_dir(provider.path())
            .unwrap()
            .filter_map(Result::ok)
        {
            let (provider, name) = (provider.file_name(), file.file_name());
            let (provider, name) = (provider.to_string_lossy(), name.to_string_lossy());
            let listing = name.ends_with(".json")
                && !name.starts_with("error")
                && (name.contains("models") || name.contains("tags"));
            let path = format!("{provider}/{name}");
            assert!(
                !listing || CASES.iter().any(|case| case.file == path),
                "{path} has no case"
            );
        }
    }
}

#[test]
fn recorded_errors_are_faults_and_never_lists() {
    for file in [
        "openai/error_401.json",
        "mistral/error_400_flat.json",
        "gemini/error_400_array.json",
        "xai/error_400_string.json",
    ] {
        let fault = read_listing(&recorded(file), "").unwrap_err();
        assert!(
            matches!(fault, ListingFault::Upstream(_)),
            "{file}: {fault}"
        );
    }
    assert_eq!(
        read_listing(&recorded("generic/html_502.html"), "").unwrap_err(),
        ListingFault::Html
    );
    assert_eq!(
        read_listing(&recorded("generic/plain_429.txt"), "").unwrap_err(),
        ListingFault::NotJson
    );
    assert_eq!(
        read_listing(&recorded("mistral/error_422_detail.json"), "").unwrap_err(),
        ListingFault::NoList
    );
}

#[test]
fn openrouter_price_rules() {
    let models = read("openrouter/models.json", "openrouter").models;
    let rule = &models[0].price_rules[0];
    assert_eq!(rule.above_prompt_tokens, Some(200_000));
    assert!(rule.windows.is_empty());
    assert_eq!(rule.prices.prompt.map(plain).as_deref(), Some("0.000006"));
    assert_eq!(
        rule.prices.completion.map(plain).as_deref(),
        Some("0.0000225")
    );
    let windows: Vec<(u16, u16)> = models[2]
        .price_rules
        .iter()
        .flat_map(|rule| &rule.windows)
        .map(|window| (window.start, window.end))
        .collect();
    assert_eq!(windows, [(30, 990), (990, 30)]);
    assert_eq!(
        models[2].price_rules[1].prices.prompt.map(plain).as_deref(),
        Some("0.00000014")
    );
}

#[test]
fn times_owners_and_other_ids() {
    for (file, slug, created, owned_by) in [
        (
            "openai/models.json",
            "openai",
            Some(1_721_172_741),
            Some("system"),
        ),
        (
            "azure/models_classic.json",
            "azure",
            Some(1_721_172_741),
            None,
        ),
        ("ollama/api_tags.json", "ollama", Some(1_777_941_464), None),
        (
            "anthropic/models_native.json",
            "anthropic",
            Some(1_760_486_400),
            None,
        ),
        (
            "tgi/models.json",
            "tgi",
            None,
            Some("mistralai/Mistral-7B-Instruct-v0.3"),
        ),
        (
            "together/models.json",
            "together",
            Some(1_733_460_000),
            Some("Meta"),
        ),
        ("localai/models.json", "localai", None, None),
    ] {
        let model = read(file, slug).models.remove(0);
        assert_eq!(
            (model.created, model.owned_by.as_deref()),
            (created, owned_by),
            "{file}"
        );
    }
    assert_eq!(
        read("mistral/models.json", "mistral").models[0].aliases,
        ["mistral-small-2603"]
    );
    assert_eq!(
        read("xai/language_models.json", "xai").models[0].aliases,
        ["grok-3-latest"]
    );
}

#[test]
fn what_is_not_understood_is_kept() {
    let model = read("together/models.json", "together").models.remove(0);
    assert!(model.raw.get().contains("\"bos_token\": null"));
    assert!(model.capabilities.has(Capability::Chat));
}
