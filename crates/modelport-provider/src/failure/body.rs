//! The shapes in which providers write an error, all read into one.

use std::{borrow::Cow, time::Duration};

use super::{MAX_MESSAGE, MAX_TEXT, seconds};
use crate::{
    object::{Elements, Object, body_text, read_text},
    retry,
};

/// What a provider said about an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorBody {
    /// Its words.
    pub message: String,
    /// `type`, or Google's `status`.
    pub kind: Option<String>,
    /// The field that is to blame.
    pub param: Option<String>,
    /// `code`, a number or a word.
    pub code: Option<String>,
    /// A finer word: `OpenRouter`'s `error_type` or its availability code.
    pub error_type: Option<String>,
    /// Its own word on whether to try again.
    pub retryable: Option<bool>,
    /// How long it asks to wait.
    pub retry_after: Option<Duration>,
}

impl ErrorBody {
    /// An error of which there are only words.
    pub fn from_text(text: &str) -> Self {
        Self {
            message: text.chars().take(MAX_MESSAGE).collect(),
            ..Self::default()
        }
    }

    /// Whether any of its words for programs is one of these.
    pub(super) fn says(&self, words: &[&str]) -> bool {
        let known = [&self.error_type, &self.code, &self.kind];
        known
            .into_iter()
            .flatten()
            .any(|word| words.contains(&word.as_str()))
    }
}

/// Reads an error's body, whatever its shape; `None` for an empty one.
pub fn read_error_body(body: &[u8]) -> Option<ErrorBody> {
    let text = body_text(body).map_or_else(|| String::from_utf8_lossy(body), Cow::Borrowed);
    if text.is_empty() {
        return None;
    }
    read_json(&text).or_else(|| Some(ErrorBody::from_text(&readable(&text))))
}

fn read_json(text: &str) -> Option<ErrorBody> {
    if let Some(elements) = Elements::read(text, 1) {
        // Gemini's OpenAI layer wraps its error in an array.
        return read_json(elements.items.first()?.get());
    }
    let object = Object::read(text)?;
    if let Some(error) = object.raw("error") {
        return Some(read_error(error.get(), &object));
    }
    if let Some(detail) = object.raw("detail") {
        return Some(ErrorBody {
            param: detail_field(detail.get()),
            ..ErrorBody::from_text(&detail_text(detail.get()))
        });
    }
    object.raw("message").map(|_| read_members(&object))
}

/// The value of an `error` member: an object, or just words beside members that say more.
pub(super) fn read_error(error: &str, around: &Object<'_>) -> ErrorBody {
    match Object::read(error) {
        Some(error) => read_members(&error),
        None => ErrorBody {
            error_type: word(around, "error_type"),
            code: word(around, "code"),
            ..ErrorBody::from_text(&read_text(error).unwrap_or(Cow::Borrowed(error)))
        },
    }
}

pub(super) fn read_members(error: &Object<'_>) -> ErrorBody {
    let metadata = error.object("metadata");
    let availability = error.object("availability");
    let nested = |object: &Option<Object<'_>>, name: &str| {
        object.as_ref().and_then(|object| word(object, name))
    };
    let wait = availability
        .as_ref()
        .and_then(|object| word(object, "retry_after"));
    ErrorBody {
        message: message(error),
        kind: word(error, "type").or_else(|| word(error, "status")),
        param: word(error, "param"),
        code: word(error, "code").or_else(|| nested(&availability, "code")),
        error_type: nested(&metadata, "error_type")
            .or_else(|| nested(&availability, "code"))
            .or_else(|| word(error, "error_type")),
        retryable: availability
            .as_ref()
            .and_then(|object| object.flag("retryable")),
        retry_after: wait
            .and_then(|wait| seconds(&wait))
            .or_else(|| google_delay(error)),
    }
}

fn message(error: &Object<'_>) -> String {
    let text = error.text("message").map(Cow::into_owned);
    let text = text.or_else(|| {
        let raw = error.raw("message")?.get();
        let inner =
            Object::read(raw).and_then(|inner| Some(detail_text(inner.raw("detail")?.get())));
        Some(inner.unwrap_or_else(|| raw.to_owned()))
    });
    let text = text.filter(|text| !text.is_empty());
    let text = text.unwrap_or_else(|| "the provider gave no message".to_owned());
    text.chars().take(MAX_MESSAGE).collect()
}

/// `FastAPI`'s `detail`: words, or a list of places and what is wrong there.
fn detail_text(detail: &str) -> String {
    let Some(elements) = Elements::read(detail, 8) else {
        return read_text(detail).map_or_else(|| detail.to_owned(), Cow::into_owned);
    };
    let faults = elements.items.iter().filter_map(|item| {
        let item = Object::read(item.get())?;
        let place = item.words("loc").unwrap_or_default().join(".");
        Some(format!("{place}: {}", item.text("msg")?))
    });
    faults.collect::<Vec<_>>().join("; ")
}

/// The field of the first place that `FastAPI` finds fault with, such as `["body", "user"]`.
fn detail_field(detail: &str) -> Option<String> {
    let first = Elements::read(detail, 1)?;
    let place = Object::read(first.items.first()?.get())?.words("loc")?;
    let field = place.iter().find(|word| *word != "body")?;
    Some(field.clone().into_owned())
}

/// Google's `RetryInfo`, such as `"retryDelay": "34s"`.
fn google_delay(error: &Object<'_>) -> Option<Duration> {
    let details = error.array("details", 16)?;
    details.items.iter().find_map(|item| {
        let item = Object::read(item.get())?;
        retry::parse_reset(&item.text("retryDelay")?, std::time::SystemTime::UNIX_EPOCH)
    })
}

/// A member that is a word or a number.
fn word(object: &Object<'_>, name: &str) -> Option<String> {
    let raw = object.raw(name)?.get();
    match read_text(raw) {
        Some(text) => Some(text.into_owned()),
        None => raw.parse::<f64>().is_ok().then(|| raw.to_owned()),
    }
}

/// What a person can read of a body that is no JSON: the title of a page, or its words.
fn readable(text: &str) -> String {
    let title = text
        .split_once("<title>")
        .and_then(|(_, rest)| rest.split_once("</title>"))
        .map(|(title, _)| title);
    let words = title.map_or_else(|| without_tags(text), str::to_owned);
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    words
        .chars()
        .filter(|c| !c.is_control())
        .take(MAX_TEXT)
        .collect()
}

fn without_tags(text: &str) -> String {
    if !text.trim_start().starts_with('<') {
        return text.to_owned();
    }
    let pieces = text.split('<').map(|piece| match piece.split_once('>') {
        Some((_, words)) => words,
        None => piece,
    });
    pieces.collect::<Vec<_>>().join(" ")
}
