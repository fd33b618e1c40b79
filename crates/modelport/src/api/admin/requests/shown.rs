//! Finished requests in JSON.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    accounting::{
        charge,
        entry::Entry,
        recent::Finished,
        record::{Lookup, Problem, Tried},
    },
    api::route::{self, Decision},
    app::App,
    store::place::Place,
    times,
};

/// A finished request, as lists have it.
#[derive(Serialize, ToSchema)]
#[schema(as = FinishedRequest)]
pub(super) struct Row {
    /// Always `request`.
    object: &'static str,
    /// Names the row; a caller may use one request id for many requests.
    id: String,
    /// The `x-request-id` of its answer.
    request_id: String,
    /// When it arrived.
    at: String,
    /// The id of the key that it showed.
    key: Option<String>,
    /// What people call that key.
    key_name: Option<String>,
    team: Option<String>,
    /// The provider that was asked last.
    provider: Option<String>,
    /// The model as the caller named it.
    requested_model: Option<String>,
    /// The model that was asked for of the provider.
    upstream_model: Option<String>,
    /// The endpoint below `/v1`.
    surface: String,
    stream: bool,
    /// What the caller got; 499 where it left first.
    status: i16,
    /// `answered`, `refused`, `failed`, `broken` or `cancelled`.
    ending: String,
    /// How many calls of providers there were.
    attempts: i32,
    /// From its arrival to the end of the answer.
    duration_ms: i64,
    /// From its arrival to the first output.
    first_output_ms: Option<i64>,
    input_tokens: i64,
    output_tokens: i64,
    /// US dollars, as text; `null` where nobody knows.
    cost_usd: Option<String>,
    /// `reported`, `computed`, `estimated`, `unknown` or `none`.
    cost_source: String,
}

/// A finished request with all that is known of it.
#[derive(Serialize, ToSchema)]
#[schema(as = FinishedRequestDetails)]
pub(super) struct Details {
    #[serde(flatten)]
    row: Row,
    /// What its key adds to each of its requests.
    tags: Option<Value>,
    usage: Used,
    cost: Cost,
    /// What is kept in memory only, of the last requests of this gateway; `null` of others.
    recent: Option<Remembered>,
}

/// What was used, in tokens.
#[derive(Serialize, ToSchema)]
#[schema(as = RequestTokens)]
#[expect(clippy::struct_field_names, reason = "as the ledger names them")]
struct Used {
    input_tokens: i64,
    cached_input_tokens: i64,
    cache_write_tokens: i64,
    cache_write_1h_tokens: i64,
    audio_input_tokens: i64,
    image_input_tokens: i64,
    output_tokens: i64,
    reasoning_tokens: i64,
    audio_output_tokens: i64,
    image_output_tokens: i64,
}

/// What it cost, in US dollars as text.
#[derive(Serialize, ToSchema)]
#[schema(as = RequestCost)]
struct Cost {
    amount_usd: Option<String>,
    source: String,
    /// What the provider said.
    reported_usd: Option<String>,
    /// What the prices come to.
    computed_usd: Option<String>,
    /// Which set of prices was used, and its version.
    prices: Option<String>,
}

/// What is known of a request as long as it is in memory.
#[derive(Serialize, ToSchema)]
#[schema(as = RecentRequest)]
struct Remembered {
    route: Option<String>,
    decision: Option<Decision>,
    attempts: Vec<Attempt>,
    /// How much of its time was spent waiting for providers.
    waited_ms: f64,
    /// Whether the provider `told` its tokens or they are `estimated`.
    counts: &'static str,
    /// What was found among the answers that are kept, where any are.
    cache: Option<&'static str>,
    /// The fields that were not simply sent.
    fields: Vec<Note>,
    problem: Option<Wrong>,
}

/// One call of a provider. Times are milliseconds from the request's arrival.
#[derive(Serialize, ToSchema)]
#[schema(as = RequestAttempt)]
struct Attempt {
    provider: String,
    model: Option<String>,
    /// Which of the provider's keys was shown, from 1.
    credential: usize,
    /// `first`, `retry`, `failover` or `hedge`.
    step: &'static str,
    outcome: &'static str,
    status: Option<u16>,
    began_ms: f64,
    head_ms: Option<f64>,
    output_ms: Option<f64>,
    ended_ms: f64,
}

/// What became of a field.
#[derive(Serialize, ToSchema)]
#[schema(as = FieldNote)]
struct Note {
    field: String,
    fate: String,
    to: Option<String>,
}

/// What went wrong.
#[derive(Serialize, ToSchema)]
#[schema(as = RequestProblem)]
struct Wrong {
    /// Whose fault it is.
    blame: &'static str,
    class: &'static str,
    /// The limit that refused it.
    limit: Option<Limited>,
    message: String,
}

/// A limit, and whose it is.
#[derive(Serialize, ToSchema)]
#[schema(as = RefusingLimit)]
struct Limited {
    owner: &'static str,
    limit: &'static str,
}

/// A row, as lists have it.
pub(super) fn row(app: &App, row: &Entry) -> Row {
    let directory = app.keys.stored().directory();
    let key = directory.key(&row.key);
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Row {
        object: "request",
        id: Place::of(row).to_string(),
        request_id: row.request_id.to_string(),
        at: times::shown(u64::try_from(row.at_ms).unwrap_or(0)),
        key: text(&row.key),
        key_name: key.map(|known| known.key.name.clone()),
        team: text(&row.team),
        provider: text(&row.provider),
        requested_model: text(&row.requested),
        upstream_model: text(&row.model),
        surface: row.surface.to_string(),
        stream: row.stream,
        status: row.status,
        ending: row.ending.to_string(),
        attempts: row.attempts,
        duration_ms: row.duration_ms,
        first_output_ms: row.first_output_ms,
        input_tokens: row.input_tokens,
        output_tokens: row.output_tokens,
        cost_usd: row.cost_pico.map(dollars),
        cost_source: row.cost_source.to_string(),
    }
}

/// A row with all that is known of it.
pub(super) fn details(app: &App, entry: &Entry, recent: Option<&Finished>) -> Details {
    let tags = entry.tags.as_ref();
    Details {
        row: row(app, entry),
        tags: tags.and_then(|tags| serde_json::from_str(tags).ok()),
        usage: Used {
            input_tokens: entry.input_tokens,
            cached_input_tokens: entry.cached_input_tokens,
            cache_write_tokens: entry.cache_write_tokens,
            cache_write_1h_tokens: entry.cache_write_1h_tokens,
            audio_input_tokens: entry.audio_input_tokens,
            image_input_tokens: entry.image_input_tokens,
            output_tokens: entry.output_tokens,
            reasoning_tokens: entry.reasoning_tokens,
            audio_output_tokens: entry.audio_output_tokens,
            image_output_tokens: entry.image_output_tokens,
        },
        cost: Cost {
            amount_usd: entry.cost_pico.map(dollars),
            source: entry.cost_source.to_string(),
            reported_usd: entry.reported_pico.map(dollars),
            computed_usd: entry.computed_pico.map(dollars),
            prices: entry.prices.as_deref().map(str::to_owned),
        },
        recent: recent.map(|recent| remembered(app, recent)),
    }
}

fn remembered(app: &App, recent: &Finished) -> Remembered {
    let id = &*recent.row.request_id;
    let attempts = recent.tried.iter().map(|tried| attempt(recent, tried));
    Remembered {
        route: recent.route.as_ref().map(ToString::to_string),
        decision: (recent.route.as_ref()).and_then(|_| route::decided(app, id)),
        attempts: attempts.collect(),
        waited_ms: millis(recent.waited),
        counts: if recent.is_estimated {
            "estimated"
        } else {
            "told"
        },
        cache: recent.lookup.map(Lookup::as_str),
        fields: recent.params.as_deref().map_or_else(Vec::new, fields),
        problem: recent.problem.as_ref().map(wrong),
    }
}

fn attempt(recent: &Finished, tried: &Tried) -> Attempt {
    let own = tried.provider.as_deref();
    Attempt {
        provider: own.unwrap_or(&recent.row.provider).to_owned(),
        model: tried.model.as_ref().map(ToString::to_string),
        credential: tried.key + 1,
        step: tried.step.as_str(),
        outcome: tried.outcome,
        status: tried.status.map(|status| status.as_u16()),
        began_ms: millis(tried.began),
        head_ms: tried.head.map(millis),
        output_ms: tried.output.map(millis),
        ended_ms: millis(tried.ended),
    }
}

fn wrong(problem: &Problem) -> Wrong {
    Wrong {
        blame: problem.blame.as_str(),
        class: problem.class,
        limit: (problem.limit).map(|(owner, limit)| Limited { owner, limit }),
        message: problem.said.to_string(),
    }
}

/// The fields that were not simply sent, from the text of `x-modelport-params`.
fn fields(text: &str) -> Vec<Note> {
    let notes = text.split(", ").map(|note| {
        let (field, fate) = note.split_once('=').unwrap_or((note, ""));
        let (fate, to) = match fate.split_once(':') {
            Some((fate, to)) => (fate, Some(to.to_owned())),
            None => (fate, None),
        };
        Note {
            field: field.to_owned(),
            fate: fate.to_owned(),
            to,
        }
    });
    notes.collect()
}

/// To the microsecond.
fn millis(time: Duration) -> f64 {
    let micros = u32::try_from(time.as_micros()).unwrap_or(u32::MAX);
    f64::from(micros) / 1000.0
}

/// To the last digit, as a text, because a JSON number is read as a float by most.
fn dollars(pico: i64) -> String {
    charge::dollars(pico.into()).to_string()
}
