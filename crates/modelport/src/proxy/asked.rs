//! What a request asks for, whether its body is JSON or a form.

use std::borrow::Cow;

use bytes::Bytes;
use modelport_provider::splice::{self, Ask, Edit, Spliced};

use super::form::FormAsk;

/// The few fields of a request that the gateway acts on.
pub enum Asked {
    /// Of a JSON object.
    Json(Ask),
    /// Of a multipart form.
    Form(FormAsk),
}

impl Asked {
    /// The model asked for. `body` is the body this was read from.
    pub fn model<'a>(&'a self, body: &'a [u8]) -> Option<&'a str> {
        match self {
            Self::Json(ask) => ask.model(body),
            Self::Form(ask) => ask.model(),
        }
    }

    /// The fields of a JSON body.
    pub fn of_json(&self) -> Option<&Ask> {
        match self {
            Self::Json(ask) => Some(ask),
            Self::Form(_) => None,
        }
    }

    /// Whether the answer is asked for as a stream of events.
    pub fn stream(&self) -> bool {
        match self {
            Self::Json(ask) => ask.stream(),
            Self::Form(ask) => ask.stream(),
        }
    }

    /// The names of the top-level fields of JSON.
    pub fn names<'a>(&'a self, body: &'a [u8]) -> impl Iterator<Item = Cow<'a, str>> {
        let fields = match self {
            Self::Json(ask) => ask.fields(),
            Self::Form(_) => &[],
        };
        fields.iter().map(|field| field.key(body))
    }

    /// The body with `model` in place of the one asked for. A form without one stays as it is.
    pub fn with_model(&self, body: &Bytes, model: &str) -> Spliced {
        match self {
            Self::Json(ask) => splice::with_model(body, ask, model),
            Self::Form(ask) => match ask.model_place() {
                Some(range) if ask.model() != Some(model) => {
                    let replacement = Bytes::copy_from_slice(model.as_bytes());
                    splice::apply(body, &[Edit { range, replacement }])
                }
                Some(_) | None => Spliced::whole(body.clone()),
            },
        }
    }
}
