//! What the tests look at again and again: the lists of models and providers, and where a request
//! went.

use std::time::Duration;

use modelport_sim::{ListingShape, Options};
use serde_json::{Value, json};

use super::{Gateway, Response, Upstream, gateway::wait_until};

/// Longer than a listing on the same machine takes.
const PATIENCE: Duration = Duration::from_secs(10);

impl Upstream {
    /// One whose listing has this shape.
    pub fn listing(listing: ListingShape) -> Self {
        Self::with(Options {
            listing,
            ..Options::default()
        })
    }

    /// One that serves these models.
    pub fn serving(models: &[&str]) -> Self {
        Self::with(Options {
            models: models.iter().map(|model| (*model).to_owned()).collect(),
            ..Options::default()
        })
    }
}

impl Gateway {
    /// A gateway before both kinds of provider, each asked for its models already.
    pub fn before_both(generic: &Upstream, ollama: &Upstream, more: &[(&str, &str)]) -> Self {
        let (base_url, root_url) = (generic.base_url(), ollama.root_url());
        let mut settings = vec![("OLLAMA_ENABLED", "true"), ("OLLAMA_BASE_URL", &root_url)];
        settings.extend_from_slice(more);
        let gateway = Self::before(&base_url, &settings);
        gateway.wait_for_list("openai_compatible");
        gateway.wait_for_list("ollama");
        gateway
    }

    /// A gateway whose generic provider has been asked for its models already.
    pub fn informed(base_url: &str, more: &[(&str, &str)]) -> Self {
        let gateway = Self::before(base_url, more);
        gateway.wait_for_list("openai_compatible");
        gateway
    }

    /// Waits until a provider's models have been asked for.
    pub fn wait_for_list(&self, provider: &str) {
        let asked = wait_until(PATIENCE, || {
            let provider = self.provider(provider);
            let known = provider["health"]["checked_at"].is_u64();
            let models = &provider["models"];
            known && (models["source"] == "discovered" || models["problem"].is_string())
        });
        assert!(asked, "never asked: {}", self.provider(provider));
    }

    /// Has the lists fetched again, and gives the models.
    pub fn refresh(&self) -> Vec<Value> {
        entries(&self.get("/v1/models?refresh=true"))
    }

    /// The entries of the list of models.
    pub fn models(&self) -> Vec<Value> {
        entries(&self.get("/v1/models"))
    }

    /// The ids in the list of models.
    pub fn ids(&self) -> Vec<String> {
        ids(&self.models())
    }

    /// The entry of one model.
    pub fn model(&self, id: &str) -> Value {
        let mut models = self.models().into_iter();
        models
            .find(|model| model["id"] == id)
            .unwrap_or_else(|| panic!("no {id} in {:?}", self.ids()))
    }

    /// One provider as it is described.
    pub fn provider(&self, id: &str) -> Value {
        self.get(&format!("/v1/providers/{id}")).json()
    }

    /// A provider's state of health, and the reason for it.
    pub fn health_of(&self, provider: &str) -> (String, String) {
        let health = &self.provider(provider)["health"];
        let text = |name: &str| health[name].as_str().unwrap().to_owned();
        (text("state"), text("reason"))
    }

    /// The answer to a short chat with this model.
    pub fn chat_with(&self, model: &str) -> Response {
        let messages = json!([{"role": "user", "content": "Hello"}]);
        self.chat(&json!({"model": model, "messages": messages}))
    }
}

/// The entries of an answered list of models.
pub fn entries(answer: &Response) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let list = answer.json();
    assert_eq!(list["object"], "list");
    list["data"].as_array().unwrap().clone()
}

/// The ids of models.
pub fn ids(models: &[Value]) -> Vec<String> {
    models
        .iter()
        .map(|model| model["id"].as_str().unwrap().to_owned())
        .collect()
}

/// Looks an answer over as an error of the gateway's own, and gives its message.
pub fn refusal(answer: &Response, status: u16, code: &str) -> String {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let body = answer.json();
    let error = body["error"].as_object().unwrap();
    let mut names: Vec<&str> = error.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["code", "message", "param", "type"]);
    assert_eq!(error["code"], code, "{body}");
    assert_eq!(
        body["request_id"].as_str(),
        answer.header("x-request-id"),
        "{body}"
    );
    error["message"].as_str().unwrap().to_owned()
}
