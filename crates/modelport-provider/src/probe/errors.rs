//! The form of errors: for a model that is not there, and for a key that is wrong.

use serde_json::json;

use super::{
    Group, Outcome, Provider, Report, Target, cancel::SHORT, exchange::Exchange, limits::Limit,
};

/// A model that nobody has.
const NO_MODEL: &str = "modelport-probe-no-such-model";

/// Provokes both errors. An endpoint that makes nothing of them answers, up to the limit.
pub(super) async fn measure(target: &Target<'_>, limit: Limit, report: &mut Report) {
    let exchange = ask(target.provider, NO_MODEL, limit).await;
    report.count(&exchange);
    note(report, "unknown model", &exchange);
    if let Some(stranger) = target.stranger {
        let exchange = ask(stranger, &target.model, limit).await;
        report.count(&exchange);
        note(report, "wrong key", &exchange);
    }
}

async fn ask(provider: &dyn Provider, model: &str, limit: Limit) -> Exchange {
    let mut body = json!({ "messages": [{"role": "user", "content": "Say pong."}] });
    limit.put(&mut body, SHORT);
    Exchange::post(provider, "/chat/completions", model, body).await
}

fn note(report: &mut Report, what: &'static str, exchange: &Exchange) {
    let (outcome, evidence) = if exchange.is_ok() {
        (Outcome::Ignored, "it was answered all the same".to_owned())
    } else {
        (Outcome::Refused, form(exchange))
    };
    report.note(Group::Errors, what, outcome, evidence);
}

fn form(exchange: &Exchange) -> String {
    let answer = exchange.json();
    let error = exchange.error().unwrap_or_default();
    let shape = match &answer["error"] {
        error if error.is_object() => "error as an object",
        error if error.is_string() => "error as a text",
        _ if answer["detail"].is_string() || answer["detail"].is_array() => "detail",
        _ if answer["message"].is_string() => "flat, with a message",
        _ if answer.is_array() => "an array with an error",
        _ => return exchange.said(),
    };
    let word = error.code.or(error.kind);
    let code = word.map_or_else(String::new, |code| format!(", {code}"));
    format!("{}, {shape}{code}", exchange.status)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::exchange::tests::answer;

    #[test]
    fn recorded_errors_show_their_form() {
        for (status, body, expected) in [
            (
                404,
                include_str!("../../tests/recorded/openai/error_404_model.json"),
                "404, error as an object, model_not_found",
            ),
            (
                404,
                include_str!("../../tests/recorded/ollama/error_404.json"),
                "404, error as a text",
            ),
            (
                401,
                include_str!("../../tests/recorded/mistral/error_401.json"),
                "401, detail",
            ),
            (
                400,
                include_str!("../../tests/recorded/mistral/error_400_flat.json"),
                "400, flat, with a message, 1500",
            ),
            (
                400,
                include_str!("../../tests/recorded/gemini/error_400_array.json"),
                "400, an array with an error, 400",
            ),
        ] {
            assert_eq!(form(&answer(status, body)), expected, "{body}");
        }
    }
}
