//! `[[providers]]`.

use std::time::Duration;

use http::HeaderValue;
use modelport_provider::parameters::Policy;
use modelport_provider::provider_type::ProviderType;
use modelport_provider::settings::{ChatApi, Http2};

use super::super::{ids, key};
use super::*;
use crate::config::RoomConfig;

fn enabled(config: &Config) -> Vec<&str> {
    let providers = config.providers.iter().filter(|provider| provider.enabled);
    providers.map(|provider| provider.id.as_str()).collect()
}

#[test]
fn every_key_of_a_provider_is_read() {
    let config = sound(
        "\
[[providers]]
id = 'azure-eu'
kind = 'openai_compatible'
base_url = 'https://x.openai.azure.com'
api_key = 'hush'
name = 'Ours'
default_model = 'chat'
headers = { x-a = '1', 'X-B' = '2' }
timeout = 2.5
max_retries = 0
parameters = 'strict'
profile = 'azure'
models = ['chat=gpt-4o', 'other']
api_version = '2024-10-21'
http2 = 'auto'
enabled = true
concurrency = 4
queue = 0
patience = 1

[[providers]]
id = 'gpu'
kind = 'ollama'
base_url = 'http://gpu:11434'
chat_api = 'openai'
keep_alive = '10m'
concurrency = 2
",
    );
    let azure = provider(&config, "azure-eu");
    assert_eq!(azure.provider_type, ProviderType::OpenAiCompatible);
    assert!(azure.base_url.to_string().contains("x.openai.azure.com"));
    assert_eq!(key(azure), Some("hush"));
    assert_eq!(
        (azure.name.as_str(), azure.default_model.as_deref()),
        ("Ours", Some("chat"))
    );
    assert_eq!(
        azure.custom_headers.get("x-b"),
        Some(&HeaderValue::from_static("2"))
    );
    assert_eq!(azure.timeout, Duration::from_millis(2500));
    assert_eq!(
        (azure.max_retries, azure.parameters),
        (0, Some(Policy::Strict))
    );
    assert_eq!((azure.profile.slug, azure.http2), ("azure", Http2::Auto));
    assert_eq!(azure.models.len(), 2);
    let room = |concurrency, queue, seconds| {
        Some(RoomConfig {
            concurrency,
            queue,
            patience: Duration::from_secs(seconds),
        })
    };
    assert_eq!(azure.room, room(4, 0, 1));
    let gpu = provider(&config, "gpu");
    assert_eq!(gpu.provider_type, ProviderType::Ollama);
    assert_eq!(gpu.base_url.to_string(), "http://gpu:11434");
    assert_eq!(gpu.ollama.as_ref().unwrap().api, ChatApi::OpenAi);
    assert!(gpu.ollama.as_ref().unwrap().keep_alive.is_some());
    assert_eq!(gpu.room, room(2, 100, 30));
    assert!(config.warnings.is_empty(), "{}", warnings(&config));
}

#[test]
fn providers_stand_in_the_order_of_the_file_and_ollama_last() {
    let text = format!(
        "{}{A}[[providers]]\nid = 'openai_compatible_z'\nbase_url = 'http://z'\n",
        A.replace("'a'", "'b'")
    );
    let config = both(&text, &[("OPENAI_COMPATIBLE_GROQ_API_KEY", "hush")]).unwrap();
    assert_eq!(
        ids(&config),
        [
            "openai_compatible",
            "openai_compatible_groq",
            "openai_compatible_z",
            "b",
            "a",
            "ollama"
        ]
    );
}

#[test]
fn a_provider_that_nobody_speaks_of_is_not_enabled_beside_named_ones() {
    let check = |text: &str, variables: &[(&str, &str)], expected: &[&str]| {
        assert_eq!(
            enabled(&both(text, variables).unwrap()),
            expected,
            "{text} {variables:?}"
        );
    };
    check("", &[], &["openai_compatible", "ollama"]);
    check(
        "[server]\nport = 1\n",
        &[],
        &["openai_compatible", "ollama"],
    );
    check(A, &[], &["a"]);
    check(
        A,
        &[("OPENAI_COMPATIBLE_API_KEY", "hush")],
        &["openai_compatible", "a"],
    );
    check(A, &[("OLLAMA_ENABLED", "true")], &["a", "ollama"]);
    check(A, &[("OLLAMA_HOST", "127.0.0.1:11434")], &["a", "ollama"]);
    check(
        &format!("{A}[[providers]]\nid = 'ollama'\n"),
        &[],
        &["a", "ollama"],
    );
    check(
        &format!("{A}enabled = false\n[[providers]]\nid = 'openai_compatible'\n"),
        &[],
        &["openai_compatible"],
    );
}

#[test]
fn a_provider_of_the_environment_takes_from_the_file_what_is_not_set_there() {
    let text = "\
[[providers]]
id = 'openai_compatible_groq'
api_keys = ['hush-1', { key = 'hush-2', weight = 3 }]
timeout = 5
default_model = 'm'
";
    let config = sound(text);
    let groq = provider(&config, "openai_compatible_groq");
    assert_eq!(key(groq), Some("hush-1"));
    assert_eq!(
        groq.key_variable,
        "providers.openai_compatible_groq.api_keys[0]"
    );
    assert_eq!(groq.further_keys.len(), 1);
    assert_eq!(groq.base_url.to_string(), "https://api.groq.com/openai/v1");
    assert_eq!(
        groq.base_url_variable,
        "providers.openai_compatible_groq.base_url"
    );
    let variables = [
        ("OPENAI_COMPATIBLE_GROQ_API_KEY", "hush-env"),
        ("OPENAI_COMPATIBLE_GROQ_TIMEOUT", "6"),
        ("OPENAI_COMPATIBLE_GROQ_DEFAULT_MODEL", "m"),
    ];
    let config = both(text, &variables).unwrap();
    let groq = provider(&config, "openai_compatible_groq");
    assert_eq!(key(groq), Some("hush-env"));
    assert_eq!(groq.key_variable, "OPENAI_COMPATIBLE_GROQ_API_KEY");
    assert!(groq.further_keys.is_empty());
    assert_eq!(groq.timeout, Duration::from_secs(6));
    let told = warnings(&config);
    assert_eq!(told.lines().count(), 2, "{told}");
    assert!(!told.contains("hush"), "{told}");
    for words in [
        "m.toml:4:11: providers.openai_compatible_groq.timeout: It is ignored, because OPENAI_COMPATIBLE_GROQ_TIMEOUT is set",
        "m.toml:3:13: providers.openai_compatible_groq.api_keys[0]: It is ignored",
    ] {
        assert!(told.contains(words), "{words} in\n{told}");
    }
}

#[test]
fn openrouter_named_in_the_file_is_a_provider_of_its_own() {
    let text = "\
[[providers]]
id = 'openrouter'
api_key = 'hush-router'
[[providers]]
id = 'openai_compatible'
base_url = 'http://127.0.0.1:1'
";
    let config = sound(text);
    assert_eq!(enabled(&config), ["openai_compatible", "openrouter"]);
    assert_eq!(key(provider(&config, "openai_compatible")), None);
    let router = provider(&config, "openrouter");
    assert_eq!(key(router), Some("hush-router"));
    assert_eq!(router.base_url.to_string(), "https://openrouter.ai/api/v1");
    // The rule of the two groups still holds between the file and the environment.
    let text = "[[providers]]\nid = 'openai_compatible'\nbase_url = 'http://127.0.0.1:1'\n";
    let told = both(text, &[("OPENROUTER_API_KEY", "hush")]);
    let told = told.unwrap_err().to_string();
    assert!(
        told.starts_with(
            "m.toml:3:12: providers.openai_compatible.base_url: it names another host"
        ),
        "{told}"
    );
    assert!(
        told.contains("Set providers.openai_compatible.api_key"),
        "{told}"
    );
}

#[test]
fn keys_come_with_their_shares() {
    let config = sound(&format!(
        "{A}api_keys = [{{ key = 'hush-1', weight = 2 }}, 'hush-2', {{ key = 'hush-3', weight = 4 }}]\n"
    ));
    let a = provider(&config, "a");
    assert_eq!((key(a), a.key_weight), (Some("hush-1"), 2));
    let further: Vec<_> = a
        .further_keys
        .iter()
        .map(|key| (key.key.expose(), key.weight, key.variable.as_str()))
        .collect();
    assert_eq!(
        further,
        [
            ("hush-2", 1, "providers.a.api_keys[1]"),
            ("hush-3", 4, "providers.a.api_keys[2]")
        ]
    );
    let twice = sound(&format!("{A}api_keys = ['hush', 'hush']\n"));
    let told = warnings(&twice);
    assert!(
        told.contains("providers.a.api_keys[1]: This key is in the list twice.")
            && !told.contains("hush"),
        "{told}"
    );
}

#[test]
fn secrets_are_referred_to() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key"), "hush-file\n").unwrap();
    let text = format!(
        "{A}api_key = 'file:key'\n{}headers = {{ authorization = 'Token ${{TOKEN}}' }}\n",
        A.replace("'a'", "'b'")
    );
    let file = FileText {
        path: folder.path().join("m.toml"),
        text,
        readers: Readers::Few,
    };
    let config = load(process(&[("TOKEN", "hush-env")]), None, Some(&file)).unwrap();
    assert_eq!(key(provider(&config, "a")), Some("hush-file"));
    let b = provider(&config, "b");
    assert_eq!(b.headers.get("authorization").unwrap(), "Token hush-env");
    assert_eq!(b.key_variable, "providers.b.headers");
}

#[test]
fn wrong_providers_are_told() {
    let check = |keys: &str, expected: &str| {
        let text = format!("{A}{keys}\n");
        assert_eq!(faults(&text), expected, "{text}");
    };
    check(
        "timeout = 'x'",
        "m.toml:4:11: providers.a.timeout: it is text (\"x\"). Use a number of seconds without quotes, such as 30 or 2.5.",
    );
    check(
        "basurl = 'x'",
        "m.toml:4:1: providers.a.basurl: there is no such key. Did you mean base_url?",
    );
    check(
        "api_key = 5",
        "m.toml:4:11: providers.a.api_key: it is a number. Use text in quotes.",
    );
    check(
        "api_key = 'hush hush'",
        "m.toml:4:11: providers.a.api_key: this is no key, since it holds a blank, a line break or a character outside ASCII, which a key cannot. Copy the key again from where it was issued, without quotes or line breaks.",
    );
    check(
        "api_key = 'hush'\napi_keys = ['hush']",
        "m.toml:5:12: providers.a.api_keys: api_key is set as well. Keep one of the two.",
    );
    check(
        "api_keys = [{ weight = 1 }]",
        "m.toml:4:13: providers.a.api_keys[0]: it has no key. Add key = …: The key, best as \"${VARIABLE}\" or \"file:/run/secrets/name\".",
    );
    check(
        "api_keys = []",
        "m.toml:4:12: providers.a.api_keys: it holds no key, or more than 64. Use from one key up to that many.",
    );
    check(
        "headers = { 'a b' = 'hush' }",
        "m.toml:4:13: providers.a.headers.\"a b\": this is not a header name. Use names of letters, digits and -, and values on one line.",
    );
    check(
        "headers = { a = \"hush\\nhush\" }",
        "m.toml:4:13: providers.a.headers.a: its value holds a character that a header cannot carry. Use names of letters, digits and -, and values on one line.",
    );
    check(
        "http2 = 'on'",
        "m.toml:4:9: providers.a.http2: \"on\" is not a way to use HTTP/2. Use off, auto (for https:// URLs) or prior-knowledge (for http:// URLs).",
    );
    check(
        "keep_alive = '5m'",
        "m.toml:4:14: providers.a.keep_alive: a provider of the kind openai_compatible has no such key. Remove it, or set the right kind.",
    );
    check(
        "queue = 5",
        "m.toml:4:9: providers.a.queue: nothing waits, since concurrency is not set. Set concurrency, or remove this.",
    );
    check(
        "concurrency = 0",
        "m.toml:4:15: providers.a.concurrency: \"0\" is not a whole number from 1 to 1000000. Use one that is.",
    );
    check(
        "[[providers]]\nid = 'a'",
        "m.toml:4:1: providers.a: a is named already, as providers.a (m.toml:1). Give each provider an id of its own.",
    );
    check(
        "[[providers]]\nid = 'mine'",
        "m.toml:4:1: providers.mine.base_url: it is not set, and neither id nor profile is a provider whose address is known. Add base_url = \"https://…/v1\".",
    );
    check(
        "[[providers]]\nid = 'openai_compatible_mine'",
        "m.toml:4:1: providers.openai_compatible_mine.base_url: it is not set, and neither id nor profile is a provider whose address is known. Add base_url = \"https://…/v1\".",
    );
    check(
        "[[providers]]\nid = 'mine'\nbase_url = '${NONE}'",
        "m.toml:6:12: providers.mine.base_url: the variable NONE that it refers to is not set, or is empty. Set NONE in the environment or in .env.",
    );
    check(
        "[[providers]]\nbase_url = 'http://x'",
        "m.toml:4:1: providers[1]: it has no id. Add id = …: Its name in provider:model: a lower-case letter, then up to 63 lower-case letters, digits, - and _.",
    );
    check(
        "[[providers]]\nid = 'Groq'",
        "m.toml:5:6: providers.Groq.id: \"Groq\" cannot name a provider. Use a lower-case letter, then up to 63 lower-case letters, digits, - and _; and not ft.",
    );
    check(
        "[[providers]]\nid = 'ollama'\nkind = 'openai_compatible'",
        "m.toml:6:8: providers.ollama.kind: the provider ollama is always ollama. Give this one another id.",
    );
    check(
        "kind = 'openrouter'",
        "m.toml:4:8: providers.a.kind: \"openrouter\" is not a kind of provider. Use openai_compatible or ollama.",
    );
}
