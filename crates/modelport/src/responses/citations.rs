//! What an answer rests on, as annotations of its text. `OpenAI` and `OpenRouter` annotate the message (`url_citation`, the API
//! references, 2026-11); Perplexity and xAI list pages beside the choices (`citations`, `search_results`), which the text
//! names by their numbers, as in `[2]`, or not at all. Places are counted in characters, as in the Responses API.

use memchr::memmem;
use serde_json::{Value, json};

/// The most pages and annotations of one text that are told of.
const MAX_CITATIONS: usize = 512;

/// The most digits of a page's number.
const MAX_DIGITS: usize = 3;

/// Where answers tell what they rest on; without one of these names nothing is read.
const MEMBERS: [&str; 3] = ["\"annotations\"", "\"citations\"", "\"search_results\""];

/// What an answer rests on, as far as it has told.
#[derive(Debug, Default)]
pub(super) struct Citations {
    /// Annotations of the text. Some servers repeat with each chunk what they told before.
    told: Vec<Told>,
    /// Pages in the order of their numbers.
    pages: Vec<Page>,
}

#[derive(Debug, PartialEq, Eq)]
struct Told {
    page: Page,
    /// From which character to before which.
    place: Option<(u64, u64)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Page {
    url: String,
    title: String,
}

impl Citations {
    /// Reads what a completion or a chunk tells.
    pub(super) fn read(&mut self, json: &[u8]) {
        let has = |name: &&str| memmem::find(json, name.as_bytes()).is_some();
        if !MEMBERS.iter().any(has) {
            return;
        }
        let answer: Value = serde_json::from_slice(json).unwrap_or_default();
        let of_choice = |of: &str| answer.pointer(&format!("/choices/0/{of}/annotations"));
        let annotations = of_choice("delta").or_else(|| of_choice("message"));
        for annotation in annotations.and_then(Value::as_array).into_iter().flatten() {
            let told = Told::read(annotation).filter(|told| !self.told.contains(told));
            self.told
                .extend(told.filter(|_| self.told.len() < MAX_CITATIONS));
        }
        let list = |name: &str| -> Vec<Page> {
            let pages = answer.get(name).and_then(Value::as_array);
            let pages = pages.into_iter().flatten().filter_map(Page::read);
            pages.take(MAX_CITATIONS).collect()
        };
        let (mut cited, found) = (list("citations"), list("search_results"));
        for page in &mut cited {
            if let Some(known) = found.iter().find(|known| known.url == page.url) {
                page.title.clone_from(&known.title);
            }
        }
        // The numbers are those of the citations.
        let pages = if cited.is_empty() { found } else { cited };
        if !pages.is_empty() {
            self.pages = pages;
        }
    }

    /// The annotations of `text`, which is all that was said since the last call.
    pub(super) fn of(&mut self, text: &str) -> Vec<Value> {
        let Self { told, pages } = std::mem::take(self);
        let end = text.chars().fold(0_u64, |count, _| count.saturating_add(1));
        if !told.is_empty() {
            let annotations = told.iter();
            return annotations
                .map(|told| told.page.annotation(told.place.unwrap_or((end, end))))
                .collect();
        }
        let mut annotations = Vec::new();
        let mut is_named = vec![false; pages.len()];
        for (number, place) in numbers(text) {
            let at = number.checked_sub(1);
            if let Some((page, is_named)) =
                at.and_then(|at| pages.get(at).zip(is_named.get_mut(at)))
                && annotations.len() < MAX_CITATIONS
            {
                *is_named = true;
                annotations.push(page.annotation(place));
            }
        }
        // What is named nowhere goes for the whole.
        let others = pages.iter().zip(is_named).filter(|(_, is_named)| !is_named);
        annotations.extend(others.map(|(page, _)| page.annotation((end, end))));
        annotations.truncate(MAX_CITATIONS);
        annotations
    }
}

impl Told {
    /// `OpenAI`'s chat annotations hold the citation in a member of their own; some servers write it flat.
    fn read(annotation: &Value) -> Option<Self> {
        if annotation.get("type").and_then(Value::as_str) != Some("url_citation") {
            return None;
        }
        let citation = annotation.get("url_citation").unwrap_or(annotation);
        let index = |name: &str| citation.get(name).and_then(Value::as_u64);
        Some(Self {
            page: Page::read(citation)?,
            place: index("start_index").zip(index("end_index")),
        })
    }
}

impl Page {
    /// A URL, or an object with one. A page without a title is called by its URL, for the API wants one.
    fn read(page: &Value) -> Option<Self> {
        let text = |name: &str| page.get(name).and_then(Value::as_str);
        let url = page.as_str().or_else(|| text("url"))?;
        Some(Self {
            url: url.to_owned(),
            title: text("title").unwrap_or(url).to_owned(),
        })
    }

    fn annotation(&self, (start, end): (u64, u64)) -> Value {
        json!({
            "type": "url_citation",
            "url": self.url,
            "title": self.title,
            "start_index": start,
            "end_index": end,
        })
    }
}

/// The numbers in brackets, and from which character to before which they stand.
fn numbers(text: &str) -> impl Iterator<Item = (usize, (u64, u64))> {
    let mut counted = (0, 0_u64);
    text.match_indices('[').filter_map(move |(at, _)| {
        let (from, before) = counted;
        let between = text.get(from..at)?.chars();
        let start = between.fold(before, |count, _| count.saturating_add(1));
        counted = (at, start);
        let behind = text.get(at.checked_add(1)?..)?;
        let end = behind
            .bytes()
            .take(MAX_DIGITS + 1)
            .position(|byte| byte == b']')?;
        let number = behind.get(..end)?;
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let length = u64::try_from(end).ok()?.checked_add(2)?;
        Some((number.parse().ok()?, (start, start.checked_add(length)?)))
    })
}
