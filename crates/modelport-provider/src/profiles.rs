//! The table of known hosts: from a host to its profile, and so to its display name. Only the host decides, never
//! a path or a query. Servers that people run themselves cannot be told by their host and are not here.

mod anthropic;
mod azure;
mod deepseek;
mod fireworks;
mod gemini;
mod generic;
mod groq;
mod mistral;
mod ollama;
mod openai;
mod openrouter;
mod perplexity;
mod together;
mod xai;

pub use generic::GENERIC;
pub use ollama::OLLAMA;
pub use openrouter::OPENROUTER;

use crate::profile::Profile;

/// Every profile that a host can lead to; the first that covers it wins, so Azure's API hosts stand before the
/// rest of `azure.com`.
static KNOWN: [&Profile; 13] = [
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

#[cfg(test)]
mod tests;
