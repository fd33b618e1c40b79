//! What a turn is made of: blocks in, parts of a chat message out.

use serde_json::{Map, Value};

use crate::anthropic::notes::Notes;
use crate::anthropic::reading::{Fields, Place, invalid, unsupported, wrong_type};
use crate::translation::Untranslatable;

/// A part of a chat message.
#[derive(Debug)]
pub(super) enum Part {
    Text(String),
    /// An image or a file, as JSON.
    Media(Value),
}

/// Under which name fields of blocks are noted.
const NOTED: &str = "messages[].content[].";

/// A block that has said its type.
#[derive(Debug)]
pub(super) struct Block<'p> {
    pub(super) kind: String,
    pub(super) fields: Fields<'p>,
    place: Place<'p>,
}

impl<'p> Block<'p> {
    pub(super) fn read(
        value: Value,
        place: Place<'p>,
        notes: &mut Notes,
    ) -> Result<Self, Untranslatable> {
        let mut fields = Fields::read(value, place)?;
        let kind = fields.text("type")?;
        if fields.take("cache_control").is_some() {
            notes.dropped("cache_control");
        }
        Ok(Self {
            kind,
            fields,
            place,
        })
    }

    pub(super) fn drop_rest(self, notes: &mut Notes) {
        self.fields.drop_rest(NOTED, notes);
    }

    pub(super) fn refuse(&self) -> Untranslatable {
        unsupported(
            self.place.member("type"),
            &self.kind,
            "Leave the block out, or send its content as text.",
        )
    }

    /// The parts of a block that any speaker's content may have.
    pub(super) fn into_parts(mut self, notes: &mut Notes) -> Result<Vec<Part>, Untranslatable> {
        let parts = match self.kind.as_str() {
            "text" => vec![Part::Text(self.fields.text("text")?)],
            "image" => vec![image(&mut self.fields)?],
            "document" => document(&mut self.fields, notes)?,
            "search_result" => search_result(&mut self.fields, notes)?,
            _ => return Err(self.refuse()),
        };
        self.drop_rest(notes);
        Ok(parts)
    }
}

/// The parts of content that has only such blocks: a string, or an array of them.
pub(super) fn read_parts(
    content: Value,
    place: Place<'_>,
    notes: &mut Notes,
) -> Result<Vec<Part>, Untranslatable> {
    let blocks = match content {
        Value::String(text) => return Ok(vec![Part::Text(text)]),
        Value::Array(blocks) => blocks,
        other => {
            return Err(wrong_type(&place, "a string or an array of blocks", &other));
        }
    };
    let mut parts = Vec::with_capacity(blocks.len());
    for (number, block) in blocks.into_iter().enumerate() {
        let block = Block::read(block, place.item(number), notes)?;
        parts.append(&mut block.into_parts(notes)?);
    }
    Ok(parts)
}

/// The text of content that may hold nothing else.
pub(super) fn read_text(
    content: Value,
    place: Place<'_>,
    notes: &mut Notes,
) -> Result<String, Untranslatable> {
    let (text, media) = split(read_parts(content, place, notes)?);
    if media.is_empty() {
        Ok(text)
    } else {
        Err(invalid(
            place,
            format!("`{place}` may hold only text; send images and files in a user's message."),
        ))
    }
}

/// An object of these members. They are moved into it, which `json!` does not do: an image may be many megabytes.
pub(super) fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    let members = members.into_iter();
    let members: Map<_, _> = members
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    members.into()
}

/// The texts of `parts` as one, and what else there is.
pub(super) fn split(parts: Vec<Part>) -> (String, Vec<Part>) {
    let mut texts = Vec::new();
    let mut media = Vec::new();
    for part in parts {
        match part {
            Part::Text(text) => texts.push(text),
            Part::Media(_) => media.push(part),
        }
    }
    (texts.join("\n"), media)
}

/// Parts as the content of a message: a string where there is only text, which every provider takes.
pub(super) fn content_of(parts: Vec<Part>) -> Value {
    if parts.iter().all(|part| matches!(part, Part::Text(_))) {
        return split(parts).0.into();
    }
    let parts = parts.into_iter().map(|part| match part {
        Part::Text(text) => object([("type", "text".into()), ("text", text.into())]),
        Part::Media(part) => part,
    });
    parts.collect()
}

fn image(image: &mut Fields<'_>) -> Result<Part, Untranslatable> {
    let source = image.required("source", "the image's source")?;
    let place = image.place_of("source");
    let mut source = Fields::read(source, place)?;
    let url = match source.text("type")?.as_str() {
        "base64" => data_uri(&source.text("media_type")?, &source.text("data")?),
        "url" => source.text("url")?,
        other => {
            return Err(unsupported(
                place.member("type"),
                other,
                "Send the image as `base64` or `url`.",
            ));
        }
    };
    let url = object([("url", url.into())]);
    Ok(Part::Media(object([
        ("type", "image_url".into()),
        ("image_url", url),
    ])))
}

fn data_uri(media_type: &str, data: &str) -> String {
    ["data:", media_type, ";base64,", data].concat()
}

/// The name of a PDF that has no title; the chat API wants one.
const UNTITLED: &str = "document.pdf";

fn document(document: &mut Fields<'_>, notes: &mut Notes) -> Result<Vec<Part>, Untranslatable> {
    let title = document.optional_text("title")?;
    let told = document.optional_text("context")?;
    let source = document.required("source", "the document's source")?;
    let place = document.place_of("source");
    let mut source = Fields::read(source, place)?;
    match source.text("type")?.as_str() {
        "base64" => {
            let uri = data_uri(&source.text("media_type")?, &source.text("data")?);
            let name = title.unwrap_or_else(|| UNTITLED.to_owned());
            let file = object([("filename", name.into()), ("file_data", uri.into())]);
            let file = object([("type", "file".into()), ("file", file)]);
            let told = told.map(Part::Text);
            Ok(told.into_iter().chain([Part::Media(file)]).collect())
        }
        "text" => {
            let text = source.text("data")?;
            Ok(headed([title, told, Some(text)]))
        }
        "content" => {
            let content = source.required("content", "the document's content")?;
            let mut parts = headed([title, told, None]);
            parts.append(&mut read_parts(content, place.member("content"), notes)?);
            Ok(parts)
        }
        other => Err(unsupported(
            place.member("type"),
            other,
            "Send the document as `base64` or `text`.",
        )),
    }
}

fn search_result(result: &mut Fields<'_>, notes: &mut Notes) -> Result<Vec<Part>, Untranslatable> {
    let title = result.optional_text("title")?;
    let source = result.optional_text("source")?;
    let content = result.required("content", "the result's text")?;
    let text = read_text(content, result.place_of("content"), notes)?;
    Ok(headed([title, source, Some(text)]))
}

/// One text of those lines that are there.
fn headed(lines: [Option<String>; 3]) -> Vec<Part> {
    let lines: Vec<_> = lines.into_iter().flatten().collect();
    if lines.is_empty() {
        return Vec::new();
    }
    vec![Part::Text(lines.join("\n"))]
}
