//! `GET /metrics`: what is counted of real requests, by which labels, and how many of these there can be.
#![expect(clippy::float_cmp, reason = "counts are whole numbers")]

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use modelport::telemetry::metrics::table;
use modelport_sim::Options;
use serde_json::{Value, json};

use crate::support::{Gateway, Metrics, NOBODY, Upstream, client::Response};

mod access;
mod documents;
mod labels;
mod overhead;
mod standing;
mod uses;

const SOON: Duration = Duration::from_secs(10);

const PROVIDER: &str = "gen_ai_provider_name";
const MODEL: &str = "gen_ai_request_model";

fn chat(model: &str, stream: bool) -> Value {
    let messages = json!([{"role": "user", "content": "hi"}]);
    let mut body = json!({"model": model, "stream": stream, "messages": messages});
    if stream {
        body["stream_options"] = json!({"include_usage": true});
    }
    body
}

fn before(options: Options, more: &[(&str, &str)]) -> (Upstream, Gateway) {
    let upstream = Upstream::with(options);
    let settings = [&[("OPENAI_COMPATIBLE_MAX_RETRIES", "0")], more].concat();
    let gateway = Gateway::informed(&upstream.base_url(), &settings);
    (upstream, gateway)
}

fn post(gateway: &Gateway, path: &str, body: &Value) -> Response {
    gateway.request("POST", path).body(body.to_string()).send()
}

#[test]
fn requests_are_counted_by_what_became_of_them() {
    let data = tempfile::tempdir().unwrap();
    let ledger = [("MODELPORT_DATA_DIR", data.path().to_str().unwrap())];
    // The same with and without a ledger, whose thread counts where there is one.
    for settings in [&ledger[..], &[]] {
        let (upstream, gateway) = before(Options::default(), settings);
        assert_eq!(gateway.chat(&chat("sim-fast", false)).status, 200);
        assert_eq!(gateway.chat(&chat("sim-fast", true)).status, 200);
        assert_eq!(gateway.chat(&chat("never-heard-of", false)).status, 200);
        let body = json!({"model": "sim-embed", "input": "hi"});
        assert_eq!(post(&gateway, "/v1/embeddings", &body).status, 200);
        assert_eq!(
            post(&gateway, "/v1/chat/completions", &json!([])).status,
            400
        );
        upstream.set_fault(Some("status-401"));
        assert_eq!(gateway.chat(&chat("sim-fast", false)).status, 502);
        upstream.set_fault(Some("status-400"));
        assert_eq!(gateway.chat(&chat("sim-fast", false)).status, 400);
        upstream.set_fault(Some("cut-3"));
        assert_eq!(gateway.chat(&chat("sim-fast", true)).status, 200);
        let metrics = gateway.metrics_after(8);
        let requests = |labels: &[(&str, &str)]| metrics.sum("modelport_requests_total", labels);
        let of = |ending, class, stream, model| {
            requests(&[
                ("endpoint", "/chat/completions"),
                (PROVIDER, "openai_compatible"),
                (MODEL, model),
                ("ending", ending),
                ("status_class", class),
                ("stream", stream),
            ])
        };
        assert_eq!(of("answered", "2xx", "false", "sim-fast"), 1.0);
        assert_eq!(of("answered", "2xx", "true", "sim-fast"), 1.0);
        assert_eq!(of("answered", "2xx", "false", "other"), 1.0);
        assert_eq!(of("failed", "5xx", "false", "sim-fast"), 1.0);
        assert_eq!(of("refused", "4xx", "false", "sim-fast"), 1.0);
        assert_eq!(of("broken", "2xx", "true", "sim-fast"), 1.0);
        assert_eq!(requests(&[("endpoint", "/embeddings")]), 1.0);
        assert_eq!(
            requests(&[(PROVIDER, "none"), (MODEL, "none"), ("ending", "failed")]),
            1.0
        );
        assert_eq!(requests(&[]), 8.0);
        let errors = |blame, class| {
            metrics.sum(
                "modelport_errors_total",
                &[("blame", blame), ("error_type", class)],
            )
        };
        assert_eq!(errors("upstream", "upstream_credential"), 1.0);
        assert_eq!(errors("upstream", "upstream_failed"), 1.0);
        assert_eq!(errors("caller", "bad_request"), 1.0);
        assert_eq!(metrics.sum("modelport_errors_total", &[]), 4.0);
        check_conventions(&metrics);
    }
}

/// What OpenTelemetry has a name for, of the requests above.
fn check_conventions(metrics: &Metrics) {
    let chats = ("gen_ai_operation_name", "chat");
    let count = |name: &str, more: &[(&str, &str)]| {
        metrics.sum(&format!("{name}_count"), &[&[chats], more].concat())
    };
    let duration = "gen_ai_server_request_duration_seconds";
    assert_eq!(
        count(duration, &[(MODEL, "sim-fast"), ("error_type", "")]),
        2.0
    );
    assert_eq!(
        count(duration, &[("error_type", "upstream_credential")]),
        1.0
    );
    assert_eq!(count(duration, &[]), 7.0);
    let first = "gen_ai_server_time_to_first_token_seconds";
    assert_eq!(count(first, &[]), 2.0);
    assert_eq!(count(first, &[(MODEL, "sim-fast")]), 2.0);
    assert_eq!(
        count("gen_ai_server_time_per_output_token_seconds", &[]),
        1.0
    );
    let usage = |kind| count("gen_ai_client_token_usage", &[("gen_ai_token_type", kind)]);
    assert_eq!((usage("input"), usage("output")), (3.0, 3.0));
    let embeddings = [("gen_ai_operation_name", "embeddings")];
    assert_eq!(
        metrics.sum("gen_ai_client_token_usage_count", &embeddings),
        1.0
    );
    // The stream that broke told no usage.
    let tokens = |counts| metrics.sum("modelport_tokens_total", &[("counts", counts)]);
    assert!(tokens("told") > 0.0 && tokens("estimated") > 0.0);
}

/// The metrics of the table by the names of their samples, and the names of their labels.
fn described() -> BTreeMap<String, BTreeSet<&'static str>> {
    let labels = |metric: &table::Metric| metric.labels.iter().copied().collect();
    table::all()
        .map(|metric| (metric.sample(), labels(metric)))
        .collect()
}

#[test]
fn the_page_is_what_the_table_says() {
    let (_upstream, gateway) = before(Options::default(), &[]);
    assert_eq!(gateway.chat(&chat("sim-fast", true)).status, 200);
    let metrics = gateway.metrics_after(1);
    let described = described();
    for sample in &metrics.0 {
        let name = ["_bucket", "_sum", "_count"]
            .into_iter()
            .find_map(|suffix| sample.name.strip_suffix(suffix))
            .filter(|name| described.contains_key(*name))
            .unwrap_or(&sample.name);
        let labels = described.get(name);
        let labels = labels.unwrap_or_else(|| panic!("{name} is not in the table"));
        let found = sample.labels.keys().map(String::as_str);
        let found: BTreeSet<&str> = found.filter(|name| *name != "le").collect();
        assert_eq!(&found, labels, "{name}");
    }
    let page = gateway.get("/metrics");
    assert_eq!(
        page.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    let text = page.text();
    assert!(!text.contains("# EOF"));
    assert!(
        text.contains("\n# TYPE modelport_requests_total counter\n"),
        "{text}"
    );
    let open = gateway.request("GET", "/metrics");
    let open = open.header(
        "accept",
        "application/openmetrics-text;version=1.0.0,text/plain;q=0.5",
    );
    let open = open.send();
    let label = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(open.header("content-type"), Some(label));
    assert!(open.text().ends_with("# EOF\n"));
    assert!(
        open.text()
            .contains("\n# TYPE modelport_requests counter\n")
    );
}

#[test]
fn a_provider_that_is_away_is_an_error_of_its_own() {
    let gateway = Gateway::before(NOBODY, &[("OPENAI_COMPATIBLE_MAX_RETRIES", "0")]);
    assert_eq!(gateway.chat(&chat("m", false)).status, 502);
    let metrics = gateway.metrics_after(1);
    let labels = [
        ("error_type", "upstream_unreachable"),
        ("blame", "upstream"),
    ];
    assert_eq!(metrics.sum("modelport_errors_total", &labels), 1.0);
    let labels = [("step", "first"), ("outcome", "connect")];
    assert_eq!(metrics.sum("modelport_attempts_total", &labels), 1.0);
}
