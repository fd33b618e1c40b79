//! Finished requests: searched in either database, looked at one by one, and followed as they finish.

use std::time::{Duration, Instant};

use modelport_sim::Options;
use serde_json::{Value, json};

use crate::support::{
    Gateway, NOBODY, Upstream, client::Stream, postgres::Postgres, views::refusal, wait_until,
};

const SOON: Duration = Duration::from_secs(10);

/// A model of the provider that is refused there.
const REFUSED: &str = "fault/status-404";

fn chat(gateway: &Gateway, id: &str, model: &str) -> u16 {
    let body = json!({"model": model, "messages": [{"role": "user", "content": "hi"}]});
    let request = gateway.request("POST", "/v1/chat/completions");
    request
        .header("x-request-id", id)
        .body(body.to_string())
        .send()
        .status
}

/// What a query finds.
fn find(gateway: &Gateway, query: &str) -> Value {
    let answer = gateway.get(&format!("/admin/v1/requests{query}"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// The request ids of what a query finds, newest first.
fn ids(gateway: &Gateway, query: &str) -> Vec<String> {
    let found = find(gateway, query);
    let rows = found["data"].as_array().unwrap().iter();
    rows.map(|row| row["request_id"].as_str().unwrap().to_owned())
        .collect()
}

/// Ten chats, of which the provider refuses three and one fails there; then every question.
fn search(base_url: &str, settings: &[(&str, &str)]) {
    let gateway = Gateway::informed(base_url, settings);
    for number in 0..6 {
        assert_eq!(chat(&gateway, &format!("good-{number}"), "sim-fast"), 200);
    }
    for number in 0..3 {
        assert_eq!(chat(&gateway, &format!("none-{number}"), REFUSED), 404);
    }
    assert!(chat(&gateway, "bad", "fault/status-500") >= 500);
    let all = || ids(&gateway, "").len();
    assert!(wait_until(SOON, || all() == 10), "{}", gateway.output());
    assert_eq!(find(&gateway, "")["source"], "ledger");
    let newest: Vec<_> = ["bad", "none-2", "none-1", "none-0", "good-5"]
        .map(str::to_owned)
        .into();
    assert_eq!(ids(&gateway, "?limit=5"), newest);
    // A page at a time comes to the same.
    let mut pages = Vec::new();
    let mut query = "?limit=3".to_owned();
    loop {
        let page = find(&gateway, &query);
        pages.extend(ids(&gateway, &query));
        let Some(next) = page["next"].as_str() else {
            break;
        };
        query = format!("?limit=3&before={next}");
    }
    assert_eq!(pages, ids(&gateway, ""));
    for (query, count) in [
        ("?status=404", 3),
        ("?status=5xx", 1),
        ("?ending=answered", 6),
        ("?model=sim-fast", 6),
        ("?provider=openai_compatible&status=2xx", 6),
        ("?model=fault/status-500", 1),
        ("?surface=/embeddings", 0),
        ("?team=nobody", 0),
        ("?since=1h&until=2200-01-01", 10),
        ("?until=1h", 0),
        ("?request_id=good-3", 1),
        ("?model=%00", 0),
    ] {
        assert_eq!(ids(&gateway, query).len(), count, "{query}");
    }
    looks_at_one(&gateway);
    drop(gateway);
    // What was in memory is gone, the row is not.
    let gateway = Gateway::before(base_url, settings);
    let row = gateway.get("/admin/v1/requests/good-3").json();
    assert_eq!(
        (&row["status"], &row["recent"]),
        (&json!(200), &Value::Null)
    );
    let path = format!("/admin/v1/requests/{}", row["id"].as_str().unwrap());
    assert_eq!(gateway.get(&path).json(), row);
}

fn looks_at_one(gateway: &Gateway) {
    let row = gateway.get("/admin/v1/requests/good-3").json();
    assert_eq!(row["requested_model"], "sim-fast");
    assert_eq!(row["usage"]["output_tokens"], row["output_tokens"]);
    assert_eq!(row["cost"]["source"], "unknown");
    let attempts = row["recent"]["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 1);
    let time = |name: &str| attempts[0][name].as_f64().unwrap();
    assert!(time("began_ms") <= time("head_ms") && time("head_ms") <= time("output_ms"));
    assert!(time("output_ms") <= time("ended_ms"), "{row}");
    assert_eq!(attempts[0]["outcome"], "answered");
    let same = format!("/admin/v1/requests/{}", row["id"].as_str().unwrap());
    assert_eq!(gateway.get(&same).json(), row);
    let failed = gateway.get("/admin/v1/requests/bad").json();
    assert_eq!(failed["recent"]["problem"]["blame"], "upstream");
    assert!(
        !failed.to_string().contains("sk-upstream-secret"),
        "{failed}"
    );
    let said = refusal(
        &gateway.get("/admin/v1/requests/unheard-of"),
        404,
        "request_not_found",
    );
    assert!(said.contains("unheard-of"), "{said}");
}

#[test]
fn requests_are_found_in_the_file() {
    let upstream = Upstream::with(Options::default());
    let data = tempfile::tempdir().unwrap();
    let data = data.path().to_str().unwrap();
    search(&upstream.base_url(), &[("MODELPORT_DATA_DIR", data)]);
}

#[test]
fn and_on_the_server() {
    let upstream = Upstream::with(Options::default());
    let (data, server) = (tempfile::tempdir().unwrap(), Postgres::start());
    let (data, url) = (data.path().to_str().unwrap(), server.url());
    let settings = [
        ("MODELPORT_DATA_DIR", data),
        ("MODELPORT_DATABASE_URL", &url),
    ];
    search(&upstream.base_url(), &settings);
}

#[test]
fn without_a_ledger_the_last_are_found_in_memory() {
    let upstream = Upstream::with(Options::default());
    let gateway = Gateway::informed(&upstream.base_url(), &[]);
    for number in 0..4 {
        assert_eq!(chat(&gateway, &format!("r-{number}"), "sim-fast"), 200);
    }
    assert!(wait_until(SOON, || ids(&gateway, "").len() == 4));
    assert_eq!(find(&gateway, "")["source"], "memory");
    let page = find(&gateway, "?limit=3&model=sim-fast");
    let next = page["next"].as_str().unwrap();
    assert_eq!(ids(&gateway, &format!("?before={next}")), ["r-0"]);
    let row = gateway.get("/admin/v1/requests/r-2").json();
    assert_eq!(row["recent"]["counts"], "told");
    refusal(
        &gateway.get("/admin/v1/requests/7-7"),
        404,
        "request_not_found",
    );
}

#[test]
fn what_became_of_fields_and_who_was_chosen_is_told() {
    let upstream = Upstream::with(Options::default());
    let home = tempfile::tempdir().unwrap();
    let file = format!(
        "[[providers]]\nid = \"up\"\nbase_url = \"{}\"\napi_key = \"k\"\nprofile = \"mistral\"\n\n\
         [[providers]]\nid = \"gone\"\nbase_url = \"{NOBODY}\"\n\n\
         [[routes]]\nmodel = \"smart\"\ntargets = [\"gone:m\", \"up:sim-fast\"]\n",
        upstream.base_url()
    );
    std::fs::write(home.path().join("modelport.toml"), file).unwrap();
    let gateway = Gateway::start_in(home, &[("OLLAMA_ENABLED", "false")]);
    let body = json!({"model": "smart", "user": "ada", "logit_bias": {"5": 1}, "messages": [{"role": "user", "content": "hi"}]});
    let answer = gateway
        .request("POST", "/v1/chat/completions")
        .header("x-request-id", "r-1");
    let answer = answer.body(body.to_string()).send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    let path = "/admin/v1/requests/r-1";
    assert!(wait_until(SOON, || gateway.get(path).status == 200));
    let recent = &gateway.get(path).json()["recent"];
    let told = answer.header("x-modelport-params").unwrap();
    let fields = recent["fields"].as_array().unwrap();
    let fields: Vec<_> = fields
        .iter()
        .map(|field| {
            format!(
                "{}={}",
                field["field"].as_str().unwrap(),
                field["fate"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(fields.join(", "), told);
    assert_eq!(recent["route"], "smart");
    assert_eq!(
        recent["decision"]["candidates"].as_array().unwrap().len(),
        2
    );
    let attempts = recent["attempts"].as_array().unwrap();
    let steps: Vec<_> = attempts
        .iter()
        .map(|attempt| (&attempt["provider"], &attempt["step"]))
        .collect();
    assert_eq!(
        steps.last().unwrap(),
        &(&json!("up"), &json!("failover")),
        "{recent}"
    );
}

/// The next event of a stream.
fn event(stream: &mut Stream) -> Value {
    let mut text = String::new();
    while !text.ends_with("\n\n") {
        text.push_str(&String::from_utf8(stream.next_piece().unwrap()).unwrap());
    }
    let data = text.lines().find_map(|line| line.strip_prefix("data: "));
    serde_json::from_str(data.unwrap()).unwrap()
}

/// The request ids of the next so many that are told.
fn follow(stream: &mut Stream, count: usize) -> Vec<String> {
    let mut told = Vec::new();
    let deadline = Instant::now() + SOON;
    while told.len() < count && Instant::now() < deadline {
        let rows = event(stream)["data"].as_array().unwrap().clone();
        told.extend(
            rows.iter()
                .map(|row| row["request_id"].as_str().unwrap().to_owned()),
        );
    }
    told
}

#[test]
fn requests_are_told_as_they_finish_and_what_is_missed_is_counted() {
    let upstream = Upstream::with(Options::default());
    let gateway = Gateway::informed(&upstream.base_url(), &[]);
    let mut all = gateway.request("GET", "/admin/v1/requests/live").open();
    let mut failed = gateway
        .request("GET", "/admin/v1/requests/live?status=4xx")
        .open();
    assert_eq!(all.status, 200);
    let start = event(&mut all);
    assert_eq!((&start["data"], &start["missed"]), (&json!([]), &json!(0)));
    event(&mut failed);
    for number in 0..3 {
        chat(&gateway, &format!("good-{number}"), "sim-fast");
        chat(&gateway, &format!("none-{number}"), REFUSED);
    }
    let told = follow(&mut all, 6);
    assert_eq!(
        told,
        ["good-0", "none-0", "good-1", "none-1", "good-2", "none-2"]
    );
    assert_eq!(follow(&mut failed, 3), ["none-0", "none-1", "none-2"]);
    // Who comes back after a while learns how many it cannot be told.
    for number in 0..600 {
        chat(&gateway, &format!("late-{number}"), REFUSED);
    }
    assert!(wait_until(SOON, || ids(&gateway, "?limit=1") == ["late-599"]));
    let again = gateway.request("GET", "/admin/v1/requests/live");
    let mut again = again
        .header("last-event-id", &start["next"].to_string())
        .open();
    let told = event(&mut again);
    assert_eq!(told["missed"], 506);
    let rows = told["data"].as_array().unwrap();
    assert_eq!(
        (rows.len(), &rows[99]["request_id"]),
        (100, &json!("late-599"))
    );
    gateway.terminate();
    assert!(!again.read_until("nothing comes"), "it goes on");
}

#[test]
fn a_wrong_query_is_named_and_a_stranger_sees_nothing() {
    let gateway = Gateway::before(NOBODY, &[]);
    for path in ["/admin/v1/requests", "/admin/v1/requests/live"] {
        for (query, param) in [
            ("limit=501", "limit"),
            ("statsu=5xx", "statsu"),
            ("since=soon", "since"),
        ] {
            let answer = gateway.get(&format!("{path}?{query}"));
            refusal(&answer, 400, "invalid_parameter");
            assert_eq!(answer.json()["error"]["param"], param);
        }
    }
    let gateway = Gateway::before(NOBODY, &[("MODELPORT_ADMIN_KEY", "the-key-of-the-admin")]);
    for path in ["", "/live", "/7-7"] {
        let answer = gateway.get(&format!("/admin/v1/requests{path}"));
        refusal(&answer, 401, "invalid_admin_key");
    }
}
