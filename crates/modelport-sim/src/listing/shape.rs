//! The names of the listing shapes.

use std::fmt;
use std::str::FromStr;

/// The shape in which `GET /models` answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ListingShape {
    /// `openai`: an object with `data`, entries with `id`, `object`, `created`, `owned_by`.
    #[default]
    OpenAi,
    /// `data`: OpenRouter's, with context, prices and capabilities.
    Data,
    /// `array`: a bare array, as Together sends it.
    Array,
    /// `models`: Ollama's native list.
    Models,
    /// `strings`: a bare array of ids.
    Strings,
    /// `data-strings`: `data` with ids in place of entries.
    DataStrings,
    /// `names`: entries that have only a `name`.
    Names,
    /// `model-field`: entries that have only a `model`.
    ModelField,
    /// `keys`: LM Studio's native list, entries with `key`.
    Keys,
    /// `id-only`: entries with `id` and `object`, as LocalAI sends them.
    IdOnly,
    /// `gemini`: ids that start with `models/`.
    Gemini,
    /// `mixed`: good entries among bad ones.
    Mixed,
    /// `anthropic`: Anthropic's native list on one page.
    Anthropic,
    /// `paginated`: Anthropic's native list, two entries a page, followed with `after_id`.
    Paginated,
    /// `links`: OpenRouter's list, two entries a page, followed by `links.next`.
    Links,
    /// `huge`: 5000 entries.
    Huge,
    /// `null`: `data` is null, as Ollama's `/v1` says that nothing is installed.
    Null,
    /// `empty`: `data` is an empty array.
    Empty,
    /// `garbage`: 200, labelled JSON, full of binary noise.
    Garbage,
    /// `html`: 200 with a web page.
    Html,
    /// `truncated`: half of a list.
    Truncated,
    /// `status-CODE`: this status with a JSON error.
    Status(u16),
    /// `hang`: never answered.
    Hang,
}

/// The shapes that have a fixed name.
const NAMED: [(&str, ListingShape); 22] = [
    ("openai", ListingShape::OpenAi),
    ("data", ListingShape::Data),
    ("array", ListingShape::Array),
    ("models", ListingShape::Models),
    ("strings", ListingShape::Strings),
    ("data-strings", ListingShape::DataStrings),
    ("names", ListingShape::Names),
    ("model-field", ListingShape::ModelField),
    ("keys", ListingShape::Keys),
    ("id-only", ListingShape::IdOnly),
    ("gemini", ListingShape::Gemini),
    ("mixed", ListingShape::Mixed),
    ("anthropic", ListingShape::Anthropic),
    ("paginated", ListingShape::Paginated),
    ("links", ListingShape::Links),
    ("huge", ListingShape::Huge),
    ("null", ListingShape::Null),
    ("empty", ListingShape::Empty),
    ("garbage", ListingShape::Garbage),
    ("html", ListingShape::Html),
    ("truncated", ListingShape::Truncated),
    ("hang", ListingShape::Hang),
];

/// A listing shape that is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a listing shape; the shapes are {names}, status-CODE", names = NAMED.map(|(name, _)| name).join(", "))]
pub struct InvalidListing(String);

impl ListingShape {
    /// Every shape once; `status-CODE` as a 404 and a 500.
    pub fn all_examples() -> Vec<Self> {
        let statuses = [404, 500].map(Self::Status);
        NAMED
            .iter()
            .map(|(_, shape)| *shape)
            .chain(statuses)
            .collect()
    }
}

impl FromStr for ListingShape {
    type Err = InvalidListing;

    fn from_str(name: &str) -> Result<Self, InvalidListing> {
        if let Some((_, shape)) = NAMED.iter().find(|(known, _)| *known == name) {
            return Ok(*shape);
        }
        match name.strip_prefix("status-").map(str::parse) {
            Some(Ok(code @ 200..=599)) => Ok(Self::Status(code)),
            _ => Err(InvalidListing(name.to_owned())),
        }
    }
}

impl fmt::Display for ListingShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Status(code) = self {
            return write!(f, "status-{code}");
        }
        let name = NAMED
            .iter()
            .find(|(_, shape)| shape == self)
            .map_or("openai", |(name, _)| name);
        f.write_str(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_reads_back_what_it_prints() {
        for shape in ListingShape::all_examples() {
            assert_eq!(shape.to_string().parse(), Ok(shape));
        }
        for unknown in ["", "OpenAI", "status-", "status-1", "nope"] {
            assert!(unknown.parse::<ListingShape>().is_err(), "{unknown}");
        }
    }
}
