//! The model that an answer names as its own, which a span tells.

use modelport_provider::sse::events;
use serde::Deserialize;

use super::Committed;

/// The longest answer that is looked into for the model's name, in bytes; those of chats are far shorter.
const MAX_LOOKED_INTO: usize = 64 << 10;

impl Committed {
    /// The model that the answer names: a stream's in its first events, as it does in all of OpenAI's APIs and in
    /// Anthropic's. A long answer is not looked into.
    pub fn model(&self) -> Option<String> {
        match self {
            Self::Stream { held, .. } => held
                .iter()
                .flat_map(|block| events(block).collect::<Vec<_>>())
                .find_map(|event| named(&event.data)),
            Self::Whole { body, .. } if body.len() <= MAX_LOOKED_INTO => named(body),
            Self::Whole { .. } | Self::Opaque { .. } => None,
        }
    }
}

/// The model that a JSON object names, or what its member `response` or `message` is.
fn named(json: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        model: Option<String>,
        response: Option<Inner>,
        message: Option<Inner>,
    }
    #[derive(Deserialize)]
    struct Inner {
        model: Option<String>,
    }
    let named: Named = serde_json::from_slice(json).ok()?;
    let inner = || named.response.or(named.message)?.model;
    named.model.or_else(inner)
}
