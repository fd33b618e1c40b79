//! `GET /admin/v1/limits`: how far each limit and budget is used up, as far as this gateway knows.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::viewer::Viewer;
use crate::{
    app::Worker,
    clock,
    limits::{cell::Cell, money::Money, reading::Reading},
    times,
};

/// Every limit and budget.
#[derive(Serialize, ToSchema)]
#[schema(as = LimitsInUse)]
struct All {
    /// Always `list`.
    object: &'static str,
    /// When this was read.
    at: String,
    /// Who counts: `here` this gateway alone.
    counted: &'static str,
    /// Those of the configuration, of teams and of keys.
    data: Vec<Line>,
}

/// How far a limit is used up.
#[derive(Serialize, ToSchema)]
#[schema(as = LimitInUse)]
struct Line {
    #[serde(flatten)]
    figures: Figures,
    /// Whose it is: `gateway`, `key`, `team`, `model` or `provider`.
    of: &'static str,
    /// That one's name; a key's id.
    name: String,
    /// What is limited, such as `requests_per_minute`, or `budget`.
    limit: &'static str,
}

/// What there is and what is used of it.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = LimitFigures)]
enum Figures {
    /// Requests, tokens or places.
    Counted {
        amount: u64,
        used: u64,
        /// When nothing of it is used any more.
        resets_at: Option<String>,
    },
    /// Money, in US dollars as text.
    Spent {
        /// `day`, `week`, `month`, `total`, or a length such as `24h`.
        per: String,
        amount_usd: String,
        /// At which amount somebody is told.
        warn_at_usd: Option<String>,
        /// Whether requests are refused that might exceed it.
        refuses: bool,
        used_usd: String,
        /// What is set apart for requests under way.
        reserved_usd: String,
        /// When the next window begins.
        resets_at: Option<String>,
    },
}

/// How far each limit and budget is used up.
///
/// Of the configuration, of teams and of keys, as far as this gateway knows. Nothing is taken of them, and no server is
/// asked.
#[utoipa::path(
    get, path = "/admin/v1/limits", tag = "Administration", operation_id = "list_limits",
    responses((status = 200, description = "The limits.", body = All)),
    security(("viewer" = []))
)]
pub async fn show(viewer: Viewer, State(worker): State<Arc<Worker>>) -> Response {
    let now = clock::unix_millis();
    let cells = worker.app.limits.all();
    let shared = worker.app.shared.as_ref();
    viewer.reply(Ok(All {
        object: "list",
        at: times::shown(now),
        counted: shared.map_or("here", |shared| shared.word()),
        data: cells.iter().map(|cell| shown(cell, now)).collect(),
    }))
}

fn shown(cell: &Cell, now: u64) -> Line {
    let figures = match cell.reading(now) {
        Reading::Rate {
            limit,
            used,
            whole_at,
        } => Figures::Counted {
            amount: limit,
            used,
            resets_at: (used > 0).then(|| times::shown(whole_at)),
        },
        Reading::Places { limit, under_way } => Figures::Counted {
            amount: limit,
            used: under_way,
            resets_at: None,
        },
        Reading::Budget {
            window,
            amount,
            soft,
            is_hard,
            spent,
            reserved,
            resets_at,
        } => Figures::Spent {
            per: window.to_string(),
            amount_usd: dollars(amount),
            warn_at_usd: soft.map(dollars),
            refuses: is_hard,
            used_usd: dollars(spent),
            reserved_usd: dollars(reserved),
            resets_at: resets_at.map(times::shown),
        },
    };
    Line {
        figures,
        of: cell.owner.as_str(),
        name: cell.name.to_string(),
        limit: cell.limit.as_str(),
    }
}

/// As text, so that no reader makes a float of it.
fn dollars(amount: Money) -> String {
    amount.dollars().normalize().to_string()
}
