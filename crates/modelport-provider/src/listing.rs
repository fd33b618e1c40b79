//! Reads what a provider answers when asked for its models, in every shape they come in. It fetches nothing, follows no page
//! and asks no catalogue; it never fails for one odd entry.

mod entry;
mod features;
mod rates;

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::value::RawValue;

use crate::capability::Capabilities;
use crate::object::{Elements, Object, body_text};
use crate::price::{PriceRule, Prices};

pub use rates::PriceUnit;

/// How many models one answer is read for; what lies beyond is counted as skipped.
pub const MAX_MODELS: usize = 10_000;

/// The longest model id, in bytes.
pub const MAX_ID: usize = 256;

/// The longest message kept of an error that came instead of a listing, in bytes.
const MAX_MESSAGE: usize = 500;

/// One answer's models.
#[derive(Debug, Default)]
pub struct Listing {
    /// The models in the provider's order, each id once.
    pub models: Vec<ListedModel>,
    /// Entries that name no usable model, and those beyond [`MAX_MODELS`]. Entries that the provider itself marks as out of
    /// service, and repeated ids, are left out without counting.
    pub skipped: usize,
    /// Where the list goes on.
    pub next: Option<NextPage>,
}

/// One model as its provider lists it.
#[derive(Debug, Clone)]
pub struct ListedModel {
    /// The id to ask for it by.
    pub id: String,
    /// Other ids that the provider takes for it.
    pub aliases: Vec<String>,
    /// The entry as it came, so that nothing that is not understood here is lost.
    pub raw: Box<RawValue>,
    /// When it appeared, in seconds since 1970.
    pub created: Option<i64>,
    /// Who is named as its owner.
    pub owned_by: Option<String>,
    /// Tokens that prompt and answer may have together: as served where that is told, else as trained.
    pub context_length: Option<u64>,
    /// Tokens that an answer may have.
    pub max_output: Option<u64>,
    /// The listed prices; where they vary by time of day, those at the time of the listing.
    pub prices: Prices,
    /// Other prices that hold under conditions.
    pub price_rules: Vec<PriceRule>,
    /// What the entry says it can do.
    pub capabilities: Capabilities,
    /// What a server says that loads its models when they are asked for; `None` of others.
    pub local: Option<Local>,
}

/// One model of a server that loads its models when they are asked for: Ollama.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Local {
    /// Tokens that the model was trained for, which a request may ask for.
    pub trained_context: Option<u64>,
    /// Tokens that its own settings ask for, if they do.
    pub default_context: Option<u64>,
    /// Whether it is loaded.
    pub memory: Memory,
}

/// Whether a server has a model in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    /// It does not say.
    Unknown,
    /// It must be loaded first.
    Unloaded,
    /// It can answer at once.
    Loaded(Loaded),
}

/// How a model is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loaded {
    /// Tokens that prompt and answer may have together.
    pub context_length: Option<u64>,
    /// When it will be unloaded if nobody asks, in seconds since 1970.
    pub expires_at: Option<i64>,
    /// Bytes of video memory that it takes.
    pub size_vram: Option<u64>,
}

impl Memory {
    /// Whether the model is loaded, if the server says so.
    pub fn is_loaded(self) -> Option<bool> {
        match self {
            Self::Unknown => None,
            Self::Unloaded => Some(false),
            Self::Loaded(_) => Some(true),
        }
    }

    /// Tokens that the model is loaded with.
    pub fn context_length(self) -> Option<u64> {
        match self {
            Self::Loaded(loaded) => loaded.context_length,
            Self::Unknown | Self::Unloaded => None,
        }
    }
}

/// Where a list goes on. The caller bounds how many pages it follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextPage {
    /// A URL, absolute or relative to the one asked. It is the upstream's word: a credential goes there only if it leads to
    /// the same origin.
    Url(String),
    /// The cursor or id after which the next page starts (Anthropic's `after_id`).
    After(String),
}

/// Why an answer is no listing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListingFault {
    /// It is a web page.
    #[error("the answer is a web page, not a model list")]
    Html,
    /// It is not JSON.
    #[error("the answer is not JSON")]
    NotJson,
    /// It is JSON without a list of models.
    #[error("the answer holds no list of models")]
    NoList,
    /// It is an error, whatever its status was.
    #[error("the answer is an error: {0}")]
    Upstream(String),
}

/// Reads an answer. `slug` is the provider's profile (`openrouter`, `together`, `xai`, `ollama`, …; any other for an unknown
/// host): it settles what the shape alone cannot, such as the unit of prices.
///
/// # Errors
///
/// What holds no list, or an error beside one, is a fault; an empty list is none.
pub fn read_listing(body: &[u8], slug: &str) -> Result<Listing, ListingFault> {
    let text = body_text(body).ok_or(ListingFault::NotJson)?;
    if text.starts_with('<') {
        return Err(ListingFault::Html);
    }
    if text.starts_with('[') {
        let elements = Elements::read(text, MAX_MODELS).ok_or(ListingFault::NotJson)?;
        let only = match elements.items.as_slice() {
            [only] => Object::read(only.get()),
            _ => None,
        };
        // Google's layer wraps its errors in an array (fact sheet, 2026-11-22).
        return match only.and_then(|only| embedded_error(&only)) {
            Some(fault) => Err(fault),
            None => Ok(collect(&elements, slug)),
        };
    }
    let envelope = Object::read(text).ok_or_else(|| not_an_object(text))?;
    if let Some(fault) = embedded_error(&envelope) {
        return Err(fault);
    }
    let mut listing = collect(&list_of(&envelope)?, slug);
    listing.next = next_page(&envelope, &listing);
    Ok(listing)
}

/// What an entry says that its model can do, where the entry is not part of a listing.
pub(crate) fn capabilities_of(entry: &Object<'_>, id: &str, slug: &str) -> Capabilities {
    features::read_capabilities(entry, id, slug)
}

fn not_an_object(text: &str) -> ListingFault {
    match serde_json::from_str::<&RawValue>(text) {
        Ok(_) => ListingFault::NoList,
        Err(_) => ListingFault::NotJson,
    }
}

/// Finds the list: `data`, else `models`. Null is an empty list: Ollama writes one for nothing installed (`openai/openai.go`,
/// a nil slice; fact sheet 2026-11-22).
fn list_of<'a>(envelope: &Object<'a>) -> Result<Elements<'a>, ListingFault> {
    let lists = ["data", "models"];
    let found = lists
        .iter()
        .find_map(|name| envelope.array(name, MAX_MODELS));
    match found {
        Some(elements) => Ok(elements),
        None if lists
            .iter()
            .any(|name| envelope.has(name) && envelope.raw(name).is_none()) =>
        {
            Ok(Elements::default())
        }
        None => Err(ListingFault::NoList),
    }
}

fn collect(elements: &Elements<'_>, slug: &str) -> Listing {
    let mut listing = Listing {
        skipped: elements.beyond,
        ..Listing::default()
    };
    let mut seen = HashSet::new();
    for raw in &elements.items {
        match entry::read_entry(raw, slug) {
            entry::Entry::Model(model) => {
                if seen.insert(model.id.clone()) {
                    listing.models.push(*model);
                }
            }
            entry::Entry::OutOfService => {}
            entry::Entry::Unusable => listing.skipped += 1,
        }
    }
    listing
}

/// The error in `object`, if it is one of the shapes in which errors come: a member `error`, or a flat `"object":"error"`.
fn embedded_error(object: &Object<'_>) -> Option<ListingFault> {
    let error = object
        .raw("error")
        .map(RawValue::get)
        .filter(|error| !["false", "\"\"", "{}"].contains(error));
    if error.is_none() && object.text("object").as_deref() != Some("error") {
        return None;
    }
    let message = object
        .object("error")
        .and_then(|error| error.text("message"))
        .or_else(|| object.text("error"))
        .or_else(|| object.text("message"));
    let mut message = message
        .map(Cow::into_owned)
        .or_else(|| error.map(str::to_owned))
        .unwrap_or_default();
    message.truncate(message.floor_char_boundary(MAX_MESSAGE));
    Some(ListingFault::Upstream(message))
}

/// `links.next` is OpenRouter's, `has_more` with `last_id` Anthropic's; `next` and `next_page` are common elsewhere (fact
/// sheet, 2026-11-22).
fn next_page(envelope: &Object<'_>, listing: &Listing) -> Option<NextPage> {
    let linked = envelope
        .object("links")
        .and_then(|links| links.text("next"));
    let named = || envelope.text("next").or_else(|| envelope.text("next_page"));
    if let Some(next) = linked.or_else(named).filter(|next| !next.is_empty()) {
        let is_url = ["http://", "https://", "/", "?"]
            .iter()
            .any(|start| next.starts_with(start));
        let next = next.into_owned();
        return Some(if is_url {
            NextPage::Url(next)
        } else {
            NextPage::After(next)
        });
    }
    if envelope.flag("has_more") != Some(true) {
        return None;
    }
    let last = envelope.text("last_id").map(Cow::into_owned);
    last.or_else(|| listing.models.last().map(|model| model.id.clone()))
        .map(NextPage::After)
}

#[cfg(test)]
mod tests;
