//! The files of the dashboard, as they are sent: read, compressed and named by their content once, when somebody first
//! looks.

use std::{collections::HashMap, fmt::Write as _, io::Write as _, path::Path, sync::OnceLock};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http::HeaderValue;
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

/// Part of the binary; read from the source in a debug build.
#[derive(RustEmbed)]
#[folder = "src/dashboard/assets"]
struct Assets;

/// The page that begins the dashboard.
const PAGE: &str = "index.html";

/// The page that shows the API.
const DOCS: &str = "docs.html";

/// Where the page wants the path of its files.
const HOME: &str = "{{assets}}";

/// Where the page wants the modules named that it needs at once, so that a browser fetches them all together.
const MODULES: &str = "<!-- modules -->";

/// What of a digest names a file.
const NAME_BYTES: usize = 8;

/// All of them.
pub(super) struct Files {
    /// Changes with any of them.
    pub(super) edition: String,
    /// What is sent for every path of a person's.
    pub(super) page: File,
    /// What shows the API.
    pub(super) docs: File,
    by_path: HashMap<String, File>,
}

/// One file.
pub(super) struct File {
    /// As it is.
    pub(super) plain: Bytes,
    /// Compressed, where that makes it smaller.
    pub(super) packed: Option<Bytes>,
    /// What it is, for browsers.
    pub(super) kind: HeaderValue,
    /// Names its content, with quotation marks.
    pub(super) tag: String,
}

impl Files {
    /// Those of this build. The first who asks has them compressed, by a thread that serves nobody.
    pub(super) async fn get() -> Option<&'static Self> {
        static FILES: OnceLock<Option<Files>> = OnceLock::new();
        let made = match FILES.get() {
            Some(made) => made,
            None => tokio::task::spawn_blocking(|| FILES.get_or_init(Self::read))
                .await
                .ok()?,
        };
        made.as_ref()
    }

    fn read() -> Option<Self> {
        let mut paths: Vec<_> = Assets::iter().collect();
        paths.sort_unstable();
        let mut all = Sha256::new();
        let mut files = HashMap::new();
        for path in &paths {
            let found = Assets::get(path)?;
            all.update(found.metadata.sha256_hash());
            let kind = found.metadata.mimetype();
            let kind = match kind.split_once('/') {
                Some(("text", _)) => format!("{kind}; charset=utf-8"),
                _ => kind.to_owned(),
            };
            files.insert(path.to_string(), File::new(found.data.into_owned(), &kind));
        }
        let edition = name(&all.finalize());
        let home = format!("{}/assets/{edition}", super::PATH);
        let modules = modules(&paths);
        let mut page = |name| {
            let text = String::from_utf8(files.remove(name)?.plain.into()).ok()?;
            let text = text.replace(MODULES, &modules).replace(HOME, &home);
            Some(File::new(text.into(), "text/html; charset=utf-8"))
        };
        Some(Self {
            page: page(PAGE)?,
            docs: page(DOCS)?,
            edition,
            by_path: files,
        })
    }

    /// The file at a path below the folder.
    pub(super) fn find(&self, path: &str) -> Option<&File> {
        self.by_path.get(path)
    }
}

impl File {
    fn new(plain: Vec<u8>, kind: &str) -> Self {
        let kind = HeaderValue::from_str(kind);
        Self {
            tag: format!("\"{}\"", name(&Sha256::digest(&plain))),
            packed: packed(&plain).filter(|packed| packed.len() < plain.len()),
            plain: plain.into(),
            kind: kind.unwrap_or(HeaderValue::from_static("application/octet-stream")),
        }
    }
}

fn packed(plain: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).ok()?;
    Some(encoder.finish().ok()?.into())
}

fn name(digest: &[u8]) -> String {
    let mut name = String::with_capacity(2 * NAME_BYTES);
    for byte in digest.iter().take(NAME_BYTES) {
        // Writing to memory cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    name
}

/// Links to the modules that every part of the dashboard needs: all but the parts themselves and what few of them use.
fn modules(paths: &[std::borrow::Cow<'_, str>]) -> String {
    let is_needed = |path: &str| {
        let is_late = path.starts_with("pages/")
            || path.starts_with("docs/")
            || path.contains("uplot")
            || path == "theme.js";
        Path::new(path).extension().is_some_and(|end| end == "js") && !is_late
    };
    let needed = paths.iter().filter(|path| is_needed(path));
    let links = needed.map(|path| format!("<link rel=\"modulepreload\" href=\"{HOME}/{path}\">"));
    links.collect::<Vec<_>>().join("\n    ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The most that all files may weigh together as they are sent, in bytes.
    const MAX_WEIGHT: usize = 300_000;

    #[test]
    fn all_files_together_are_light() {
        let files = Files::read().unwrap();
        let all = files.by_path.values().chain([&files.page]);
        let sent = all.map(|file| file.packed.as_ref().unwrap_or(&file.plain).len());
        let weight = sent.sum::<usize>();
        assert!(weight < MAX_WEIGHT, "{weight} bytes");
        assert!(
            weight > MAX_WEIGHT / 10,
            "{weight} bytes: files are missing"
        );
    }
}
