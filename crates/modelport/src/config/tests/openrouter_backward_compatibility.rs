use super::{config, faults, ids, key, preferred, provider, warnings};

const NEW_KEY: (&str, &str) = ("OPENAI_COMPATIBLE_API_KEY", "new-key");
const NEW_URL: (&str, &str) = ("OPENAI_COMPATIBLE_BASE_URL", "https://new.test/v1");
const OLD_KEY: (&str, &str) = ("OPENROUTER_API_KEY", "old-key");
const OLD_URL: (&str, &str) = ("OPENROUTER_BASE_URL", "https://old.test/v1");

/// Id, base URL, key and name of every generic provider.
fn check(variables: &[(&str, &str)], expected: &[(&str, &str, Option<&str>, &str)]) {
    let config = config(variables);
    let urls: Vec<String> = config
        .providers
        .iter()
        .map(|provider| provider.base_url.to_string())
        .collect();
    let found: Vec<_> = config
        .providers
        .iter()
        .zip(&urls)
        .filter(|(provider, _)| provider.id != "ollama")
        .map(|(provider, url)| {
            (
                provider.id.as_str(),
                url.as_str(),
                key(provider),
                provider.name.as_str(),
            )
        })
        .collect();
    assert_eq!(found, expected, "{variables:?}");
}

#[test]
fn the_older_group_alone_configures_the_generic_provider() {
    let home = "https://openrouter.ai/api/v1";
    check(
        &[OLD_KEY],
        &[("openai_compatible", home, Some("old-key"), "OpenRouter")],
    );
    check(
        &[OLD_KEY, OLD_URL],
        &[(
            "openai_compatible",
            "https://old.test/v1",
            Some("old-key"),
            "OpenRouter",
        )],
    );
    check(
        &[OLD_KEY, ("OPENROUTER_BASE_URL", "https://api.openai.com")],
        &[(
            "openai_compatible",
            "https://api.openai.com/v1",
            Some("old-key"),
            "OpenAI",
        )],
    );
    check(
        &[OLD_KEY, ("OPENROUTER_PROVIDER_NAME", "Mine")],
        &[("openai_compatible", home, Some("old-key"), "Mine")],
    );

    let loaded = config(&[
        OLD_KEY,
        ("OPENROUTER_DEFAULT_MODEL", "m"),
        ("OPENROUTER_TIMEOUT", "7"),
        ("OPENROUTER_MAX_RETRIES", "1"),
        ("OPENROUTER_CUSTOM_HEADERS", r#"{"X-Title":"t"}"#),
        ("OPENROUTER_ENABLED", "on"),
    ]);
    let generic = provider(&loaded, "openai_compatible");
    assert_eq!(
        (
            generic.default_model.as_deref(),
            generic.timeout.as_secs(),
            generic.max_retries
        ),
        (Some("m"), 7, 1)
    );
    assert_eq!(generic.headers["x-title"], "t");
    assert_eq!(
        (
            generic.key_variable.as_str(),
            generic.timeout_variable.as_str(),
            generic.base_url_variable.as_str()
        ),
        (
            "OPENROUTER_API_KEY",
            "OPENROUTER_TIMEOUT",
            "OPENROUTER_BASE_URL"
        )
    );
    assert!(generic.configured && loaded.warnings.is_empty());
    assert_eq!(preferred(&loaded).id, "openai_compatible");
}

#[test]
fn openrouter_is_an_alias_unless_it_is_an_id() {
    let loaded = config(&[OLD_KEY, ("PREFERRED_PROVIDER", "openrouter")]);
    assert_eq!(preferred(&loaded).id, "openai_compatible");
    assert_eq!(preferred(&loaded).aliases, ["openrouter"]);

    let loaded = config(&[
        NEW_URL,
        NEW_KEY,
        OLD_KEY,
        ("PREFERRED_PROVIDER", "openrouter"),
    ]);
    assert_eq!(preferred(&loaded).id, "openrouter");
    assert!(
        loaded
            .providers
            .iter()
            .all(|provider| provider.aliases.is_empty())
    );

    let loaded = config(&[NEW_URL, NEW_KEY]);
    assert_eq!(
        provider(&loaded, "openai_compatible").aliases,
        ["openrouter"]
    );
}

#[test]
fn the_same_base_url_is_one_provider_and_the_new_group_wins() {
    let home = "https://openrouter.ai/api/v1";
    check(
        &[NEW_KEY, OLD_KEY],
        &[("openai_compatible", home, Some("new-key"), "OpenRouter")],
    );
    check(
        &[
            NEW_URL,
            NEW_KEY,
            OLD_KEY,
            ("OPENROUTER_BASE_URL", "https://NEW.test/v1/"),
        ],
        &[(
            "openai_compatible",
            "https://new.test/v1",
            Some("new-key"),
            "OpenAI Compatible",
        )],
    );
    // The older group fills gaps, with its key too: the host is the same.
    check(
        &[
            ("OPENAI_COMPATIBLE_BASE_URL", "https://openrouter.ai"),
            OLD_KEY,
        ],
        &[("openai_compatible", home, Some("old-key"), "OpenRouter")],
    );

    let loaded = config(&[
        NEW_KEY,
        OLD_KEY,
        ("OPENAI_COMPATIBLE_TIMEOUT", "5"),
        ("OPENROUTER_TIMEOUT", "6"),
        ("OPENROUTER_MAX_RETRIES", "9"),
    ]);
    let generic = provider(&loaded, "openai_compatible");
    assert_eq!((generic.timeout.as_secs(), generic.max_retries), (5, 9));
    assert_eq!(generic.timeout_variable, "OPENAI_COMPATIBLE_TIMEOUT");
    assert_eq!(
        warnings(&loaded),
        "OPENROUTER_API_KEY: Ignored: OPENROUTER_API_KEY, OPENROUTER_TIMEOUT. The OPENAI_COMPATIBLE_* variables describe the same provider and win.\n"
    );
}

#[test]
fn a_new_group_that_names_neither_place_nor_key_completes_the_older_one() {
    let variables = [OLD_KEY, OLD_URL, ("OPENAI_COMPATIBLE_TIMEOUT", "60")];
    check(
        &variables,
        &[(
            "openai_compatible",
            "https://old.test/v1",
            Some("old-key"),
            "OpenAI Compatible",
        )],
    );
    assert_eq!(config(&variables).providers[0].timeout.as_secs(), 60);
}

#[test]
fn an_older_header_never_replaces_the_new_key() {
    let loaded = config(&[
        NEW_KEY,
        (
            "OPENROUTER_CUSTOM_HEADERS",
            r#"{"authorization":"Bearer hush"}"#,
        ),
    ]);
    assert_eq!(
        loaded.providers[0].headers["authorization"],
        "Bearer new-key"
    );
    assert!(
        warnings(&loaded).contains("OPENROUTER_CUSTOM_HEADERS"),
        "{}",
        warnings(&loaded)
    );
    assert!(!warnings(&loaded).contains("hush"));
}

#[test]
fn different_base_urls_are_two_providers_that_share_nothing() {
    let home = "https://openrouter.ai/api/v1";
    check(
        &[NEW_URL, NEW_KEY, OLD_KEY],
        &[
            (
                "openai_compatible",
                "https://new.test/v1",
                Some("new-key"),
                "OpenAI Compatible",
            ),
            ("openrouter", home, Some("old-key"), "OpenRouter"),
        ],
    );
    check(
        &[NEW_URL, NEW_KEY, OLD_URL, OLD_KEY],
        &[
            (
                "openai_compatible",
                "https://new.test/v1",
                Some("new-key"),
                "OpenAI Compatible",
            ),
            (
                "openrouter",
                "https://old.test/v1",
                Some("old-key"),
                "OpenRouter",
            ),
        ],
    );
    // The mirror: a new key without a place does not go to the older group's place.
    check(
        &[NEW_KEY, OLD_URL, OLD_KEY],
        &[
            ("openai_compatible", home, Some("new-key"), "OpenRouter"),
            (
                "openrouter",
                "https://old.test/v1",
                Some("old-key"),
                "OpenRouter",
            ),
        ],
    );
    check(
        &[NEW_KEY, OLD_URL],
        &[
            ("openai_compatible", home, Some("new-key"), "OpenRouter"),
            ("openrouter", "https://old.test/v1", None, "OpenRouter"),
        ],
    );
    // A new place with a header for a key.
    check(
        &[
            NEW_URL,
            ("OPENAI_COMPATIBLE_CUSTOM_HEADERS", r#"{"api-key":"x"}"#),
            OLD_KEY,
        ],
        &[
            (
                "openai_compatible",
                "https://new.test/v1",
                None,
                "OpenAI Compatible",
            ),
            ("openrouter", home, Some("old-key"), "OpenRouter"),
        ],
    );
    // No key that could go astray.
    check(
        &[NEW_URL, OLD_URL],
        &[
            (
                "openai_compatible",
                "https://new.test/v1",
                None,
                "OpenAI Compatible",
            ),
            ("openrouter", "https://old.test/v1", None, "OpenRouter"),
        ],
    );
    let loaded = config(&[
        NEW_URL,
        NEW_KEY,
        OLD_KEY,
        ("OPENAI_COMPATIBLE_GROQ_API_KEY", "g"),
    ]);
    assert_eq!(
        ids(&loaded),
        [
            "openai_compatible",
            "openrouter",
            "openai_compatible_groq",
            "ollama"
        ]
    );
}

#[test]
fn the_older_key_follows_a_new_address_only_on_its_own_host() {
    let check_refused = |variables: &[(&str, &str)], words: &[&str]| {
        let told = faults(variables);
        for word in words.iter().chain(&[
            "OPENAI_COMPATIBLE_BASE_URL: ",
            "OPENAI_COMPATIBLE_LOCAL_BASE_URL",
        ]) {
            assert!(told.contains(word), "{word} is not in {told}");
        }
        assert!(
            !told.contains("old-key") && !told.contains("hush"),
            "{told}"
        );
    };

    check_refused(
        &[NEW_URL, OLD_KEY],
        &[
            "another host",
            "OPENROUTER_API_KEY",
            "OPENAI_COMPATIBLE_API_KEY",
        ],
    );
    check_refused(&[NEW_URL, OLD_KEY, OLD_URL], &["another host"]);
    check_refused(
        &[
            ("OPENAI_COMPATIBLE_BASE_URL", "http://localhost:8000"),
            OLD_KEY,
        ],
        &["another host"],
    );
    check_refused(
        &[
            (
                "OPENAI_COMPATIBLE_BASE_URL",
                "https://sub.openrouter.ai/api/v1",
            ),
            OLD_KEY,
        ],
        &["another host"],
    );
    check_refused(
        &[
            ("OPENAI_COMPATIBLE_BASE_URL", "http://openrouter.ai/api/v1"),
            OLD_KEY,
        ],
        &["without encryption"],
    );
    check_refused(
        &[
            NEW_URL,
            ("OPENROUTER_CUSTOM_HEADERS", r#"{"Authorization":"hush"}"#),
        ],
        &["another host", "OPENROUTER_CUSTOM_HEADERS"],
    );
    check(
        &[
            ("OPENAI_COMPATIBLE_BASE_URL", "https://old.test/v2"),
            OLD_KEY,
            OLD_URL,
        ],
        &[(
            "openai_compatible",
            "https://old.test/v2",
            Some("old-key"),
            "OpenAI Compatible",
        )],
    );
    check(
        &[
            (
                "OPENAI_COMPATIBLE_BASE_URL",
                "https://openrouter.ai/api/beta",
            ),
            OLD_KEY,
        ],
        &[(
            "openai_compatible",
            "https://openrouter.ai/api/beta",
            Some("old-key"),
            "OpenRouter",
        )],
    );
}

#[test]
fn the_older_default_model_yields_to_the_specific_ones() {
    let check = |variables: &[(&str, &str)], model: &str| {
        let mut variables = variables.to_vec();
        variables.push(("DEFAULT_MODEL", "older"));
        let loaded = config(&variables);
        assert_eq!(
            preferred(&loaded).default_model.as_deref(),
            Some(model),
            "{variables:?}"
        );
        let others = loaded
            .providers
            .iter()
            .filter(|provider| provider.id != preferred(&loaded).id);
        assert!(
            others
                .into_iter()
                .all(|provider| provider.default_model.as_deref() != Some("older"))
        );
    };

    check(&[OLD_KEY], "older");
    check(&[OLD_KEY, ("OPENROUTER_DEFAULT_MODEL", "m")], "m");
    check(&[NEW_KEY, ("OPENAI_COMPATIBLE_DEFAULT_MODEL", "m")], "m");
    check(&[], "older");
    check(&[("OLLAMA_DEFAULT_MODEL", "m")], "m");
    check(&[NEW_KEY, ("PREFERRED_PROVIDER", "ollama")], "older");
}

#[test]
fn a_wrong_value_does_not_lead_to_wrong_conclusions() {
    let told = faults(&[("OPENAI_COMPATIBLE_BASE_URL", "nonsense"), OLD_KEY]);
    assert!(
        told.starts_with("OPENAI_COMPATIBLE_BASE_URL: it does not begin with"),
        "{told}"
    );
    assert_eq!(told.lines().count(), 1);
}
