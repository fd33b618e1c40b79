//! What a request is said to cost, by settings of the gateway.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Gateway, Scripted, gateway::run, wait_until};

const SOON: Duration = Duration::from_secs(10);

/// Prices of the model `m` at each of these providers: a request of these tests costs 0.0003 dollars.
fn prices(providers: &[&str]) -> String {
    let of_one = json!({"m": {"price": {"in": 0.000_002, "out": 0.000_01}}});
    let all = providers
        .iter()
        .map(|id| ((*id).to_owned(), of_one.clone()));
    Value::Object(all.collect()).to_string()
}

/// An upstream whose answers end with this usage.
fn upstream(usage: &str) -> Scripted {
    let body = format!(
        r#"{{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{{"index":0,"message":{{"role":"assistant","content":"hi"}},"finish_reason":"stop"}}],"usage":{usage}}}"#
    );
    Scripted::answering("application/json", body.as_bytes())
}

const USAGE: &str = r#"{"prompt_tokens":100,"completion_tokens":10,"total_tokens":110}"#;
const REPORTED: &str =
    r#"{"prompt_tokens":100,"completion_tokens":10,"total_tokens":110,"cost":0.5}"#;

/// A gateway with a configuration file and prices for its providers.
fn gateway(file: &str, prices: &str) -> (Gateway, tempfile::TempDir) {
    let data = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = data.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (file, prices) = (write("modelport.toml", file), write("prices.json", prices));
    let gateway = Gateway::start(&[
        ("MODELPORT_CONFIG", &file),
        ("MODELPORT_CATALOGUE", &prices),
        ("MODELPORT_DATA_DIR", data.path().to_str().unwrap()),
        ("MODELPORT_ADMIN_KEY", "the-key-of-the-admin"),
    ]);
    (gateway, data)
}

fn cost(gateway: &Gateway, model: &str) -> String {
    let body = json!({"model": model, "messages": [{"role": "user", "content": "hi"}]});
    let answer = gateway.chat(&body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.header("x-modelport-cost").unwrap().to_owned()
}

/// What the ledger says of these sums of each provider.
fn ledger(gateway: &Gateway) -> Vec<[String; 3]> {
    let request = gateway.request("GET", "/admin/v1/usage?by=provider");
    let request = request.header("authorization", "Bearer the-key-of-the-admin");
    let rows = request.send().json()["data"].clone();
    let rows = rows.as_array().unwrap().iter().map(|row| {
        ["provider", "computed_usd", "reported_usd"]
            .map(|name| row[name].as_str().unwrap_or_default().to_owned())
    });
    let mut rows: Vec<_> = rows.collect();
    rows.sort();
    rows
}

#[test]
fn a_discount_is_taken_off_what_is_computed_and_not_off_what_is_reported() {
    let (plain, reports) = (upstream(USAGE), upstream(REPORTED));
    let file = format!(
        "[[providers]]\nid = \"full\"\nbase_url = \"{0}\"\n\
         [[providers]]\nid = \"less\"\nbase_url = \"{0}\"\ndiscount = 0.15\n\
         [[providers]]\nid = \"tells\"\nbase_url = \"{1}\"\ndiscount = \"15%\"\n\
         [[routes]]\nmodel = \"cheapest\"\npolicy = \"cost\"\ntargets = [\"full:m\", \"less:m\"]\n",
        plain.base_url(),
        reports.base_url(),
    );
    let (gateway, _data) = gateway(&file, &prices(&["full", "less", "tells"]));
    assert_eq!(cost(&gateway, "full:m"), "0.0003");
    assert_eq!(cost(&gateway, "less:m"), "0.000255");
    assert_eq!(cost(&gateway, "tells:m"), "0.5");
    // Who takes something off is the cheaper one.
    assert_eq!(cost(&gateway, "cheapest"), "0.000255");
    let expected = [
        ["full", "0.0003", "0"],
        ["less", "0.00051", "0"],
        ["tells", "0", "0.5"],
    ];
    let expected = expected.map(|row| row.map(str::to_owned));
    assert!(
        wait_until(SOON, || ledger(&gateway) == expected),
        "{:?}",
        ledger(&gateway)
    );
}

#[test]
fn a_discount_by_the_environment_is_shown_by_check() {
    let name = "OPENAI_COMPATIBLE_DISCOUNT";
    let (done, text) = run(&["check"], &[(name, "12.5%")]);
    assert!(done.success(), "{text}");
    assert!(text.contains("12.5% off computed costs"), "{text}");
    let (done, text) = run(&["check"], &[(name, "15")]);
    assert_eq!(done.code(), Some(2), "{text}");
    assert!(
        text.contains(name)
            && text.contains("may be meant in percent or not")
            && text.contains("Use percents such as 15%"),
        "{text}"
    );
}
