//! What Ollama says of one model: `/api/show` of what it is, `/api/ps` of how it is loaded. It reads; it asks nobody.

use crate::{
    capability::Capabilities,
    listing::{self, Loaded},
    object::{Object, body_text},
};

/// The most loaded models that are looked at.
const MAX_LOADED: usize = 1000;

/// What `/api/show` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Details {
    /// The context it was trained for.
    pub(super) trained: Option<u64>,
    /// The context that its Modelfile sets.
    pub(super) preset: Option<u64>,
    /// What it can do; unknown from servers that do not say.
    pub(super) capabilities: Capabilities,
    /// It runs on another host.
    pub(super) remote: bool,
}

/// Reads an answer of `/api/show`; `None` if it is none.
pub(super) fn read_show(body: &[u8], id: &str) -> Option<Details> {
    let show = Object::read(body_text(body)?)?;
    let info = show.object("model_info").unwrap_or_default();
    let architecture = info.text("general.architecture").unwrap_or_default();
    let parameters = show.text("parameters").unwrap_or_default();
    Some(Details {
        trained: info
            .unsigned(&format!("{architecture}.context_length"))
            .filter(|tokens| *tokens > 0),
        preset: read_num_ctx(&parameters),
        capabilities: listing::capabilities_of(&show, id, "ollama"),
        remote: show.has("remote_host"),
    })
}

/// `num_ctx` in the block of lines `NAME VALUE` that a Modelfile's parameters are told as (ollama/ollama,
/// `docs/api.md`, 2026-08-21).
fn read_num_ctx(parameters: &str) -> Option<u64> {
    let mut lines = parameters.lines().map(str::split_whitespace);
    lines
        .find_map(|mut words| (words.next()? == "num_ctx").then(|| words.next())?)
        .and_then(|value| value.trim_matches('"').parse().ok())
        .filter(|tokens| *tokens > 0)
}

/// Reads an answer of `/api/ps`: each loaded model by name; `None` if it is none.
pub(super) fn read_ps(body: &[u8]) -> Option<Vec<(String, Loaded)>> {
    let answer = Object::read(body_text(body)?)?;
    if answer.has("models") && answer.raw("models").is_none() {
        return Some(Vec::new());
    }
    let models = answer.array("models", MAX_LOADED)?.items;
    let models = models.iter().filter_map(|raw| {
        let model = Object::read(raw.get())?;
        let expires = model.text("expires_at");
        let expires = expires.and_then(|at| at.parse::<jiff::Timestamp>().ok());
        let loaded = Loaded {
            context_length: model
                .unsigned("context_length")
                .filter(|tokens| *tokens > 0),
            expires_at: expires.map(jiff::Timestamp::as_second),
            size_vram: model.unsigned("size_vram"),
        };
        let name = model.text("name").or_else(|| model.text("model"))?;
        Some((name.into_owned(), loaded))
    });
    Some(models.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capability::Capability;

    fn recorded(file: &str) -> Vec<u8> {
        let path = format!(
            "{}/tests/recorded/ollama/{file}",
            env!("CARGO_MANIFEST_DIR")
        );
        std::fs::read(path).unwrap()
    }

    #[test]
    fn a_model_is_shown() {
        let details = read_show(&recorded("api_show.json"), "llama3.1:8b").unwrap();
        assert_eq!(details.trained, Some(131_072));
        assert_eq!(details.preset, Some(8192));
        assert!(!details.remote);
        assert!(details.capabilities.has(Capability::Tools));
        assert!(details.capabilities.has(Capability::JsonSchema));
        assert!(details.capabilities.lacks(Capability::Vision));
        assert_eq!(
            read_show(b"{}", "x"),
            Some(Details {
                capabilities: details_of_nothing(),
                ..Details::default()
            })
        );
        assert_eq!(read_show(b"404 page not found", "x"), None);
    }

    /// Whatever Ollama runs obeys a schema.
    fn details_of_nothing() -> Capabilities {
        listing::capabilities_of(&Object::default(), "x", "ollama")
    }

    #[test]
    fn parameters_are_a_block_of_lines() {
        for (text, tokens) in [
            (
                "num_ctx                        8192\nstop  \"x\"",
                Some(8192),
            ),
            ("stop \"num_ctx 5\"\nnum_ctx 16384", Some(16_384)),
            ("num_ctx \"4096\"", Some(4096)),
            ("num_ctx", None),
            ("num_ctx many", None),
            ("num_ctx 0", None),
            ("", None),
        ] {
            assert_eq!(read_num_ctx(text), tokens, "{text}");
        }
    }

    #[test]
    fn loaded_models_are_read() {
        let loaded = read_ps(&recorded("api_ps.json")).unwrap();
        let expected = Loaded {
            context_length: Some(4096),
            expires_at: Some(1_795_363_200),
            size_vram: Some(6_654_289_920),
        };
        assert_eq!(loaded, [("llama3.1:8b".to_owned(), expected)]);
        assert_eq!(read_ps(b"{\"models\":null}"), Some(Vec::new()));
        assert_eq!(read_ps(b"{\"models\":[{}, 7]}"), Some(Vec::new()));
        assert_eq!(read_ps(b"{\"error\":\"x\"}"), None);
    }
}
