//! The path of a base URL: cutting what people paste too much of, and completing what they leave out.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use url::Url;

use crate::profile::Profile;

/// Endpoints that a pasted address may end in; the longer first.
const OPENAI_ENDPOINTS: [&str; 4] = [
    "/chat/completions",
    "/completions",
    "/embeddings",
    "/models",
];
/// Ollama's two APIs, both below the root.
const OLLAMA_APIS: [&str; 2] = ["/v1", "/api"];
/// Values of `api-version` that mean Azure's undated API (MicrosoftDocs/azure-ai-docs, 2026-11-22).
const UNDATED: [&str; 3] = ["v1", "latest", "preview"];
/// What a URI's path or query cannot hold as it is.
const UNFIT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'`');

/// Endpoints that classic Azure has below a deployment (openai-python 3.54.0, `lib/azure.py`).
const OF_A_DEPLOYMENT: [&str; 8] = [
    "/completions",
    "/chat/completions",
    "/embeddings",
    "/audio/transcriptions",
    "/audio/translations",
    "/audio/speech",
    "/images/generations",
    "/images/edits",
];

/// The API's path: less an endpoint's suffix; the provider's known one where it is missing, or misses only `/v1`.
/// Any other path is left alone, since proxies mount APIs anywhere.
pub(super) fn openai(url: &Url, profile: &Profile) -> String {
    let path = without_suffix(url.path(), &OPENAI_ENDPOINTS);
    let known = match profile.dated_path {
        Some(dated) if asks_for_a_date(url) => dated,
        Some(_) | None => profile.default_path,
    };
    if path.is_empty() || known.strip_suffix("/v1") == Some(path) {
        return known.to_owned();
    }
    path.to_owned()
}

/// Whether an endpoint, with its query or not, lies below a deployment at classic Azure.
pub(super) fn belongs_to_a_deployment(endpoint: &str) -> bool {
    let path = endpoint.split('?').next().unwrap_or_default();
    OF_A_DEPLOYMENT.contains(&path)
}

/// Ollama's root: less a final `/v1` or `/api`.
pub(super) fn ollama(url: &Url) -> String {
    without_suffix(url.path(), &OLLAMA_APIS).to_owned()
}

/// Percent-encodes what a URI cannot hold and leaves the rest, earlier escapes included.
pub(super) fn encode(text: &str) -> String {
    utf8_percent_encode(text, UNFIT).to_string()
}

fn without_suffix<'a>(path: &'a str, suffixes: &[&str]) -> &'a str {
    let path = path.trim_end_matches('/');
    let cut = suffixes.iter().find_map(|suffix| path.strip_suffix(suffix));
    cut.unwrap_or(path).trim_end_matches('/')
}

fn asks_for_a_date(url: &Url) -> bool {
    url.query_pairs().any(|(name, value)| {
        name.eq_ignore_ascii_case("api-version")
            && !UNDATED.iter().any(|word| value.eq_ignore_ascii_case(word))
    })
}
