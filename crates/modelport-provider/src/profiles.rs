//! The table of known providers: from a host to its profile, and so to its display name. Only the host decides, never a path
//! or a query. Servers that people run themselves cannot be told by their host: their listing says what they are, or the
//! configuration names them.

mod anthropic;
mod azure;
mod deepseek;
mod fireworks;
mod gemini;
mod generic;
mod groq;
mod llama_cpp;
mod lm_studio;
mod localai;
mod mistral;
mod ollama;
mod openai;
mod openrouter;
mod perplexity;
mod sglang;
mod tgi;
mod together;
mod vllm;
mod xai;

pub use generic::GENERIC;
pub use ollama::OLLAMA;
pub use openrouter::OPENROUTER;

use crate::profile::Profile;

/// Every profile that a host, a listing or a name can lead to; the first that covers a host wins, so Azure's API hosts stand
/// before the rest of `azure.com`.
static KNOWN: [&Profile; 20] = [
    &OPENROUTER,
    &openai::OPENAI,
    &together::TOGETHER,
    &azure::AZURE,
    &azure::AZURE_HOSTED,
    &groq::GROQ,
    &deepseek::DEEPSEEK,
    &mistral::MISTRAL,
    &fireworks::FIREWORKS,
    &xai::XAI,
    &perplexity::PERPLEXITY,
    &gemini::GEMINI,
    &anthropic::ANTHROPIC,
    &vllm::VLLM,
    &sglang::SGLANG,
    &llama_cpp::LLAMA_CPP,
    &lm_studio::LM_STUDIO,
    &tgi::TGI,
    &localai::LOCALAI,
    &ollama::OLLAMA_LAYER,
];

/// The profile of a host; an unknown one is [`GENERIC`].
pub fn for_host(host: &str) -> &'static Profile {
    KNOWN
        .iter()
        .find(|profile| profile.covers(host))
        .copied()
        .unwrap_or(&GENERIC)
}

/// The known profile of that slug, letter case aside.
pub fn by_slug(slug: &str) -> Option<&'static Profile> {
    KNOWN
        .iter()
        .find(|profile| profile.slug.eq_ignore_ascii_case(slug))
        .copied()
}

/// The slugs of all known profiles.
pub fn slugs() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().map(|profile| profile.slug)
}

/// The place in the table of a server whose listing names this owner of every model.
pub(crate) fn place_of_owner(owner: &str) -> Option<usize> {
    KNOWN
        .iter()
        .position(|profile| profile.owned_by == Some(owner))
}

/// The profile at a place in the table.
pub(crate) fn at(place: usize) -> Option<&'static Profile> {
    KNOWN.get(place).copied()
}

#[cfg(test)]
mod tests;
