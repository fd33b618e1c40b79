use std::time::Duration;

use http::header::AUTHORIZATION;
use modelport_provider::provider_type::ProviderType;

use super::{config, faults, ids, key, preferred, provider, warnings};

#[test]
fn nothing_set_gives_the_documented_defaults() {
    let config = config(&[]);
    assert_eq!(ids(&config), ["openai_compatible", "ollama"]);

    let generic = provider(&config, "openai_compatible");
    assert_eq!(generic.provider_type, ProviderType::OpenAiCompatible);
    assert_eq!(
        (generic.name.as_str(), generic.aliases.as_slice()),
        ("OpenRouter", &["openrouter".to_owned()][..])
    );
    assert_eq!(generic.base_url.to_string(), "https://openrouter.ai/api/v1");
    assert_eq!(
        generic.default_model.as_deref(),
        Some("anthropic/claude-3.5-sonnet")
    );
    assert_eq!(
        (generic.timeout, generic.max_retries),
        (Duration::from_secs(30), 3)
    );
    assert!(
        generic.enabled
            && !generic.configured
            && generic.key.is_none()
            && generic.headers.is_empty()
    );
    assert_eq!(generic.key_variable, "OPENAI_COMPATIBLE_API_KEY");

    let ollama = provider(&config, "ollama");
    assert_eq!(
        (ollama.provider_type, ollama.name.as_str()),
        (ProviderType::Ollama, "Ollama")
    );
    assert_eq!(
        (ollama.base_url.to_string().as_str(), &ollama.default_model),
        ("http://localhost:11434", &None)
    );
    assert_eq!(
        (ollama.timeout, ollama.max_retries),
        (Duration::from_secs(30), 3)
    );
    assert!(ollama.enabled && !ollama.configured && ollama.aliases.is_empty());
    assert_eq!(preferred(&config).id, "ollama");
    assert!(config.provider_fallback && config.warnings.is_empty());
}

#[test]
fn every_field_is_read_in_any_letter_case() {
    let config = config(&[
        ("openai_compatible_enabled", "YES"),
        ("OpenAI_Compatible_Api_Key", " sk-1 "),
        ("OPENAI_COMPATIBLE_BASE_URL", "https://api.together.xyz/"),
        ("OPENAI_COMPATIBLE_DEFAULT_MODEL", "meta/llama"),
        ("OPENAI_COMPATIBLE_PROVIDER_NAME", "Mine"),
        ("OPENAI_COMPATIBLE_CUSTOM_HEADERS", r#"{"X-Team":"a"}"#),
        ("OPENAI_COMPATIBLE_TIMEOUT", "2.5"),
        ("OPENAI_COMPATIBLE_MAX_RETRIES", "0"),
    ]);
    let generic = provider(&config, "openai_compatible");
    assert_eq!(
        (generic.name.as_str(), generic.profile.name),
        ("Mine", "Together AI")
    );
    assert_eq!(generic.base_url.to_string(), "https://api.together.xyz/v1");
    assert_eq!(
        (key(generic), generic.default_model.as_deref()),
        (Some("sk-1"), Some("meta/llama"))
    );
    assert_eq!(
        (generic.timeout, generic.max_retries),
        (Duration::from_millis(2500), 0)
    );
    assert_eq!(generic.headers[AUTHORIZATION], "Bearer sk-1");
    assert_eq!(generic.headers["x-team"], "a");
    assert_eq!(generic.key_variable, "OPENAI_COMPATIBLE_API_KEY");
    assert!(generic.configured);
    assert_eq!(preferred(&config).id, "openai_compatible");
}

#[test]
fn the_name_comes_from_the_base_urls_host() {
    let check = |url: &str, name: &str| {
        let config = config(&[("OPENAI_COMPATIBLE_BASE_URL", url)]);
        assert_eq!(provider(&config, "openai_compatible").name, name, "{url}");
    };

    check("https://openrouter.ai/api/v1", "OpenRouter");
    check("https://api.openai.com/v1", "OpenAI");
    check("https://api.together.ai/v1", "Together AI");
    check("https://api.together.xyz/v1", "Together AI");
    check("https://r.openai.azure.com", "Azure OpenAI");
    check("https://r.services.ai.azure.com", "Azure OpenAI");
    check("https://notopenrouter.ai.evil.test/v1", "OpenAI Compatible");
    check(
        "https://proxy.test/openrouter.ai/v1?x=openrouter.ai",
        "OpenAI Compatible",
    );
    check("http://localhost:8000", "OpenAI Compatible");
}

#[test]
fn azure_takes_its_own_header_and_custom_headers_win() {
    let azure = [
        ("OPENAI_COMPATIBLE_BASE_URL", "https://r.openai.azure.com"),
        ("OPENAI_COMPATIBLE_API_KEY", "az"),
    ];
    let loaded = config(&azure);
    let headers = &provider(&loaded, "openai_compatible").headers;
    assert_eq!(headers["api-key"], "az");
    assert!(!headers.contains_key(AUTHORIZATION));

    let token = (
        "OPENAI_COMPATIBLE_CUSTOM_HEADERS",
        r#"{"Authorization":"Bearer t"}"#,
    );
    let loaded = config(&[azure[0], azure[1], token]);
    let generic = provider(&loaded, "openai_compatible");
    assert_eq!(generic.headers[AUTHORIZATION], "Bearer t");
    assert!(!generic.headers.contains_key("api-key"));
    assert_eq!(generic.key_variable, "OPENAI_COMPATIBLE_CUSTOM_HEADERS");
}

#[test]
fn suffixes_give_further_instances() {
    let config = config(&[
        ("OPENAI_COMPATIBLE_GROQ_API_KEY", "gsk"),
        ("openai_compatible_2_base_url", "http://localhost:8000"),
        ("OPENAI_COMPATIBLE_MY_SERVER_BASE_URL", "https://my.test"),
        ("OPENAI_COMPATIBLE_MY_SERVER_DEFAULT_MODEL", "m"),
    ]);
    assert_eq!(
        ids(&config),
        [
            "openai_compatible",
            "openai_compatible_2",
            "openai_compatible_groq",
            "openai_compatible_my_server",
            "ollama"
        ]
    );
    let groq = provider(&config, "openai_compatible_groq");
    assert_eq!(
        (groq.base_url.to_string().as_str(), groq.name.as_str()),
        ("https://api.groq.com/openai/v1", "Groq")
    );
    assert_eq!(
        (key(groq), groq.default_model.as_deref()),
        (Some("gsk"), None)
    );
    assert_eq!(groq.timeout_variable, "OPENAI_COMPATIBLE_GROQ_TIMEOUT");
    assert_eq!(
        provider(&config, "openai_compatible_2")
            .base_url
            .to_string(),
        "http://localhost:8000/v1"
    );
    assert_eq!(
        provider(&config, "openai_compatible_my_server")
            .default_model
            .as_deref(),
        Some("m")
    );
    assert!(provider(&config, "openai_compatible").key.is_none());
    assert_eq!(preferred(&config).id, "openai_compatible_2");

    assert_eq!(
        faults(&[
            ("OPENAI_COMPATIBLE_FOO_API_KEY", "hush"),
            ("PREFERRED_PROVIDER", "openai_compatible_foo")
        ]),
        "OPENAI_COMPATIBLE_FOO_BASE_URL: it is not set, but other OPENAI_COMPATIBLE_FOO_* variables are. Set it to the address of that provider, or remove the others."
    );
}

#[test]
fn ollama_has_three_spellings() {
    let check = |variables: &[(&str, &str)], root: &str| {
        let config = config(variables);
        let ollama = provider(&config, "ollama");
        assert_eq!(ollama.base_url.to_string(), root, "{variables:?}");
        assert!(ollama.configured);
    };
    let long = ("OLLAMA_SETTINGS_BASE_URL", "http://long:1");
    let short = ("OLLAMA_BASE_URL", "http://short:2/v1");
    let host = ("OLLAMA_HOST", "0.0.0.0:3");

    check(&[long, short, host], "http://long:1");
    check(&[short, host], "http://short:2");
    check(&[host], "http://127.0.0.1:3");

    let loaded = config(&[
        long,
        short,
        ("OLLAMA_TIMEOUT", "60"),
        ("OLLAMA_SETTINGS_MAX_RETRIES", "1"),
        ("OLLAMA_DEFAULT_MODEL", "llama3.2"),
        ("OLLAMA_API_KEY", "k"),
        ("OLLAMA_KEEP_ALIVE", "5m"),
        ("OLLAMA_MODELS", "/models"),
    ]);
    let ollama = provider(&loaded, "ollama");
    assert_eq!(
        (ollama.timeout, ollama.max_retries),
        (Duration::from_mins(1), 1)
    );
    assert_eq!(
        (ollama.default_model.as_deref(), key(ollama)),
        (Some("llama3.2"), Some("k"))
    );
    assert_eq!(ollama.headers[AUTHORIZATION], "Bearer k");
    assert_eq!(
        (
            ollama.timeout_variable.as_str(),
            ollama.key_variable.as_str()
        ),
        ("OLLAMA_TIMEOUT", "OLLAMA_API_KEY")
    );
    assert_eq!(
        warnings(&loaded),
        "OLLAMA_BASE_URL: It is ignored, because OLLAMA_SETTINGS_BASE_URL is set to something else and wins.\n"
    );
    assert!(
        faults(&[("OLLAMA_HOST", "ftp://h")])
            .starts_with("OLLAMA_HOST: it does not begin with http")
    );
}

#[test]
fn preferences_are_settled() {
    let check = |variables: &[(&str, &str)], id: &str| {
        assert_eq!(preferred(&config(variables)).id, id, "{variables:?}");
    };
    let key = ("OPENAI_COMPATIBLE_API_KEY", "sk");
    let off = ("OPENAI_COMPATIBLE_ENABLED", "off");

    check(&[], "ollama");
    check(&[key], "openai_compatible");
    check(&[key, ("PREFERRED_PROVIDER", "Auto")], "openai_compatible");
    check(&[key, ("PREFERRED_PROVIDER", "ollama")], "ollama");
    check(
        &[("PREFERRED_PROVIDER", "openai_compatible")],
        "openai_compatible",
    );
    check(&[key, off], "ollama");
    check(&[("OLLAMA_ENABLED", "no")], "openai_compatible");
    check(
        &[("OPENAI_COMPATIBLE_GROQ_API_KEY", "gsk")],
        "openai_compatible_groq",
    );
    check(
        &[
            key,
            ("OPENAI_COMPATIBLE_GROQ_API_KEY", "gsk"),
            ("PREFERRED_PROVIDER", "openai_compatible_groq"),
        ],
        "openai_compatible_groq",
    );
    assert_eq!(
        faults(&[("PREFERRED_PROVIDER", "vllm")]),
        "PREFERRED_PROVIDER: there is no provider \"vllm\". Use auto or one of openai_compatible, openrouter, ollama."
    );
    assert_eq!(
        faults(&[("PREFERRED_PROVIDER", "ollama"), ("OLLAMA_ENABLED", "0")]),
        "PREFERRED_PROVIDER: the provider ollama is disabled. Enable it, or prefer another one or auto."
    );
    assert!(
        faults(&[off, ("OLLAMA_SETTINGS_ENABLED", "false")]).contains("every provider is disabled")
    );
}

#[test]
fn wrong_values_are_told_all_at_once() {
    let told = faults(&[
        ("OPENAI_COMPATIBLE_ENABLED", "maybe"),
        ("OPENAI_COMPATIBLE_API_KEY", "hush hush"),
        ("OPENAI_COMPATIBLE_BASE_URL", "https://me:hush@h.test/v1"),
        ("OPENAI_COMPATIBLE_CUSTOM_HEADERS", r#"{"Host":"hush"}"#),
        ("OPENAI_COMPATIBLE_TIMEOUT", "abc"),
        ("OPENAI_COMPATIBLE_MAX_RETRIES", "-1"),
        ("OLLAMA_TIMEOUT", "0"),
        ("PORT", "65536"),
    ]);
    let expected = r#"
PORT: "65536" is not a port. Use a whole number from 0 to 65535.
OPENAI_COMPATIBLE_ENABLED: "maybe" is neither true nor false. Use true or false (or 1/0, yes/no, on/off).
OPENAI_COMPATIBLE_API_KEY: this is no key, since it holds a blank, a line break or a character outside ASCII, which a key cannot. Copy the key again from where it was issued, without quotes or line breaks.
OPENAI_COMPATIBLE_BASE_URL: it holds a user name or a password, which belong into an API key or a custom header. Leave only the host in the URL and set the API key variable.
OPENAI_COMPATIBLE_CUSTOM_HEADERS: "Host" is set by the connection itself. Use a JSON object of strings such as {"X-Title": "modelport"}.
OPENAI_COMPATIBLE_TIMEOUT: "abc" is not a number of seconds. Use a number such as 30 or 2.5.
OPENAI_COMPATIBLE_MAX_RETRIES: "-1" is not a number of retries. Use a whole number from 0 to 100.
OLLAMA_TIMEOUT: "0" seconds is out of range. Use a number above 0 and at most 86400."#;
    assert_eq!(told, expected.trim_start());
}

#[test]
fn a_key_on_an_open_road_is_worth_a_warning() {
    let check = |url: &str, warned: bool| {
        let config = config(&[
            ("OPENAI_COMPATIBLE_BASE_URL", url),
            ("OPENAI_COMPATIBLE_API_KEY", "hush-key"),
        ]);
        assert_eq!(
            warnings(&config).contains("without encryption"),
            warned,
            "{url}"
        );
        assert!(!format!("{config:?}").contains("hush"));
    };

    check("http://gateway.example.com/v1", true);
    check("https://gateway.example.com/v1", false);
    check("http://127.0.0.1:8000", false);
    check("http://192.168.1.4:8000", false);
}

#[test]
fn misspelt_names_are_pointed_out() {
    let config = config(&[
        ("OPENAI_COMPATIBLE_APIKEY", "hush"),
        ("OPENROUTER_TIMEOUTS", "3"),
        ("OLLAMA_DEBUG", "1"),
    ]);
    assert_eq!(
        warnings(&config),
        "OPENAI_COMPATIBLE_APIKEY: No setting has this name, so it is ignored. Did you mean OPENAI_COMPATIBLE_API_KEY?\n\
         OPENROUTER_TIMEOUTS: No setting has this name, so it is ignored. Did you mean OPENROUTER_TIMEOUT?\n"
    );
}
