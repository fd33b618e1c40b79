//! The text of `.env.example`, made from the table of settings. The file in the repository is compared with it by a
//! test.

use std::fmt::Write;

use super::dotenv::quote;
use super::setting::{Preset, SECTIONS, Setting};

/// Comment lines are broken after this many letters.
const LINE: usize = 100;

const OPENING: &str = "Settings of modelport. Copy this file to .env in the working directory and uncomment what you \
change; nothing is required. Real environment variables win over the file. Names are read in any letter case, and an \
empty value counts as unset. `modelport check` shows what the settings come to.";

const FURTHER: &str = "Further OpenAI-compatible providers: put a word of your own into the names, as in \
OPENAI_COMPATIBLE_GROQ_API_KEY or OPENAI_COMPATIBLE_LOCAL_BASE_URL, which give the providers openai_compatible_groq \
and openai_compatible_local. A known name (OPENAI, TOGETHER, GROQ, DEEPSEEK, MISTRAL, FIREWORKS, XAI, GEMINI, \
ANTHROPIC, PERPLEXITY, OPENROUTER) brings its base URL with it; any other needs one.";

const OLDER: &str = "Older spellings are read as well: OPENROUTER_* for OPENAI_COMPATIBLE_* and OLLAMA_* for \
OLLAMA_SETTINGS_*. `modelport migrate .env` rewrites them.";

/// The text of `.env.example`.
pub fn env_example() -> String {
    let mut text = String::new();
    comment(&mut text, OPENING);
    for (heading, settings) in SECTIONS {
        text.push_str("\n\n");
        comment(&mut text, &format!("--- {heading} ---"));
        for setting in settings {
            text.push('\n');
            describe(&mut text, setting);
        }
    }
    for closing in [FURTHER, OLDER] {
        text.push('\n');
        comment(&mut text, closing);
    }
    text
}

fn describe(text: &mut String, setting: &Setting) {
    let preset = match setting.preset {
        Preset::Value(value) => format!("default {value}"),
        Preset::Unset { .. } => "unset by default".to_owned(),
    };
    comment(text, setting.help);
    comment(text, &format!("({}; {preset})", setting.kind.describe()));
    // Writing to a string cannot fail.
    let _ = writeln!(text, "#{}={}", setting.name, quote(setting.preset.sample()));
}

fn comment(text: &mut String, words: &str) {
    let mut width = LINE;
    for word in words.split_whitespace() {
        if width + 1 + word.len() > LINE {
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            text.push('#');
            width = 1;
        }
        text.push(' ');
        text.push_str(word);
        width += 1 + word.len();
    }
    text.push('\n');
}
