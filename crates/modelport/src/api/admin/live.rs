//! `GET /admin/v1/live`: how the gateway stands, once a second while somebody reads on. Nothing is done for it while
//! nobody does.

use std::time::Duration;

use axum::{extract::State, response::Response};
use futures_util::stream;
use serde::Serialize;
use tokio::time::{MissedTickBehavior, interval};
use utoipa::ToSchema;

use super::viewer::Viewer;
use crate::{
    app::{App, Seat},
    clock,
};

/// How often it is told.
const EVERY: Duration = Duration::from_secs(1);

/// The time that rates are taken over, in seconds.
const RATE_OVER: u64 = 60;

/// How the gateway stands.
#[derive(Serialize, ToSchema)]
pub struct Live {
    /// Now, in seconds since 1970.
    at: u64,
    /// The number of the configuration that holds.
    edition: u64,
    /// Calls of providers under way.
    in_flight: u32,
    /// Requests that wait for a place at a provider.
    waiting: u32,
    requests_last_minute: u64,
    failed_last_minute: u64,
}

/// How the gateway stands, once a second.
///
/// A stream of server-sent events; each one's `data` is a `Live`. It ends when the gateway goes down.
#[utoipa::path(
    get, path = "/admin/v1/live", tag = "Administration", operation_id = "watch",
    responses((status = 200, description = "The stream.", body = inline(Live), content_type = "text/event-stream")),
    security(("viewer" = []))
)]
pub async fn show(viewer: Viewer, State(seat): State<Seat>) -> Response {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let events = stream::unfold((seat, ticks), async |(seat, mut ticks)| {
        ticks.tick().await;
        let app = &seat.worker().app;
        if app.is_draining() {
            return None;
        }
        // It holds numbers only, which can always be written.
        let standing = serde_json::to_string(&standing(app)).unwrap_or_default();
        Some((format!("data: {standing}\n\n"), (seat, ticks)))
    });
    super::events(&viewer.id, events)
}

fn standing(app: &App) -> Live {
    let now = clock::unix_millis() / 1000;
    let lines = app
        .records
        .metrics()
        .history()
        .read(now - RATE_OVER, 10, None);
    let cells = || lines.iter().flat_map(|(_, line)| line.values());
    let in_flight = app.targets.all().map(|(_, target)| target.in_flight());
    let rooms = app.rooms.iter().flatten();
    Live {
        at: now,
        edition: app.edition.number,
        in_flight: in_flight.sum(),
        waiting: rooms.map(|room| room.reading().waiting).sum(),
        requests_last_minute: cells().map(|cell| cell.requests).sum(),
        failed_last_minute: cells().map(|cell| cell.failed).sum(),
    }
}
