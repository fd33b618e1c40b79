//! What has been said, as the next request says it again.

use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use modelport_provider::splice::Spliced;
use serde_json::{Value, json};

use crate::cli::gateway::Gateway;

/// The messages so far.
pub(super) struct Conversation {
    model: Option<String>,
    messages: Vec<Value>,
}

impl Conversation {
    /// One in which nothing has been asked yet.
    pub(super) fn of(model: Option<String>, system: Option<&str>) -> Self {
        let system = system.map(|text| json!({"role": "system", "content": text}));
        Self {
            model,
            messages: system.into_iter().collect(),
        }
    }

    /// Asks something next.
    pub(super) fn ask(&mut self, prompt: &str) {
        self.messages
            .push(json!({"role": "user", "content": prompt}));
    }

    /// Notes what came of it. A question that got nothing is taken back, so that the next one can be asked.
    pub(super) fn answered(&mut self, text: &str) {
        if text.is_empty() {
            self.messages.pop();
        } else {
            self.messages
                .push(json!({"role": "assistant", "content": text}));
        }
    }

    /// The model that is asked for.
    pub(super) fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    /// All of it as a request for a streamed answer.
    pub(super) fn request(&self, gateway: &Gateway) -> Request<Spliced> {
        let mut body = json!({
            "messages": self.messages,
            "stream": true,
            "stream_options": {"include_usage": true},
        });
        if let Some(model) = &self.model {
            body["model"] = json!(model);
        }
        let uri = gateway.base().endpoint("/chat/completions");
        let body = Spliced::from(Bytes::from(body.to_string()));
        gateway.request(Method::POST, &uri, &HeaderMap::new(), body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_without_an_answer_is_taken_back() {
        let mut conversation = Conversation::of(None, Some("Be short."));
        conversation.ask("One?");
        conversation.answered("1");
        conversation.ask("Two?");
        conversation.answered("");
        conversation.ask("Three?");
        let said: Vec<_> = conversation
            .messages
            .iter()
            .map(|message| message["content"].as_str().unwrap())
            .collect();
        assert_eq!(said, ["Be short.", "One?", "1", "Three?"]);
    }
}
