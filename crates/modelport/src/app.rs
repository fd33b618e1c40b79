//! What all requests share: the configuration, the providers, the models they serve.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::SystemTime,
};

use arc_swap::{ArcSwap, ArcSwapOption};
use axum::extract::FromRef;
use modelport_provider::{Error as ProviderError, transport::Tls};

mod upstream;

use crate::{
    accounting::keeper::Sink,
    auth::{self, Keys, stored::Stored},
    cache::{Cache, server::Server as CacheServer},
    clock,
    config::{CachePlace, Config, ProviderConfig},
    limits::{cell::Owner, register::Register, room::Room, shared::Shared},
    models::{Directory, discovery::Wake, lessons::Lessons},
    routing::{
        decisions::Decisions,
        health::Signals,
        keyring::Keyring,
        route::{Routes, Targets},
    },
    telemetry::logs,
};
use upstream::Accounts;
pub use upstream::Upstream;

/// The gateway's state under one configuration, shared by all its threads. A new configuration makes another, which
/// takes over what was learned.
pub struct App {
    /// What was configured.
    pub config: Config,
    /// Which configuration this is.
    pub edition: Edition,
    /// The gateway's own keys.
    pub keys: Keys,
    /// What each provider serves, by its place in the configuration.
    pub models: Directory,
    /// What traffic taught about the models, by their provider's place in the configuration.
    pub lessons: Lessons,
    /// How each provider is doing, by its place in the configuration.
    pub signals: Vec<Arc<Signals>>,
    /// Asks for a provider's listing to be fetched again, by its place in the configuration.
    pub wakes: Vec<Wake>,
    /// Finished requests go here.
    pub records: Sink,
    /// How every target of a route and every provider is doing.
    pub targets: Targets,
    /// The routes.
    pub routes: Routes,
    /// Each provider's credentials, by its place in the configuration.
    pub keyrings: Vec<Arc<Keyring>>,
    /// The waiting rooms of the providers that get only so many requests at once, by their place in the configuration.
    pub rooms: Vec<Option<Arc<Room>>>,
    /// How much may be used, and what was.
    pub limits: Arc<Register>,
    /// Answers that are given again, if any are kept. Another configuration begins without any: it may mean others.
    pub cache: Option<Arc<Cache>>,
    /// The server where they can be kept, if there is one.
    pub cache_server: Option<Arc<CacheServer>>,
    /// The limits that are shared with other gateways, if they are.
    pub shared: Option<Arc<Shared>>,
    /// How the last requests on routes were decided.
    pub decisions: Arc<Decisions>,
    upstreams: Vec<Accounts>,
    process: Arc<Process>,
}

/// Which configuration an [`App`] runs by.
#[derive(Clone, Copy, Debug)]
pub struct Edition {
    /// 1 at the start, and one more with each that is taken up.
    pub number: u64,
    /// When it was taken up.
    pub since: SystemTime,
}

/// What is so whatever the configuration.
struct Process {
    started: SystemTime,
    draining: AtomicBool,
    refusals: AtomicU64,
    refused: ArcSwapOption<Refused>,
}

/// A configuration that was not taken up.
#[derive(Debug)]
pub struct Refused {
    /// When.
    pub at: SystemTime,
    /// Its faults, one a line.
    pub faults: String,
}

/// Why the gateway cannot be set up from a configuration that is otherwise sound.
#[derive(Debug, thiserror::Error)]
pub enum SetupFault {
    /// A provider cannot be made from its settings.
    #[error("provider {id}: {cause}")]
    Provider {
        /// Which.
        id: String,
        /// Why.
        cause: ProviderError,
    },
    /// No certificates can be checked on this machine.
    #[error(transparent)]
    Tls(#[from] modelport_provider::transport::TlsFault),
    /// The server through which gateways share limits and answers cannot be one.
    #[error("MODELPORT_REDIS_URL: {0}")]
    Shared(#[from] crate::redis_server::Unusable),
    /// A thread could not be started.
    #[error("a thread could not be started: {0}")]
    Thread(#[from] std::io::Error),
}

impl App {
    /// Everything that a configuration says, with no connection made yet.
    ///
    /// # Errors
    ///
    /// [`SetupFault`].
    pub fn new(config: Config) -> Result<Self, SetupFault> {
        let records = Sink::of_log(logs::Settings::of(&config), None)?;
        Self::with(config, records, Arc::new(Stored::at(None)))
    }

    /// The same, with finished requests going there, and with the keys of a database.
    ///
    /// # Errors
    ///
    /// [`SetupFault`].
    pub fn with(config: Config, records: Sink, stored: Arc<Stored>) -> Result<Self, SetupFault> {
        let tls = Tls::new()?;
        let upstreams = config.providers.iter();
        let upstreams = upstreams.map(|provider| Accounts::new(provider, &tls));
        let edition = Edition {
            number: 1,
            since: clock::calendar(),
        };
        let now = clock::now();
        let targets = Targets::new(&config, &Targets::default(), |_| false, now);
        let limits = Arc::new(Register::default());
        limits.configure(&config.limits);
        let register = Arc::clone(&limits);
        stored.observe(move |directory| keep_limits(&register, directory));
        let cache_server = config.storage.redis.as_ref();
        let cache_server = cache_server.map(CacheServer::new).transpose()?;
        Ok(Self {
            edition,
            keys: keys(&config, stored),
            models: Directory::new(&config),
            lessons: Lessons::new(config.providers.len()),
            signals: config
                .providers
                .iter()
                .map(Signals::new)
                .map(Arc::new)
                .collect(),
            wakes: config.providers.iter().map(|_| Wake::default()).collect(),
            records,
            routes: Routes::new(&config, &targets, now),
            targets,
            keyrings: config.providers.iter().map(keyring).collect(),
            rooms: rooms(&config, None),
            shared: shared(&config, &limits)?,
            limits,
            cache: cache(&config, cache_server.as_ref()),
            cache_server,
            decisions: Arc::default(),
            upstreams: upstreams.collect::<Result<_, _>>()?,
            process: Arc::new(Process {
                started: clock::calendar(),
                draining: AtomicBool::new(false),
                refusals: AtomicU64::new(0),
                refused: ArcSwapOption::empty(),
            }),
            config,
        })
    }

    /// The state under another configuration. What was learned of providers that are in both stays known, and
    /// connections to those that did not change stay open.
    ///
    /// # Errors
    ///
    /// [`SetupFault`]; this state goes on then.
    pub fn under(&self, config: Config) -> Result<Self, SetupFault> {
        let tls = Tls::new()?;
        let before: Vec<Option<usize>> = config
            .providers
            .iter()
            .map(|provider| self.place_of(provider))
            .collect();
        let upstreams = config
            .providers
            .iter()
            .zip(&before)
            .map(
                |(provider, place)| match place.and_then(|place| self.upstreams.get(place)) {
                    Some(same) => Ok(same.clone()),
                    None => Accounts::new(provider, &tls),
                },
            );
        let upstreams = upstreams.collect::<Result<_, _>>()?;
        let signals = config
            .providers
            .iter()
            .zip(&before)
            .map(
                |(provider, place)| match place.and_then(|place| self.signals.get(place)) {
                    Some(same) => Arc::clone(same),
                    None => Arc::new(Signals::new(provider)),
                },
            );
        let keyrings = config.providers.iter().zip(&before);
        let keyrings = keyrings.map(|(provider, place)| {
            let known = place.and_then(|place| self.keyrings.get(place));
            known.map_or_else(|| keyring(provider), Arc::clone)
        });
        let now = clock::now();
        self.limits.configure(&config.limits);
        let is_same = |place: usize| before.get(place).is_some_and(Option::is_some);
        let targets = Targets::new(&config, &self.targets, is_same, now);
        Ok(Self {
            edition: Edition {
                number: self.edition.number + 1,
                since: clock::calendar(),
            },
            keys: keys(&config, Arc::clone(self.keys.stored())),
            models: Directory::after(&config, &self.models, &before),
            lessons: Lessons::after(&self.lessons, &before),
            signals: signals.collect(),
            wakes: config.providers.iter().map(|_| Wake::default()).collect(),
            records: self.records.clone(),
            routes: Routes::new(&config, &targets, now),
            targets,
            keyrings: keyrings.collect(),
            rooms: rooms(&config, Some(self)),
            limits: Arc::clone(&self.limits),
            cache: cache(&config, self.cache_server.as_ref()),
            cache_server: self.cache_server.clone(),
            shared: self.shared.clone(),
            decisions: Arc::clone(&self.decisions),
            upstreams,
            process: Arc::clone(&self.process),
            config,
        })
    }

    /// Where a provider stands in this configuration, if it is the same in both.
    fn place_of(&self, provider: &ProviderConfig) -> Option<usize> {
        let mut providers = self.config.providers.iter();
        providers.position(|known| known.is_same_upstream(provider))
    }

    /// Whether a listing or the configuration has this model of the provider with this id.
    pub fn knows(&self, provider: &str, model: &str) -> bool {
        let mut providers = self.config.providers.iter();
        let Some(place) = providers.position(|known| known.id == provider) else {
            return false;
        };
        self.models.lists(place, model) || self.config.names(place, model)
    }

    /// Another configuration was not taken up.
    pub fn note_refused(&self, faults: String) {
        let at = clock::calendar();
        let refused = Refused { at, faults };
        self.process.refusals.fetch_add(1, Ordering::Relaxed);
        self.process.refused.store(Some(Arc::new(refused)));
    }

    /// The last configuration was taken up.
    pub fn note_taken_up(&self) {
        self.process.refused.store(None);
    }

    /// How many configurations were not taken up.
    pub fn refusals(&self) -> u64 {
        self.process.refusals.load(Ordering::Relaxed)
    }

    /// When the process started.
    pub fn started(&self) -> SystemTime {
        self.process.started
    }

    /// The configuration that was not taken up since this one was, if any.
    pub fn refused(&self) -> Option<Arc<Refused>> {
        self.process.refused.load_full()
    }

    /// From now on the gateway says that it is going down.
    pub fn start_draining(&self) {
        self.process.draining.store(true, Ordering::Release);
    }

    /// Whether the gateway is going down.
    pub fn is_draining(&self) -> bool {
        self.process.draining.load(Ordering::Acquire)
    }

    /// The provider at `place` in the configuration, for background work.
    pub fn upstream(&self, place: usize) -> Option<&Upstream> {
        self.upstreams.get(place).map(|accounts| &accounts.first)
    }
}

/// One thread's view: the shared state, and connections that no other thread uses.
pub struct Worker {
    /// The shared state.
    pub app: Arc<App>,
    upstreams: Vec<Accounts>,
}

impl Worker {
    /// A view for one thread.
    pub fn new(app: Arc<App>) -> Self {
        let upstreams = app
            .upstreams
            .iter()
            .map(Accounts::with_own_connections)
            .collect();
        Self { app, upstreams }
    }

    /// A view of another state for the same thread; connections to providers that did not change stay open.
    fn of(&self, app: Arc<App>) -> Self {
        let upstreams = app.config.providers.iter().zip(&app.upstreams);
        let upstreams = upstreams.map(|(provider, accounts)| {
            let place = self.app.place_of(provider);
            match place.and_then(|place| self.upstreams.get(place)) {
                Some(same) => same.clone(),
                None => accounts.with_own_connections(),
            }
        });
        let upstreams = upstreams.collect();
        Self { app, upstreams }
    }

    /// The provider at `place` in the configuration, over this thread's connections.
    pub fn upstream(&self, place: usize) -> Option<&Upstream> {
        self.account(place, 0)
    }

    /// The provider at `place` in the configuration, by its credential of this number.
    pub fn account(&self, place: usize, key: usize) -> Option<&Upstream> {
        self.upstreams.get(place)?.get(key)
    }

    /// Closes connections that have been unused for long.
    pub fn sweep(&self) {
        for upstream in self.upstreams.iter().flat_map(Accounts::all) {
            upstream.sweep();
        }
    }
}

/// Where a thread's view is found: requests take the one that is there, and keep it until they are answered.
#[derive(Clone)]
pub struct Seat(Arc<ArcSwap<Worker>>);

impl Seat {
    /// With a view of this state.
    pub fn new(app: Arc<App>) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(Worker::new(app))))
    }

    /// From now on requests take a view of this state.
    pub fn change(&self, app: Arc<App>) {
        let next = self.0.load().of(app);
        self.0.store(Arc::new(next));
    }

    /// The view that is there.
    pub fn worker(&self) -> Arc<Worker> {
        self.0.load_full()
    }
}

impl FromRef<Seat> for Arc<Worker> {
    fn from_ref(seat: &Seat) -> Self {
        seat.worker()
    }
}

/// The limits of keys and teams.
fn keep_limits(register: &Register, directory: &auth::directory::Directory) {
    let (keys, teams) = (directory.keys(), directory.teams());
    let keys = keys
        .iter()
        .map(|known| (Owner::Key, &*known.id, &known.key.limits));
    let teams = teams
        .iter()
        .map(|team| (Owner::Team, team.name.as_str(), &team.limits));
    register.keep(keys.chain(teams));
}

fn keys(config: &Config, stored: Arc<Stored>) -> Keys {
    let server = &config.server;
    Keys::new(&server.api_keys, server.require_key, stored)
}

fn cache(config: &Config, server: Option<&Arc<CacheServer>>) -> Option<Arc<Cache>> {
    let kept = config.cache.as_ref()?;
    let cache = match kept.place {
        CachePlace::Memory(bytes) => Cache::in_memory(kept, bytes),
        // A server that was not named at the start counts after the next.
        CachePlace::Redis => Cache::in_server(kept, config, server?),
    };
    Some(Arc::new(cache))
}

fn shared(config: &Config, limits: &Register) -> Result<Option<Arc<Shared>>, SetupFault> {
    let shared = config.storage.redis.as_ref();
    let shared = shared.map(|redis| Shared::new(redis, limits.notices.clone()));
    Ok(shared.transpose()?)
}

fn keyring(provider: &ProviderConfig) -> Arc<Keyring> {
    Arc::new(Keyring::new(provider, clock::now()))
}

/// The rooms of a configuration. One that was there before with the same settings goes on, with those in it.
fn rooms(config: &Config, before: Option<&App>) -> Vec<Option<Arc<Room>>> {
    let room = |provider: &ProviderConfig| {
        let wanted = provider.room?;
        let known = before.and_then(|before| {
            let mut providers = before.config.providers.iter();
            let place = providers
                .position(|known| known.id == provider.id && known.room == Some(wanted))?;
            before.rooms.get(place)?.clone()
        });
        Some(known.unwrap_or_else(|| Room::new(wanted)))
    };
    config.providers.iter().map(room).collect()
}
