//! Fetching providers' listings in the background: at the start, when a list has grown old, and on
//! demand. Nobody waits for it but those who ask to.

use std::{sync::Arc, time::Duration};

use modelport_provider::{
    profile::HealthProbe,
    provider::{Health, HealthState},
    provider_type::ProviderType,
};
use tokio::sync::{Notify, watch};

use crate::{app::App, config::ProviderConfig};

/// How long a list is good.
const FRESH_FOR: Duration = Duration::from_mins(5);

/// The wait after a first failure; it doubles with each further one.
const FIRST_RETRY: Duration = Duration::from_secs(5);

/// Asks for one provider's list to be fetched, and tells when that was done.
pub struct Wake {
    notify: Notify,
    rounds: watch::Sender<u64>,
}

impl Default for Wake {
    fn default() -> Self {
        Self {
            notify: Notify::new(),
            rounds: watch::Sender::new(0),
        }
    }
}

impl Wake {
    /// Asks for a fetch and waits for it, though not longer than `patience`. Asks that come while
    /// one is under way share it.
    pub async fn refresh(&self, patience: Duration) {
        let mut rounds = self.rounds.subscribe();
        self.notify.notify_one();
        // Not being done in time is an answer too: the old list.
        let _ = tokio::time::timeout(patience, rounds.changed()).await;
    }

    /// Waits for the first fetch to be done.
    pub async fn first_round(&self) {
        let mut rounds = self.rounds.subscribe();
        let _ = rounds.wait_for(|rounds| *rounds > 0).await;
    }
}

/// Keeps one provider's list fresh for as long as the gateway runs.
pub async fn keep_fresh(app: Arc<App>, provider: usize) {
    let (Some(config), Some(wake)) = (app.config.providers.get(provider), app.wakes.get(provider))
    else {
        return;
    };
    if !is_wanted(config) {
        wake.rounds.send_modify(|rounds| *rounds += 1);
        return;
    }
    let mut failures = 0;
    loop {
        let found = fetch(&app, provider).await;
        failures = if found { 0 } else { failures + 1 };
        wake.rounds.send_modify(|rounds| *rounds += 1);
        tokio::select! {
            () = tokio::time::sleep(next_in(failures)) => {}
            () = wake.notify.notified() => {}
        }
    }
}

/// Whether calls to a provider are expected: somebody configured it, or it is an Ollama, whose
/// default address is this machine.
pub fn is_wanted(config: &ProviderConfig) -> bool {
    config.enabled
        && (config.configured || config.provider_type.canonical() == ProviderType::Ollama)
}

fn next_in(failures: u32) -> Duration {
    match failures.checked_sub(1) {
        None => FRESH_FOR,
        Some(before) => FIRST_RETRY
            .saturating_mul(2_u32.saturating_pow(before))
            .min(FRESH_FOR),
    }
}

/// Fetches one list, and looks at the provider's health where the listing does not prove it.
async fn fetch(app: &App, provider: usize) -> bool {
    let (Some(upstream), Some(signals)) = (app.upstream(provider), app.signals.get(provider))
    else {
        return false;
    };
    let upstream = upstream.as_provider();
    let started = crate::clock::now();
    let result = upstream.list_models().await;
    let found = result.is_ok();
    match result {
        Ok(list) => {
            tracing::debug!(
                target: "modelport",
                provider = upstream.id(),
                models = list.models.len(),
                skipped = list.skipped,
                "listing fetched"
            );
            app.models.stock(provider, list);
        }
        Err(error) => {
            tracing::debug!(target: "modelport", provider = upstream.id(), %error, "listing not fetched");
            app.models.note_problem(provider, error.to_string());
        }
    }
    if found && upstream.profile().health == HealthProbe::Models {
        signals.note_probe(&Health {
            state: HealthState::Healthy,
            reason: "its model listing answers".to_owned(),
            latency: Some(started.elapsed()),
        });
    } else {
        signals.note_probe(&upstream.health().await);
    }
    found
}
