//! What is counted of calls, money, limits and kept answers.

use std::fs;

use modelport_sim::Options;

use super::{MODEL, PROVIDER, SOON, before, chat};
use crate::support::{Gateway, Upstream, gateway::run, wait_until};

#[test]
fn every_call_of_a_provider_is_counted() {
    let upstreams = [Upstream::start(), Upstream::start()];
    let home = tempfile::tempdir().unwrap();
    fs::write(
        home.path().join("modelport.toml"),
        format!(
            "[[providers]]\nid = 'a'\nbase_url = '{}'\nmax_retries = 1\n\
             [[providers]]\nid = 'b'\nbase_url = '{}'\n\
             [[routes]]\nmodel = 'r'\ntargets = ['a:sim-fast', 'b:sim-fast']\nretry_share = 100\n\
             [[routes]]\nmodel = 'h'\ntargets = ['a:sim-smart', 'b:sim-smart']\nhedge = {{ after = 0.05, max_share = 100 }}\n",
            upstreams[0].base_url(),
            upstreams[1].base_url()
        ),
    )
    .unwrap();
    let gateway = Gateway::start_in(home, &[]);
    assert_eq!(gateway.chat(&chat("r", false)).status, 200);
    upstreams[0].set_fault(Some("status-503"));
    assert_eq!(gateway.chat(&chat("r", false)).status, 200);
    upstreams[0].set_fault(Some("status-503@1"));
    assert_eq!(gateway.chat(&chat("a:sim-fast", false)).status, 200);
    upstreams[0].set_fault(Some("hang"));
    assert_eq!(gateway.chat(&chat("h", false)).status, 200);
    let left = gateway.request("POST", "/v1/chat/completions");
    let left = left.body(chat("a:sim-fast", false).to_string()).write();
    assert!(wait_until(SOON, || upstreams[0].completions().len() >= 6));
    drop(left);
    let metrics = gateway.metrics_after(5);
    let calls = |provider, step, outcome| {
        let labels = [(PROVIDER, provider), ("step", step), ("outcome", outcome)];
        metrics.sum("modelport_attempts_total", &labels)
    };
    assert_eq!(calls("a", "first", "answered"), 1.0);
    assert_eq!(calls("a", "first", "server"), 2.0);
    assert_eq!(calls("b", "failover", "answered"), 1.0);
    assert_eq!(calls("a", "retry", "answered"), 1.0);
    assert_eq!(calls("b", "hedge", "answered"), 1.0);
    assert_eq!(calls("a", "first", "cancelled"), 2.0);
    let seen: usize = upstreams.iter().map(|up| up.completions().len()).sum();
    let all = metrics.sum("modelport_attempts_total", &[]);
    assert_eq!(all, f64::from(u32::try_from(seen).unwrap()));
}

#[test]
fn a_stream_with_which_another_target_goes_on_counts_both() {
    let paced = || Options {
        latency_ms: 300,
        tokens_per_second: 50,
        ..Options::default()
    };
    let upstreams = [(); 2].map(|()| Upstream::with(paced()));
    let home = tempfile::tempdir().unwrap();
    fs::write(
        home.path().join("modelport.toml"),
        format!(
            "[[providers]]\nid = 'a'\nbase_url = '{}'\nmax_retries = 0\n\
             [[providers]]\nid = 'b'\nbase_url = '{}'\nmax_retries = 0\n\
             [[routes]]\nmodel = 'r'\ncontinue_streams = true\nretry_share = 100\n\
             targets = ['a:sim-fast', 'b:sim-fast']\n",
            upstreams[0].base_url(),
            upstreams[1].base_url()
        ),
    )
    .unwrap();
    let gateway = Gateway::start_in(home, &[]);
    upstreams[0].set_fault(Some("cut-3"));
    let answer = gateway.chat(&chat("r", true));
    assert!(answer.text().contains(": continued by b"));
    // The caller leaves while the second one is being asked.
    upstreams[1].set_fault(Some("hang"));
    let left = gateway.request("POST", "/v1/chat/completions");
    let left = left.body(chat("r", true).to_string()).write();
    assert!(wait_until(SOON, || upstreams[1].completions().len() >= 2));
    drop(left);
    let metrics = gateway.metrics_after(2);
    let calls = |provider, step, outcome| {
        let labels = [(PROVIDER, provider), ("step", step), ("outcome", outcome)];
        metrics.sum("modelport_attempts_total", &labels)
    };
    assert_eq!(calls("a", "first", "answered"), 2.0);
    assert_eq!(calls("b", "failover", "answered"), 1.0);
    assert_eq!(calls("b", "failover", "cancelled"), 1.0);
    assert_eq!(metrics.sum("modelport_attempts_total", &[]), 4.0);
    // Nobody has told what the first one used.
    let tokens = |counts| metrics.sum("modelport_tokens_total", &[("counts", counts)]);
    assert!(tokens("estimated") > 0.0);
    assert_eq!(tokens("told"), 0.0);
    let took = metrics.sum("gen_ai_server_request_duration_seconds_sum", &[]);
    let own = metrics.sum("modelport_overhead_seconds_sum", &[]);
    assert!(took > 0.9 && own < 0.2, "{own} of {took}");
}

#[test]
fn money_is_counted_by_where_its_amount_comes_from() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let prices =
        r#"{"openai_compatible": {"sim-smart": {"price": {"in": 0.0005, "out": 0.00025}}}}"#;
    fs::write(file.path(), prices).unwrap();
    let path = file.path().to_str().unwrap();
    let (_upstream, gateway) = before(Options::default(), &[("MODELPORT_CATALOGUE", path)]);
    let answer = gateway.chat(&chat("sim-smart", false));
    assert_eq!(gateway.chat(&chat("without-a-price", false)).status, 200);
    let usage = &answer.json()["usage"];
    let tokens = |name: &str| usage[name].as_f64().unwrap();
    let expected = tokens("prompt_tokens") * 0.0005 + tokens("completion_tokens") * 0.00025;
    let metrics = gateway.metrics_after(2);
    let labels = [(MODEL, "sim-smart"), ("source", "computed")];
    let cost = metrics.sum("modelport_cost_usd_total", &labels);
    assert!((cost - expected).abs() < 1e-9, "{cost} is not {expected}");
    assert_eq!(
        metrics.sum("modelport_unpriced_requests_total", &[(MODEL, "other")]),
        1.0
    );
    assert_eq!(metrics.sum("modelport_unpriced_requests_total", &[]), 1.0);
}

#[test]
fn limits_budgets_and_kept_answers_are_counted() {
    let upstream = Upstream::start();
    let home = tempfile::tempdir().unwrap();
    fs::write(
        home.path().join("modelport.toml"),
        format!(
            "[[providers]]\nid = 'a'\nbase_url = '{}'\n\
             [cache]\nmax_bytes = '64 MiB'\n\
             [[limits]]\nmodel = 'sim-fast'\nrequests_per_minute = 1\n",
            upstream.base_url()
        ),
    )
    .unwrap();
    let gateway = Gateway::start_in(home, &[]);
    gateway.wait_for_list("a");
    assert_eq!(gateway.chat(&chat("sim-fast", false)).status, 200);
    assert_eq!(gateway.chat(&chat("sim-fast", false)).status, 429);
    assert_eq!(gateway.chat(&chat("sim-smart", false)).status, 200);
    let again = || {
        let answer = gateway.chat(&chat("sim-smart", false));
        answer.header("x-modelport-cache") == Some("hit")
    };
    assert!(wait_until(SOON, again));
    let metrics = gateway.metrics_after(4);
    let labels = [("owner", "model"), ("limit", "requests_per_minute")];
    assert_eq!(metrics.sum("modelport_limit_refusals_total", &labels), 1.0);
    let lookups = |result| metrics.sum("modelport_cache_lookups_total", &[("result", result)]);
    assert_eq!(lookups("hit"), 1.0);
    assert!(lookups("miss") >= 2.0);
}

#[test]
fn a_budget_that_warns_is_counted() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let prices = r#"{"openai_compatible": {"sim-fast": {"price": {"in": 0.0005, "out": 0.0005}}}}"#;
    fs::write(file.path(), prices).unwrap();
    let data = tempfile::tempdir().unwrap();
    let upstream = Upstream::start();
    let base_url = upstream.base_url();
    let settings = [
        ("OPENAI_COMPATIBLE_BASE_URL", base_url.as_str()),
        ("OPENAI_COMPATIBLE_API_KEY", "sk-upstream-secret"),
        ("OLLAMA_ENABLED", "false"),
        ("MODELPORT_DATA_DIR", data.path().to_str().unwrap()),
        ("MODELPORT_CATALOGUE", file.path().to_str().unwrap()),
    ];
    let (done, text) = run(
        &["keys", "create", "one", "--budget", "1000/month,warn=0.001"],
        &settings,
    );
    assert!(done.success(), "{text}");
    let key = text.lines().next().unwrap().to_owned();
    let gateway = Gateway::start(&settings);
    let request = gateway.request("POST", "/v1/chat/completions");
    let answer = request
        .header("authorization", &format!("Bearer {key}"))
        .body(chat("sim-fast", false).to_string())
        .send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    let metrics = gateway.metrics_after(1);
    assert_eq!(
        metrics.sum("modelport_budget_warnings_total", &[("owner", "key")]),
        1.0
    );
}
