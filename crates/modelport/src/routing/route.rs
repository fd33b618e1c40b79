//! Routes as requests meet them: a name's groups of targets, and what is known of each target.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use arc_swap::ArcSwapOption;
use modelport_provider::capability::Capabilities;

use super::{affinity, budget::RetryBudget, target::Target};
use crate::config::{
    Config,
    routes::{Condition, GroupConfig, HedgeConfig, Policy, RouteConfig, TargetConfig},
};

/// How long what is known of a target is taken from the last look: it changes with listings and lessons, not with
/// requests.
const FACTS_HOLD: Duration = Duration::from_secs(10);

/// Every route.
pub struct Routes {
    all: Vec<Arc<Route>>,
    exact: HashMap<String, usize>,
    patterns: Vec<(crate::config::routes::Pattern, usize)>,
    /// Other names of routes.
    aliases: HashMap<String, String>,
    /// What a name may have before a colon to name a provider.
    providers: HashSet<String>,
}

/// One name's groups of targets.
pub struct Route {
    /// The name or pattern.
    pub name: Arc<str>,
    /// In the order in which they are tried.
    pub groups: Vec<Group>,
    /// Holds the attempts beyond the first to a share of the requests.
    pub budget: RetryBudget,
    /// How long a request may take to its first output.
    pub timeout: Option<Duration>,
    /// Whether a second attempt is begun beside a slow one.
    pub hedge: Option<HedgeConfig>,
    /// Holds these to their share.
    pub hedges: Option<RetryBudget>,
    /// Whether a plain-text stream whose target dies goes on from another.
    pub continues: bool,
}

/// Targets among which a policy chooses.
pub struct Group {
    /// The rule.
    pub policy: Policy,
    /// The requests that its targets take.
    pub when: Condition,
    /// As configured.
    pub targets: Vec<RouteTarget>,
    turn: AtomicU64,
}

/// A target on a route.
pub struct RouteTarget {
    /// `provider:model`, as the configuration names it.
    pub name: String,
    /// The same in every replica.
    pub name_hash: u64,
    /// The provider, by its place in the configuration.
    pub provider: usize,
    /// Its id.
    pub provider_id: String,
    /// The model there; `None` for the one that was asked for.
    pub model: Option<Arc<str>>,
    /// Its share.
    pub weight: u32,
    /// The requests that it takes.
    pub when: Condition,
    /// How it is doing; shared by all routes that it is on.
    pub signals: Arc<Target>,
    /// How much of its input it has had in its cache of late.
    pub cache: Arc<CacheRate>,
    facts: ArcSwapOption<(Instant, Facts)>,
}

/// How much of its input a target has had in its prompt cache of late, by tokens.
#[derive(Debug, Default)]
pub struct CacheRate {
    input: AtomicU64,
    cached: AtomicU64,
}

/// Tokens after which older ones count half. Races between threads lose a request's worth at most, which does not
/// matter for an average.
const CACHE_MEMORY: u64 = 2_000_000;

impl CacheRate {
    /// An answer used so many input tokens, of which so many came from the cache.
    pub fn note(&self, input: u64, cached: u64) {
        let input = self.input.fetch_add(input, Relaxed).saturating_add(input);
        let cached = self
            .cached
            .fetch_add(cached, Relaxed)
            .saturating_add(cached);
        if input > CACHE_MEMORY {
            self.input.store(input / 2, Relaxed);
            self.cached.store(cached / 2, Relaxed);
        }
    }

    /// The share in percent.
    pub fn percent(&self) -> u64 {
        let cached = self.cached.load(Relaxed).saturating_mul(100);
        cached
            .checked_div(self.input.load(Relaxed))
            .map_or(0, |percent| percent.min(100))
    }
}

/// What is known of a target's model.
#[derive(Clone, Debug)]
pub struct Facts {
    /// What it can do.
    pub capabilities: Capabilities,
    /// Tokens that prompt and answer may have together.
    pub context_length: Option<u64>,
    /// Pico-USD per input token.
    pub input_price: Option<u64>,
    /// Pico-USD per input token that the provider has in its cache.
    pub cached_price: Option<u64>,
    /// Pico-USD per output token.
    pub output_price: Option<u64>,
}

/// How every target is doing, by provider and model.
#[derive(Default)]
pub struct Targets {
    by_provider: Vec<Arc<Target>>,
    by_name: HashMap<String, Arc<Target>>,
}

impl Targets {
    /// Those of a configuration. What is known of a target that `before` has too stays known, if its provider
    /// `is_same`: another address or another key is another target.
    pub fn new(
        config: &Config,
        before: &Self,
        is_same: impl Fn(usize) -> bool,
        now: Instant,
    ) -> Self {
        let nothing = Self::default();
        let before = |provider| if is_same(provider) { before } else { &nothing };
        let mut targets = Self::default();
        for (place, provider) in config.providers.iter().enumerate() {
            let target = targets.take(&provider.id, before(place), now);
            targets.by_provider.push(target);
        }
        let named = config.routes.iter().flat_map(|route| &route.groups);
        for target in named.flat_map(|group| &group.targets) {
            targets.take(&name_of(config, target), before(target.provider), now);
        }
        targets
    }

    /// How a provider is doing as a whole, where no route tells its models apart.
    pub fn of_provider(&self, provider: usize) -> Option<&Arc<Target>> {
        self.by_provider.get(provider)
    }

    /// All of them, each with `provider:model` or, as a whole, `provider`.
    pub fn all(&self) -> impl Iterator<Item = (&str, &Arc<Target>)> {
        let all = self.by_name.iter();
        all.map(|(name, target)| (name.as_str(), target))
    }

    fn take(&mut self, name: &str, before: &Self, now: Instant) -> Arc<Target> {
        if let Some(known) = self.by_name.get(name) {
            return Arc::clone(known);
        }
        let target = match before.by_name.get(name) {
            Some(known) => Arc::clone(known),
            None => Arc::new(Target::new(now)),
        };
        self.by_name.insert(name.to_owned(), Arc::clone(&target));
        target
    }
}

/// What a target is called: its provider, and its model if it has one of its own.
fn name_of(config: &Config, target: &TargetConfig) -> String {
    let provider = config.providers.get(target.provider);
    let id = provider.map_or("", |provider| provider.id.as_str());
    match &target.model {
        Some(model) => format!("{id}:{model}"),
        None => id.to_owned(),
    }
}

impl Routes {
    /// Those of a configuration.
    pub fn new(config: &Config, targets: &Targets, now: Instant) -> Self {
        let mut routes = Self {
            all: Vec::with_capacity(config.routes.len()),
            exact: HashMap::new(),
            patterns: Vec::new(),
            aliases: config.aliases.clone(),
            providers: (config.providers.iter())
                .flat_map(|provider| std::iter::once(&provider.id).chain(&provider.aliases))
                .cloned()
                .collect(),
        };
        for route in &config.routes {
            let place = routes.all.len();
            if route.model.is_exact() {
                let name = route.model.0.clone();
                routes.exact.entry(name).or_insert(place);
            } else {
                routes.patterns.push((route.model.clone(), place));
            }
            let route = Route::new(route, config, targets, now);
            routes.all.push(Arc::new(route));
        }
        routes
    }

    /// All of them, in the order of the configuration.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Route>> {
        self.all.iter()
    }

    /// The route for a requested model, under its own name or another; a name's own route before a pattern's. Who names
    /// a provider means it, and no pattern's targets.
    /// With it comes the name that it is for: what the alias stands for.
    pub fn find<'m>(&'m self, requested: &'m str) -> Option<(&'m Arc<Route>, &'m str)> {
        if self.all.is_empty() {
            return None;
        }
        let name = self
            .aliases
            .get(requested)
            .map_or(requested, String::as_str);
        let by_pattern = || {
            if self.names_a_provider(name) {
                return None;
            }
            let mut patterns = self.patterns.iter();
            let (_, place) = patterns.find(|(pattern, _)| pattern.matches(name))?;
            Some(place)
        };
        let place = self.exact.get(name).or_else(by_pattern)?;
        Some((self.all.get(*place)?, name))
    }

    fn names_a_provider(&self, name: &str) -> bool {
        let prefix = name.split_once(':').map(|(prefix, _)| prefix);
        prefix.is_some_and(|prefix| self.providers.contains(prefix))
    }
}

impl Route {
    fn new(route: &RouteConfig, config: &Config, targets: &Targets, now: Instant) -> Self {
        let groups = route.groups.iter();
        Self {
            name: route.model.0.as_str().into(),
            groups: groups
                .map(|group| Group::new(group, config, targets))
                .collect(),
            budget: RetryBudget::new(route.retry_share, now),
            timeout: route.timeout,
            hedge: route.hedge,
            hedges: (route.hedge).map(|hedge| RetryBudget::new(hedge.max_share, now)),
            continues: route.continues,
        }
    }

    /// A target by its group's and its own place.
    pub fn target(&self, group: usize, place: usize) -> Option<&RouteTarget> {
        self.groups.get(group)?.targets.get(place)
    }
}

impl Group {
    fn new(group: &GroupConfig, config: &Config, targets: &Targets) -> Self {
        let all = group.targets.iter().filter_map(|target| {
            let name = name_of(config, target);
            Some(RouteTarget {
                name_hash: affinity::hash(name.as_bytes()),
                signals: Arc::clone(targets.by_name.get(&name)?),
                provider: target.provider,
                provider_id: (config.providers.get(target.provider)?).id.clone(),
                model: target.model.as_deref().map(Arc::from),
                weight: target.weight,
                when: target.when.clone(),
                cache: Arc::default(),
                facts: ArcSwapOption::empty(),
                name,
            })
        });
        Self {
            policy: group.policy.clone(),
            when: group.when.clone(),
            targets: all.collect(),
            turn: AtomicU64::new(0),
        }
    }

    /// The number of the next choice, which it counts.
    pub fn next_turn(&self) -> u64 {
        self.turn.fetch_add(1, Relaxed)
    }

    /// The number of the next choice, without making it.
    pub fn turn(&self) -> u64 {
        self.turn.load(Relaxed)
    }
}

impl RouteTarget {
    /// What is known of its model, looked up by `look` when the last look is old.
    pub fn facts(&self, now: Instant, look: impl FnOnce() -> Facts) -> Arc<(Instant, Facts)> {
        let known = self.facts.load_full();
        if let Some(known) = known.filter(|known| now.duration_since(known.0) < FACTS_HOLD) {
            return known;
        }
        let fresh = Arc::new((now, look()));
        self.facts.store(Some(Arc::clone(&fresh)));
        fresh
    }
}
