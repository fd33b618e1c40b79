//! Embeddings: how long a vector is.

use serde_json::json;

use super::{Group, Outcome, Report, Target, exchange::Exchange};

/// One embedding, if there is a model for it.
pub(super) async fn measure(target: &Target<'_>, report: &mut Report) {
    let Some(model) = &target.embedding_model else {
        return;
    };
    let body = json!({"input": "modelport"});
    let exchange = Exchange::post(target.provider, "/embeddings", model, body).await;
    report.count(&exchange);
    let (outcome, evidence) = if exchange.is_ok() {
        evaluate(&exchange, model)
    } else {
        (exchange.refusal(), exchange.said())
    };
    report.note(Group::Embeddings, "vector", outcome, evidence);
}

fn evaluate(exchange: &Exchange, model: &str) -> (Outcome, String) {
    let answer = exchange.json();
    match answer["data"][0]["embedding"].as_array() {
        Some(vector) => {
            let evidence = format!("{} numbers from {model}", vector.len());
            (Outcome::Yes, evidence)
        }
        None => (Outcome::No, "the answer holds no vector".to_owned()),
    }
}
