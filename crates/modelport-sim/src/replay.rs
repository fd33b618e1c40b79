//! A folder of recorded answers, given again byte for byte: a chat with the model `replay/FILE` gets that file, and a GET gets the
//! file that is named like its URL. A file's name says its status, its extension how it was sent.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::num::NonZeroUsize;
use std::path::Path;

use crate::answer::{Answer, Body, Recorded};

/// Models whose name starts with this are files: `replay/chat.json`.
pub(crate) const MODEL: &str = "replay/";
/// The largest file; what is beyond it is no answer to a chat.
const MAX_FILE: u64 = 16 * 1024 * 1024;
/// The most files of a folder.
const MAX_FILES: usize = 1000;
/// Headers that tell how the recorded answer travelled, which this one does in its own way.
const TRAVEL: [&str; 4] = [
    "content-type",
    "content-length",
    "transfer-encoding",
    "connection",
];

type Header = (Cow<'static, str>, String);

/// The files of one folder.
#[derive(Debug)]
pub(crate) struct Recordings {
    files: BTreeMap<String, Vec<u8>>,
    piece: Option<NonZeroUsize>,
}

impl Recordings {
    /// Reads a folder. Answers are sent in pieces of so many bytes, or whole.
    pub(crate) fn read(folder: &Path, piece: Option<NonZeroUsize>) -> io::Result<Self> {
        let named = |path: &Path, error: io::Error| {
            io::Error::new(error.kind(), format!("{}: {error}", path.display()))
        };
        let mut files = BTreeMap::new();
        for entry in fs::read_dir(folder).map_err(|error| named(folder, error))? {
            let path = entry?.path();
            if !path.is_file() {
                continue;
            }
            let bytes = read_file(&path).map_err(|error| named(&path, error))?;
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            files.insert(name.into_owned(), bytes);
            if files.len() > MAX_FILES {
                let error = io::Error::other(format!("holds over {MAX_FILES} files"));
                return Err(named(folder, error));
            }
        }
        Ok(Self { files, piece })
    }

    /// The answer in a file.
    pub(crate) fn answer(&self, name: &str) -> Option<Answer> {
        let bytes = self.files.get(name)?;
        let status = status(name);
        let content_type = content_type(name);
        Some(Answer {
            status,
            content_type,
            headers: self.headers(status),
            body: Body::Recorded(Recorded {
                bytes: bytes.clone(),
                piece: self.piece,
                streamed: matches!(content_type, "text/event-stream" | "application/x-ndjson"),
            }),
        })
    }

    /// The answer to a GET of this path: `/v1/language-models` is `v1_language_models.json` or `language_models.json`.
    pub(crate) fn page(&self, path: &str) -> Option<Answer> {
        let mut rest = path.trim_matches('/');
        loop {
            let name = format!("{}.json", rest.replace(['/', '-'], "_"));
            if let Some(answer) = self.answer(&name) {
                return Some(answer);
            }
            (_, rest) = rest.split_once('/')?;
        }
    }

    /// The headers that were recorded with answers of this status.
    fn headers(&self, wanted: u16) -> Vec<Header> {
        let files = self.files.iter();
        let heads = files.filter(|(name, _)| name.starts_with("headers"));
        let mut heads = heads.map(|(_, head)| String::from_utf8_lossy(head));
        let Some(head) = heads.find(|head| status_of_head(head) == Some(wanted)) else {
            return Vec::new();
        };
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            let travels = TRAVEL.iter().any(|known| known.eq_ignore_ascii_case(name));
            (!travels).then(|| (Cow::Owned(name.to_owned()), value.trim().to_owned()))
        };
        head.lines().skip(1).filter_map(header).collect()
    }
}

fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = fs::File::open(path)?;
    file.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= MAX_FILE) {
        Ok(bytes)
    } else {
        Err(io::Error::other(format!("is over {MAX_FILE} bytes long")))
    }
}

/// The status in a file's name: `error_429_quota.json` is 429. One that says none was a success.
fn status(name: &str) -> u16 {
    let (stem, _) = name.rsplit_once('.').unwrap_or((name, ""));
    let number = |word: &str| {
        word.parse()
            .ok()
            .filter(|status| (200..600).contains(status))
    };
    stem.split('_').find_map(number).unwrap_or(200)
}

/// The status in the first line of a recorded head.
fn status_of_head(head: &str) -> Option<u16> {
    head.lines().next()?.split(' ').nth(1)?.parse().ok()
}

/// The content type a file was sent with.
fn content_type(name: &str) -> &'static str {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    match extension {
        "sse" => "text/event-stream",
        "ndjson" => "application/x-ndjson",
        "html" => "text/html",
        // Bodies that no JSON editor would keep as they are: only their name says what they were sent as.
        "txt" if stem.starts_with("stream") => "text/event-stream",
        "txt" if !stem.starts_with("chat") => "text/plain",
        _ => "application/json",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recordings(files: &[(&str, &str)]) -> Recordings {
        let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), text.as_bytes().to_vec());
        Recordings {
            files: files.iter().map(owned).collect(),
            piece: None,
        }
    }

    #[test]
    fn a_name_says_status_and_content_type() {
        for (name, told) in [
            ("chat.json", (200, "application/json")),
            ("chat_200_choice_error.json", (200, "application/json")),
            ("chat_with_blank_lines.txt", (200, "application/json")),
            ("v1_error_404.json", (404, "application/json")),
            ("error_429_quota.json", (429, "application/json")),
            ("html_502.html", (502, "text/html")),
            ("plain_429.txt", (429, "text/plain")),
            ("stream_text.sse", (200, "text/event-stream")),
            ("stream_that_is_json_200.txt", (200, "text/event-stream")),
            ("api_chat.ndjson", (200, "application/x-ndjson")),
            ("error_20000_of_7.json", (200, "application/json")),
        ] {
            assert_eq!((status(name), content_type(name)), told, "{name}");
        }
    }

    #[test]
    fn a_page_is_the_file_named_like_the_longest_end_of_its_path() {
        let recordings = recordings(&[
            ("models.json", "{}"),
            ("api_tags.json", "{}"),
            ("language_models.json", "[1]"),
            ("v1_models.json", "[]"),
        ]);
        let length = |path: &str| match recordings.page(path)?.body {
            Body::Recorded(recorded) => Some(recorded.bytes),
            Body::Whole(_) | Body::Events(_) => None,
        };
        assert_eq!(length("/v1/models"), Some(b"[]".to_vec()));
        assert_eq!(length("/api/v1/models"), Some(b"[]".to_vec()));
        assert_eq!(length("/openai/models"), Some(b"{}".to_vec()));
        assert_eq!(length("/v1/language-models"), Some(b"[1]".to_vec()));
        assert_eq!(length("/api/tags"), Some(b"{}".to_vec()));
        assert_eq!(length("/v1/models/x"), None);
        assert_eq!(length(""), None);
    }

    #[test]
    fn recorded_headers_go_with_their_status() {
        let head = "HTTP/1.1 429 Too Many\r\nContent-Type: a\r\nRetry-After: 7\r\nx-b: c:d\r\n\r\n";
        let recordings = recordings(&[
            ("headers_429_platform.txt", head),
            ("error_429.json", "{}"),
            ("error_400.json", "{}"),
        ]);
        let headers = |name| recordings.answer(name).unwrap().headers;
        let header = |name, value: &str| (Cow::Borrowed(name), value.to_owned());
        let expected = [header("Retry-After", "7"), header("x-b", "c:d")];
        assert_eq!(headers("error_429.json"), expected);
        assert_eq!(headers("error_400.json"), []);
        assert!(recordings.answer("error_404.json").is_none());
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let error = Recordings::read(Path::new("no/such/folder"), None).unwrap_err();
        assert!(error.to_string().starts_with("no/such/folder: "), "{error}");
    }
}
