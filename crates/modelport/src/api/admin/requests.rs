//! `GET /admin/v1/requests`: finished requests, newest first, from the ledger or, where none is kept, the last ones from
//! memory; and `GET /admin/v1/requests/{id}`: one of them, with its attempts while these are in memory.

use std::sync::Arc;

use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use serde::Serialize;
use utoipa::ToSchema;

pub mod live;
mod query;
mod shown;

use self::query::Query;
use super::viewer::Viewer;
use crate::{
    accounting::entry,
    api::{self, Id},
    app::{App, Worker},
    config::Database,
    error::Error,
    store::{
        Store, StoreFault,
        place::Place,
        search::{Filter, NAMES, Page},
    },
    times,
};

/// Finished requests.
#[derive(Serialize, ToSchema)]
struct FinishedRequests {
    /// Always `list`.
    object: &'static str,
    /// `ledger`, or `memory` where no ledger is kept.
    source: &'static str,
    /// The requests, newest first.
    data: Vec<shown::Row>,
    /// The `before` with which older ones follow; `null` where there are none.
    next: Option<String>,
    /// The moment up to which rows were looked through, where the bound of one search ended it.
    looked_to: Option<String>,
}

/// Finished requests, newest first.
///
/// They come from the ledger; where none is kept, the last ones from memory.
#[utoipa::path(
    get, path = "/admin/v1/requests", tag = "Administration", operation_id = "list_requests",
    params(
        query::Filters,
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 500, description = "How many rows; 100 if left out."),
        ("before" = Option<String>, Query, pattern = "^([0-9]{1,15}-[0-9a-f]{32})?$", description = "The `next` of the answer before, or the id of a row: what is older."),
    ),
    responses((status = 200, description = "The requests.", body = FinishedRequests)),
    security(("viewer" = [])),
    extensions(("x-errors" = json!(["invalid_parameter", "database_unavailable"])))
)]
pub async fn list(
    viewer: Viewer,
    State(worker): State<Arc<Worker>>,
    RawQuery(query): RawQuery,
) -> Response {
    let done = listed(&worker.app, query.as_deref().unwrap_or_default()).await;
    viewer.reply(done)
}

/// One finished request.
///
/// By its id, or by its request id the last one that has it.
#[utoipa::path(
    get, path = "/admin/v1/requests/{id}", tag = "Administration", operation_id = "show_request",
    params(("id" = String, Path, description = "The id of a row, or an `x-request-id`.")),
    responses((status = 200, description = "The request, with its attempts while these are in memory.", body = shown::Details)),
    security(("viewer" = [])),
    extensions(("x-errors" = json!(["request_not_found", "database_unavailable"])))
)]
pub async fn show(viewer: Viewer, State(worker): State<Arc<Worker>>, Id(id): Id) -> Response {
    viewer.reply(found(&worker.app, &id).await)
}

async fn listed(app: &App, query: &str) -> Result<FinishedRequests, Error> {
    let Query {
        filter,
        before,
        limit,
    } = query::read(query)?;
    let (source, page) = match database(app) {
        Some(database) => {
            let page = read(database, Page::default(), async |store: &mut Store| {
                store.search(&filter, before, limit).await
            });
            ("ledger", page.await?)
        }
        None => ("memory", in_memory(app, &filter, before, limit)),
    };
    let rows = page.rows.iter().map(|row| shown::row(app, row));
    Ok(FinishedRequests {
        object: "list",
        source,
        data: rows.collect(),
        next: page.next.map(|place| place.to_string()),
        looked_to: page.looked_to.map(times::shown),
    })
}

async fn found(app: &App, id: &str) -> Result<shown::Details, Error> {
    let place: Option<Place> = id.parse().ok();
    let recent = app.records.recent().find(|each| match place {
        Some(place) => Place::of(&each.row) == place,
        None => *each.row.request_id == *id,
    });
    if let Some(recent) = recent {
        return Ok(shown::details(app, &recent.row, Some(&recent)));
    }
    let row = match database(app) {
        Some(database) => {
            read(database, None, async |store: &mut Store| match place {
                Some(place) => store.row(place).await,
                None => last_called(store, id).await,
            })
            .await?
        }
        None => None,
    };
    row.map(|row| shown::details(app, &row, None))
        .ok_or_else(|| unknown(id))
}

/// The last row with this request id.
async fn last_called(store: &mut Store, id: &str) -> Result<Option<entry::Entry>, StoreFault> {
    let mut filter = Filter::all();
    let named = NAMES.iter().find(|named| named.name == "request_id");
    filter
        .names
        .extend(named.map(|named| (named, entry::name(Some(id)).into_owned())));
    let page = store.search(&filter, None, 1).await?;
    Ok(page.rows.into_iter().next())
}

/// Where the ledger is, if one is kept.
fn database(app: &App) -> Option<&Database> {
    let is_kept = app.records.standing().is_some();
    app.config.storage.database.as_ref().filter(|_| is_kept)
}

/// What somebody reads from the ledger, `none` before there is one.
async fn read<T>(
    database: &Database,
    none: T,
    reading: impl AsyncFnOnce(&mut Store) -> Result<T, StoreFault>,
) -> Result<T, Error> {
    let found = async {
        match Store::open_to_read(database).await? {
            Some(mut store) => reading(&mut store).await,
            None => Ok(none),
        }
    };
    found.await.map_err(|fault| {
        tracing::error!(target: "modelport", %fault, "the ledger could not be read");
        Error::StoreAway
    })
}

/// As the ledger's, of those that are in memory.
fn in_memory(app: &App, filter: &Filter, before: Option<Place>, limit: usize) -> Page {
    let mut rows: Vec<_> = (app.records.recent().all().iter())
        .map(|each| &each.row)
        .filter(|row| before.is_none_or(|before| Place::of(row) < before) && filter.takes(row))
        .cloned()
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(Place::of(row)));
    rows.truncate(limit);
    let next = rows.last().filter(|_| rows.len() == limit).map(Place::of);
    Page {
        rows,
        next,
        looked_to: None,
    }
}

fn unknown(id: &str) -> Error {
    Error::NotFound {
        message: format!(
            "No finished request {:?} is known. An id is that of a row of GET /admin/v1/requests, or the x-request-id of an answer, which is looked for among the last {} requests unless the gateway made it itself.",
            api::shown(id),
            crate::store::search::LOOKED_THROUGH
        ),
        param: "id",
        code: "request_not_found",
    }
}
