//! All signals of a target at one moment, for people: the explanation of a route, the providers' endpoint.

use std::{
    sync::atomic::Ordering::Relaxed,
    time::{Duration, Instant},
};

use modelport_provider::failure::FailureKind;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Target, breaker::Phase, millis};
use crate::routing::policy::Standing;

/// The signals of a target at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Signals)]
pub struct Reading {
    /// Whether it may be asked.
    pub standing: Standing,
    /// Why it is not simply ready.
    pub reason: Option<String>,
    /// Its breaker.
    pub breaker: BreakerState,
    /// How long the breaker stays open before a trial.
    pub trial_in_ms: Option<u64>,
    /// How long the pause lasts that it asked for.
    pub paused_ms: Option<u64>,
    /// Calls of the last ten seconds that the breaker counted.
    pub calls: u64,
    /// Those among them that failed.
    pub failures: u64,
    /// The last failure that counted against it.
    pub last_failure: Option<&'static str>,
    /// Calls under way.
    pub in_flight: u32,
    /// Those among them that wait for their first output.
    pub waiting: u32,
    /// The peak-sensitive average of its time to first output.
    pub latency_ms: Option<u64>,
    /// The 95th percentile of its time to first output.
    pub p95_ms: Option<u64>,
}

/// Whether a breaker lets calls through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    /// It does.
    Closed,
    /// It does not.
    Open,
    /// It lets one at a time through, to see whether it succeeds.
    HalfOpen,
}

impl Target {
    /// All signals, as of now.
    pub fn reading(&self, now: Instant) -> Reading {
        let elapsed = self.elapsed(now);
        let state = self.breaker.read();
        let totals = self.breaker.totals(elapsed);
        let paused = self.cooling.left(elapsed);
        let pause_left = Duration::from_millis(state.until.saturating_sub(elapsed));
        let breaker = match state.phase {
            Phase::Closed => BreakerState::Closed,
            Phase::Open if !pause_left.is_zero() => BreakerState::Open,
            Phase::Open | Phase::Trying => BreakerState::HalfOpen,
        };
        let last = self.last_failure.load().as_deref().copied();
        let last = last.map(FailureKind::as_str);
        Reading {
            standing: self.standing(now),
            reason: reason(breaker, paused, pause_left, last),
            breaker,
            trial_in_ms: (breaker == BreakerState::Open).then(|| millis(pause_left)),
            paused_ms: paused.map(millis),
            calls: totals.calls,
            failures: totals.failures,
            last_failure: last,
            in_flight: self.in_flight(),
            waiting: self.waiting.load(Relaxed),
            latency_ms: self.latency(now).map(millis),
            p95_ms: self.p95().map(millis),
        }
    }
}

impl Reading {
    /// The same for a model that nothing is left for, at a target that serves others too.
    #[must_use]
    pub fn used_up(self, left: Duration) -> Self {
        Self {
            standing: Standing::Parked,
            reason: Some(format!(
                "it rests for {:.1} s for this model",
                left.as_secs_f64()
            )),
            paused_ms: Some(millis(left)),
            ..self
        }
    }
}

fn reason(
    breaker: BreakerState,
    paused: Option<Duration>,
    pause_left: Duration,
    last: Option<&'static str>,
) -> Option<String> {
    if let Some(left) = paused {
        let rests = format!("it rests for {:.1} s", left.as_secs_f64());
        return Some(match last {
            Some(last) => format!("{rests} (last failure: {last})"),
            None => rests,
        });
    }
    let last = last.unwrap_or("unknown");
    match breaker {
        BreakerState::Closed => None,
        BreakerState::Open => Some(format!(
            "its calls failed (last failure: {last}); a trial follows in {:.1} s",
            pause_left.as_secs_f64()
        )),
        BreakerState::HalfOpen => Some(format!(
            "its calls failed (last failure: {last}); the next ones are trials"
        )),
    }
}
