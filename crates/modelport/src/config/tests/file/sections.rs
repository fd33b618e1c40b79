//! The file as a source among others: the server, the defaults, the catalogue, and what is no configuration at all.

use std::time::Duration;

use super::*;
use crate::config::{CorsOrigins, Level, LogFormat};

#[test]
fn every_server_key_is_the_variable_of_the_same_meaning() {
    let config = sound(
        "\
[server]
host = '0.0.0.0'
port = 9
api_keys = ['a-long-key-of-mine', '${SECOND}']
cors_origins = ['https://a.test', 'https://b.test']
body_limit = 2048
upload_limit = '1 MiB'
shutdown_timeout = 2.5
workers = 3
log_level = 'DEBUG'
log_format = 'json'
"
        .replace("'${SECOND}'", "'another-long-key'")
        .as_str(),
    );
    let server = &config.server;
    assert_eq!((server.host.as_str(), server.port), ("0.0.0.0", 9));
    assert_eq!(server.api_keys.len(), 2);
    assert_eq!(server.api_keys_variable, "server.api_keys");
    assert!(matches!(&server.cors_origins, CorsOrigins::Listed(all) if all.len() == 2));
    assert_eq!((server.body_limit, server.upload_limit), (2048, 1 << 20));
    assert_eq!(server.shutdown_timeout, Duration::from_millis(2500));
    assert_eq!((server.workers, config.log_level), (Some(3), Level::Debug));
    assert_eq!(config.log_format, LogFormat::Json);
    assert!(config.warnings.is_empty(), "{}", warnings(&config));
    assert_eq!(config.file, Some(std::path::absolute("m.toml").unwrap()));
}

#[test]
fn the_environment_wins_and_says_what_it_shadows() {
    let text = format!("[server]\nport = 9\nhost = 'localhost'\n{A}timeout = 5\n");
    let config = both(&text, &[("PORT", "8"), ("HOST", "localhost")]).unwrap();
    assert_eq!(config.server.port, 8);
    assert_eq!(
        warnings(&config),
        "m.toml:2:8: server.port: It is ignored, because PORT is set to something else and wins.\n"
    );
    let dotenv = Some((PathBuf::from(".env"), "PORT=7".to_owned()));
    let config = load(std::iter::empty(), dotenv, Some(&file(&text))).unwrap();
    assert_eq!(config.server.port, 7);
    assert!(
        warnings(&config).contains("because PORT (.env:1) is set"),
        "{}",
        warnings(&config)
    );
}

#[test]
fn defaults_are_for_those_that_do_not_say() {
    let text = format!(
        "[defaults]\nprovider = 'b'\nmodel = 'm'\nfallback = false\ntimeout = 7\nmax_retries = 1\nparameters = 'strict'\nretry_share = 5\n{A}timeout = 9\n{}",
        A.replace("'a'", "'b'")
    );
    let config = sound(&text);
    let (a, b) = (provider(&config, "a"), provider(&config, "b"));
    assert_eq!((a.timeout.as_secs(), b.timeout.as_secs()), (9, 7));
    assert_eq!(a.timeout_variable, "providers.a.timeout");
    assert_eq!(b.timeout_variable, "defaults.timeout");
    assert_eq!((a.max_retries, b.max_retries), (1, 1));
    assert_eq!(config.providers[config.preferred].id, "b");
    assert_eq!(b.default_model.as_deref(), Some("m"));
    assert_eq!(a.default_model, None);
    assert!(!config.provider_fallback);
    assert!(config.warnings.is_empty(), "{}", warnings(&config));
}

#[test]
fn faults_name_place_key_and_remedy() {
    let check = |text: &str, expected: &str| assert_eq!(faults(text), expected, "{text}");
    check(
        "[server]\nport = 70000\n",
        "m.toml:2:8: server.port: \"70000\" is not a port. Use a whole number from 0 to 65535.",
    );
    check(
        "[server]\nport = '8000'\n",
        "m.toml:2:8: server.port: it is text (\"8000\"). Use a whole number from 0 to 65535, without quotes.",
    );
    check(
        "[server]\nprot = 1\n",
        "m.toml:2:1: server.prot: there is no such key. Did you mean port?",
    );
    check(
        "[sever]\nport = 1\n",
        "m.toml:1:2: sever: there is no such key. Did you mean server?",
    );
    check(
        "colour = 1\n",
        "m.toml:1:1: colour: there is no such key. Use one of catalogue, server, storage, cache, traces, defaults, providers, routes, limits, aliases.",
    );
    check(
        "server = 1\n",
        "m.toml:1:10: server: it is a number (\"1\"). Use a table with keys from host, port, api_keys, require_key, admin_keys, metrics, allow_open, trusted_proxies, cors_origins, body_limit, upload_limit, budget_webhook, stream_cost, shutdown_timeout, workers, log_level, log_format.",
    );
    check(
        "[providers]\nid = 'a'\n",
        "m.toml:1:1: providers: it is a table. Use a list of tables, each below [[providers]].",
    );
    check(
        "[server]\nhost = '0.0.0.0'\n",
        "m.toml:2:8: server.host: others can reach \"0.0.0.0\", and server.api_keys is not set. Set server.api_keys, or server.require_key = true and create keys with `modelport keys create`, or listen on 127.0.0.1, or allow it with server.allow_open = true.",
    );
    check(
        "[server]\nhost = '0.0.0.0'\napi_keys = '${NONE}'\n",
        "m.toml:3:12: server.api_keys: the variable NONE that it refers to is not set, or is empty. Set NONE in the environment or in .env.",
    );
    check(
        "[server]\napi_keys = ['hush,hush-hush']\n",
        "m.toml:2:13: server.api_keys[0]: it holds a comma. Give each its own place in the list.",
    );
    check(
        "[server]\napi_keys = 'hush'\n",
        "m.toml:2:12: server.api_keys: key 1 is shorter than 8 characters. Use a long random one, such as the output of `openssl rand -hex 24`.",
    );
    check(
        "[server]\nlog_level = 1979-05-27\n",
        "m.toml:2:13: server.log_level: it is a date. Use one of TRACE, DEBUG, INFO, WARN, ERROR, in quotes.",
    );
    check(
        "[defaults]\nprovider = 'b'\n",
        "m.toml:2:12: defaults.provider: there is no provider \"b\". Use auto or one of openai_compatible, openrouter, ollama.",
    );
    check(
        "catalogue = 'none.json'\n",
        "m.toml:1:13: catalogue: none.json cannot be read (No such file or directory (os error 2)). Name a JSON file that this process may read, by a path from its working directory or from /.",
    );
}

#[test]
fn all_faults_come_at_once_in_the_order_of_the_file() {
    let text = "[defaults]\ntimeout = 0\n[server]\nport = -1\nhosts = ''\nhost = '0.0.0.0'\n[[providers]]\nid = 'A'\n[aliases]\na = ''\n";
    let told = both(text, &[("LOG_LEVEL", "x")]).unwrap_err().to_string();
    let places: Vec<&str> = told
        .lines()
        .map(|line| line.split(": ").next().unwrap())
        .collect();
    assert_eq!(
        places,
        [
            "LOG_LEVEL",
            "m.toml:2:11",
            "m.toml:4:8",
            "m.toml:5:1",
            "m.toml:6:8",
            "m.toml:8:6",
            "m.toml:10:5"
        ],
        "{told}"
    );
}

#[test]
fn what_is_no_toml_stops_all_else() {
    let told = faults("[server]\nport = \nhost = 'hush\n[[providers]\n");
    assert!(told.contains("m.toml:2:8: this is not TOML: "), "{told}");
    assert!(told.lines().count() >= 3, "{told}");
    assert!(told.contains("m.toml:4:"), "{told}");
}

#[test]
fn references_are_filled_from_both_environments() {
    let text = "[server]\nport = '${MY_PORT}'\nhost = '${MY_HOST}'\n";
    let dotenv = Some((
        PathBuf::from(".env"),
        "MY_PORT=12\nMY_HOST=::1\n".to_owned(),
    ));
    let variables = [(OsString::from("MY_PORT"), OsString::from("13"))];
    let config = load(variables.into_iter(), dotenv, Some(&file(text))).unwrap();
    assert_eq!(
        (config.server.port, config.server.host.as_str()),
        (13, "::1")
    );
    let secret = [("K", "hush-hush")];
    let told = |text: &str| both(text, &secret).unwrap_err().to_string();
    // A secret that is referred to in the wrong place is not shown either.
    assert_eq!(
        told("[server]\nport = '${K}'\n"),
        "m.toml:2:8: server.port: what \"${K}\" stands for cannot be used here. Use a whole number from 0 to 65535."
    );
    for text in [
        "[server]\ncors_origins = ['https://a.test', '${K}']\nlog_level = '${K}'\nbody_limit = '${K}'\n".to_owned(),
        format!("{A}[defaults]\ntimeout = '${{K}}'\nretry_share = '${{K}}'\nprovider = '${{K}}'\n"),
        format!("{A}base_url2 = ''\nprofile = '${{K}}'\nmodels = ['${{K}} x']\nconcurrency = '${{K}}'\n"),
        "[[providers]]\nid = '${K}!'\n[[providers]]\nid = 'b'\nbase_url = '${K}'\n".to_owned(),
        format!("{A}[[routes]]\nmodel = '${{K}} x'\ntargets = ['${{K}}']\ntimeout = '${{K}}'\n[aliases]\nx = '${{K}}:'\n"),
    ] {
        let told = told(&text);
        assert!(!told.contains("hush"), "{told}");
        assert!(told.lines().count() > 1, "{told}");
    }
    // An empty value counts as unset, as in the environment.
    assert_eq!(sound("[server]\nhost = ''\n").server.host, "127.0.0.1");
}

#[test]
fn a_key_in_a_file_that_all_can_read_is_warned_of() {
    let with = |readers: Readers, key: &str| {
        let file = FileText {
            path: PathBuf::from("m.toml"),
            text: format!("{A}api_key = '{key}'\n"),
            readers,
        };
        warnings(&load(process(&[("K", "hush")]), None, Some(&file)).unwrap())
    };
    assert_eq!(
        with(Readers::Everybody, "hush-key"),
        "m.toml:4:11: providers.a.api_key: This key stands in a file that everybody on this machine can read. Refer to a variable with \"${NAME}\", or keep others out with chmod o-r m.toml.\n"
    );
    assert_eq!(with(Readers::Everybody, "${K}"), "");
    assert_eq!(with(Readers::Few, "hush-key"), "");
    let header = |value: &str| {
        with(
            Readers::Everybody,
            &format!("'\nheaders = {{ Api-Key = '{value}' }}\nname = 'x"),
        )
    };
    assert!(header("hush").contains("providers.a.headers.Api-Key: This key"));
    assert_eq!(header("${K}"), "");
}

#[test]
fn other_spellings_of_toml_are_read() {
    let config = sound(
        "\u{feff}[server]\r\nport = 0x1F\r\nbody_limit = 1_048_576\r\nshutdown_timeout = 1e1\r\n",
    );
    assert_eq!(
        (config.server.port, config.server.body_limit),
        (31, 1 << 20)
    );
    assert_eq!(config.server.shutdown_timeout.as_secs(), 10);
    let config =
        sound("server = { port = 5 }\nproviders = [{ id = 'groq' }]\naliases.x = 'groq:y'\n");
    assert_eq!(config.server.port, 5);
    assert_eq!(config.aliases["x"], "groq:y");
    let told = faults("[server]\nport = 99999999999999999999\n");
    assert!(told.starts_with("m.toml:2:8: "), "{told}");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]

    /// Whatever is cut out of a file or put into it, what follows is faults or a configuration.
    #[test]
    fn a_damaged_file_is_read_or_told_of(at in 0..4000_usize, length in 0..200_usize, put in "[\\[\\]{}='\"a1.\n€]{0,6}") {
        let example = include_str!("../../../../../../modelport.example.toml");
        let cut = |at: usize| (0..=at.min(example.len())).rev().find(|at| example.is_char_boundary(*at)).unwrap();
        let text = format!("{}{put}{}", &example[..cut(at)], &example[cut(at + length)..]);
        let _ = of_file(&text);
    }
}
