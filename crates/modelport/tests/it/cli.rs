//! The commands: what they print, and their exit statuses.

use std::{fs, net::TcpListener};

use serde_json::Value;

use crate::support::{
    Gateway, NOBODY, Upstream,
    gateway::{run, run_in},
};

mod chat;
mod completions;
mod json;
mod man;
mod status;

fn check(arguments: &[&str], settings: &[(&str, &str)], status: i32, said: &[&str]) -> String {
    let (found, text) = run(arguments, settings);
    assert_eq!(found.code(), Some(status), "{arguments:?}: {text}");
    for words in said {
        assert!(
            text.contains(words),
            "{arguments:?}: {words:?} is not in\n{text}"
        );
    }
    text
}

#[test]
fn wrong_settings_are_told_all_at_once() {
    let wrong = [
        ("OPENAI_COMPATIBLE_TIMEOUT", "abc"),
        ("OPENAI_COMPATIBLE_CUSTOM_HEADERS", "{bad"),
        ("OPENAI_COMPATIBLE_BASE_URL", "ftp://x"),
    ];
    for command in ["check", "serve", "models"] {
        let text = check(&[command], &wrong, 2, &["\"abc\"", "http://"]);
        for (name, _) in wrong {
            let lines = text
                .lines()
                .filter(|line| line.starts_with(&format!("{name}: ")));
            assert_eq!(lines.count(), 1, "{command}: {name} in\n{text}");
        }
        assert_eq!(text.lines().count(), 3, "{command}: {text}");
    }
    check(&[], &[("PORT", "x")], 2, &["PORT: "]);
}

#[test]
fn a_sound_configuration_is_shown_without_secrets() {
    let settings = [
        ("OPENAI_COMPATIBLE_API_KEY", "hush-key"),
        (
            "OPENAI_COMPATIBLE_CUSTOM_HEADERS",
            r#"{"X-Extra": "hush-header"}"#,
        ),
        ("OPENAI_COMPATIBLE_BASE_URL", "https://api.openai.com"),
        ("MODELPORT_API_KEY", "hush-hush-own-key"),
    ];
    let said = [
        "The configuration is sound",
        "https://api.openai.com/v1",
        "OpenAI, preferred",
        "Ollama",
    ];
    let text = check(&["check"], &settings, 0, &said);
    assert!(!text.contains("hush"), "{text}");
    check(&["check"], &[], 0, &["The configuration is sound"]);
}

#[test]
fn a_change_is_shown_before_it_is_taken_up() {
    let home = tempfile::tempdir().unwrap();
    let old = "\
[server]
port = 1
[[providers]]
id = 'a'
base_url = 'http://127.0.0.1:1'
api_key = 'hush-old'
[[routes]]
model = 'r'
targets = ['a:x']
";
    let new = old.replace("port = 1", "port = 2").replace("old", "new");
    let new = new.replace("a:x", "a:y");
    fs::write(home.path().join("old.toml"), old).unwrap();
    fs::write(home.path().join("modelport.toml"), &new).unwrap();
    fs::write(home.path().join("new.toml"), new).unwrap();
    fs::write(home.path().join("broken.toml"), "[server]\nport = 'x'\n").unwrap();
    let check = |arguments: &[&str], status: i32, said: &str| {
        let (found, text) = run_in(&home, arguments, &[]);
        assert_eq!(found.code(), Some(status), "{arguments:?}: {text}");
        assert!(text.contains(said), "{arguments:?}: {text}");
        assert!(!text.contains("hush"), "{text}");
        text
    };
    let text = check(&["check", "--diff", "--against", "old.toml"], 0, "");
    let lines: Vec<&str> = text.lines().collect();
    let expected = [
        "server.port changed (needs a restart)",
        "provider a: key changed",
        "route r changed to priority: a:y; retries up to 20 %",
    ];
    assert_eq!(lines, expected);
    let same = ["check", "--diff", "--against", "new.toml"];
    check(&same, 0, "Nothing would change.");
    let back = ["check", "--config", "old.toml", "--diff", "--against"];
    check(&[&back[..], &["modelport.toml"]].concat(), 0, "a:x");
    let broken = ["check", "--diff", "--against", "broken.toml"];
    check(&broken, 2, "broken.toml is not sound:\nbroken.toml:2:8: ");
    check(
        &["check", "--diff", "--against", "none.toml"],
        2,
        "none.toml",
    );
    check(&["check", "--diff"], 2, "--against");
    check(&["check", "--against", "old.toml"], 2, "--diff");
}

#[test]
fn older_names_are_rewritten() {
    let older = [
        ("OPENROUTER_API_KEY", "older-key"),
        ("OPENROUTER_DEFAULT_MODEL", "a/b:free"),
        ("HOME", "/nowhere"),
    ];
    let said = [
        "OPENAI_COMPATIBLE_API_KEY=",
        "older-key",
        "OPENAI_COMPATIBLE_DEFAULT_MODEL=",
        "a/b:free",
    ];
    let text = check(&["migrate"], &older, 0, &said);
    assert!(
        !text.contains("OPENROUTER_API_KEY") && !text.contains("HOME"),
        "{text}"
    );

    let home = tempfile::tempdir().unwrap();
    let file = "# mine\nOPENROUTER_API_KEY='older-key'\nOTHER=1\n";
    fs::write(home.path().join("old.env"), file).unwrap();
    let (status, text) = run_in(&home, &["migrate", "old.env"], &[]);
    assert!(status.success(), "{text}");
    assert_eq!(
        text,
        "# mine\nOPENAI_COMPATIBLE_API_KEY='older-key'\nOTHER=1\n"
    );
    check(
        &["migrate", "missing.env"],
        &[],
        1,
        &["missing.env", "No such file"],
    );
}

#[test]
fn models_are_shown_as_a_table_or_as_json() {
    let upstream = Upstream::listing(modelport_sim::ListingShape::Data);
    let url = upstream.base_url();
    let settings = [
        ("OPENAI_COMPATIBLE_BASE_URL", url.as_str()),
        ("OPENAI_COMPATIBLE_API_KEY", "hush-key"),
        ("OLLAMA_BASE_URL", NOBODY),
    ];
    let text = check(
        &["models"],
        &settings,
        0,
        &["MODEL", "4 models (discovered)", "Connection refused"],
    );
    let row = text
        .lines()
        .find(|line| line.starts_with("vendor/sim-large:free"))
        .unwrap();
    for cell in ["openai_compatible", "131072", "tools", "discovered"] {
        assert!(
            row.split_whitespace().any(|found| found.contains(cell)),
            "{cell} in {row}"
        );
    }
    assert!(!text.contains("hush"), "{text}");
    let text = check(&["models", "--json"], &settings, 0, &[]);
    let list: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(list["object"], "list");
    assert_eq!(list["data"][2]["id"], "vendor/sim-large:free");
}

#[test]
fn versions_and_wrong_command_lines() {
    let version = concat!("modelport ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(check(&["version"], &[], 0, &[]), version);
    assert_eq!(check(&["--version"], &[], 0, &[]), version);
    check(
        &["--help"],
        &[],
        0,
        &["serve", "check", "migrate", "models", "demo", "Exit status"],
    );
    check(&["sevre"], &[], 2, &["sevre", "serve"]);
    check(&["check", "--nope"], &[], 2, &["--nope"]);
    check(&["models", "--json", "extra"], &[], 2, &["extra"]);
}

#[test]
fn the_demo_shows_two_chats() {
    let said = [
        "> plain:",
        "> streamed:",
        "tokens in",
        "A simulated provider listens on",
    ];
    // It brings its own settings: those around it, however wrong, are not its business.
    let text = check(&["demo", "--once"], &[("PORT", "x")], 0, &said);
    let after = text.split("> streamed:").nth(1).unwrap();
    assert!(
        after.lines().skip(1).collect::<String>().len() > 40,
        "{text}"
    );
}

#[test]
fn an_address_that_cannot_be_had_is_told_with_a_remedy() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let said = [
        "cannot listen on 127.0.0.1:",
        &port,
        "Set PORT to another port",
    ];
    check(
        &["serve"],
        &[("PORT", &port), ("OLLAMA_ENABLED", "true")],
        1,
        &said,
    );
    let host = [("HOST", "192.0.2.1"), ("MODELPORT_ALLOW_OPEN", "true")];
    let said = [
        "cannot listen on 192.0.2.1:",
        "Set HOST to an address of this machine",
    ];
    let text = check(&["serve"], &host, 1, &said);
    assert!(!text.contains("another modelport"), "{text}");
}

#[test]
fn a_dotenv_file_is_read_and_loses_to_the_environment() {
    let home = tempfile::tempdir().unwrap();
    let file = "OPENAI_COMPATIBLE_PROVIDER_NAME='From file'\nOPENAI_COMPATIBLE_TIMEOUT=5\n";
    fs::write(home.path().join(".env"), file).unwrap();
    let gateway = Gateway::start_in(
        home,
        &[
            ("OPENAI_COMPATIBLE_BASE_URL", NOBODY),
            ("OLLAMA_ENABLED", "false"),
            ("OPENAI_COMPATIBLE_TIMEOUT", "7"),
        ],
    );
    let provider = gateway.provider("openai_compatible");
    assert_eq!(provider["name"], "From file");
    assert_eq!(provider["timeout_seconds"], 7.0);

    let home = tempfile::tempdir().unwrap();
    fs::write(
        home.path().join(".env"),
        "OPENAI_COMPATIBLE_API_KEY='hush\nPORT=1\nPORT=x\n",
    )
    .unwrap();
    let (status, text) = run_in(&home, &["check"], &[]);
    assert_eq!(status.code(), Some(2), "{text}");
    assert!(text.contains(".env:") && !text.contains("hush"), "{text}");
}

#[test]
fn the_start_says_what_was_found() {
    let upstream = Upstream::start();
    let settings = [("OLLAMA_ENABLED", "true"), ("OLLAMA_BASE_URL", NOBODY)];
    let gateway = Gateway::informed(&upstream.base_url(), &settings);
    assert!(
        gateway.wait_for_output("(fallback: "),
        "{}",
        gateway.output()
    );
    let output = gateway.output();
    let first = format!(
        "modelport {} listens on http://{}/v1",
        env!("CARGO_PKG_VERSION"),
        gateway.addr()
    );
    assert_eq!(output.lines().next(), Some(first.as_str()), "{output}");
    for words in [
        "openai_compatible",
        "4 models (discovered)",
        &upstream.base_url(),
        "ollama",
        "no connection to",
    ] {
        assert!(output.contains(words), "{words:?} is not in\n{output}");
    }
    assert!(!output.contains("sk-upstream-secret"), "{output}");
    assert!(output.lines().count() < 30, "{output}");
}
