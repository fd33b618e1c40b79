//! What the URLs stand for. Only their ends matter.

use crate::answer::Dialect;
use crate::chat::Operation;
use crate::media::Kind;

/// What a URL stands for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Endpoint<'a> {
    Completion(Operation),
    Responses,
    OllamaChat,
    Embeddings,
    OllamaEmbed,
    Media(Kind),
    Models,
    Model(&'a str),
    Root,
    Version,
    Tags,
    Running,
    Show,
    Key,
    Health,
    Unknown,
}

impl<'a> Endpoint<'a> {
    pub(super) fn of(method: &str, path: &'a str) -> Self {
        let ends = |suffix| path.ends_with(suffix);
        match method {
            "POST" if ends("/chat/completions") => Self::Completion(Operation::Chat),
            "POST" if ends("/completions") => Self::Completion(Operation::Text),
            "POST" if ends("/responses") => Self::Responses,
            "POST" if ends("/embeddings") => Self::Embeddings,
            "POST" if ends("/moderations") => Self::Media(Kind::Moderation),
            "POST" if ends("/rerank") => Self::Media(Kind::Rerank),
            "POST" if path.contains("/images/") => Self::Media(Kind::Image),
            "POST" if ends("/audio/speech") => Self::Media(Kind::Speech),
            "POST" if ends("/audio/transcriptions") || ends("/audio/translations") => {
                Self::Media(Kind::Transcription)
            }
            "POST" if ends("/api/chat") => Self::OllamaChat,
            "POST" if ends("/api/embed") => Self::OllamaEmbed,
            "POST" if ends("/api/show") => Self::Show,
            "GET" if path.is_empty() => Self::Root,
            "GET" if ends("/models") => Self::Models,
            "GET" if ends("/api/version") => Self::Version,
            "GET" if ends("/api/tags") => Self::Tags,
            "GET" if ends("/api/ps") => Self::Running,
            "GET" => match path.split_once("/models/") {
                Some((_, id)) => Self::Model(id),
                None if ends("/key") => Self::Key,
                None if ends("/health") => Self::Health,
                None => Self::Unknown,
            },
            _ => Self::Unknown,
        }
    }

    pub(super) fn dialect(&self) -> Dialect {
        match self {
            Self::OllamaChat
            | Self::OllamaEmbed
            | Self::Root
            | Self::Version
            | Self::Tags
            | Self::Running
            | Self::Show => Dialect::Ollama,
            Self::Completion(_)
            | Self::Responses
            | Self::Embeddings
            | Self::Media(_)
            | Self::Models
            | Self::Model(_)
            | Self::Key
            | Self::Health
            | Self::Unknown => Dialect::OpenAi,
        }
    }

    /// A key is asked for here, when the simulator has one.
    pub(super) fn is_locked(&self) -> bool {
        !matches!(self, Self::Root | Self::Health | Self::Version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_known_by_their_end() {
        for (method, path, endpoint) in [
            (
                "POST",
                "/v1/chat/completions",
                Endpoint::Completion(Operation::Chat),
            ),
            (
                "POST",
                "/chat/completions",
                Endpoint::Completion(Operation::Chat),
            ),
            (
                "POST",
                "/openai/deployments/x/chat/completions",
                Endpoint::Completion(Operation::Chat),
            ),
            (
                "POST",
                "/api/v1/completions",
                Endpoint::Completion(Operation::Text),
            ),
            ("POST", "/v1/responses", Endpoint::Responses),
            ("GET", "/v1/responses", Endpoint::Unknown),
            ("GET", "/v1/chat/completions", Endpoint::Unknown),
            ("GET", "/api/v1/models", Endpoint::Models),
            (
                "GET",
                "/v1/models/vendor/sim-large:free",
                Endpoint::Model("vendor/sim-large:free"),
            ),
            ("GET", "/v1/models/key", Endpoint::Model("key")),
            ("POST", "/api/chat", Endpoint::OllamaChat),
            ("GET", "", Endpoint::Root),
            ("GET", "/api/v1/key", Endpoint::Key),
            ("GET", "/health", Endpoint::Health),
            ("GET", "/healthy", Endpoint::Unknown),
            ("DELETE", "/v1/models", Endpoint::Unknown),
        ] {
            assert_eq!(Endpoint::of(method, path), endpoint, "{method} {path}");
        }
    }
}
