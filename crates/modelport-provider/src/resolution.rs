//! From the `model` of a request to the provider that gets it and the id it gets. Pure: whether a provider lists a model is
//! asked of the caller. It routes nothing by health, cost or load.
//!
//! The order: a configured alias; `provider:rest`, split at the first colon, if `provider` is exactly a configured id or alias; the
//! whole string as an id that providers list, the preferred one first; their own spellings of it; the preferred provider, as it is.
//! A prefix comes before the lists so that the meaning of a string does not change because someone pulled a model.

mod fault;
mod spelling;

use std::borrow::Cow;
use std::collections::HashMap;

pub use fault::ResolutionFault;
pub use spelling::Spelling;

/// The longest `model` that is accepted, in bytes.
pub const MAX_MODEL: usize = 256;

/// The longest provider id, in bytes.
const MAX_PROVIDER_ID: usize = 64;

/// A configured provider, as far as names go.
#[derive(Debug, Clone)]
pub struct ProviderEntry {
    /// Its id; see [`is_provider_id`].
    pub id: String,
    /// Other names it goes by in prefixes, such as `openrouter`.
    pub aliases: Vec<String>,
    /// How it spells ids differently from its own list.
    pub spelling: Spelling,
    /// Whether it takes requests.
    pub enabled: bool,
    /// What it is asked for when a request names no model.
    pub default_model: Option<String>,
}

/// Resolves models for one set of providers; built once, when the settings are read.
#[derive(Debug, Clone, Default)]
pub struct Resolver {
    providers: Vec<ProviderEntry>,
    /// Enabled providers, the preferred one first, then as configured.
    order: Vec<usize>,
    aliases: HashMap<String, String>,
}

/// Who gets a request, and for which model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution<'m> {
    /// The id that goes upstream.
    pub model: Cow<'m, str>,
    /// The provider, by its place among the configured ones.
    pub provider: usize,
    /// Others that list the model, in order: where a bare model may fail over to. Empty if the provider was named.
    pub others: Vec<usize>,
    /// What decided.
    pub how: How,
}

/// What decided a resolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum How {
    /// A configured alias; what it stands for was resolved in turn.
    Alias,
    /// The provider's name before a colon.
    Prefix,
    /// A provider's list has exactly this id.
    Listed,
    /// A provider's list has it in that provider's other spelling.
    Spelling,
    /// Nothing else: the preferred provider gets it as it is.
    Preferred,
    /// The request named no model.
    Default,
}

/// Whether `id` may name a provider: `^[a-z][a-z0-9_-]{0,63}$` and not `ft`, which begins the ids of fine-tuned models.
pub fn is_provider_id(id: &str) -> bool {
    let allowed =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
    id.len() <= MAX_PROVIDER_ID
        && id.starts_with(|first: char| first.is_ascii_lowercase())
        && id.bytes().all(allowed)
        && id != "ft"
}

impl Resolver {
    /// `preferred` is a place in `providers`; if that one is disabled the first enabled one takes its part. `aliases` maps a name to
    /// what it stands for, one step only.
    pub fn new(
        providers: Vec<ProviderEntry>,
        preferred: usize,
        aliases: HashMap<String, String>,
    ) -> Self {
        let enabled = |place: &usize| {
            providers
                .get(*place)
                .is_some_and(|provider| provider.enabled)
        };
        let others = (0..providers.len()).filter(|place| *place != preferred);
        let order = std::iter::once(preferred)
            .chain(others)
            .filter(enabled)
            .collect();
        Self {
            providers,
            order,
            aliases,
        }
    }

    /// Resolves `requested`, the request's `model`; `has(place, id)` tells whether that provider's list has exactly that id (its
    /// listing, its configured deployments). For a named provider and for a listed model of one provider nothing is allocated.
    ///
    /// # Errors
    ///
    /// A malformed name, a disabled provider's name before a colon, no model and no default, or no provider at all.
    pub fn resolve<'m>(
        &'m self,
        requested: Option<&'m str>,
        has: impl Fn(usize, &str) -> bool,
    ) -> Result<Resolution<'m>, ResolutionFault> {
        let Some(requested) = requested else {
            return self.default_model(has);
        };
        if is_malformed(requested) {
            return Err(ResolutionFault::Malformed);
        }
        match self.aliases.get(requested) {
            Some(target) => Ok(Resolution {
                how: How::Alias,
                ..self.resolve_name(target, has)?
            }),
            None => self.resolve_name(requested, has),
        }
    }

    /// The providers as configured.
    pub fn providers(&self) -> &[ProviderEntry] {
        &self.providers
    }

    /// Where a bare model goes when nothing else decides: the preferred provider, or the first enabled one.
    pub fn preferred(&self) -> Option<usize> {
        self.order.first().copied()
    }

    /// What may have been meant by a model that its provider does not know: a provider's name in another case, or before a slash.
    pub fn hint(&self, requested: &str) -> Option<String> {
        let split = requested.find([':', '/'])?;
        let (name, rest) = requested.split_at_checked(split)?;
        let rest = rest.get(1..).filter(|rest| !rest.is_empty())?;
        let name = name.to_ascii_lowercase();
        let meant = format!("{name}:{rest}");
        (self.named(&name).is_some() && meant != requested).then_some(meant)
    }

    /// For an id that the provider at `lister` lists: the spelling to use for it if, written bare, a provider's name would be read
    /// from it. `mistral:7b` of Ollama is `ollama:mistral:7b` where a provider is called `mistral`.
    pub fn explicit_spelling(&self, lister: usize, id: &str) -> Option<String> {
        let (name, rest) = id.split_once(':')?;
        if rest.is_empty() {
            return None;
        }
        self.named(name)?;
        self.providers
            .get(lister)
            .map(|provider| format!("{}:{id}", provider.id))
    }

    fn resolve_name<'m>(
        &'m self,
        name: &'m str,
        has: impl Fn(usize, &str) -> bool,
    ) -> Result<Resolution<'m>, ResolutionFault> {
        match self.by_prefix(name) {
            Some(resolved) => resolved,
            None => self.bare(name, has),
        }
    }

    /// A provider named before the first colon. There is no way back from it: an id unknown there is that provider's 404.
    fn by_prefix<'m>(&self, name: &'m str) -> Option<Result<Resolution<'m>, ResolutionFault>> {
        let (prefix, model) = name.split_once(':')?;
        if model.is_empty() {
            return None;
        }
        let provider = self.named(prefix)?;
        let entry = self.providers.get(provider)?;
        Some(if entry.enabled {
            Ok(Resolution {
                model: Cow::Borrowed(model),
                provider,
                others: Vec::new(),
                how: How::Prefix,
            })
        } else {
            Err(ResolutionFault::Disabled {
                provider: entry.id.clone(),
            })
        })
    }

    fn bare<'m>(
        &self,
        model: &'m str,
        has: impl Fn(usize, &str) -> bool,
    ) -> Result<Resolution<'m>, ResolutionFault> {
        let listed = |place: usize| has(place, model);
        let spelled = |place: usize| {
            self.providers
                .get(place)
                .is_some_and(|provider| provider.spelling.matches(model, |id| has(place, id)))
        };
        let found = self
            .first_and_others(listed)
            .map(|found| (found, How::Listed))
            .or_else(|| Some((self.first_and_others(spelled)?, How::Spelling)))
            .or_else(|| Some(((self.preferred()?, Vec::new()), How::Preferred)));
        let ((provider, others), how) = found.ok_or(ResolutionFault::NoProvider)?;
        Ok(Resolution {
            model: Cow::Borrowed(model),
            provider,
            others,
            how,
        })
    }

    /// The preferred provider's default model. It may carry a prefix, as the older settings' default did.
    fn default_model(
        &self,
        has: impl Fn(usize, &str) -> bool,
    ) -> Result<Resolution<'_>, ResolutionFault> {
        let provider = self.preferred().ok_or(ResolutionFault::NoProvider)?;
        let entry = self
            .providers
            .get(provider)
            .ok_or(ResolutionFault::NoProvider)?;
        let Some(model) = entry.default_model.as_deref() else {
            return Err(ResolutionFault::NoDefault {
                provider: entry.id.clone(),
            });
        };
        if let Some(resolved) = self.by_prefix(model) {
            return resolved.map(|resolved| Resolution {
                how: How::Default,
                ..resolved
            });
        }
        let others = self
            .order
            .iter()
            .copied()
            .filter(|place| *place != provider && has(*place, model));
        Ok(Resolution {
            model: Cow::Borrowed(model),
            provider,
            others: others.collect(),
            how: How::Default,
        })
    }

    /// Enabled providers that fit, in order.
    fn first_and_others(&self, fits: impl Fn(usize) -> bool) -> Option<(usize, Vec<usize>)> {
        let mut fitting = self.order.iter().copied().filter(|place| fits(*place));
        let first = fitting.next()?;
        Some((first, fitting.collect()))
    }

    /// The provider of that name: ids before aliases, and of equal aliases an enabled provider's before a disabled one's.
    fn named(&self, name: &str) -> Option<usize> {
        let by_id = self
            .providers
            .iter()
            .position(|provider| provider.id == name);
        let goes_by = |provider: &ProviderEntry| provider.aliases.iter().any(|alias| alias == name);
        by_id
            .or_else(|| {
                self.providers
                    .iter()
                    .position(|provider| provider.enabled && goes_by(provider))
            })
            .or_else(|| self.providers.iter().position(goes_by))
    }
}

fn is_malformed(model: &str) -> bool {
    let strange = |character: char| character.is_whitespace() || character.is_control();
    model.is_empty() || model.len() > MAX_MODEL || model.chars().any(strange)
}

#[cfg(test)]
mod tests;
