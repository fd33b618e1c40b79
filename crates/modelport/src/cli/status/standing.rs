//! What the gateway says of itself, gathered from the endpoints that say it.

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use modelport_provider::splice::Spliced;
use serde_json::{Value, json};

use crate::cli::gateway::Line;

/// The answers of the gateway's endpoints.
pub(super) struct Standing {
    /// Of `/health/ready`.
    pub(super) health: Value,
    /// Of `/admin/v1/overview`, by provider.
    pub(super) overview: Value,
    /// Of `/admin/v1/providers`: one object each.
    pub(super) providers: Vec<Value>,
    /// Of `/admin/v1/limits`: one object each.
    pub(super) limits: Vec<Value>,
}

impl Standing {
    /// Asks the gateway, with the figures of this range.
    ///
    /// # Errors
    /// That nobody answers, or that it refuses to tell, in words.
    pub(super) async fn ask(line: &Line<'_>, range: &str) -> Result<Self, String> {
        let (status, health) = exchange(line, "/health/ready").await?;
        // One that stops says so with a status of its own.
        let is_known = status.is_success() || status == StatusCode::SERVICE_UNAVAILABLE;
        let health = is_known.then(|| read(&health)).flatten();
        let health = health
            .filter(|health| health["configuration"].is_object())
            .ok_or_else(|| no_modelport(line))?;
        let overview = format!("/admin/v1/overview?range={range}&by=provider");
        Ok(Self {
            health,
            overview: told(line, &overview).await?,
            providers: list(told(line, "/admin/v1/providers").await?),
            limits: list(told(line, "/admin/v1/limits").await?),
        })
    }

    /// Whether requests should be sent to it.
    pub(super) fn is_ready(&self) -> bool {
        self.health["status"] == "ready"
    }

    /// Calls of all providers that are under way.
    pub(super) fn in_flight(&self) -> u64 {
        self.providers.iter().map(in_flight).sum()
    }

    /// All of it as one object.
    pub(super) fn object(&self, url: &str) -> Value {
        let mut lines = self.overview["lines"].clone();
        for line in lines.as_array_mut().into_iter().flatten() {
            // The single steps of the range are for pictures.
            if let Some(line) = line.as_object_mut() {
                line.shift_remove("steps");
            }
        }
        json!({
            "object": "status",
            "url": url,
            "ready": self.is_ready(),
            "health": self.health,
            "range": self.overview["range"],
            "in_flight": self.in_flight(),
            "total": self.overview["total"],
            "by_provider": lines,
            "providers": self.providers,
            "limits": self.limits,
        })
    }
}

/// Calls of a provider that are under way.
pub(super) fn in_flight(provider: &Value) -> u64 {
    let targets = provider["targets"].as_array().into_iter().flatten();
    let counts = targets.filter_map(|target| target["signals"]["in_flight"].as_u64());
    counts.sum()
}

async fn exchange(line: &Line<'_>, path: &str) -> Result<(StatusCode, Bytes), String> {
    let gateway = line.gateway();
    let nothing = Spliced::from(Bytes::new());
    let uri = gateway.base().root(path);
    let request = gateway.request(Method::GET, &uri, &HeaderMap::new(), nothing);
    line.exchange(&request).await
}

async fn told(line: &Line<'_>, path: &str) -> Result<Value, String> {
    let (status, body) = exchange(line, path).await?;
    if !status.is_success() {
        return Err(line.gateway().refused(status, &body));
    }
    read(&body).ok_or_else(|| no_modelport(line))
}

fn read(body: &[u8]) -> Option<Value> {
    serde_json::from_slice(body).ok()
}

fn list(mut answer: Value) -> Vec<Value> {
    match answer["data"].take() {
        Value::Array(list) => list,
        _ => Vec::new(),
    }
}

fn no_modelport(line: &Line<'_>) -> String {
    format!(
        "what answers at {} is no modelport, or an older one",
        line.gateway().base()
    )
}
