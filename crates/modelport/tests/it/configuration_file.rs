//! The configuration file, by the commands that read it and before a real upstream.

use std::{fs, path::Path};

use serde_json::json;
use tempfile::TempDir;

use crate::support::{Gateway, Upstream, gateway::run_in};

/// A working directory with a file of this name.
fn home(name: &str, text: &str) -> TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join(name), text).unwrap();
    home
}

fn check(
    home: &TempDir,
    arguments: &[&str],
    settings: &[(&str, &str)],
    status: i32,
    said: &[&str],
) -> String {
    let (found, text) = run_in(home, arguments, settings);
    assert_eq!(found.code(), Some(status), "{arguments:?}: {text}");
    assert!(!text.contains("hush"), "{text}");
    for words in said {
        assert!(text.contains(words), "{words:?} is not in\n{text}");
    }
    text
}

#[test]
fn it_is_found_by_option_variable_and_name() {
    let provider =
        |id: &str| format!("[[providers]]\nid = '{id}'\nbase_url = 'http://127.0.0.1:1'\n");
    let home = home("modelport.toml", &provider("by-name"));
    fs::write(home.path().join("other.toml"), provider("by-variable")).unwrap();
    fs::write(home.path().join("third.toml"), provider("by-option")).unwrap();
    let variable = [("MODELPORT_CONFIG", "other.toml")];
    check(&home, &["check"], &[], 0, &["Provider by-name"]);
    check(&home, &["check"], &variable, 0, &["Provider by-variable"]);
    for option in [
        ["check", "--config", "third.toml"],
        ["--config", "third.toml", "check"],
    ] {
        let text = check(&home, &option, &variable, 0, &["Provider by-option"]);
        assert!(text.contains("third.toml\n"), "{text}");
    }
    fs::write(home.path().join(".env"), "MODELPORT_CONFIG=other.toml\n").unwrap();
    check(&home, &["check"], &[], 0, &["Provider by-variable"]);
}

#[test]
fn a_named_file_that_is_absent_is_a_fault() {
    let home = tempfile::tempdir().unwrap();
    for command in ["check", "serve", "models", "probe"] {
        let said =
            "none.toml: there is no such configuration file. Name one with --config, by a path";
        check(&home, &[command, "--config", "none.toml"], &[], 2, &[said]);
    }
    let variable = [("MODELPORT_CONFIG", "none.toml")];
    let said = "none.toml: there is no such configuration file. Name one with MODELPORT_CONFIG, by";
    check(&home, &["check"], &variable, 2, &[said]);
    let folder = home.path().to_str().unwrap();
    check(
        &home,
        &["check", "--config", folder],
        &[],
        2,
        &["it cannot be read"],
    );
}

#[test]
fn all_faults_are_told_and_no_secret() {
    let text = "\
[server]
port = 70000
prot = 1

[[providers]]
id = 'groq'
api_key = 'hush hush'
basurl = 'x'
headers = { 'a b' = 'hush' }

[[providers]]
id = 'mine'
base_url = 'ftp://x'
api_key = '${MINE_KEY}'

[[routes]]
model = 'smart'
targets = ['grok:llama', 'mine:x']
";
    let home = home("modelport.toml", text);
    for command in ["check", "serve", "models"] {
        let told = check(&home, &[command], &[], 2, &[]);
        let places: Vec<&str> = told
            .lines()
            .map(|line| line.split(": ").nth(1).unwrap())
            .collect();
        assert_eq!(
            places,
            [
                "server.port",
                "server.prot",
                "providers.groq.api_key",
                "providers.groq.basurl",
                "providers.groq.headers.\"a b\"",
                "providers.mine.base_url",
                "providers.mine.api_key",
                "routes.smart.targets[0]",
            ],
            "{told}"
        );
        assert!(told.lines().all(|line| line.starts_with("modelport.toml:")));
    }
    let broken = self::home("modelport.toml", "[server\nport = = 1\napi_keys = \"hush\n");
    check(
        &broken,
        &["check"],
        &[],
        2,
        &["modelport.toml:2:8: this is not TOML"],
    );
}

#[test]
fn a_sound_file_is_shown_without_secrets() {
    let text = "\
[server]
api_keys = ['hush-own-gateway-key']
[[providers]]
id = 'groq'
api_keys = ['hush-1', '${SECOND}']
headers = { x-a = 'hush-2' }
concurrency = 4
[[routes]]
model = 'smart'
policy = 'weighted'
targets = [{ target = 'groq:a', weight = 3 }, 'groq:b']
[aliases]
gpt-4 = 'smart'
";
    let home = home("modelport.toml", text);
    let said = [
        "one key, set by server.api_keys",
        "2 keys, the first set by providers.groq.api_keys[0]",
        "4 requests; 100 more wait, 30 s at most",
        "Routes\n  smart: weighted: groq:a (weight 3), groq:b; retries up to 20 %\n",
        "Aliases\n  gpt-4: smart\n",
        "The configuration is sound.",
    ];
    let second = [("SECOND", "hush-3")];
    let text = check(&home, &["check"], &second, 0, &said);
    assert!(text.contains("Provider ollama: Ollama, disabled"), "{text}");
}

#[test]
fn the_shipped_example_is_sound_and_the_schema_is_printed() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../modelport.example.toml");
    let home = tempfile::tempdir().unwrap();
    let example = example.to_str().unwrap();
    let said = [
        "Provider sim-a",
        "preferred",
        "chatty: sticky by header x-session",
    ];
    check(&home, &["check", "--config", example], &[], 0, &said);
    let said = "this command reads no configuration file";
    check(&home, &["schema", "--config", example], &[], 2, &[said]);
    let schema = check(&home, &["schema"], &[], 0, &[]);
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    assert_eq!(schema["properties"]["server"]["type"], "object");
}

#[test]
fn a_gateway_serves_what_the_file_says() {
    let upstream = Upstream::start();
    let key = tempfile::NamedTempFile::new().unwrap();
    fs::write(key.path(), "hush-upstream\n").unwrap();
    let text = format!(
        "\
[server]
port = 0
api_keys = ['${{GATEWAY_KEY}}']
[[providers]]
id = 'near'
name = 'Near by'
base_url = '{}'
api_key = 'file:{}'
headers = {{ x-team = 'search' }}
",
        upstream.base_url(),
        key.path().display()
    );
    let gateway = Gateway::start_in(
        home("modelport.toml", &text),
        &[("GATEWAY_KEY", "a-long-gateway-key")],
    );
    let body = json!({"model": "near:sim-smart", "messages": [{"role": "user", "content": "x"}]});
    assert_eq!(gateway.chat(&body).status, 401);
    let answer = gateway
        .request("POST", "/v1/chat/completions")
        .header("authorization", "Bearer a-long-gateway-key")
        .body(body.to_string())
        .send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    let seen = upstream.completions().remove(0);
    assert_eq!(seen.header("authorization"), Some("Bearer hush-upstream"));
    assert_eq!(seen.header("x-team"), Some("search"));
    assert!(!gateway.output().contains("hush"), "{}", gateway.output());
}

#[test]
fn a_refused_key_is_told_by_its_place_in_the_file() {
    let upstream = Upstream::start();
    upstream.set_fault(Some("status-401"));
    let text = format!(
        "[[providers]]\nid = 'near'\nbase_url = '{}'\napi_key = 'hush'\nmax_retries = 0\n",
        upstream.base_url()
    );
    let gateway = Gateway::start_in(home("modelport.toml", &text), &[]);
    let body = json!({"model": "near:sim-smart", "messages": [{"role": "user", "content": "x"}]});
    let answer = gateway.chat(&body);
    assert_eq!(answer.status, 502, "{}", answer.text());
    assert!(
        answer.text().contains("providers.near.api_key"),
        "{}",
        answer.text()
    );
}
