//! What a listing's entry says that the model can do. Each provider says it in its own words (the fact sheet's table of
//! capabilities, 2026-11-22); they are told apart by their form, so that a list behind a proxy is understood too.

use std::borrow::Cow;

use crate::capability::{Capabilities, Capability, Source, Support};
use crate::object::Object;

/// Reads one entry. The plainest statement comes first: a note never replaces an earlier one of the same source.
pub(super) fn read_capabilities(entry: &Object<'_>, id: &str, slug: &str) -> Capabilities {
    let mut found = Capabilities::UNKNOWN;
    note_flags(&mut found, entry);
    note_words(&mut found, entry);
    note_parameters(&mut found, entry);
    note_modalities(&mut found, entry);
    note_type(&mut found, entry);
    note_mistral_embeddings(&mut found, entry, id);
    note_grammar(&mut found, entry, slug);
    if found.has(Capability::Chat) {
        // No provider lists it; every chat endpoint of the fact sheet streams.
        note(&mut found, Capability::Streaming, Support::Yes);
    }
    found
}

fn note(found: &mut Capabilities, capability: Capability, support: Support) {
    found.note(capability, support, Source::Listing);
}

/// An object of flags: Mistral, Azure, LM Studio v1, Anthropic (each flag an object with `supported`); Fireworks has them at
/// the entry's top.
fn note_flags(found: &mut Capabilities, entry: &Object<'_>) {
    const FLAGS: [(&str, Capability); 11] = [
        ("completion_chat", Capability::Chat),
        ("chat_completion", Capability::Chat),
        ("function_calling", Capability::Tools),
        ("trained_for_tool_use", Capability::Tools),
        ("vision", Capability::Vision),
        ("image_input", Capability::Vision),
        ("pdf_input", Capability::PdfInput),
        ("audio", Capability::AudioInput),
        ("reasoning", Capability::Reasoning),
        ("thinking", Capability::Reasoning),
        ("embeddings", Capability::Embeddings),
    ];
    const TOP: [(&str, Capability); 3] = [
        ("supports_chat", Capability::Chat),
        ("supports_tools", Capability::Tools),
        ("supports_image_input", Capability::Vision),
    ];
    if let Some(flags) = entry.object("capabilities") {
        for (name, capability) in FLAGS {
            note(found, capability, read_flag(&flags, name));
        }
    }
    for (name, capability) in TOP {
        note(found, capability, read_flag(entry, name));
    }
}

/// `true`, `{"supported": true}`, or an object of settings, which only a model that has the thing would have.
fn read_flag(flags: &Object<'_>, name: &str) -> Support {
    if let Some(flag) = flags.flag(name) {
        return flag.into();
    }
    match flags.object(name) {
        Some(details) if details.has("supported") => details
            .flag("supported")
            .map_or(Support::Unknown, Support::from),
        Some(_) => Support::Yes,
        None => Support::Unknown,
    }
}

/// A list of words: newer Ollama and LocalAI. It is complete, so what it leaves out is not there.
fn note_words(found: &mut Capabilities, entry: &Object<'_>) {
    const WORDS: [(&[&str], Capability); 6] = [
        (&["completion", "chat"], Capability::Chat),
        (&["tools"], Capability::Tools),
        (&["vision"], Capability::Vision),
        (&["thinking"], Capability::Reasoning),
        (&["embedding", "embeddings"], Capability::Embeddings),
        (&["audio", "transcript"], Capability::AudioInput),
    ];
    let Some(words) = entry
        .words("capabilities")
        .filter(|words| !words.is_empty())
    else {
        return;
    };
    for (names, capability) in WORDS {
        note(found, capability, contains_any(&words, names).into());
    }
}

/// OpenRouter's `supported_parameters`: the union over the providers behind it, so a `No` is certain and a `Yes` likely.
fn note_parameters(found: &mut Capabilities, entry: &Object<'_>) {
    const PARAMETERS: [(&[&str], Capability); 4] = [
        (&["tools"], Capability::Tools),
        (&["structured_outputs"], Capability::JsonSchema),
        (
            &["response_format", "structured_outputs"],
            Capability::JsonMode,
        ),
        (&["reasoning", "include_reasoning"], Capability::Reasoning),
    ];
    let Some(words) = entry
        .words("supported_parameters")
        .filter(|words| !words.is_empty())
    else {
        return;
    };
    if entry.object("reasoning").is_some() {
        note(found, Capability::Reasoning, Support::Yes);
    }
    for (names, capability) in PARAMETERS {
        note(found, capability, contains_any(&words, names).into());
    }
    if contains_any(&words, &["parallel_tool_calls"]) {
        note(found, Capability::ParallelTools, Support::Yes);
    }
}

/// What goes in and out: OpenRouter and llama.cpp within `architecture`; xAI and LocalAI at the entry's top.
fn note_modalities(found: &mut Capabilities, entry: &Object<'_>) {
    const INPUTS: [(&str, Capability); 2] = [
        ("image", Capability::Vision),
        ("audio", Capability::AudioInput),
    ];
    const OUTPUTS: [(&str, Capability); 2] = [
        ("image", Capability::ImageOutput),
        ("audio", Capability::AudioOutput),
    ];
    let architecture = entry.object("architecture");
    let words = |name| {
        let inner = architecture.as_ref().and_then(|inner| inner.words(name));
        inner.or_else(|| entry.words(name)).unwrap_or_default()
    };
    let (inputs, outputs) = (words("input_modalities"), words("output_modalities"));
    for (modalities, meanings) in [(&inputs, INPUTS), (&outputs, OUTPUTS)] {
        for (word, capability) in meanings {
            if !modalities.is_empty() {
                note(found, capability, contains_any(modalities, &[word]).into());
            }
        }
    }
    if contains_any(&inputs, &["file"]) {
        note(found, Capability::PdfInput, Support::Yes);
    }
    if contains_any(&outputs, &["embeddings"]) {
        note(found, Capability::Embeddings, Support::Yes);
        note(found, Capability::Chat, Support::No);
    }
    // OpenRouter's and xAI's language models; text comes out of LocalAI's transcribers too.
    let is_language_model =
        entry.has("supported_parameters") || entry.has("completion_text_token_price");
    if is_language_model && contains_any(&outputs, &["text"]) {
        note(found, Capability::Chat, Support::Yes);
    }
}

/// `type`: LM Studio and Together. Mistral's and Anthropic's mean something else and say nothing here.
fn note_type(found: &mut Capabilities, entry: &Object<'_>) {
    let kind = entry.text("type").unwrap_or_default();
    let facts: &[(Capability, Support)] = match kind.as_ref() {
        "vlm" => &[
            (Capability::Chat, Support::Yes),
            (Capability::Vision, Support::Yes),
        ],
        // Only LM Studio says "llm", and it says "vlm" for the ones that see.
        "llm" => &[
            (Capability::Chat, Support::Yes),
            (Capability::Vision, Support::No),
        ],
        "chat" => &[(Capability::Chat, Support::Yes)],
        "embedding" | "embeddings" => &[
            (Capability::Embeddings, Support::Yes),
            (Capability::Chat, Support::No),
        ],
        "image" => &[
            (Capability::ImageOutput, Support::Yes),
            (Capability::Chat, Support::No),
        ],
        "audio" | "video" | "rerank" | "moderation" | "transcribe" => {
            &[(Capability::Chat, Support::No)]
        }
        _ => &[],
    };
    for (capability, support) in facts {
        note(found, *capability, *support);
    }
}

/// Mistral has no flag for it: no chat, and an id that says so.
fn note_mistral_embeddings(found: &mut Capabilities, entry: &Object<'_>, id: &str) {
    let flags = entry.object("capabilities");
    let no_chat = flags.and_then(|flags| flags.flag("completion_chat")) == Some(false);
    if no_chat && id.contains("embed") {
        note(found, Capability::Embeddings, Support::Yes);
    }
}

/// Servers that hold every answer to a grammar obey any schema: Ollama (local models), llama.cpp, LM Studio.
fn note_grammar(found: &mut Capabilities, entry: &Object<'_>, slug: &str) {
    let ollama = (slug == "ollama" || (entry.has("digest") && entry.has("details")))
        && !entry.has("remote_host");
    let llama_cpp = entry.text("owned_by").as_deref() == Some("llamacpp");
    let lm_studio = entry.has("key") && entry.has("loaded_instances");
    let makes_text = !found.lacks(Capability::Chat) && !found.has(Capability::Embeddings);
    if (ollama || llama_cpp || lm_studio) && makes_text {
        note(found, Capability::JsonMode, Support::Yes);
        note(found, Capability::JsonSchema, Support::Yes);
    }
}

fn contains_any(words: &[Cow<'_, str>], names: &[&str]) -> bool {
    words.iter().any(|word| names.contains(&word.as_ref()))
}
