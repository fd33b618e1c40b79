//! What commands print with `--json`, where a gateway need not run.

use std::fs;

use serde_json::Value;

use super::check;
use crate::support::gateway::run_in;

fn parsed(arguments: &[&str], settings: &[(&str, &str)], status: i32) -> Value {
    let text = check(arguments, settings, status, &[]);
    assert_eq!(text.lines().count(), 1, "{arguments:?}: {text}");
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("{arguments:?}: {text}"))
}

#[test]
fn a_checked_configuration_is_an_object() {
    let settings = [
        ("PORT", "4321"),
        ("MODELPORT_API_KEY", "hush-hush-own-key"),
        ("MODELPORT_KEY", "hush-hush-own-key"),
        ("MODELPORT_APIKEY", "hush-hush-own-key"),
    ];
    let found = parsed(&["check", "--json"], &settings, 0);
    assert!(!found.to_string().contains("hush"), "{found}");
    assert_eq!(found["object"], "configuration");
    assert_eq!(found["sound"], true);
    let port = found["settings"].as_array().unwrap().iter();
    let port = port.clone().find(|setting| setting["name"] == "PORT");
    assert_eq!(port.unwrap()["value"], "4321");
    let warnings = found["warnings"].as_array().unwrap();
    // What commands show a gateway is no misspelt setting.
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].as_str().unwrap().contains("MODELPORT_APIKEY"));

    let wrong = [("PORT", "x"), ("OPENAI_COMPATIBLE_TIMEOUT", "y")];
    let found = parsed(&["check", "--json"], &wrong, 2);
    assert_eq!(found["sound"], false);
    let faults = found["faults"].as_array().unwrap();
    assert_eq!(faults.len(), 2, "{faults:?}");
}

#[test]
fn changes_are_a_list() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("old.toml"), "[server]\nport = 1\n").unwrap();
    fs::write(home.path().join("modelport.toml"), "[server]\nport = 2\n").unwrap();
    let diff = ["check", "--json", "--diff", "--against", "old.toml"];
    let (status, text) = run_in(&home, &diff, &[]);
    assert_eq!(status.code(), Some(0), "{text}");
    let found: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(found["object"], "configuration.changes");
    assert_eq!(found["changes"][0], "server.port changed (needs a restart)");
}

#[test]
fn teams_and_revoked_keys_are_objects() {
    let data = tempfile::tempdir().unwrap();
    let settings = [("MODELPORT_DATA_DIR", data.path().to_str().unwrap())];
    let team = |arguments: &[&str]| parsed(arguments, &settings, 0);
    let made = team(&["teams", "create", "red", "--tag", "a=b", "--json"]);
    assert_eq!(made["name"], "red");
    assert_eq!(made["tags"]["a"], "b");
    let limit = ["--concurrency", "3", "--json"];
    let changed = team(&[&["teams", "update", "red"], &limit[..]].concat());
    assert_eq!(changed["limits"]["concurrency"], 3);
    check(&["keys", "create", "ada"], &settings, 0, &["mp-"]);
    let gone = team(&["keys", "revoke", "ada", "--json"]);
    assert_eq!(gone["name"], "ada");
    assert_eq!(gone["status"], "revoked");
    assert!(gone.get("key").is_none(), "{gone}");
}
