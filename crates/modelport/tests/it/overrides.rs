//! `MODELPORT_CATALOGUE`: what the operator says of models.

use std::fs;

use modelport_sim::ListingShape;
use serde_json::json;

use crate::support::{Gateway, NOBODY, Upstream, gateway::run_in};

const SAID: &str = r#"{"openai_compatible": {"sim-smart": {"max_in": 1000, "price": {"in": 0.000003},
    "caps": ["reasoning"], "lacks": ["vision"]}}}"#;

#[test]
fn the_operator_has_the_last_word_field_by_field() {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), SAID).unwrap();
    let upstream = Upstream::listing(ListingShape::Data);
    let path = file.path().to_str().unwrap();
    let gateway = Gateway::informed(&upstream.base_url(), &[("MODELPORT_CATALOGUE", path)]);
    let model = gateway.model("sim-smart");
    for (pointer, expected) in [
        ("/context_length", json!(1000)),
        ("/limits/context_length/source", json!("configured")),
        ("/limits/context_length/age_seconds", json!(null)),
        ("/limits/max_output_tokens/source", json!("listing")),
        ("/pricing/prompt", json!("0.000003")),
        ("/pricing/completion", json!(null)),
        ("/capabilities/vision/supported", json!(false)),
        ("/capabilities/vision/source", json!("configured")),
        ("/capabilities/reasoning/supported", json!(true)),
        ("/capabilities/tools/source", json!("listing")),
    ] {
        assert_eq!(
            model.pointer(pointer),
            Some(&expected),
            "{pointer} of {model}"
        );
    }
    assert_eq!(gateway.model("sim-fast")["context_length"], 131_072);
}

#[test]
fn a_file_that_cannot_be_used_stops_the_start() {
    let home = tempfile::tempdir().unwrap();
    let check = |text: Option<&str>| {
        if let Some(text) = text {
            fs::write(home.path().join("mine.json"), text).unwrap();
        }
        let settings = [
            ("OPENAI_COMPATIBLE_BASE_URL", NOBODY),
            ("MODELPORT_CATALOGUE", "mine.json"),
        ];
        let (status, output) = run_in(&home, &["check"], &settings);
        (status.code(), output)
    };
    let (status, output) = check(None);
    assert_eq!(status, Some(2), "{output}");
    assert!(
        output.contains("MODELPORT_CATALOGUE: mine.json cannot be read"),
        "{output}"
    );
    for (text, expected) in [
        (
            "{\"openai_compatible\": {\n\"m\": {\"max\": 1}}}",
            "MODELPORT_CATALOGUE: mine.json:2:14: openai_compatible.m.max cannot be set",
        ),
        (
            r#"{"nobody": {}}"#,
            "mine.json:1:12: nobody is no provider and no section",
        ),
        ("{", "mine.json:1:1: is where the JSON breaks off"),
    ] {
        let (status, output) = check(Some(text));
        assert_eq!(status, Some(2), "{output}");
        assert!(output.contains(expected), "{output}");
    }
    let (status, output) = check(Some(SAID));
    assert_eq!(status, Some(0), "{output}");
    assert!(
        output.contains("1 model overridden by the catalogue file"),
        "{output}"
    );
}
