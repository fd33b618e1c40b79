//! How each provider is doing: from real traffic first, from free probes where there is none.

use std::{
    sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant, SystemTime},
};

use arc_swap::ArcSwapOption;
use modelport_provider::{
    failure::{FailureKind, Fault},
    provider::{Health, HealthState},
    provider_type::ProviderType,
};

use crate::{clock, config::ProviderConfig};

/// For how long a failure is remembered against a provider that answers again.
const MEMORY: Duration = Duration::from_mins(1);

/// Failures in a row after which a provider counts as down rather than as shaky.
const DOWN_AFTER: u32 = 3;

/// The signs of one provider's health. Written on the request path, so all atomics.
pub struct Signals {
    start: Instant,
    idle: Option<Health>,
    /// What is said as long as there is no sign.
    silence: String,
    /// Milliseconds from `start` to the last good sign, 0 for none.
    good: AtomicU64,
    /// Milliseconds from `start` to the last bad sign, 0 for none.
    bad: AtomicU64,
    streak: AtomicU32,
    latency_us: AtomicU64,
    last_bad: ArcSwapOption<Bad>,
    last_good: ArcSwapOption<String>,
}

struct Bad {
    reason: String,
    /// One such sign is enough: the key is wrong, or a probe found nobody.
    certain: bool,
    limited: bool,
}

/// A provider's health and when it was last known.
pub struct Reading {
    /// The state, its reason and the latency of the last sign.
    pub health: Health,
    /// When the last sign came, if any did.
    pub at: Option<SystemTime>,
}

impl Signals {
    /// No signs yet.
    pub fn new(config: &ProviderConfig) -> Self {
        Self {
            start: clock::now(),
            idle: idle(config),
            silence: silence(config),
            good: AtomicU64::new(0),
            bad: AtomicU64::new(0),
            streak: AtomicU32::new(0),
            latency_us: AtomicU64::new(0),
            last_bad: ArcSwapOption::empty(),
            last_good: ArcSwapOption::empty(),
        }
    }

    /// An attempt ended, in success or with a failure of this class.
    pub fn note(&self, failure: Option<(FailureKind, &str)>, took: Duration, key_variable: &str) {
        match failure {
            None => self.note_good(took, None),
            Some((kind, said)) => self.note_failure(kind, said, took, key_variable),
        }
    }

    fn note_failure(&self, kind: FailureKind, said: &str, took: Duration, key_variable: &str) {
        match kind.fault() {
            // It answered; that the request was wrong says nothing against it.
            Fault::Caller => self.note_good(took, None),
            Fault::Credential => self.note_bad(Bad {
                reason: format!("it refused the credential ({said}): check {key_variable}"),
                certain: true,
                limited: false,
            }),
            Fault::Provider => self.note_bad(Bad {
                reason: said.to_owned(),
                certain: false,
                limited: kind == FailureKind::RateLimited,
            }),
        }
    }

    /// A probe came back.
    pub fn note_probe(&self, health: &Health) {
        match health.state {
            HealthState::Healthy => {
                let latency = health.latency.unwrap_or_default();
                self.note_good(latency, Some(health.reason.clone()));
            }
            HealthState::Degraded | HealthState::Unhealthy => self.note_bad(Bad {
                reason: health.reason.clone(),
                certain: health.state == HealthState::Unhealthy,
                limited: health.state == HealthState::Degraded,
            }),
            HealthState::Unknown | HealthState::Disabled => {}
        }
    }

    fn note_good(&self, took: Duration, reason: Option<String>) {
        self.good.store(self.elapsed(), Relaxed);
        self.streak.store(0, Relaxed);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.latency_us.store(micros, Relaxed);
        if let Some(reason) = reason {
            self.last_good.store(Some(reason.into()));
        }
    }

    fn note_bad(&self, bad: Bad) {
        self.bad.store(self.elapsed(), Relaxed);
        self.streak.fetch_add(1, Relaxed);
        self.last_bad.store(Some(bad.into()));
    }

    /// Milliseconds since the start, never 0, which stands for "never".
    fn elapsed(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis())
            .unwrap_or(u64::MAX)
            .max(1)
    }

    /// How long ago the last sign came.
    pub fn age(&self) -> Option<Duration> {
        let last = self.good.load(Relaxed).max(self.bad.load(Relaxed));
        (last > 0).then(|| Duration::from_millis(self.elapsed().saturating_sub(last)))
    }

    /// What the signs add up to.
    pub fn read(&self) -> Reading {
        let at = self
            .age()
            .and_then(|age| clock::calendar().checked_sub(age));
        let health = self.idle.clone().unwrap_or_else(|| self.judge());
        Reading { health, at }
    }

    fn judge(&self) -> Health {
        let (good, bad) = (self.good.load(Relaxed), self.bad.load(Relaxed));
        let latency = (good > 0).then(|| Duration::from_micros(self.latency_us.load(Relaxed)));
        let last_bad = self.last_bad.load();
        let (state, reason) = match last_bad.as_deref() {
            None if good == 0 => (HealthState::Unknown, self.silence.clone()),
            Some(last) if bad > good || good == 0 => (self.bad_state(last), last.reason.clone()),
            Some(last) if self.elapsed().saturating_sub(bad) < millis(MEMORY) => (
                HealthState::Degraded,
                format!("it answers again, but lately: {}", last.reason),
            ),
            None | Some(_) => (HealthState::Healthy, self.good_reason()),
        };
        Health {
            state,
            reason,
            latency,
        }
    }

    fn good_reason(&self) -> String {
        let reason = self.last_good.load();
        reason
            .as_deref()
            .map_or_else(|| "it answers".to_owned(), Clone::clone)
    }

    fn bad_state(&self, last: &Bad) -> HealthState {
        if last.limited {
            HealthState::Degraded
        } else if last.certain || self.streak.load(Relaxed) >= DOWN_AFTER {
            HealthState::Unhealthy
        } else {
            HealthState::Degraded
        }
    }
}

/// The health of a provider that is not asked anything.
fn idle(config: &ProviderConfig) -> Option<Health> {
    (!config.enabled).then(|| Health {
        state: HealthState::Disabled,
        reason: "it is switched off in the configuration".to_owned(),
        latency: None,
    })
}

/// Why there is no sign of a provider: nobody asks one that nobody has set up.
fn silence(config: &ProviderConfig) -> String {
    let is_local = config.provider_type.canonical() == ProviderType::Ollama;
    if config.configured || is_local {
        "no sign of it yet".to_owned()
    } else {
        format!("it is not set up: set {}", config.key_variable)
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
