//! `GET /admin/v1/live`: how the gateway stands, once a second while somebody reads on. Nothing is done for it while
//! nobody does.

use std::time::Duration;

use axum::{extract::State, response::Response};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval};

use super::viewer::Viewer;
use crate::{
    app::{App, Seat},
    clock,
};

/// How often it is told.
const EVERY: Duration = Duration::from_secs(1);

/// The time that rates are taken over, in seconds.
const RATE_OVER: u64 = 60;

/// The stream. It ends when the gateway goes down.
pub async fn show(viewer: Viewer, State(seat): State<Seat>) -> Response {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let events = stream::unfold((seat, ticks), async |(seat, mut ticks)| {
        ticks.tick().await;
        let app = &seat.worker().app;
        if app.is_draining() {
            return None;
        }
        let event = format!("data: {}\n\n", standing(app));
        Some((event, (seat, ticks)))
    });
    super::events(&viewer.id, events)
}

fn standing(app: &App) -> Value {
    let now = clock::unix_millis() / 1000;
    let lines = app
        .records
        .metrics()
        .history()
        .read(now - RATE_OVER, 10, None);
    let cells = || lines.iter().flat_map(|(_, line)| line.values());
    let in_flight = app.targets.all().map(|(_, target)| target.in_flight());
    let rooms = app.rooms.iter().flatten();
    json!({
        "at": now,
        "edition": app.edition.number,
        "in_flight": in_flight.sum::<u32>(),
        "waiting": rooms.map(|room| room.reading().waiting).sum::<u32>(),
        "requests_last_minute": cells().map(|cell| cell.requests).sum::<u64>(),
        "failed_last_minute": cells().map(|cell| cell.failed).sum::<u64>(),
    })
}
