//! What real traffic taught about the models: fields and abilities that a provider refused, and abilities that its answers
//! showed. Kept in memory, bounded, and forgotten after a while, so that one odd refusal condemns nobody for good.
//!
//! A request reads it without a lock, and finds nothing in the normal case; only news are written, as a new map in
//! place of the old.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::Arc,
    time::{Duration, SystemTime},
};

use arc_swap::ArcSwap;
use modelport_provider::{
    capability::{Capabilities, Capability, Source, Support},
    failure::Lesson,
    usage::Usage,
};

/// How long a lesson holds. What is wrong with a server is often put right within the day.
pub const HOLDS_FOR: Duration = Duration::from_hours(1);

/// A lesson that is confirmed within this time of its last note is not written anew.
const CONFIRM_AFTER: Duration = Duration::from_mins(5);

/// The most models of one provider that lessons are kept of; callers can name what they like.
pub const MAX_MODELS: usize = 1024;

/// The most fields of one model that lessons are kept of.
pub const MAX_FIELDS: usize = 32;

/// What was learned, by provider.
pub struct Lessons(Vec<ArcSwap<Book>>);

/// What was learned of one provider's models.
type Book = HashMap<Box<str>, Arc<Page>>;

/// What was learned of one model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    abilities: Vec<(Capability, bool, SystemTime)>,
    fields: Vec<(Box<str>, SystemTime)>,
}

impl Lessons {
    /// Nothing learned yet of this many providers.
    pub fn new(providers: usize) -> Self {
        Self((0..providers).map(|_| ArcSwap::default()).collect())
    }

    /// What was learned already of the providers that were known, each by its place before.
    pub fn after(before: &Self, places: &[Option<usize>]) -> Self {
        let books = places.iter().map(|place| {
            let known = place.and_then(|place| before.0.get(place));
            known.map_or_else(ArcSwap::default, |book| ArcSwap::new(book.load_full()))
        });
        Self(books.collect())
    }

    /// A refusal of a request with these top-level fields. What it says of a field that was not sent is somebody
    /// else's text and teaches nothing.
    pub fn refused_with<'a>(
        &self,
        provider: usize,
        model: &str,
        lesson: &Lesson,
        mut sent: impl Iterator<Item = Cow<'a, str>>,
        now: SystemTime,
    ) {
        let part_of = lesson.capability.and_then(field_of);
        let Some(about) = lesson.field.as_deref().or(part_of) else {
            return;
        };
        if !sent.any(|name| name == about) {
            return;
        }
        self.write(provider, model, now, |page| {
            let mut news = false;
            if let Some(capability) = lesson.capability {
                news |= page.note(capability, false, now);
            }
            if let Some(field) = &lesson.field {
                news |= page.note_field(field, now);
            }
            news
        });
    }

    /// An answer to a request with these top-level fields: none of them is refused after all.
    pub fn taken_with<'a>(
        &self,
        provider: usize,
        model: &str,
        sent: impl Iterator<Item = Cow<'a, str>>,
        now: SystemTime,
    ) {
        let Some(page) = self.page(provider, model) else {
            return;
        };
        if !page.doubts_anything(now) {
            return;
        }
        let sent: Vec<_> = sent.collect();
        self.write(provider, model, now, |page| page.take(&sent));
    }

    /// What an answer's usage shows.
    pub fn used(&self, provider: usize, model: &str, usage: &Usage, now: SystemTime) {
        let shown = [
            (Capability::Reasoning, usage.reasoning_tokens),
            (Capability::PromptCache, usage.cached_input_tokens),
        ];
        for (capability, tokens) in shown {
            if tokens > 0 && !self.knows(provider, model, capability, now) {
                self.write(provider, model, now, |page| {
                    page.note(capability, true, now)
                });
            }
        }
    }

    /// What was observed of one model's abilities and still holds.
    pub fn observed(&self, provider: usize, model: &str, now: SystemTime) -> Capabilities {
        let mut found = Capabilities::UNKNOWN;
        let page = self.page(provider, model).unwrap_or_default();
        for (capability, supported, at) in &page.abilities {
            if holds(*at, now) {
                let support = Support::from(*supported);
                found.note_seen(*capability, support, Source::Observed, *at);
            }
        }
        found
    }

    /// The top-level fields that a provider refuses with one model, whatever their value; empty in the normal case.
    pub fn refused(&self, provider: usize, model: &str, now: SystemTime) -> Vec<Box<str>> {
        let Some(book) = self.0.get(provider).map(ArcSwap::load) else {
            return Vec::new();
        };
        let Some(page) = book.get(model) else {
            return Vec::new();
        };
        let fields = page.fields.iter().filter(|(_, at)| holds(*at, now));
        fields.map(|(field, _)| field.clone()).collect()
    }

    fn page(&self, provider: usize, model: &str) -> Option<Arc<Page>> {
        self.0.get(provider)?.load().get(model).cloned()
    }

    fn knows(&self, provider: usize, model: &str, capability: Capability, now: SystemTime) -> bool {
        let page = self.page(provider, model).unwrap_or_default();
        let mut known = page.abilities.iter();
        known.any(|(of, supported, at)| *of == capability && *supported && is_fresh(*at, now))
    }

    /// Changes one model's page, if `change` says that it changed something. Loses to nobody: a concurrent writer makes
    /// it try again.
    fn write(
        &self,
        provider: usize,
        model: &str,
        now: SystemTime,
        change: impl Fn(&mut Page) -> bool,
    ) {
        let Some(book) = self.0.get(provider) else {
            return;
        };
        book.rcu(|book| {
            let known = book.get(model).map(|page| Page::clone(page));
            let mut changed = known.unwrap_or_default();
            if !change(&mut changed) {
                return Arc::clone(book);
            }
            changed.forget(now);
            let mut pages = Book::clone(book);
            if changed == Page::default() {
                pages.remove(model);
                return Arc::new(pages);
            }
            if pages.len() >= MAX_MODELS && !pages.contains_key(model) {
                pages.retain(|_, page| page.holds(now));
                if pages.len() >= MAX_MODELS {
                    return Arc::clone(book);
                }
            }
            pages.insert(model.into(), Arc::new(changed));
            Arc::new(pages)
        });
    }
}

impl Page {
    /// Notes what a model can or cannot do; whether that is news.
    fn note(&mut self, capability: Capability, supported: bool, now: SystemTime) -> bool {
        let known = self.abilities.iter_mut().find(|(of, ..)| *of == capability);
        let Some((_, was, at)) = known else {
            self.abilities.push((capability, supported, now));
            return true;
        };
        let news = *was != supported || !is_fresh(*at, now);
        if news {
            (*was, *at) = (supported, now);
        }
        news
    }

    fn note_field(&mut self, field: &str, now: SystemTime) -> bool {
        let is_full = self.fields.len() >= MAX_FIELDS;
        match self.fields.iter_mut().find(|(name, _)| **name == *field) {
            Some((_, at)) if is_fresh(*at, now) => return false,
            Some((_, at)) => *at = now,
            None if is_full => return false,
            None => self.fields.push((field.into(), now)),
        }
        true
    }

    /// Takes back what a success with these fields contradicts; whether anything was.
    fn take(&mut self, sent: &[Cow<'_, str>]) -> bool {
        let before = (self.fields.len(), self.abilities.len());
        let is_sent = |field: &str| sent.iter().any(|name| name == field);
        self.fields.retain(|(field, _)| !is_sent(field));
        self.abilities.retain(|(capability, supported, _)| {
            *supported || !shown_by_field(*capability).is_some_and(is_sent)
        });
        before != (self.fields.len(), self.abilities.len())
    }

    fn doubts_anything(&self, now: SystemTime) -> bool {
        let mut abilities = self.abilities.iter();
        self.fields.iter().any(|(_, at)| holds(*at, now))
            || abilities.any(|(_, supported, at)| !supported && holds(*at, now))
    }

    fn holds(&self, now: SystemTime) -> bool {
        let mut abilities = self.abilities.iter();
        self.fields.iter().any(|(_, at)| holds(*at, now))
            || abilities.any(|(.., at)| holds(*at, now))
    }

    fn forget(&mut self, now: SystemTime) {
        self.fields.retain(|(_, at)| holds(*at, now));
        self.abilities.retain(|(.., at)| holds(*at, now));
    }
}

/// The field whose refusal a missing ability is told by.
fn field_of(capability: Capability) -> Option<&'static str> {
    match capability {
        Capability::Tools => Some("tools"),
        Capability::ParallelTools => Some("parallel_tool_calls"),
        Capability::Streaming => Some("stream"),
        Capability::Reasoning => Some("reasoning"),
        Capability::JsonMode | Capability::JsonSchema => Some("response_format"),
        Capability::Vision | Capability::AudioInput | Capability::PdfInput => Some("messages"),
        Capability::Chat
        | Capability::AudioOutput
        | Capability::ImageOutput
        | Capability::Embeddings
        | Capability::PromptCache
        | Capability::WebSearch => None,
    }
}

/// The field with which a success proves the ability. Of a schema, an image or a sound it does not: the field may
/// have held another value.
fn shown_by_field(capability: Capability) -> Option<&'static str> {
    match capability {
        Capability::Tools
        | Capability::ParallelTools
        | Capability::Streaming
        | Capability::JsonMode => field_of(capability),
        Capability::Reasoning => Some("reasoning_effort"),
        Capability::Chat
        | Capability::Vision
        | Capability::PdfInput
        | Capability::AudioInput
        | Capability::AudioOutput
        | Capability::ImageOutput
        | Capability::JsonSchema
        | Capability::Embeddings
        | Capability::PromptCache
        | Capability::WebSearch => None,
    }
}

fn holds(at: SystemTime, now: SystemTime) -> bool {
    is_within(at, now, HOLDS_FOR)
}

fn is_fresh(at: SystemTime, now: SystemTime) -> bool {
    is_within(at, now, CONFIRM_AFTER)
}

/// A time that lies ahead, because the clock was set back, counts as now.
fn is_within(at: SystemTime, now: SystemTime, span: Duration) -> bool {
    now.duration_since(at).is_ok_and(|age| age < span) || at > now
}

#[cfg(test)]
mod tests;
