//! What `modelport models` shows of every recorded listing, compared with a text for each provider;
//! `UPDATE_DOCS=1` writes the texts anew.

use std::{fmt::Write, fs, path::PathBuf};

use modelport_sim::Options;

use super::{Provider, Told};
use crate::support::{Upstream, gateway::command};

/// The names under which providers serve their listings.
const PAGES: [&str; 3] = ["models.json", "language_models.json", "api_tags.json"];

impl Provider {
    /// Compares what is shown of the provider's listings with `recorded/models/FOLDER.txt`.
    pub(super) fn check_models(&self) {
        let mut text = String::new();
        for file in self.listings {
            let shown = show(self, file);
            write!(text, "{file}\n\n{shown}\n").unwrap();
        }
        let text = format!("{}\n", text.trim_end());
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("tests/it/recorded/models")
            .join(format!("{}.txt", self.folder));
        if std::env::var_os("UPDATE_DOCS").is_some() {
            fs::write(&path, &text).unwrap();
        }
        let written = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(
            text,
            written,
            "{} is out of date: look at what changed, and run this test with UPDATE_DOCS=1",
            path.display()
        );
    }
}

/// What `modelport models` prints when the provider's listing is this file.
fn show(provider: &Provider, file: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    for page in PAGES {
        fs::copy(provider.path().join(file), folder.path().join(page)).unwrap();
    }
    let upstream = Upstream::with(Options {
        replay: Some(folder.path().to_owned()),
        ..Options::default()
    });
    // What Ollama lists by its own API is shown as Ollama's, whatever speaks OpenAI's as generic.
    let is_native = matches!(provider.told, Told::Ollama) && file.starts_with("api_");
    let (base_url, root_url) = (upstream.base_url(), upstream.root_url());
    let mut settings = if is_native {
        vec![
            ("OPENAI_COMPATIBLE_ENABLED", "false"),
            ("OLLAMA_BASE_URL", root_url.as_str()),
        ]
    } else {
        vec![
            ("OLLAMA_ENABLED", "false"),
            ("OPENAI_COMPATIBLE_BASE_URL", base_url.as_str()),
            ("OPENAI_COMPATIBLE_API_KEY", "sk-upstream-secret"),
        ]
    };
    if let Told::Profile(slug) = provider.told {
        settings.push(("OPENAI_COMPATIBLE_PROFILE", slug));
    }
    let home = tempfile::tempdir().unwrap();
    let output = command(&settings, home.path())
        .arg("models")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let shown = String::from_utf8(output.stdout).unwrap();
    // The other provider is disabled, and says no more than what is embedded about it.
    let other = if is_native {
        "openai_compatible: "
    } else {
        "ollama: "
    };
    let lines = shown.lines().filter(|line| !line.starts_with(other));
    lines.map(|line| format!("{line}\n")).collect()
}
