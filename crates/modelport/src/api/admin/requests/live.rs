//! `GET /admin/v1/requests/live`: requests as they finish, four times a second while somebody reads on. Nothing is done
//! for it while nobody does. Who reads slowly misses some and is told how many.

use std::time::Duration;

use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use futures_util::stream;
use http::HeaderMap;
use serde::Serialize;
use tokio::time::{Interval, MissedTickBehavior, interval};
use utoipa::ToSchema;

use super::{
    super::{events, viewer::Viewer},
    query, shown,
};
use crate::{
    accounting::recent::Tail,
    api::refuse,
    app::{App, Seat},
    store::search::Filter,
};

/// How often those that have finished are told.
const EVERY: Duration = Duration::from_millis(250);

/// The most of them that are told at once, the newest.
const MOST: usize = 100;

/// Times in which none finishes after which an event without any shows that the stream goes on: 15 seconds.
const QUIET: u32 = 60;

/// The number of a stream's last event, which a browser that was cut off sends back.
const LAST_EVENT_ID: &str = "last-event-id";

/// What an event tells.
#[derive(Serialize, ToSchema)]
pub struct RequestsTail {
    /// Requests that have finished since the event before, oldest first.
    data: Vec<shown::Row>,
    /// How many others there were.
    missed: u64,
    /// The event's id, with which `last-event-id` goes on after a break.
    next: u64,
}

/// Where a reader is.
struct Reader {
    seat: Seat,
    filter: Filter,
    ticks: Interval,
    /// The number of the request that is told next; `None` before the first event.
    at: Option<u64>,
    /// How many times nothing was told since the last event.
    quiet: u32,
}

/// Requests as they finish.
///
/// A stream of server-sent events; each one's `data` is a `RequestsTail`. It goes on from the header `last-event-id` where
/// there is one, and ends when the gateway goes down.
#[utoipa::path(
    get, path = "/admin/v1/requests/live", tag = "Administration", operation_id = "watch_requests",
    params(
        query::Filters,
        ("last-event-id" = Option<String>, Header, description = "The id of the last event that was read."),
    ),
    responses((status = 200, description = "The stream.", body = inline(RequestsTail), content_type = "text/event-stream")),
    security(("viewer" = [])),
    extensions(("x-errors" = json!(["invalid_parameter"])))
)]
pub async fn show(
    viewer: Viewer,
    State(seat): State<Seat>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let filter = match query::read(query.as_deref().unwrap_or_default()) {
        Ok(query) => query.filter,
        Err(error) => return refuse(&error, &viewer.id),
    };
    let last = headers.get(LAST_EVENT_ID);
    let last = last.and_then(|last| last.to_str().ok()?.parse().ok());
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let reader = Reader {
        seat,
        filter,
        ticks,
        at: last,
        quiet: QUIET,
    };
    events(&viewer.id, stream::unfold(reader, next))
}

/// The next event. The first comes at once, so that a reader knows where it begins.
async fn next(mut reader: Reader) -> Option<(String, Reader)> {
    loop {
        reader.ticks.tick().await;
        let worker = reader.seat.worker();
        let app = &worker.app;
        if app.is_draining() {
            return None;
        }
        let recent = app.records.recent();
        let tail = recent.since(reader.at.unwrap_or_else(|| recent.next()));
        reader.at = Some(tail.next);
        let told = told(app, &reader.filter, &tail);
        if told.is_some() || reader.quiet >= QUIET {
            reader.quiet = 0;
            let (data, missed) = told.unwrap_or_default();
            let next = tail.next;
            // Nothing in it can fail to be written.
            let told = serde_json::to_string(&RequestsTail { data, missed, next });
            let event = format!("id: {next}\ndata: {}\n\n", told.unwrap_or_default());
            return Some((event, reader));
        }
        reader.quiet += 1;
    }
}

/// Those that the filter takes, oldest first, and how many others there were that cannot be told; `None` for none.
fn told(app: &App, filter: &Filter, tail: &Tail) -> Option<(Vec<shown::Row>, u64)> {
    let wanted = tail.kept.iter().filter(|each| filter.takes(&each.row));
    let wanted: Vec<_> = wanted.collect();
    let passed = wanted.len().saturating_sub(MOST);
    let missed = tail.missed + u64::try_from(passed).unwrap_or(0);
    let rows = wanted.iter().skip(passed);
    let rows: Vec<_> = rows.map(|each| shown::row(app, &each.row)).collect();
    (missed > 0 || !rows.is_empty()).then_some((rows, missed))
}
