//! Where the lists of models come from: what is understood, what is fallen back to, and that nobody
//! waits.

use std::time::{Duration, Instant};

use modelport_sim::{ListingShape, Options};
use serde_json::{Value, json};

use crate::support::{Gateway, NOBODY, Pages, Upstream, gateway::wait_until, views::ids};

/// A listing that hangs is given up after this many seconds in these tests.
const IMPATIENT: (&str, &str) = ("OPENAI_COMPATIBLE_TIMEOUT", "0.5");

/// What a listing in this shape comes to: the ids, or the problem.
fn expected(shape: ListingShape) -> Result<usize, &'static str> {
    match shape {
        ListingShape::OpenAi
        | ListingShape::Data
        | ListingShape::Array
        | ListingShape::Models
        | ListingShape::Strings
        | ListingShape::DataStrings
        | ListingShape::Names
        | ListingShape::ModelField
        | ListingShape::Keys
        | ListingShape::IdOnly
        | ListingShape::Gemini
        | ListingShape::Mixed
        | ListingShape::Anthropic
        | ListingShape::Paginated
        | ListingShape::Links => Ok(4),
        ListingShape::Huge => Ok(5000),
        ListingShape::Null | ListingShape::Empty => Err("the listing is empty"),
        ListingShape::Html => Err("a web page"),
        ListingShape::Garbage | ListingShape::Truncated => Err("not JSON"),
        ListingShape::Status(404) => Err("404 from the provider"),
        ListingShape::Status(_) => Err("500 from the provider"),
        ListingShape::Hang => Err("no answer began within 0.5 s"),
    }
}

/// The shapes that hold models, each with how many.
fn understood() -> impl Iterator<Item = (ListingShape, usize)> {
    let shapes = ListingShape::all_examples().into_iter();
    shapes.filter_map(|shape| Some((shape, expected(shape).ok()?)))
}

/// The shapes that hold none, each with what is said about it.
fn failing() -> impl Iterator<Item = (ListingShape, &'static str)> {
    let shapes = ListingShape::all_examples().into_iter();
    shapes.filter_map(|shape| Some((shape, expected(shape).err()?)))
}

#[test]
fn every_shape_that_holds_models_is_discovered() {
    let upstream = Upstream::start();
    let gateway = Gateway::informed(&upstream.base_url(), &[]);
    for (shape, count) in understood() {
        upstream.set_listing(shape);
        let found = ids(&gateway.refresh());
        assert_eq!(found.len(), count, "{shape}");
        if count == 4 {
            assert_eq!(found[2], "vendor/sim-large:free", "{shape}");
        }
        let models = &gateway.provider("openai_compatible")["models"];
        let skipped = if shape == ListingShape::Mixed { 7 } else { 0 };
        assert_eq!(models["count"], count, "{shape}: {models}");
        assert_eq!(models["source"], "discovered", "{shape}: {models}");
        assert_eq!(models["skipped"], skipped, "{shape}: {models}");
        assert_eq!(models["problem"], Value::Null, "{shape}: {models}");
    }
}

#[test]
fn every_other_falls_back_to_the_default_model() {
    for (shape, problem) in failing() {
        let upstream = Upstream::listing(shape);
        let model = ("OPENAI_COMPATIBLE_DEFAULT_MODEL", "vendor/mine:1");
        let gateway = Gateway::informed(&upstream.base_url(), &[model, IMPATIENT]);
        let listed = gateway.model("vendor/mine:1");
        assert_eq!(listed["source"], "configured", "{shape}: {listed}");
        assert_eq!(listed["age_seconds"], Value::Null, "{shape}: {listed}");
        let models = &gateway.provider("openai_compatible")["models"];
        assert_eq!(models["count"], 1, "{shape}: {models}");
        assert_eq!(models["source"], "configured", "{shape}: {models}");
        let said = models["problem"].as_str().unwrap();
        assert!(said.contains(problem), "{shape}: {said}");
    }
}

#[test]
fn a_good_list_outlives_every_failure() {
    let mut upstream = Upstream::start();
    let gateway = Gateway::informed(&upstream.base_url(), &[IMPATIENT]);
    let good = gateway.ids();
    for (shape, problem) in failing() {
        upstream.set_listing(shape);
        assert_eq!(ids(&gateway.refresh()), good, "{shape}");
        let models = &gateway.provider("openai_compatible")["models"];
        assert_eq!(models["source"], "discovered", "{shape}: {models}");
        let said = models["problem"].as_str().unwrap();
        assert!(said.contains(problem), "{shape}: {said}");
    }
    upstream.set_listing(ListingShape::OpenAi);
    assert_eq!(ids(&gateway.refresh()), good);
    assert_eq!(
        gateway.provider("openai_compatible")["models"]["problem"],
        Value::Null
    );
    upstream.stop();
    assert_eq!(ids(&gateway.refresh()), good);
    let models = &gateway.provider("openai_compatible")["models"];
    assert!(
        models["problem"]
            .as_str()
            .unwrap()
            .contains("no connection"),
        "{models}"
    );
}

#[test]
fn nobody_waits_for_a_listing_that_hangs() {
    let upstream = Upstream::listing(ListingShape::Hang);
    let started = Instant::now();
    let gateway = Gateway::before(&upstream.base_url(), &[]);
    assert!(wait_until(Duration::from_secs(5), || !upstream
        .requests()
        .is_empty()));
    for path in [
        "/v1/models",
        "/v1/models/nope",
        "/v1/providers",
        "/health",
        "/health/ready",
    ] {
        assert!(gateway.get(path).status < 500, "{path}");
    }
    assert_eq!(gateway.chat_with("sim-fast").status, 200);
    assert!(
        started.elapsed() < Duration::from_secs(4),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(
        gateway.model("anthropic/claude-3.5-sonnet")["source"],
        "configured"
    );
}

#[test]
fn a_listing_without_the_key_is_a_problem_that_names_it() {
    let upstream = Upstream::with(Options {
        api_key: Some("another-key".to_owned()),
        ..Options::default()
    });
    let gateway = Gateway::informed(&upstream.base_url(), &[]);
    let problem = &gateway.provider("openai_compatible")["models"]["problem"];
    assert!(
        problem
            .as_str()
            .unwrap()
            .starts_with("401 from the provider"),
        "{problem}"
    );
    let seen = upstream.requests();
    assert_eq!(
        seen[0].header("authorization"),
        Some("Bearer sk-upstream-secret")
    );
}

#[test]
fn custom_headers_go_with_a_listing() {
    let upstream = Upstream::start();
    let headers = (
        "OPENAI_COMPATIBLE_CUSTOM_HEADERS",
        r#"{"X-Title": "t", "Authorization": "Own k"}"#,
    );
    let gateway = Gateway::informed(&upstream.base_url(), &[headers]);
    let seen = upstream.requests();
    assert_eq!(seen[0].header("x-title"), Some("t"));
    assert_eq!(seen[0].header("authorization"), Some("Own k"));
    assert_eq!(gateway.get("/v1/models").header("x-title"), None);
}

/// The ids listed, and the pages asked for, when the first page leads to `next` and the second
/// holds `second`.
fn follow(next: &str) -> (Vec<String>, Vec<String>) {
    let next = next.to_owned();
    let upstream = Pages::start(move |path| match path {
        "/v1/models" => Some(json!({"data": [{"id": "first"}], "links": {"next": next}})),
        "/v1/models?page=2" => Some(json!({"data": [{"id": "first"}, {"id": "second"}]})),
        _ => None,
    });
    let gateway = Gateway::informed(&upstream.base_url(), &[]);
    (gateway.ids(), upstream.asked())
}

#[test]
fn pages_are_followed_on_the_same_host() {
    let check = |next: &str| {
        let (listed, asked) = follow(next);
        assert_eq!(listed, ["first", "second"], "{next}");
        assert_eq!(asked[..2], ["/v1/models", "/v1/models?page=2"], "{next}");
    };
    check("/v1/models?page=2");
    check("?page=2");
}

#[test]
fn pages_on_other_hosts_never_see_the_key() {
    let elsewhere = Upstream::start();
    let addr = elsewhere.addr();
    let check = |next: String| {
        let (listed, _) = follow(&next);
        assert_eq!(listed, ["first"], "{next}");
        assert!(elsewhere.requests().is_empty(), "{next}");
    };
    check(format!("http://{addr}/v1/models?page=2"));
    check(format!("https://{addr}/v1/models?page=2"));
    check(format!("http://127.0.0.1@{addr}/v1/models"));
}

#[test]
fn a_list_that_leads_in_circles_ends() {
    let upstream = Pages::start(|path| {
        let page: usize = path
            .rsplit('=')
            .next()
            .and_then(|page| page.parse().ok())
            .unwrap_or(0);
        let next = format!("/v1/models?page={}", (page + 1) % 3);
        Some(json!({"data": [{"id": format!("m{page}")}], "links": {"next": next}}))
    });
    let gateway = Gateway::informed(&upstream.base_url(), &[]);
    assert_eq!(gateway.ids(), ["m0", "m1", "m2"]);
}

#[test]
fn ollama_lists_by_its_own_api_and_else_by_openais() {
    let tags = json!({"models": [{"name": "llama3.1:8b", "model": "llama3.1:8b", "size": 7}]});
    let list = json!({"object": "list", "data": [{"id": "qwen3:4b"}]});
    let check = |upstream: &Pages, id: &str, asked: &[&str]| {
        let root = upstream.base_url().replace("/v1", "");
        let gateway = Gateway::before(
            NOBODY,
            &[("OLLAMA_ENABLED", "true"), ("OLLAMA_BASE_URL", &root)],
        );
        gateway.wait_for_list("ollama");
        assert_eq!(gateway.model(id)["providers"], json!(["ollama"]));
        assert_eq!(upstream.asked()[..asked.len()], *asked);
    };
    let native = Pages::start(move |path| (path == "/api/tags").then(|| tags.clone()));
    check(&native, "llama3.1:8b", &["/api/tags"]);
    let layer = Pages::start(move |path| (path == "/v1/models").then(|| list.clone()));
    check(&layer, "qwen3:4b", &["/api/tags", "/v1/models"]);
}
