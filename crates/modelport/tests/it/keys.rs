//! Keys: made on the command line and by the admin API, opening what they say and nothing else, and gone when they are
//! taken back.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use modelport_sim::Options;
use serde_json::{Value, json};

use crate::support::{
    Gateway, Upstream, client::Response, gateway::run, postgres::Postgres, wait_until,
};

const ADMIN: &str = "the-key-of-the-admin";

/// Within this time a change that was made elsewhere must count.
const SECOND: Duration = Duration::from_secs(1);

fn settings<'a>(data: &'a Path, base_url: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("OPENAI_COMPATIBLE_BASE_URL", base_url),
        ("OPENAI_COMPATIBLE_API_KEY", "sk-upstream-secret"),
        ("OLLAMA_ENABLED", "false"),
        ("MODELPORT_DATA_DIR", data.to_str().unwrap()),
        ("MODELPORT_ADMIN_KEY", ADMIN),
    ]
}

/// A chat for a model with a key.
fn ask(gateway: &Gateway, key: &str, model: &str) -> Response {
    let body = json!({"model": model, "messages": [{"role": "user", "content": "hi"}]});
    let request = gateway.request("POST", "/v1/chat/completions");
    let request = request.body(body.to_string());
    if key.is_empty() {
        request.send()
    } else {
        request
            .header("authorization", &format!("Bearer {key}"))
            .send()
    }
}

fn status(gateway: &Gateway, key: &str) -> u16 {
    ask(gateway, key, "sim-fast").status
}

fn code(response: &Response) -> String {
    response.json()["error"]["code"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// The answer of the admin API.
fn admin(gateway: &Gateway, method: &str, path: &str, body: &Value) -> Response {
    let request = gateway.request(method, path);
    let request = request.header("authorization", &format!("Bearer {ADMIN}"));
    if body.is_null() {
        request.send()
    } else {
        request.body(body.to_string()).send()
    }
}

/// A key from the command line: its text and what is known of it.
fn create(settings: &[(&str, &str)], arguments: &[&str]) -> (String, Value) {
    let arguments = [&["keys", "create"], arguments, &["--json"]].concat();
    let (done, text) = run(&arguments, settings);
    assert!(done.success(), "{text}");
    let key: Value = serde_json::from_str(&text).unwrap();
    (key["key"].as_str().unwrap().to_owned(), key)
}

#[test]
fn a_key_opens_the_gateway_until_it_is_taken_back() {
    let upstream = Upstream::with(Options::default());
    let data = tempfile::tempdir().unwrap();
    let base_url = upstream.base_url();
    let settings = settings(data.path(), &base_url);
    open_and_take_back(&settings, &settings);
}

#[test]
fn so_it_does_on_replicas_with_one_server() {
    let upstream = Upstream::with(Options::default());
    let server = Postgres::start();
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (base_url, url) = (upstream.base_url(), server.url());
    let [one, two] = [&one, &two].map(|data| {
        let mut settings = settings(data.path(), &base_url);
        settings.push(("MODELPORT_DATABASE_URL", &url));
        settings
    });
    open_and_take_back(&one, &two);
}

/// A key is made, rotated and taken back while two gateways with one database run.
fn open_and_take_back(settings: &[(&str, &str)], of_replica: &[(&str, &str)]) {
    let gateway = Gateway::start(settings);
    let replica = Gateway::start(of_replica);
    assert_eq!(
        status(&gateway, ""),
        200,
        "no key is needed while there is none"
    );

    let (text, key) = create(settings, &["laptop"]);
    for one in [&gateway, &replica] {
        assert!(wait_until(SECOND, || status(one, "") == 401));
        assert_eq!(status(one, &text), 200);
        assert_eq!(
            code(&ask(one, "mp-no-such-key", "sim-fast")),
            "invalid_api_key"
        );
    }
    let id = key["id"].as_str().unwrap();
    let rotated = admin(
        &gateway,
        "POST",
        &format!("/admin/v1/keys/{id}/rotate"),
        &Value::Null,
    );
    let other = rotated.json()["key"].as_str().unwrap().to_owned();
    assert_eq!(
        (status(&gateway, &text), status(&gateway, &other)),
        (200, 200)
    );

    assert!(wait_until(SECOND, || status(&replica, &other) == 200));

    // At once here, and within a second there.
    let revoked = admin(
        &gateway,
        "DELETE",
        &format!("/admin/v1/keys/{id}"),
        &Value::Null,
    );
    let at = Instant::now();
    assert_eq!(
        (revoked.status, &revoked.json()["status"]),
        (200, &json!("revoked"))
    );
    let refused = ask(&gateway, &other, "sim-fast");
    assert_eq!(
        (refused.status, code(&refused)),
        (401, "key_not_active".to_owned())
    );
    assert!(wait_until(SECOND, || status(&replica, &other) == 401));
    assert!(at.elapsed() < SECOND, "{:?}", at.elapsed());
    assert_eq!(status(&replica, &text), 401);
    assert_eq!(
        status(&gateway, ""),
        401,
        "it does not open again with its last key"
    );

    // The text is nowhere but where it was shown.
    for one in [&gateway, &replica] {
        assert!(!one.output().contains(&text[10..]) && !one.output().contains(&other[10..]));
    }
    let (_, list) = run(&["keys", "list", "--all", "--json"], settings);
    assert!(
        list.contains(id) && !list.contains(&text[10..]) && !list.contains("digest"),
        "{list}"
    );
}

#[test]
fn behind_a_trusted_proxy_the_address_is_that_of_its_caller() {
    let upstream = Upstream::with(Options::default());
    let data = tempfile::tempdir().unwrap();
    let base_url = upstream.base_url();
    let mut settings = settings(data.path(), &base_url);
    let (key, _) = create(&settings, &["far", "--address", "192.0.2.0/24"]);
    let plain = Gateway::start(&settings);
    settings.push(("MODELPORT_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8"));
    let behind = Gateway::start(&settings);
    let ask = |gateway: &Gateway, path: &str, method: &str, forwarded: &str| {
        let request = gateway.request(method, path);
        let request = request.header("authorization", &format!("Bearer {key}"));
        let request = request.header("x-forwarded-for", forwarded);
        let body = json!({"model": "sim-fast", "messages": [{"role": "user", "content": "hi"}]});
        match method {
            "POST" => request.body(body.to_string()).send().status,
            _ => request.send().status,
        }
    };
    let chat = |gateway: &Gateway, forwarded: &str| {
        ask(gateway, "/v1/chat/completions", "POST", forwarded)
    };
    for gateway in [&plain, &behind] {
        assert!(wait_until(SECOND, || status(gateway, &key) == 403));
    }
    // Nobody but a trusted proxy is believed, and of what it says only its own word.
    assert_eq!(chat(&plain, "192.0.2.7"), 403);
    assert_eq!(chat(&behind, "192.0.2.7"), 200);
    assert_eq!(chat(&behind, "198.51.100.1, 192.0.2.7, 10.0.0.2"), 200);
    assert_eq!(chat(&behind, "192.0.2.7, 198.51.100.1"), 403);
    assert_eq!(chat(&behind, "192.0.2.7, unknown"), 403);
    assert_eq!(ask(&behind, "/v1/models", "GET", "192.0.2.7"), 200);
    assert_eq!(ask(&behind, "/v1/models", "GET", "198.51.100.1"), 403);
}

#[test]
fn a_key_opens_what_its_scopes_say() {
    let upstream = Upstream::with(Options::default());
    let data = tempfile::tempdir().unwrap();
    let base_url = upstream.base_url();
    let settings = settings(data.path(), &base_url);
    let gateway = Gateway::start(&settings);
    let (narrow, _) = create(
        &settings,
        &[
            "narrow",
            "--model",
            "sim-f*",
            "--endpoint",
            "/chat/completions",
        ],
    );
    let (elsewhere, _) = create(&settings, &["elsewhere", "--address", "192.0.2.0/24"]);
    let (here, _) = create(&settings, &["here", "--address", "127.0.0.0/8"]);
    let (other, _) = create(&settings, &["other", "--provider", "another"]);
    assert!(wait_until(SECOND, || status(&gateway, &other) == 403));
    assert_eq!(status(&gateway, &narrow), 200);
    let refused = ask(&gateway, &narrow, "sim-smart");
    assert_eq!(
        (refused.status, code(&refused)),
        (403, "model_not_allowed".to_owned())
    );
    let message = refused.json()["error"]["message"].to_string();
    assert!(
        message.contains("sim-smart") && message.contains("sim-f*"),
        "{message}"
    );
    let qualified = ask(&gateway, &narrow, "openai_compatible:sim-fast");
    assert_eq!(qualified.status, 200, "the same model by its longer name");
    let bearer = format!("Bearer {narrow}");
    let embeddings = gateway
        .request("POST", "/v1/embeddings")
        .header("authorization", &bearer)
        .body(json!({"model": "sim-fast", "input": "x"}).to_string())
        .send();
    assert_eq!(
        (embeddings.status, code(&embeddings)),
        (403, "endpoint_not_allowed".to_owned())
    );
    let models = gateway
        .request("GET", "/v1/models")
        .header("authorization", &bearer)
        .send()
        .json();
    let ids: Vec<&str> = models["data"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|model| model["id"].as_str())
        .collect();
    assert!(
        !ids.is_empty() && ids.iter().all(|id| id.starts_with("sim-f")),
        "{ids:?}"
    );
    assert_eq!(
        code(&ask(&gateway, &elsewhere, "sim-fast")),
        "address_not_allowed"
    );
    assert_eq!(status(&gateway, &here), 200);
    assert_eq!(
        code(&ask(&gateway, &other, "sim-fast")),
        "provider_not_allowed"
    );
}

#[test]
fn the_admin_api_is_closed_without_its_key_and_says_what_is_wrong() {
    let upstream = Upstream::with(Options::default());
    let base_url = upstream.base_url();
    let closed = Gateway::before(&base_url, &[]);
    for (method, path) in [
        ("POST", "/admin/v1/keys"),
        ("PATCH", "/admin/v1/keys/x"),
        ("DELETE", "/admin/v1/keys/x"),
        ("POST", "/admin/v1/keys/x/rotate"),
        ("POST", "/admin/v1/teams"),
        ("PATCH", "/admin/v1/teams/x"),
        ("DELETE", "/admin/v1/teams/x"),
    ] {
        let refused = closed.request(method, path).body("{}".to_owned()).send();
        let said = (refused.status, code(&refused));
        assert_eq!(said, (403, "admin_closed".to_owned()), "{method} {path}");
    }

    // Without a directory keys live as long as the process, and the start says so.
    let gateway = Gateway::before(&base_url, &[("MODELPORT_ADMIN_KEY", ADMIN)]);
    assert!(gateway.wait_for_output("no keys: set MODELPORT_DATA_DIR"));
    assert_eq!(gateway.request("GET", "/admin/v1/keys").send().status, 401);
    let with_other = gateway
        .request("GET", "/admin/v1/keys")
        .header("authorization", "Bearer some-other-key")
        .send();
    assert_eq!(code(&with_other), "invalid_admin_key");
    let wrong = admin(
        &gateway,
        "POST",
        "/admin/v1/keys",
        &json!({"name": "x", "team": "red"}),
    );
    assert_eq!(
        (wrong.status, &wrong.json()["error"]["param"]),
        (400, &json!("team"))
    );
    let unknown = admin(&gateway, "POST", "/admin/v1/keys", &json!({"nam": "x"}));
    assert!(
        unknown.json()["error"]["message"]
            .to_string()
            .contains("nam")
    );
    let team = admin(
        &gateway,
        "POST",
        "/admin/v1/teams",
        &json!({"name": "red", "limits": {"requests_per_minute": 100}}),
    );
    assert_eq!(team.status, 201, "{}", team.json());
    let made = admin(
        &gateway,
        "POST",
        "/admin/v1/keys",
        &json!({"name": "x", "team": "red", "expires": "2099-01-01T00:00:00Z"}),
    );
    assert_eq!(made.status, 201);
    let made = made.json();
    assert_eq!(status(&gateway, made["key"].as_str().unwrap()), 200);
    let id = made["id"].as_str().unwrap();
    let path = format!("/admin/v1/keys/{id}");
    let patched = admin(
        &gateway,
        "PATCH",
        &path,
        &json!({"team": null, "user": "ada"}),
    )
    .json();
    assert_eq!(
        (&patched["team"], &patched["user"]),
        (&Value::Null, &json!("ada"))
    );
    assert_eq!(
        admin(&gateway, "GET", &path, &Value::Null).json()["user"],
        "ada"
    );
    assert_eq!(
        admin(&gateway, "GET", "/admin/v1/keys/none", &Value::Null).status,
        404
    );
    // What holds fields is an object and no list of their values.
    for odd in [
        json!({"limits": [null, null]}),
        json!({"limits": {"budgets": [["1", "day"]]}}),
        json!({"scopes": [["sim-fast"]]}),
    ] {
        let refused = admin(&gateway, "PATCH", &path, &odd);
        let message = refused.json()["error"]["message"].to_string();
        assert_eq!(refused.status, 400, "{odd}: {message}");
        assert!(message.contains("expected a map"), "{message}");
    }
    let odd = admin(&gateway, "GET", "/admin/v1/keys?all=2", &Value::Null);
    let code = &odd.json()["error"]["code"];
    assert_eq!((odd.status, code), (400, &json!("invalid_parameter")));
    assert_eq!(
        admin(&gateway, "DELETE", "/admin/v1/teams/red", &Value::Null).status,
        200
    );
    let list = admin(&gateway, "GET", "/admin/v1/keys", &Value::Null).json();
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
}

#[test]
fn a_gateway_that_requires_keys_is_closed_until_there_is_one() {
    let upstream = Upstream::with(Options::default());
    let data = tempfile::tempdir().unwrap();
    let base_url = upstream.base_url();
    let mut settings = settings(data.path(), &base_url);
    settings.extend([("HOST", "0.0.0.0"), ("MODELPORT_REQUIRE_KEY", "true")]);
    let (text, _) = create(&settings, &["first"]);
    let gateway = Gateway::start(&settings);
    assert_eq!((status(&gateway, ""), status(&gateway, &text)), (401, 200));
}
