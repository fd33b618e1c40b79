//! The endpoints that are passed on: what a request at each of them looks like, and how its answer reads.

use modelport_provider::{openai_compatible::stream::Grammar, profile::Profile};

use super::dialect::Dialect;
use crate::error::Envelope;

/// An endpoint whose requests go to a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// `/chat/completions`
    ChatCompletions,
    /// `/completions`
    Completions,
    /// `/responses`
    Responses,
    /// `/messages`
    Messages,
    /// `/messages/count_tokens`
    CountTokens,
    /// `/embeddings`
    Embeddings,
    /// `/moderations`
    Moderations,
    /// `/rerank`
    Rerank,
    /// `/images/generations`
    ImageGenerations,
    /// `/images/edits`
    ImageEdits,
    /// `/images/variations`
    ImageVariations,
    /// `/audio/speech`
    Speech,
    /// `/audio/transcriptions`
    Transcriptions,
    /// `/audio/translations`
    Translations,
}

/// How a surface is spoken to one provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By its own API, at this path below the base URL.
    Own(&'static str),
    /// By chat completions, and put into them and back.
    AsChat(Dialect),
}

/// What a request without a model gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WithoutModel {
    /// The preferred provider's default model, which is one that chats.
    Default,
    /// The preferred provider, which may have a default of its own for this endpoint.
    Provider,
}

/// What a request's body may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bodies {
    /// A JSON object.
    Json,
    /// A multipart form, or a JSON object.
    Forms,
}

/// What an answer that is no stream of events may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// A JSON object; anything else is a failure.
    Json,
    /// JSON or something else, such as audio or subtitles: its label says what.
    Labelled,
}

impl Surface {
    /// Its path below `/v1`.
    pub fn path(self) -> &'static str {
        match self {
            Self::ChatCompletions => "/chat/completions",
            Self::Completions => "/completions",
            Self::Responses => "/responses",
            Self::Messages => "/messages",
            Self::CountTokens => "/messages/count_tokens",
            Self::Embeddings => "/embeddings",
            Self::Moderations => "/moderations",
            Self::Rerank => "/rerank",
            Self::ImageGenerations => "/images/generations",
            Self::ImageEdits => "/images/edits",
            Self::ImageVariations => "/images/variations",
            Self::Speech => "/audio/speech",
            Self::Transcriptions => "/audio/transcriptions",
            Self::Translations => "/audio/translations",
        }
    }

    /// How it is spoken to a provider.
    pub fn at(self, profile: &Profile) -> Way {
        match self {
            Self::Responses => match profile.responses {
                Some(path) => Way::Own(path),
                None => Way::AsChat(Dialect::Responses),
            },
            Self::Messages => match profile.messages {
                Some(api) => Way::Own(api.path),
                None => Way::AsChat(Dialect::Messages),
            },
            Self::CountTokens => {
                let counts = profile.messages.and_then(|api| api.count_tokens);
                Way::Own(counts.unwrap_or(self.path()))
            }
            Self::ChatCompletions
            | Self::Completions
            | Self::Embeddings
            | Self::Moderations
            | Self::Rerank
            | Self::ImageGenerations
            | Self::ImageEdits
            | Self::ImageVariations
            | Self::Speech
            | Self::Transcriptions
            | Self::Translations => Way::Own(self.path()),
        }
    }

    /// In which words its streams are written.
    pub fn grammar(self) -> Grammar {
        match self {
            Self::ChatCompletions | Self::Completions => Grammar::Chunks,
            Self::Responses
            | Self::Messages
            | Self::CountTokens
            | Self::Embeddings
            | Self::Moderations
            | Self::Rerank
            | Self::ImageGenerations
            | Self::ImageEdits
            | Self::ImageVariations
            | Self::Speech
            | Self::Transcriptions
            | Self::Translations => Grammar::Typed,
        }
    }

    /// What a request without a model gets.
    pub fn without_model(self) -> WithoutModel {
        match self {
            Self::ChatCompletions
            | Self::Completions
            | Self::Responses
            | Self::Messages
            | Self::CountTokens => WithoutModel::Default,
            Self::Embeddings
            | Self::Moderations
            | Self::Rerank
            | Self::ImageGenerations
            | Self::ImageEdits
            | Self::ImageVariations
            | Self::Speech
            | Self::Transcriptions
            | Self::Translations => WithoutModel::Provider,
        }
    }

    /// What a request's body may be.
    pub fn bodies(self) -> Bodies {
        match self {
            Self::ImageEdits
            | Self::ImageVariations
            | Self::Transcriptions
            | Self::Translations => Bodies::Forms,
            Self::ChatCompletions
            | Self::Completions
            | Self::Responses
            | Self::Messages
            | Self::CountTokens
            | Self::Embeddings
            | Self::Moderations
            | Self::Rerank
            | Self::ImageGenerations
            | Self::Speech => Bodies::Json,
        }
    }

    /// What an answer may be.
    pub fn answers(self) -> Answers {
        match self {
            Self::Speech | Self::Transcriptions | Self::Translations => Answers::Labelled,
            Self::ChatCompletions
            | Self::Completions
            | Self::Responses
            | Self::Messages
            | Self::CountTokens
            | Self::Embeddings
            | Self::Moderations
            | Self::Rerank
            | Self::ImageGenerations
            | Self::ImageEdits
            | Self::ImageVariations => Answers::Json,
        }
    }

    /// In whose words its errors are written.
    pub fn envelope(self) -> Envelope {
        match self {
            Self::Messages | Self::CountTokens => Envelope::Anthropic,
            Self::ChatCompletions
            | Self::Completions
            | Self::Responses
            | Self::Embeddings
            | Self::Moderations
            | Self::Rerank
            | Self::ImageGenerations
            | Self::ImageEdits
            | Self::ImageVariations
            | Self::Speech
            | Self::Transcriptions
            | Self::Translations => Envelope::OpenAi,
        }
    }
}
