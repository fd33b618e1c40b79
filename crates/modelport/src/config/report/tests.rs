use super::super::tests::config;
use super::{ModelSummary, startup_block};

#[test]
fn the_block_reads_well_and_holds_no_secret() {
    let config = config(&[
        ("OPENROUTER_API_KEY", "hush-key"),
        ("OPENROUTER_TIMEOUT", "2.5"),
        (
            "OPENAI_COMPATIBLE_GROQ_BASE_URL",
            "https://api.groq.com/openai/v1?token=hush",
        ),
        ("OPENAI_COMPATIBLE_LOCAL_BASE_URL", "http://localhost:8000"),
        ("OPENAI_COMPATIBLE_LOCAL_MAX_RETRIES", "0"),
        ("OLLAMA_ENABLED", "false"),
        ("OPENROUTER_TIMEOUTS", "3"),
    ]);
    let models = [ModelSummary {
        provider: "openai_compatible".to_owned(),
        text: "342 models (discovered)".to_owned(),
    }];
    let expected = "
Server
  address         http://127.0.0.1:8000/v1
  callers         no key needed, from this machine only (MODELPORT_API_KEY is not set)
  fallback        to another provider that has the model
  log level       INFO

Provider openai_compatible (also openrouter): OpenRouter, preferred
  base URL        https://openrouter.ai/api/v1
  known as        openrouter; fields it does not take are mapped or dropped, and told
  key             set by OPENROUTER_API_KEY
  default model   anthropic/claude-3.5-sonnet
  timeout         2.5 s of silence, 3 retries
  models          342 models (discovered)

Provider openai_compatible_groq: Groq
  base URL        https://api.groq.com/openai/v1?token=***
  known as        groq; fields it does not take are mapped or dropped, and told
  key             none; if it wants one, set OPENAI_COMPATIBLE_GROQ_API_KEY
  default model   none; every request must name its model
  timeout         30 s of silence, 3 retries

Provider openai_compatible_local: OpenAI Compatible
  base URL        http://localhost:8000/v1
  known as        nothing yet; its listing may tell; every field is sent
  key             none
  default model   none; every request must name its model
  timeout         30 s of silence, no retries

Provider ollama: Ollama, disabled

Warnings
  OPENROUTER_TIMEOUTS: No setting has this name, so it is ignored. Did you mean OPENROUTER_TIMEOUT?";
    assert_eq!(startup_block(&config, &models), expected.trim_start());
}

#[test]
fn the_server_is_described_as_it_can_be_reached() {
    let check = |variables: &[(&str, &str)], words: &str| {
        let block = startup_block(&config(variables), &[]);
        assert!(block.contains(words), "{words} is not in {block}");
    };

    check(&[("PORT", "0")], "a free port of 127.0.0.1");
    check(&[("HOST", "::1")], "http://[::1]:8000/v1");
    check(
        &[("HOST", "0.0.0.0"), ("MODELPORT_ALLOW_OPEN", "1")],
        "anybody who reaches it, without a key",
    );
    check(
        &[("MODELPORT_API_KEY", "0123456789abcdef")],
        "one key, set by MODELPORT_API_KEY",
    );
    check(
        &[("MODELPORT_API_KEY", "0123456789abcdef,fedcba9876543210")],
        "any of 2 keys",
    );
    check(
        &[("ENABLE_PROVIDER_FALLBACK", "off")],
        "fallback        off",
    );
}

#[test]
fn the_api_of_ollamas_chats_is_shown() {
    let check = |variables: &[(&str, &str)], words: &str| {
        let block = startup_block(&config(variables), &[]);
        assert!(block.contains(words), "{words} is not in {block}");
    };
    check(&[], "chats           /api/chat, translated");
    check(
        &[("OLLAMA_SETTINGS_KEEP_ALIVE", "-1")],
        "chats           /api/chat, translated; keep_alive -1",
    );
    check(
        &[("OLLAMA_CHAT_API", "openai")],
        "chats           /v1/chat/completions, passed through",
    );
}
