//! Several providers behind one name: who is asked, who takes over, who waits, and what is said of it.

mod classes;
mod conditions;
mod continuing;
mod explain;
mod explain_command;
mod hedging;
mod keys;
mod limited;
mod outage;
mod pauses;
mod reload;
mod rooms;

use std::fmt::Write;

use modelport_sim::Options;
use serde_json::{Value, json};

use crate::support::{Gateway, Response, Upstream};

/// Simulated providers `a`, `b`, … and a gateway whose file has them and `routes`.
struct Fleet {
    upstreams: Vec<Upstream>,
    gateway: Gateway,
}

const IDS: [&str; 4] = ["a", "b", "c", "d"];

impl Fleet {
    /// So many providers with these lines in each one's entry, and these routes.
    fn start(count: usize, each: &str, routes: &str) -> Self {
        let options = (0..count).map(|_| Options::default());
        Self::of(options.collect(), each, routes)
    }

    /// Providers with these options.
    fn of(options: Vec<Options>, each: &str, routes: &str) -> Self {
        let upstreams: Vec<Upstream> = options.into_iter().map(Upstream::with).collect();
        let file = file(&upstreams, each, routes);
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("modelport.toml"), file).unwrap();
        Self {
            gateway: Gateway::start_in(home, &[]),
            upstreams,
        }
    }

    fn chat(&self, model: &str) -> Response {
        self.gateway.chat(&chat(model, false))
    }

    /// How many completions each provider was asked for.
    fn seen(&self) -> Vec<usize> {
        let upstreams = self.upstreams.iter();
        upstreams
            .map(|upstream| upstream.completions().len())
            .collect()
    }
}

/// A configuration file.
fn file(upstreams: &[Upstream], each: &str, routes: &str) -> String {
    let mut file = String::new();
    for (id, upstream) in IDS.iter().zip(upstreams) {
        let _ = write!(
            file,
            "[[providers]]\nid = \"{id}\"\nbase_url = \"{}\"\napi_key = \"sk-{id}-secret-key\"\n{each}\n\n",
            upstream.base_url()
        );
    }
    file.push_str(routes);
    file
}

fn chat(model: &str, stream: bool) -> Value {
    json!({"model": model, "stream": stream, "messages": [{"role": "user", "content": "hello"}]})
}

/// The key of the admin API.
const ADMIN: &str = "the-key-of-the-admin";

/// What the admin API answers to what is said of a key or a team.
fn admin(gateway: &Gateway, method: &str, path: &str, said: &Value) -> Value {
    let request = gateway.request(method, path);
    let request = request.header("authorization", &format!("Bearer {ADMIN}"));
    let answer = request.body(said.to_string()).send();
    assert!(answer.status < 300, "{}", answer.text());
    answer.json()
}

/// The text of a key that is made in the database.
fn key(gateway: &Gateway, draft: &Value) -> String {
    let made = admin(gateway, "POST", "/admin/v1/keys", draft);
    made["key"].as_str().unwrap().to_owned()
}

/// The provider that answered.
fn answered_by(answer: &Response) -> &str {
    answer.header("x-modelport-provider").unwrap_or("")
}

/// The middle one of many times, in milliseconds, and the one that 99 in 100 are below.
fn percentiles(mut times: Vec<f64>) -> (f64, f64) {
    times.sort_by(f64::total_cmp);
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)] * 1000.0;
    (at(50), at(99))
}
