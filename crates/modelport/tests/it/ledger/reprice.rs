//! `modelport ledger reprice`: costs are worked out anew in either database, row by row and in the sums.

use modelport_sim::Options;
use serde_json::{Value, json};

use super::{Engine, SOON};
use crate::support::{Gateway, Upstream, gateway::run, postgres::Postgres, wait_until};

#[test]
fn costs_are_worked_out_anew_in_a_file() {
    price_anew(&Engine::Sqlite);
}

#[test]
fn costs_are_worked_out_anew_on_a_server() {
    let server = Postgres::start();
    price_anew(&Engine::Postgres(server.url()));
}

fn price_anew(engine: &Engine) {
    let upstream = Upstream::with(Options {
        tokens: Some(5),
        ..Options::default()
    });
    let data = tempfile::tempdir().unwrap();
    let prices = data.path().join("prices.json");
    let price = |out: &str| {
        let text = format!(
            r#"{{"openai_compatible": {{"sim-fast": {{"price": {{"in": 0, "out": {out}}}}}}}}}"#
        );
        std::fs::write(&prices, text).unwrap();
    };
    price("0.000002");
    let base_url = upstream.base_url();
    let mut settings = engine.settings(data.path(), &base_url);
    let plain = settings.clone();
    settings.push(("MODELPORT_CATALOGUE", prices.to_str().unwrap()));
    let gateway = Gateway::start(&settings);
    for _ in 0..3 {
        let body = json!({
            "model": "sim-fast", "max_tokens": 5,
            "messages": [{"role": "user", "content": "hi"}],
        });
        assert_eq!(gateway.chat(&body).status, 200);
    }
    let report = || {
        let (done, text) = run(&["usage", "--by", "provider", "--json"], &plain);
        assert!(done.success(), "{text}");
        let report: Value = serde_json::from_str(&text).unwrap();
        report["data"][0].clone()
    };
    assert!(
        wait_until(SOON, || report()["requests"] == 3),
        "{}",
        report()
    );
    assert_eq!(report()["computed_usd"], "0.00003");
    price("0.000003");
    let reprice = |more: &[&str], settings: &[(&str, &str)]| {
        let arguments = [&["ledger", "reprice", "--since", "1d"], more].concat();
        let (done, text) = run(&arguments, settings);
        assert!(done.success(), "{text}");
        text
    };
    let text = reprice(&["--dry-run"], &settings);
    assert!(
        text.contains("3 requests looked at, would change 3: from 0.00003 to 0.000045 US dollars"),
        "{text}"
    );
    let text = reprice(&["--dry-run", "--json"], &settings);
    let found: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(found["dry_run"], true);
    assert_eq!(found["changed"], 3);
    assert_eq!(found["after_usd"], "0.000045");
    assert_eq!(report()["computed_usd"], "0.00003");
    reprice(&[], &settings);
    assert_eq!(
        (&report()["computed_usd"], &report()["requests"]),
        (&json!("0.000045"), &json!(3))
    );
    assert!(reprice(&[], &settings).contains("changed 0"));
    // What the provider takes off its prices by now counts too.
    let less = [
        settings.as_slice(),
        &[("OPENAI_COMPATIBLE_DISCOUNT", "20%")],
    ]
    .concat();
    reprice(&[], &less);
    assert_eq!(report()["computed_usd"], "0.000036");
    // Where nobody states a price any more, nobody knows.
    reprice(&[], &plain);
    assert_eq!(
        (&report()["cost_usd"], &report()["unpriced"]),
        (&json!("0"), &json!(3))
    );
    assert_eq!(report()["output_tokens"], 15);
}
