//! `modelport probe`: what it finds of three sorts of endpoint, and that nothing is spent without a word.

use std::fs;

use modelport_sim::{ListingShape, Options};
use serde_json::{Value, json};

use crate::support::{
    Gateway, Upstream,
    gateway::{run, run_in},
};

/// The report on an endpoint, its address left out.
fn probe(upstream: &Upstream, arguments: &[&str], settings: &[(&str, &str)]) -> String {
    let url = upstream.base_url();
    let all = [&["probe", &url, "--model", "sim-smart", "--yes"], arguments].concat();
    let (status, text) = run(&all, settings);
    assert_eq!(status.code(), Some(0), "{text}");
    text.replace(&url, "URL").trim_end().to_owned()
}

/// Compares a report with the one on record; `UPDATE_PROBES=1` puts it there.
fn check(name: &str, text: &str) {
    let file = format!("{}/tests/it/probe/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_PROBES").is_some() {
        fs::write(&file, format!("{text}\n")).unwrap();
    }
    let recorded = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(
        text,
        recorded.trim_end(),
        "UPDATE_PROBES=1 writes {file} anew"
    );
}

fn words(list: &str) -> Vec<String> {
    list.split(',').map(str::to_owned).collect()
}

#[test]
fn an_endpoint_that_does_what_it_should() {
    let upstream = Upstream::listing(ListingShape::Data);
    check("usual", &probe(&upstream, &[], &[]));
}

#[test]
fn an_endpoint_without_tools_that_streams_no_usage() {
    let upstream = Upstream::with(Options {
        refuse: words("tools,logprobs"),
        ignore: words("stream_options"),
        ..Options::default()
    });
    check("lean", &probe(&upstream, &[], &[]));
}

#[test]
fn an_old_and_odd_endpoint() {
    let upstream = Upstream::with(Options {
        ignore: words("response_format,n,max_completion_tokens,stream_options"),
        refuse: words("seed,parallel_tool_calls"),
        fault: Some("no-done".parse().unwrap()),
        listing: ListingShape::Status(404),
        strict_models: true,
        api_key: Some("k-secret".to_owned()),
        ..Options::default()
    });
    let text = probe(
        &upstream,
        &["--key-env", "MY_KEY"],
        &[("MY_KEY", "k-secret")],
    );
    check("odd", &text);
    assert!(!text.contains("k-secret"));
}

#[test]
fn nothing_is_spent_without_a_word() {
    let upstream = Upstream::start();
    let url = upstream.base_url();
    let (status, text) = run(&["probe", &url, "--model", "sim-smart", "--dry-run"], &[]);
    assert_eq!(status.code(), Some(0), "{text}");
    assert!(text.contains("at most 22 calls, about "), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
    let (status, text) = run(&["probe", &url, "--model", "sim-smart"], &[]);
    assert_eq!(status.code(), Some(1), "{text}");
    assert!(text.contains("--yes spends without asking"), "{text}");
    let (status, text) = run(&["probe", &url], &[]);
    assert_eq!(status.code(), Some(1), "{text}");
    assert!(
        text.contains("--model, such as sim-fast, sim-smart"),
        "{text}"
    );
    assert!(upstream.completions().is_empty());
}

#[test]
fn the_price_is_the_one_that_the_catalogue_file_states() {
    let upstream = Upstream::listing(ListingShape::Data);
    let url = upstream.base_url();
    let home = tempfile::tempdir().unwrap();
    let file = |text: &str| fs::write(home.path().join("catalogue.json"), text).unwrap();
    let dry = ["probe", &url, "--model", "sim-smart", "--dry-run"];
    let stated = |arguments: &[&str], settings: &[(&str, &str)]| {
        let settings = [&[("MODELPORT_CATALOGUE", "catalogue.json")], settings].concat();
        let (status, text) = run_in(&home, arguments, &settings);
        assert_eq!(status.code(), Some(0), "{text}");
        text
    };
    file(r#"{"openai_compatible": {"sim-smart": {"price": {"in": 0, "out": 0}}}}"#);
    let ours = [("OPENAI_COMPATIBLE_BASE_URL", url.as_str())];
    let free = "free by the catalogue file";
    for arguments in [&dry[..], &["probe", "--model", "sim-smart", "--dry-run"]] {
        let text = stated(arguments, &ours);
        assert!(text.contains(free), "{text}");
    }
    // Of another endpoint nothing is said.
    let elsewhere = [("OPENAI_COMPATIBLE_BASE_URL", "http://127.0.0.1:1/v1")];
    let text = stated(&dry, &elsewhere);
    assert!(!text.contains("catalogue file"), "{text}");
    // A file that is meant to count and cannot is no reason to spend.
    file("{");
    let settings = [("MODELPORT_CATALOGUE", "catalogue.json")];
    let (status, text) = run_in(&home, &dry, &settings);
    assert_eq!(status.code(), Some(2), "{text}");
    assert!(text.contains("MODELPORT_CATALOGUE"), "{text}");
}

#[test]
fn the_key_may_stand_in_dotenv() {
    let upstream = Upstream::with(Options {
        api_key: Some("k-secret".to_owned()),
        ..Options::default()
    });
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join(".env"), "MY_KEY=k-secret\n").unwrap();
    let url = upstream.base_url();
    let arguments = ["probe", &url, "--key-env", "MY_KEY", "--dry-run", "--model"];
    let (status, text) = run_in(&home, &[&arguments[..], &["sim-smart"]].concat(), &[]);
    assert_eq!(status.code(), Some(0), "{text}");
    let asked = upstream.requests();
    assert_eq!(
        asked[0].header("authorization"),
        Some("Bearer k-secret"),
        "{text}"
    );
    assert!(!text.contains("k-secret"));
}

#[test]
fn what_stands_in_the_way_is_told() {
    for (arguments, status, said) in [
        (
            &["probe", "nobody"][..],
            2,
            "neither a URL with http:// nor a configured provider",
        ),
        (
            &["probe", "http://127.0.0.1:1/v1", "--key-env", "NO_SUCH"],
            2,
            "there is no variable NO_SUCH in the environment or in .env",
        ),
        (&["probe", "ftp://x"], 2, "modelport probe: "),
        (
            &["probe", "http://127.0.0.1:1/v1"],
            1,
            "name a model with --model",
        ),
    ] {
        let (found, text) = run(arguments, &[]);
        assert_eq!(found.code(), Some(status), "{arguments:?}: {text}");
        assert!(text.contains(said), "{arguments:?}: {text}");
    }
}

#[test]
fn a_configured_provider_is_probed_and_its_profile_used() {
    let upstream = Upstream::with(Options {
        refuse: words("tools,seed"),
        ignore: words("max_completion_tokens"),
        ..Options::default()
    });
    let home = tempfile::tempdir().unwrap();
    let url = upstream.base_url();
    let settings = [
        ("OPENAI_COMPATIBLE_BASE_URL", url.as_str()),
        ("OPENAI_COMPATIBLE_DEFAULT_MODEL", "sim-smart"),
    ];
    let arguments = [
        "probe",
        "openai_compatible",
        "--yes",
        "--json",
        "--write",
        "mine.json",
    ];
    let (status, text) = run_in(&home, &arguments, &settings);
    assert_eq!(status.code(), Some(0), "{text}");
    let report: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(report["model"], "sim-smart");
    assert_eq!(report["report"]["capabilities"]["tools"], false);

    let file = home.path().join("mine.json");
    let written: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(written["probed"]["base_url"], url);
    assert_eq!(
        written["parameters"],
        json!({"renamed": {"max_completion_tokens": "max_tokens"}, "dropped": ["seed"]})
    );
    let path = file.to_str().unwrap();
    let gateway = Gateway::informed(&url, &[("OPENAI_COMPATIBLE_PROFILE", path)]);
    let model = gateway.model("sim-smart");
    let tools = &model["capabilities"]["tools"];
    assert_eq!(
        (&tools["supported"], &tools["source"]),
        (&json!(false), &json!("probed"))
    );
    assert!(
        tools["age_seconds"].as_u64().is_some_and(|age| age < 600),
        "{model}"
    );
    let body = json!({
        "model": "sim-smart", "messages": [{"role": "user", "content": "hi"}],
        "max_completion_tokens": 3, "seed": 1,
    });
    let answer = gateway.chat(&body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(
        answer.header("x-modelport-params"),
        Some("max_completion_tokens=mapped:max_tokens, seed=dropped")
    );

    fs::write(&file, "{\"probed\":\n {\"at\": 5}}").unwrap();
    let (status, text) = run_in(
        &home,
        &["check"],
        &[settings[0], ("OPENAI_COMPATIBLE_PROFILE", "./mine.json")],
    );
    assert_eq!(status.code(), Some(2), "{text}");
    let said = "OPENAI_COMPATIBLE_PROFILE: ./mine.json:2:9: probed.at is 5, not a text.";
    assert!(text.contains(said), "{text}");
}
