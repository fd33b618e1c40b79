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

/// What is so of one surface.
struct Facts {
    path: &'static str,
    own: Own,
    grammar: Grammar,
    without_model: WithoutModel,
    bodies: Bodies,
    answers: Answers,
    envelope: Envelope,
}

/// Which providers have the API of a surface.
enum Own {
    /// All, as far as is known; one that has not says so itself.
    All,
    /// Those whose profile has it.
    Profile(fn(&Profile) -> Way),
}

impl Facts {
    /// JSON there and back, at a provider that may choose the model.
    const fn json(path: &'static str) -> Self {
        Self {
            path,
            own: Own::All,
            grammar: Grammar::Typed,
            without_model: WithoutModel::Provider,
            bodies: Bodies::Json,
            answers: Answers::Json,
            envelope: Envelope::OpenAi,
        }
    }

    /// A model that chats, written in OpenAI's older chunks.
    const fn chunks(path: &'static str) -> Self {
        Self {
            grammar: Grammar::Chunks,
            without_model: WithoutModel::Default,
            ..Self::json(path)
        }
    }

    /// A model that chats, by an API of which not every provider has its own.
    const fn typed(path: &'static str, own: fn(&Profile) -> Way) -> Self {
        Self {
            own: Own::Profile(own),
            without_model: WithoutModel::Default,
            ..Self::json(path)
        }
    }

    /// The same in Anthropic's words.
    const fn anthropic(path: &'static str, own: fn(&Profile) -> Way) -> Self {
        Self {
            envelope: Envelope::Anthropic,
            ..Self::typed(path, own)
        }
    }

    /// A form with a file in it.
    const fn form(path: &'static str) -> Self {
        Self {
            bodies: Bodies::Forms,
            ..Self::json(path)
        }
    }

    /// An answer that need not be JSON.
    const fn labelled(self) -> Self {
        Self {
            answers: Answers::Labelled,
            ..self
        }
    }
}

const CHAT_COMPLETIONS: Facts = Facts::chunks("/chat/completions");
const COMPLETIONS: Facts = Facts::chunks("/completions");
const RESPONSES: Facts = Facts::typed("/responses", |profile| match profile.responses {
    Some(path) => Way::Own(path),
    None => Way::AsChat(Dialect::Responses),
});
const MESSAGES: Facts = Facts::anthropic("/messages", |profile| match profile.messages {
    Some(api) => Way::Own(api.path),
    None => Way::AsChat(Dialect::Messages),
});
const COUNT_TOKENS: Facts = Facts::anthropic("/messages/count_tokens", |profile| {
    let counts = profile.messages.and_then(|api| api.count_tokens);
    Way::Own(counts.unwrap_or("/messages/count_tokens"))
});
const EMBEDDINGS: Facts = Facts::json("/embeddings");
const MODERATIONS: Facts = Facts::json("/moderations");
const RERANK: Facts = Facts::json("/rerank");
const IMAGE_GENERATIONS: Facts = Facts::json("/images/generations");
const IMAGE_EDITS: Facts = Facts::form("/images/edits");
const IMAGE_VARIATIONS: Facts = Facts::form("/images/variations");
const SPEECH: Facts = Facts::json("/audio/speech").labelled();
const TRANSCRIPTIONS: Facts = Facts::form("/audio/transcriptions").labelled();
const TRANSLATIONS: Facts = Facts::form("/audio/translations").labelled();

impl Surface {
    fn facts(self) -> &'static Facts {
        match self {
            Self::ChatCompletions => &CHAT_COMPLETIONS,
            Self::Completions => &COMPLETIONS,
            Self::Responses => &RESPONSES,
            Self::Messages => &MESSAGES,
            Self::CountTokens => &COUNT_TOKENS,
            Self::Embeddings => &EMBEDDINGS,
            Self::Moderations => &MODERATIONS,
            Self::Rerank => &RERANK,
            Self::ImageGenerations => &IMAGE_GENERATIONS,
            Self::ImageEdits => &IMAGE_EDITS,
            Self::ImageVariations => &IMAGE_VARIATIONS,
            Self::Speech => &SPEECH,
            Self::Transcriptions => &TRANSCRIPTIONS,
            Self::Translations => &TRANSLATIONS,
        }
    }

    /// What is done there: OpenTelemetry's word (its conventions for generative AI, `gen_ai.operation.name`, 2026-11),
    /// and where it has none one of ours.
    pub fn operation(self) -> &'static str {
        match self {
            Self::ChatCompletions | Self::Responses | Self::Messages => "chat",
            Self::Completions => "text_completion",
            Self::CountTokens => "count_tokens",
            Self::Embeddings => "embeddings",
            Self::Moderations => "moderation",
            Self::Rerank => "rerank",
            Self::ImageGenerations => "image_generation",
            Self::ImageEdits => "image_edit",
            Self::ImageVariations => "image_variation",
            Self::Speech => "speech",
            Self::Transcriptions => "transcription",
            Self::Translations => "translation",
        }
    }

    /// Its path below `/v1`.
    pub fn path(self) -> &'static str {
        self.facts().path
    }

    /// How it is spoken to a provider.
    pub fn at(self, profile: &Profile) -> Way {
        match self.facts().own {
            Own::All => Way::Own(self.path()),
            Own::Profile(own) => own(profile),
        }
    }

    /// In which words its streams are written.
    pub fn grammar(self) -> Grammar {
        self.facts().grammar
    }

    /// What a request without a model gets.
    pub fn without_model(self) -> WithoutModel {
        self.facts().without_model
    }

    /// What a request's body may be.
    pub fn bodies(self) -> Bodies {
        self.facts().bodies
    }

    /// What an answer may be.
    pub fn answers(self) -> Answers {
        self.facts().answers
    }

    /// Whether its answers may be kept and given again. A count costs nothing, and what is drawn or spoken is large.
    pub fn may_be_kept(self) -> bool {
        match self {
            Self::ChatCompletions
            | Self::Completions
            | Self::Responses
            | Self::Messages
            | Self::Embeddings
            | Self::Moderations
            | Self::Rerank => true,
            Self::CountTokens
            | Self::ImageGenerations
            | Self::ImageEdits
            | Self::ImageVariations
            | Self::Speech
            | Self::Transcriptions
            | Self::Translations => false,
        }
    }

    /// In whose words its errors are written.
    pub fn envelope(self) -> Envelope {
        self.facts().envelope
    }
}
