//! Taking up a changed configuration while the gateway runs: when its file changes, and at SIGHUP. One with faults is
//! told of and left alone.

use std::{ffi::OsStr, io, path::Path, time::Duration};

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc::{Receiver, Sender, channel},
};

use super::{complain, say};
use crate::{config, server::Reloader};

/// How long changes to the file must pause before it is read: editors write in several steps.
const QUIET: Duration = Duration::from_millis(200);

/// What a Kubernetes `ConfigMap` swaps in place of the file itself.
const CONFIG_MAP: &str = "..data";

/// Tells when the configuration should be read again. Made before the gateway says that it listens, so that no change
/// after that is missed.
pub(super) struct Changes {
    hangups: Signal,
    file: Receiver<()>,
    /// Ends when dropped.
    _watcher: Option<RecommendedWatcher>,
}

impl Changes {
    /// Of this file, if there is one, and by signal.
    ///
    /// # Errors
    /// When signals cannot be had.
    pub(super) fn of(file: Option<&Path>) -> io::Result<Self> {
        let (told, changes) = channel(1);
        // The file may have changed since it was read.
        let _ = told.try_send(());
        Ok(Self {
            hangups: signal(SignalKind::hangup())?,
            file: changes,
            _watcher: file.and_then(|file| watch(file, told)),
        })
    }

    /// Takes changes up until the gateway ends.
    pub(super) async fn keep(mut self, reloader: Reloader) {
        loop {
            let asked = tokio::select! {
                _ = self.hangups.recv() => true,
                () = settled(&mut self.file) => false,
            };
            let changed = take_up(&reloader);
            if asked && !changed {
                say("modelport read its configuration again: nothing has changed");
            }
        }
    }
}

/// Done when there was a change and then none for a while.
async fn settled(changes: &mut Receiver<()>) {
    if changes.recv().await.is_none() {
        std::future::pending::<()>().await;
    }
    while let Ok(Some(())) = tokio::time::timeout(QUIET, changes.recv()).await {}
}

/// Reads the configuration and takes it up; whether there was anything new in it.
fn take_up(reloader: &Reloader) -> bool {
    let config = match reloader.app().config.reload() {
        Ok(config) => config,
        Err(faults) => {
            complain(format!(
                "modelport goes on with the configuration as it was, because it now has faults:\n{faults}"
            ));
            reloader.refuse(faults.to_string());
            return true;
        }
    };
    let changes = config::diff(&reloader.app().config, &config);
    if changes.is_empty() {
        reloader.app().note_taken_up();
        return false;
    }
    match reloader.take_up(config) {
        Ok(edition) => say(format!(
            "modelport took up configuration {}:\n  {}",
            edition.number,
            changes.join("\n  ")
        )),
        Err(fault) => complain(format!(
            "modelport goes on with the configuration as it was: {fault}"
        )),
    }
    true
}

/// Watches the folder of the file, because editors and orchestrators put another file in its place.
fn watch(file: &Path, changed: Sender<()>) -> Option<RecommendedWatcher> {
    let folder = file.parent().map(Path::to_owned)?;
    let name = file.file_name().map(OsStr::to_owned)?;
    let told = move |event: notify::Result<Event>| {
        let Ok(event) = event else { return };
        let is_change = !matches!(event.kind, EventKind::Access(_));
        let names = event.paths.iter().filter_map(|path| path.file_name());
        let mut ours = names.filter(|changed| *changed == name || *changed == CONFIG_MAP);
        if is_change && ours.next().is_some() {
            // One that waits already stands for this one too.
            let _ = changed.try_send(());
        }
    };
    let watcher = notify::recommended_watcher(told).and_then(|mut watcher| {
        watcher.watch(&folder, RecursiveMode::NonRecursive)?;
        Ok(watcher)
    });
    watcher
        .inspect_err(|error| {
            complain(format!(
                "modelport cannot watch {} ({error}); send it SIGHUP after a change",
                file.display()
            ));
        })
        .ok()
}
