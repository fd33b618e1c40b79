//! Targets for some requests only, by a header or by who asks.

use std::process::Output;

use serde_json::{Value, json};

use super::{ADMIN, admin, answered_by, chat, explain::reasons, explain::targets, file, key};
use crate::support::{Gateway, Response, Upstream, gateway::command};

const ROUTES: &str = r#"
[server]
api_keys = ["a-configured-caller-key"]

[[routes]]
model = "r"
[[routes.groups]]
when = { key_tags = { tier = "gold*" } }
targets = ["a:sim-fast"]
[[routes.groups]]
targets = [
  { target = "b:sim-fast", when = { headers = { x-job = "batch" } } },
  { target = "c:sim-fast", when = { key_tags = { job = "*" } } },
  "d:sim-fast",
]

[[routes]]
model = "only-gold"
targets = [{ target = "a:sim-fast", when = { key_tags = { tier = "gold" } } }]
"#;

/// Why those before the last target are left out for whoever has nothing of what they ask for.
const NOT_A: (&str, &str) = ("a:sim-fast", "only for keys whose tag tier fits");
const NOT_B: (&str, &str) = ("b:sim-fast", "only for requests whose header x-job fits");
const NOT_C: (&str, &str) = ("c:sim-fast", "only for keys whose tag job fits");

struct World {
    upstreams: Vec<Upstream>,
    gateway: Gateway,
    _data: tempfile::TempDir,
}

impl World {
    fn start() -> Self {
        let upstreams: Vec<Upstream> = (0..4).map(|_| Upstream::start()).collect();
        let (home, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let text = file(&upstreams, "max_retries = 0", ROUTES);
        std::fs::write(home.path().join("modelport.toml"), text).unwrap();
        let settings = [
            ("MODELPORT_DATA_DIR", data.path().to_str().unwrap()),
            ("MODELPORT_ADMIN_KEY", ADMIN),
        ];
        Self {
            gateway: Gateway::start_in(home, &settings),
            upstreams,
            _data: data,
        }
    }

    fn send(&self, method: &str, path: &str, key: &str, job: Option<&str>, body: &str) -> Response {
        let request = self.gateway.request(method, path);
        let mut request = request.header("authorization", &format!("Bearer {key}"));
        if let Some(job) = job {
            request = request.header("x-job", job);
        }
        if method == "GET" {
            request.send()
        } else {
            request.body(body.to_owned()).send()
        }
    }

    fn ask(&self, key: &str, job: Option<&str>, model: &str) -> Response {
        let body = chat(model, false).to_string();
        self.send("POST", "/v1/chat/completions", key, job, &body)
    }

    fn explain(&self, key: &str, job: Option<&str>, model: &str) -> Value {
        let body = chat(model, false).to_string();
        let explained = self.send("POST", "/v1/route/explain", key, job, &body);
        assert_eq!(explained.status, 200, "{}", explained.text());
        explained.json()
    }

    /// Asks, and compares who answers with what is explained beforehand and known afterwards.
    fn check(&self, key: &str, job: Option<&str>, order: &[&str], left_out: &[(&str, &str)]) {
        let explained = self.explain(key, job, "r");
        assert_eq!(targets(&explained), order, "{explained}");
        assert_eq!(reasons(&explained), left_out, "{explained}");
        let answer = self.ask(key, job, "r");
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answered_by(&answer), &order[0][..1]);
        let id = answer.header("x-request-id").unwrap();
        let path = format!("/v1/route/decisions/{id}");
        let decided = self.send("GET", &path, key, None, "").json();
        assert_eq!(targets(&decided), order, "{decided}");
        assert_eq!(reasons(&decided), left_out, "{decided}");
        assert_eq!(decided["attempts"][0]["target"], order[0], "{decided}");
    }
}

#[test]
fn a_header_or_a_tag_of_the_key_chooses_the_target() {
    let world = World::start();
    let plain = "a-configured-caller-key";
    world.check(plain, None, &["d:sim-fast"], &[NOT_A, NOT_B, NOT_C]);
    let batch = ["b:sim-fast", "d:sim-fast"];
    world.check(plain, Some("batch"), &batch, &[NOT_A, NOT_C]);
    world.check(
        plain,
        Some("other"),
        &["d:sim-fast"],
        &[NOT_A, NOT_B, NOT_C],
    );

    let gold = key(
        &world.gateway,
        &json!({"name": "gold", "tags": {"tier": "gold-2"}}),
    );
    let first = ["a:sim-fast", "d:sim-fast"];
    world.check(&gold, None, &first, &[NOT_B, NOT_C]);
    world.upstreams[0].set_fault(Some("status-503"));
    assert_eq!(answered_by(&world.ask(&gold, None, "r")), "d");
    world.upstreams[0].set_fault(None);

    // A tag of its team is a tag of the key.
    let team = json!({"name": "nights", "tags": {"job": "nightly"}});
    admin(&world.gateway, "POST", "/admin/v1/teams", &team);
    let nightly = key(
        &world.gateway,
        &json!({"name": "nightly", "team": "nights"}),
    );
    let third = ["c:sim-fast", "d:sim-fast"];
    world.check(&nightly, None, &third, &[NOT_A, NOT_B]);
    // A changed tag counts at once.
    let change = json!({"tags": {"tier": "gold"}});
    admin(&world.gateway, "PATCH", "/admin/v1/keys/nightly", &change);
    let both = ["a:sim-fast", "c:sim-fast", "d:sim-fast"];
    world.check(&nightly, None, &both, &[NOT_B]);
}

#[test]
fn who_has_no_target_is_told_why() {
    let world = World::start();
    let answer = world.ask("a-configured-caller-key", None, "only-gold");
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert_eq!(answer.json()["error"]["code"], "no_target");
    let said = "a:sim-fast: only for keys whose tag tier fits";
    assert!(answer.text().contains(said), "{}", answer.text());
    let explained = world.explain("a-configured-caller-key", None, "only-gold");
    assert_eq!(reasons(&explained), [NOT_A]);
    assert_eq!(explained["candidates"], json!([]));
}

#[test]
fn what_a_key_does_not_open_is_left_out() {
    let world = World::start();
    let with = |name: &str, providers: Value, models: Value| {
        let scopes = json!({"providers": providers, "models": models});
        let tags = json!({"tier": "gold"});
        key(
            &world.gateway,
            &json!({"name": name, "scopes": scopes, "tags": tags}),
        )
    };
    let not_opened = ("a:sim-fast", "the key does not open its provider");
    let last = with("last", json!(["d"]), json!([]));
    world.check(&last, None, &["d:sim-fast"], &[not_opened, NOT_B, NOT_C]);
    let third = with("third", json!(["c"]), json!([]));
    let refused = world.ask(&third, None, "r");
    assert_eq!(refused.status, 403, "{}", refused.text());
    assert_eq!(refused.json()["error"]["code"], "provider_not_allowed");
    let explained = world.explain(&third, None, "r");
    assert_eq!(explained["candidates"], json!([]));
    let other = with("other", json!([]), json!(["something-else"]));
    for path in ["/v1/chat/completions", "/v1/route/explain"] {
        let body = chat("r", false).to_string();
        let refused = world.send("POST", path, &other, None, &body);
        assert_eq!(refused.status, 403, "{path}: {}", refused.text());
        assert_eq!(refused.json()["error"]["code"], "model_not_allowed");
    }
}

#[test]
fn the_command_explains_for_a_key_and_headers() {
    let world = World::start();
    let gold = key(
        &world.gateway,
        &json!({"name": "gold", "tags": {"tier": "gold"}}),
    );
    let home = tempfile::tempdir().unwrap();
    let url = format!("http://{}", world.gateway.addr());
    let explain = |key: &str, more: &[&str]| {
        let mut command = command(&[("THEIRS", key)], home.path());
        command.args(["explain", "--url", &url, "--key-env", "THEIRS"]);
        command.args(["--model", "r", "--json"]).args(more);
        let Output { stdout, stderr, .. } = command.output().unwrap();
        let explained: Value = serde_json::from_slice(&stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&stderr)));
        explained
    };
    let explained = explain(&gold, &["--header", "x-job: batch"]);
    assert_eq!(
        targets(&explained),
        ["a:sim-fast", "b:sim-fast", "d:sim-fast"]
    );
    let explained = explain("a-configured-caller-key", &[]);
    assert_eq!(targets(&explained), ["d:sim-fast"]);
    assert_eq!(reasons(&explained), [NOT_A, NOT_B, NOT_C]);
}
