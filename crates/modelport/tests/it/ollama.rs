//! Ollama spoken to by its own API: what goes there, what comes back, and what is known of its models.

mod chat;
mod context;
mod listing;
mod streams;
mod typed;

use modelport_sim::Options;
use serde_json::{Value, json};

use crate::support::{Gateway, Upstream};

/// Models as a server of one's own has them; the first is loaded.
const MODELS: [&str; 4] = [
    "llama3.1:8b",
    "qwen3-think:8b",
    "llava-vision:latest",
    "nomic-embed-text:latest",
];

/// A gateway that has nothing but this Ollama and knows its models.
fn gateway(upstream: &Upstream, more: &[(&str, &str)]) -> Gateway {
    let root = upstream.root_url();
    let mut settings = vec![
        ("OPENAI_COMPATIBLE_ENABLED", "false"),
        ("OLLAMA_BASE_URL", root.as_str()),
        ("OLLAMA_MAX_RETRIES", "0"),
    ];
    settings.extend_from_slice(more);
    let gateway = Gateway::start(&settings);
    gateway.wait_for_list("ollama");
    gateway
}

fn options() -> Options {
    Options {
        models: MODELS.map(str::to_owned).to_vec(),
        ..Options::default()
    }
}

/// An Ollama and a gateway before it.
fn pair(more: &[(&str, &str)]) -> (Upstream, Gateway) {
    let upstream = Upstream::with(options());
    let gateway = gateway(&upstream, more);
    (upstream, gateway)
}

/// The last completion that arrived: where, and its body.
fn last(upstream: &Upstream) -> (String, Value) {
    let seen = upstream.completions().pop().expect("no completion arrived");
    (seen.path, serde_json::from_slice(&seen.body).unwrap())
}

/// A request that says this.
fn saying(model: &str, content: impl Into<Value>, more: &Value) -> Value {
    let messages = json!([{"role": "user", "content": content.into()}]);
    let mut request = json!({"model": model, "messages": messages});
    for (name, value) in more.as_object().unwrap() {
        request[name] = value.clone();
    }
    request
}
