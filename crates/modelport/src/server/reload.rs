//! Taking up another configuration while the gateway runs: all of it or nothing, and without a running answer noticing.

use std::sync::Arc;

use tokio::sync::watch;

use crate::{
    app::{App, Edition, SetupFault},
    config::Config,
};

/// Hands the gateway's threads the configuration that counts.
#[derive(Clone)]
pub struct Reloader(Arc<watch::Sender<Arc<App>>>);

impl Reloader {
    pub(super) fn new(app: App) -> Self {
        let app = Arc::new(app);
        name(&app);
        Self(Arc::new(watch::Sender::new(app)))
    }

    /// The state under the configuration that counts.
    pub fn app(&self) -> Arc<App> {
        Arc::clone(&self.0.borrow())
    }

    pub(super) fn changes(&self) -> watch::Receiver<Arc<App>> {
        self.0.subscribe()
    }

    /// Lets this configuration count from now on.
    ///
    /// # Errors
    /// [`SetupFault`]; then the one before goes on counting.
    pub fn take_up(&self, config: Config) -> Result<Edition, SetupFault> {
        let before = self.app();
        let next = before
            .under(config)
            .inspect_err(|fault| before.note_refused(fault.to_string()))?;
        next.note_taken_up();
        let edition = next.edition;
        let next = Arc::new(next);
        name(&next);
        self.0.send_replace(next);
        Ok(edition)
    }

    /// Notes that a configuration has faults and does not count.
    pub fn refuse(&self, faults: String) {
        self.app().note_refused(faults);
    }
}

/// Metrics name the models that this state knows, and spans its providers. It is not kept alive for them: it holds them.
fn name(app: &Arc<App>) {
    let weak = Arc::downgrade(app);
    let knows = move |provider: &str, model: &str| {
        let app = weak.upgrade();
        app.is_some_and(|app| app.knows(provider, model))
    };
    app.records.metrics().ask(Box::new(knows));
    if let Some(traces) = app.records.traces() {
        traces.know(&app.config.providers);
    }
}
