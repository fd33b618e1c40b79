//! How providers take ids that their own list spells otherwise. The id goes upstream as the client wrote it all the same.

/// A provider's other spellings of listed ids (fact sheet, "Resolving a model string", 2026-11-22).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Spelling {
    /// None: its list is exact. Azure too, whose ids are the configured deployments.
    #[default]
    Plain,
    /// A name without a tag means `:latest`.
    Ollama,
    /// With or without `models/`.
    Gemini,
    /// Any variant of a listed model; `~author/family-latest`.
    OpenRouter,
}

/// OpenRouter's variants (`api_reference/`, 2026-08-22). `batch` is one by name, though it does not chat.
const VARIANTS: [&str; 8] = [
    "free", "nitro", "floor", "online", "thinking", "extended", "exacto", "batch",
];

impl Spelling {
    /// Whether `model` is another spelling of an id that the provider lists.
    pub fn matches(self, model: &str, lists: impl Fn(&str) -> bool) -> bool {
        match self {
            Self::Plain => false,
            Self::Ollama => !model.contains(':') && lists(&format!("{model}:latest")),
            Self::Gemini => match model.strip_prefix("models/") {
                Some(bare) => lists(bare),
                None => lists(&format!("models/{model}")),
            },
            Self::OpenRouter => {
                let variant = model
                    .rsplit_once(':')
                    .filter(|(_, variant)| VARIANTS.contains(variant));
                model.starts_with('~') || variant.is_some_and(|(base, _)| lists(base))
            }
        }
    }
}
