//! Every recorded answer of every provider, through the whole process: an upstream gives the file
//! again byte for byte, in pieces of any size, and a client sees what its provider's table says.
//!
//! A provider has a module: `cargo test -p modelport --test it recorded::groq` runs one.

mod listings;
mod meeting;

mod anthropic;
mod azure;
mod deepseek;
mod gemini;
mod generic;
mod groq;
mod llamacpp;
mod lmstudio;
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

use std::{collections::BTreeSet, fs, path::PathBuf};

/// What is known of one provider's recorded answers.
struct Provider {
    /// The folder of its files.
    folder: &'static str,
    /// How the gateway is told whose answers these are.
    told: Told,
    /// Every file of the folder that answers a chat.
    rows: &'static [Row],
    /// The files that are listings of models.
    listings: &'static [&'static str],
    /// Files that no chat and no listing answers with.
    others: &'static [&'static str],
}

/// How the gateway is told whose answers these are: the upstream is at 127.0.0.1, which says
/// nothing.
#[derive(Clone, Copy)]
enum Told {
    /// It need not know.
    Nothing,
    /// By the slug of a profile, in `OPENAI_COMPATIBLE_PROFILE`.
    Profile(&'static str),
    /// The provider is configured as Ollama.
    Ollama,
}

/// One file that answers a chat.
struct Row {
    file: &'static str,
    sees: Sees,
    /// Input and output tokens in the log line, if it has any.
    usage: Option<(u64, u64)>,
}

/// What a client sees.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Sees {
    /// The provider's answer, byte for byte.
    Whole,
    /// The provider's answer, put into OpenAI's shape from one of its own.
    Translated,
    /// The beginning of the provider's stream, then an error event with this code and nothing after
    /// it.
    ErrorEvent(&'static str),
    /// The provider's own status and body.
    PassedOn,
    /// An error that the provider hid in an answer with status 200: the status and the code it gets.
    Unhidden(u16, &'static str),
    /// An error of the gateway's own.
    Ours(u16, &'static str),
}

const fn row(file: &'static str, sees: Sees) -> Row {
    Row {
        file,
        sees,
        usage: None,
    }
}

const fn whole(file: &'static str, input: u64, output: u64) -> Row {
    Row {
        file,
        sees: Sees::Whole,
        usage: Some((input, output)),
    }
}

impl Provider {
    fn path(&self) -> PathBuf {
        recorded().join(self.folder)
    }

    /// Every file of the folder has its place in the table, and the other way round.
    fn check_completeness(&self) {
        let entries = fs::read_dir(self.path()).unwrap();
        let there: BTreeSet<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let rows = self.rows.iter().map(|row| row.file);
        let told = rows.chain(self.listings.iter().copied());
        let told: Vec<String> = told
            .chain(self.others.iter().copied())
            .map(str::to_owned)
            .collect();
        let unique: BTreeSet<String> = told.iter().cloned().collect();
        assert_eq!(unique.len(), told.len(), "a file stands in two places");
        assert_eq!(unique, there, "{}: table and folder differ", self.folder);
    }

    fn check(&self) {
        self.check_completeness();
        meeting::check(self);
    }
}

fn recorded() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../modelport-provider/tests/recorded")
}

#[test]
fn every_folder_has_its_module() {
    let modules = [
        &anthropic::PROVIDER,
        &azure::PROVIDER,
        &deepseek::PROVIDER,
        &gemini::PROVIDER,
        &generic::PROVIDER,
        &groq::PROVIDER,
        &llamacpp::PROVIDER,
        &lmstudio::PROVIDER,
        &localai::PROVIDER,
        &mistral::PROVIDER,
        &ollama::PROVIDER,
        &openai::PROVIDER,
        &openrouter::PROVIDER,
        &perplexity::PROVIDER,
        &sglang::PROVIDER,
        &tgi::PROVIDER,
        &together::PROVIDER,
        &vllm::PROVIDER,
        &xai::PROVIDER,
    ];
    let folders = fs::read_dir(recorded())
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let folders: BTreeSet<PathBuf> = folders.filter(|path| path.is_dir()).collect();
    let told: BTreeSet<PathBuf> = modules.iter().map(|provider| provider.path()).collect();
    assert_eq!(told, folders);
}
