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
    gateway_with(file, prices, &[])
}

/// The same with these settings too.
fn gateway_with(file: &str, prices: &str, more: &[(&str, &str)]) -> (Gateway, tempfile::TempDir) {
    let data = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = data.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (file, prices) = (write("modelport.toml", file), write("prices.json", prices));
    let mut settings = vec![
        ("MODELPORT_CONFIG", file.as_str()),
        ("MODELPORT_CATALOGUE", &prices),
        ("MODELPORT_DATA_DIR", data.path().to_str().unwrap()),
        ("MODELPORT_ADMIN_KEY", "the-key-of-the-admin"),
    ];
    settings.extend_from_slice(more);
    let gateway = Gateway::start(&settings);
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

/// A stream with this end.
fn events(end: &str) -> String {
    let chunk = |delta: &str, finish: &str| {
        format!(
            "data: {{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{{\"index\":0,\"delta\":{delta},\"finish_reason\":{finish}}}]}}\n\n"
        )
    };
    let (content, stop) = (
        chunk("{\"role\":\"assistant\",\"content\":\"hi\"}", "null"),
        chunk("{}", "\"stop\""),
    );
    format!(": hello\r\n\r\n{content}{stop}{end}")
}

fn usage_event(usage: &str) -> String {
    format!(
        "data: {{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[],\"usage\":{usage}}}\n\n"
    )
}

const DONE: &str = "data: [DONE]\n\n";

/// The bytes of a stream.
fn stream(gateway: &Gateway, path: &str, model: &str) -> String {
    let body = json!({"model": model, "stream": true, "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]});
    let answer = gateway.request("POST", path).body(body.to_string()).send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.text()
}

#[test]
fn a_stream_tells_its_cost_in_a_comment_where_that_is_wanted_and_is_else_untouched() {
    let on = ("MODELPORT_STREAM_COST", "true");
    let check = |sent: &str, expected: &str| {
        let upstream = Scripted::answering("text/event-stream", sent.as_bytes());
        let file = format!(
            "[[providers]]\nid = \"p\"\nbase_url = \"{}\"\n",
            upstream.base_url()
        );
        let ask = |more: &[(&str, &str)]| {
            let (gateway, _data) = gateway_with(&file, &prices(&["p"]), more);
            stream(&gateway, "/v1/chat/completions", "p:m")
        };
        assert_eq!(ask(&[]), sent);
        assert_eq!(ask(&[on]), expected);
    };
    let computed = ": modelport-cost 0.0003 usd computed\n\n";
    let usage = usage_event(USAGE);
    check(
        &events(&format!("{usage}{DONE}")),
        &events(&format!("{usage}{computed}{DONE}")),
    );
    check(
        &events(&format!("{}{DONE}", usage_event(REPORTED))),
        &events(&format!(
            "{}: modelport-cost 0.5 usd reported\n\n{DONE}",
            usage_event(REPORTED)
        )),
    );
    // Without the word that ends a stream, and without the blank line that ends an event.
    check(&events(&usage), &events(&format!("{usage}{computed}")));
    check(
        &events(usage.trim_end()),
        &events(&format!("{usage}{computed}")),
    );
    // Nobody says how much there was of it.
    check(&events(DONE), &events(DONE));
}

#[test]
fn the_cost_is_told_behind_a_translated_stream_and_is_not_kept_with_an_answer() {
    let sent = events(&format!("{}{DONE}", usage_event(USAGE)));
    let upstream = Scripted::answering("text/event-stream", sent.as_bytes());
    let file = format!(
        "[[providers]]\nid = \"p\"\nbase_url = \"{}\"\n",
        upstream.base_url()
    );
    let more = [
        ("MODELPORT_STREAM_COST", "true"),
        ("MODELPORT_CACHE", "1MiB"),
    ];
    let (gateway, _data) = gateway_with(&file, &prices(&["p"]), &more);
    let comment = ": modelport-cost 0.0003 usd computed\n\n";
    let first = stream(&gateway, "/v1/messages", "p:m");
    let translated = first.strip_suffix(comment).expect(&first);
    assert!(translated.contains("event: message_stop"), "{first}");
    assert_eq!(stream(&gateway, "/v1/messages", "p:m"), translated);
    let first = stream(&gateway, "/v1/chat/completions", "p:m");
    assert_eq!(first.replace(comment, ""), sent);
    assert_eq!(stream(&gateway, "/v1/chat/completions", "p:m"), sent);
}
