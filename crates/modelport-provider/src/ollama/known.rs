//! What is known of a server's models, shared by all connections to it: the windows that requests are fitted into, and
//! the details that need not be asked for again.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{details::Details, window::Window};

/// What is known. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Known(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    windows: HashMap<String, Window>,
    /// By digest: what has the same digest is the same.
    details: HashMap<String, Details>,
    /// The server has no API of its own but only the OpenAI layer.
    only_layer: bool,
}

impl Known {
    /// What is known of a model's context; the tag `latest` may be left out.
    pub(super) fn window(&self, model: &str) -> Option<Window> {
        let inner = self.inner();
        let exact = inner.windows.get(model);
        exact
            .or_else(|| inner.windows.get(&format!("{model}:latest")))
            .copied()
    }

    /// A request was accepted that asked for this context: the model is loaded with it now.
    pub(super) fn note_loaded(&self, model: &str, context: u64) {
        let mut inner = self.inner();
        let tagged = format!("{model}:latest");
        let name = if inner.windows.contains_key(&tagged) {
            &tagged
        } else {
            model
        };
        // Only listed models are kept, so that callers cannot fill it with names.
        if let Some(window) = inner.windows.get_mut(name) {
            window.loaded = Some(context);
        }
    }

    /// A listing came: these are all there are.
    pub(super) fn replace(&self, windows: HashMap<String, Window>) {
        let mut inner = self.inner();
        inner.windows = windows;
        inner.only_layer = false;
    }

    /// A listing came, but not from the server's own API, which it does not have.
    pub(super) fn note_only_layer(&self) {
        self.inner().only_layer = true;
    }

    /// Whether the server is known to have only the OpenAI layer.
    pub(super) fn has_only_layer(&self) -> bool {
        self.inner().only_layer
    }

    /// What is known of a digest.
    pub(super) fn details(&self, digest: &str) -> Option<Details> {
        self.inner().details.get(digest).copied()
    }

    /// Learns what a digest is.
    pub(super) fn learn(&self, digest: String, details: Details) {
        self.inner().details.insert(digest, details);
    }

    /// Forgets the digests that are not listed any more.
    pub(super) fn retain(&self, is_listed: impl Fn(&str) -> bool) {
        self.inner().details.retain(|digest, _| is_listed(digest));
    }

    /// Held only for a look or a change, never across an await.
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
