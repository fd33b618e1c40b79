//! Which models there are, and which provider answers for which.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::SystemTime,
};

use arc_swap::{ArcSwap, ArcSwapOption};
use modelport_provider::{
    catalogue,
    listing::{ListedModel, Local},
    provider::{Discovered, ListSource, fallback_ids},
    provider_type::ProviderType,
    resolution::{ProviderEntry, ResolutionFault, Resolver},
};

pub mod cost;
pub mod discovery;
pub mod known;
pub mod lessons;
pub mod list;
pub mod names;

use crate::{
    clock,
    config::{Config, ProviderConfig},
    error::Error,
};

/// What every provider serves, each list replaced as a whole when a newer one is there.
pub struct Directory {
    shelves: Vec<Place>,
    resolver: Resolver,
    preferred: usize,
    fallback: bool,
}

/// Where one provider's list stands.
struct Place {
    shelf: ArcSwap<Shelf>,
    problem: ArcSwapOption<String>,
    failures: AtomicU64,
    /// Whether the list is the operator's, which no listing replaces.
    is_configured: bool,
}

/// One provider's models.
pub struct Shelf {
    /// The models, in the provider's order.
    pub models: Vec<Model>,
    /// Where the list comes from.
    pub source: ListSource,
    /// When the list was fetched; `None` for one that was not.
    pub fetched: Option<SystemTime>,
    /// Entries of the listing that could not be read.
    pub skipped: usize,
    places: Places,
    claim: Claim,
}

/// Where each id is. A provider fills it and callers only look, so it needs no hash that withstands callers.
type Places = HashMap<Box<str>, usize, foldhash::fast::RandomState>;

/// Which bare model names a list draws to its provider.
enum Claim {
    /// All on the list.
    All,
    /// At most this one. What an Ollama could serve says nothing about what is installed there.
    Only(Option<Box<str>>),
}

/// One model of one provider: what its listing says, or what is known of it without one.
pub struct Model {
    /// The upstream's own id.
    pub id: String,
    /// The listing's entry.
    pub listed: Option<ListedModel>,
}

/// What a model's name stands for.
pub struct Found<'m> {
    /// The model as its providers know it.
    pub model: Cow<'m, str>,
    /// The provider that is asked first, by its place in the configuration.
    provider: usize,
    others: Vec<usize>,
}

impl Found<'_> {
    /// The providers that serve it, the one that is asked first before those that the request may fall over to.
    pub fn providers(&self) -> impl Iterator<Item = usize> {
        std::iter::once(self.provider).chain(self.others.iter().copied())
    }
}

impl Directory {
    /// The predefined lists; nothing has been asked yet.
    pub fn new(config: &Config) -> Self {
        let shelves = config.providers.iter().map(|provider| Place {
            shelf: ArcSwap::from_pointee(Shelf::predefined(provider)),
            problem: ArcSwapOption::empty(),
            failures: AtomicU64::new(0),
            is_configured: !provider.models.is_empty(),
        });
        Self {
            shelves: shelves.collect(),
            resolver: Resolver::new(
                config.providers.iter().map(names).collect(),
                config.preferred,
                config.aliases.clone(),
            ),
            preferred: config.preferred,
            fallback: config.provider_fallback,
        }
    }

    /// The lists of the providers that were known, each by its place before, and the predefined ones of the others.
    pub fn after(config: &Config, before: &Self, places: &[Option<usize>]) -> Self {
        let directory = Self::new(config);
        for (place, known) in directory.shelves.iter().zip(places) {
            let Some(known) = known.and_then(|known| before.shelves.get(known)) else {
                continue;
            };
            // Others are made of what is configured, which may be something else now.
            let shelf = known.shelf.load_full();
            if matches!(shelf.source, ListSource::Discovered) && !place.is_configured {
                place.shelf.store(shelf);
            }
            place.problem.store(known.problem.load_full());
            place.failures.store(known.failures.load(Relaxed), Relaxed);
        }
        directory
    }

    /// One provider's models.
    pub fn shelf(&self, provider: usize) -> Option<Arc<Shelf>> {
        self.shelves
            .get(provider)
            .map(|place| place.shelf.load_full())
    }

    /// Whether one provider's list has a model, in the provider's other spelling too.
    pub fn lists(&self, provider: usize, model: &str) -> bool {
        let (Some(place), Some(entry)) = (
            self.shelves.get(provider),
            self.resolver.providers().get(provider),
        ) else {
            return false;
        };
        let list = place.shelf.load();
        let has = |id: &str| list.places.contains_key(id);
        has(model) || entry.spelling.matches(model, has)
    }

    /// How often one provider's list was not fetched.
    pub fn failures(&self, provider: usize) -> u64 {
        let place = self.shelves.get(provider);
        place.map_or(0, |place| place.failures.load(Relaxed))
    }

    /// Why one provider's list is not newer, if fetching it failed.
    pub fn problem(&self, provider: usize) -> Option<Arc<String>> {
        self.shelves.get(provider)?.problem.load_full()
    }

    /// A listing came.
    pub fn stock(&self, provider: usize, found: Discovered) {
        if let Some(place) = self.shelves.get(provider) {
            if !place.is_configured {
                place.shelf.store(Arc::new(Shelf::discovered(found)));
            }
            place.problem.store(None);
        }
    }

    /// A listing did not come: the list there is stays.
    pub fn note_problem(&self, provider: usize, problem: String) {
        if let Some(place) = self.shelves.get(provider) {
            place.problem.store(Some(Arc::new(problem)));
            place.failures.fetch_add(1, Relaxed);
        }
    }

    /// The provider whose default model is used, by its place in the configuration.
    pub fn preferred(&self) -> usize {
        self.preferred
    }

    /// Who serves `requested`.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] or [`Error::BadRequest`] when nobody does.
    pub fn resolve<'m>(&'m self, requested: Option<&'m str>) -> Result<Found<'m>, Error> {
        let has = |provider: usize, model: &str| {
            self.shelves
                .get(provider)
                .is_some_and(|place| place.shelf.load().answers_for(model))
        };
        let found = self
            .resolver
            .resolve(requested, has)
            .map_err(|fault| unresolved(&fault))?;
        Ok(Found {
            model: found.model,
            provider: found.provider,
            others: if self.fallback {
                found.others
            } else {
                Vec::new()
            },
        })
    }
}

fn unresolved(fault: &ResolutionFault) -> Error {
    let message = format!("{fault}.");
    let param = Some("model".to_owned());
    match fault {
        ResolutionFault::Malformed | ResolutionFault::NoDefault { .. } => Error::BadRequest {
            message,
            param,
            code: "invalid_model",
        },
        ResolutionFault::Disabled { .. } | ResolutionFault::NoProvider => Error::NotFound {
            message,
            param: "model",
            code: "model_not_found",
        },
    }
}

fn names(provider: &ProviderConfig) -> ProviderEntry {
    ProviderEntry {
        id: provider.id.clone(),
        aliases: provider.aliases.clone(),
        spelling: provider.profile.spelling,
        enabled: provider.enabled,
        default_model: provider.default_model.clone(),
    }
}

impl Model {
    /// What a server says that loads its models when they are asked for.
    pub fn local(&self) -> Option<&Local> {
        self.listed.as_ref()?.local.as_ref()
    }

    /// Whether the model is in memory and so answers at once; `None` where nobody says.
    pub fn is_loaded(&self) -> Option<bool> {
        self.local()?.memory.is_loaded()
    }
}

impl Shelf {
    fn predefined(provider: &ProviderConfig) -> Self {
        if !provider.models.is_empty() {
            let models = provider.models.iter().map(|model| Model {
                id: model.id.clone(),
                listed: None,
            });
            return Self::new(models.collect(), ListSource::Configured, None, 0);
        }
        let ids = fallback_ids(provider.profile, provider.default_model.as_deref());
        let predefined = provider
            .profile
            .catalogue
            .is_some_and(|section| !catalogue::fallback_models(section).is_empty());
        let source = if predefined {
            ListSource::Fallback
        } else {
            ListSource::Configured
        };
        let models = ids.into_iter().map(|id| Model { id, listed: None });
        let mut shelf = Self::new(models.collect(), source, None, 0);
        if provider.provider_type.canonical() == ProviderType::Ollama {
            shelf.claim = Claim::Only(provider.default_model.as_deref().map(Into::into));
        }
        shelf
    }

    fn discovered(found: Discovered) -> Self {
        let models = found.models.into_iter().map(|listed| Model {
            id: listed.id.clone(),
            listed: Some(listed),
        });
        let fetched = Some(clock::calendar());
        Self::new(
            models.collect(),
            ListSource::Discovered,
            fetched,
            found.skipped,
        )
    }

    /// Whether a request that names only this model may come here because of this list.
    fn answers_for(&self, model: &str) -> bool {
        self.places.contains_key(model)
            && match &self.claim {
                Claim::All => true,
                Claim::Only(default) => default.as_deref() == Some(model),
            }
    }

    fn new(
        models: Vec<Model>,
        source: ListSource,
        fetched: Option<SystemTime>,
        skipped: usize,
    ) -> Self {
        let mut places = Places::default();
        for (place, model) in models.iter().enumerate() {
            places.insert(model.id.as_str().into(), place);
        }
        // A provider's other names for a model are answered too, but never over another's id.
        for (place, model) in models.iter().enumerate() {
            for alias in model.listed.iter().flat_map(|listed| &listed.aliases) {
                places.entry(alias.as_str().into()).or_insert(place);
            }
        }
        Self {
            claim: Claim::All,
            models,
            source,
            fetched,
            skipped,
            places,
        }
    }

    /// The model with this id, or whose provider also calls it so.
    pub fn get(&self, id: &str) -> Option<&Model> {
        self.models.get(*self.places.get(id)?)
    }
}
