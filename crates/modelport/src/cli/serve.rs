//! `modelport serve`: the gateway, until it is told to stop.

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::signal::unix::{SignalKind, signal};

use super::{BAD_CONFIGURATION, FAILED, block_on, complain, load, reload::Changes, say};
use crate::{
    app::App,
    config::report,
    server::{Server, Stopped},
    telemetry::logs,
};

/// How long the start report waits for the providers' listings. The gateway serves meanwhile.
const REPORT_PATIENCE: Duration = Duration::from_secs(2);

/// Serves and gives the exit status.
pub fn run(file: Option<PathBuf>) -> u8 {
    let Some(config) = load(file) else {
        return BAD_CONFIGURATION;
    };
    logs::start(logs::Settings::of(&config));
    block_on(async {
        let server = match Server::bind(config) {
            Ok(server) => server,
            Err(fault) => {
                complain(format!("modelport: {fault}"));
                return FAILED;
            }
        };
        let changes = match Changes::of(server.app().config.file.as_deref()) {
            Ok(changes) => changes,
            Err(error) => {
                complain(format!("modelport: {error}"));
                return FAILED;
            }
        };
        match server.addr() {
            Ok(addr) => say(format!(
                "modelport {} listens on http://{addr}/v1",
                env!("CARGO_PKG_VERSION")
            )),
            Err(error) => complain(format!("modelport: {error}")),
        }
        tokio::spawn(tell(server.app()));
        tokio::spawn(changes.keep(server.reloader()));
        match server.run(told_to_stop()).await {
            Ok(Stopped::Drained) => say("modelport stopped, every request was answered"),
            Ok(Stopped::CutShort) => {
                say("modelport stopped, requests still running after SHUTDOWN_TIMEOUT were cut");
            }
            Err(fault) => {
                complain(format!("modelport: {fault}"));
                return FAILED;
            }
        }
        0
    })
}

/// Says what was found, as soon as the providers have been asked or have had the time to answer.
async fn tell(app: Arc<App>) {
    let rounds = app
        .wakes
        .iter()
        .map(crate::models::discovery::Wake::first_round);
    let asked = futures_util::future::join_all(rounds);
    let _ = tokio::time::timeout(REPORT_PATIENCE, asked).await;
    say(report::startup_block(
        &app.config,
        &super::models::summaries(&app),
    ));
}

/// Done at SIGTERM or SIGINT.
async fn told_to_stop() {
    let (Ok(mut terminate), Ok(mut interrupt)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) else {
        // Without signals only a kill stops the process, which needs nothing of us.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    say("modelport is stopping: running requests may end first");
}
