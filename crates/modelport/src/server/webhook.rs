//! Telling the webhook that a budget has reached the amount at which it warns: one after the other, behind the requests.
//! One that is not delivered in a few tries is given up, which the log says.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, StatusCode, Uri, header};
use modelport_provider::{
    settings::Http2,
    splice::Spliced,
    transport::{Tls, Transport},
};
use serde_json::{Value, json};
use tokio::{
    sync::{Notify, mpsc::Receiver},
    time::{sleep, timeout},
};

use super::reload::Reloader;
use crate::{
    app::App,
    config::WebhookUrl,
    ids::new_uuid,
    limits::{
        cell::{Limit, Owner},
        notice::Notice,
        window::Window,
    },
};

/// The event that a webhook is told.
const EVENT: &str = "budget.reached";

/// How long a try may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The pauses between tries.
const PAUSES: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(4),
    Duration::from_secs(15),
    Duration::from_mins(1),
];

/// The most that is read of an answer.
const MAX_ANSWER: usize = 1 << 16;

const USER_AGENT: HeaderValue =
    HeaderValue::from_static(concat!("modelport/", env!("CARGO_PKG_VERSION")));

/// By which a receiver knows a notice again that comes twice.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Tells the webhook, until the gateway goes down.
pub(super) struct Webhook {
    reloader: Reloader,
    notices: Receiver<Notice>,
    /// The connections to the webhook that counted last.
    line: Option<(WebhookUrl, Transport)>,
}

/// Why a try has failed.
struct Failed {
    problem: String,
    /// Whether another may not.
    again: bool,
}

impl Webhook {
    /// For the notices of this gateway; `None` if somebody has them already.
    pub(super) fn new(reloader: Reloader) -> Option<Self> {
        let notices = reloader.app().limits.notices.take()?;
        Some(Self {
            reloader,
            notices,
            line: None,
        })
    }

    /// Tells what there is to tell. When it has to stop it tells what waits first.
    pub(super) async fn keep_telling(mut self, stop: Arc<Notify>) {
        loop {
            let notice = tokio::select! {
                biased;
                notice = self.notices.recv() => notice,
                () = stop.notified() => None,
            };
            match notice {
                Some(notice) => self.tell(&notice).await,
                None => return,
            }
        }
    }

    async fn tell(&mut self, notice: &Notice) {
        let id = new_uuid().to_string();
        let mut pauses = PAUSES.into_iter();
        let mut tries = 0;
        loop {
            // The configuration may change between two tries, and so may where it is to be told.
            let app = self.reloader.app();
            let Some(url) = &app.config.server.budget_webhook else {
                return;
            };
            tries += 1;
            let body = words(notice, &id, &app).to_string();
            let Err(failed) = self.post(url, &id, body.into()).await else {
                return;
            };
            let problem = failed.problem;
            if let Some(pause) = pauses.next().filter(|_| failed.again) {
                tracing::warn!(target: "modelport", webhook = %url, problem, tries, "the webhook of budgets could not be told and is tried again");
                sleep(pause).await;
            } else {
                let (owner, name) = (notice.cell.owner, &*notice.cell.name);
                tracing::error!(target: "modelport", webhook = %url, problem, tries, ?owner, name, "the webhook of budgets was not told that a budget has reached the amount at which it warns");
                return;
            }
        }
    }

    async fn post(&mut self, url: &WebhookUrl, id: &str, body: Bytes) -> Result<(), Failed> {
        let line = self.line(url)?;
        let sent = line.send(|| request(url, id, &body));
        let answer = timeout(PATIENCE, async {
            let (head, mut body) = sent.await?.into_parts();
            // Read to its end, so that the connection may serve again; what it says does not matter.
            let _ = body.collect(MAX_ANSWER).await;
            Ok::<_, modelport_provider::Error>(head.status)
        });
        match answer.await {
            Ok(Ok(status)) => taken(status),
            Ok(Err(error)) => Err(Failed::for_now(error.to_string())),
            Err(_) => Err(Failed::for_now(format!(
                "no answer within {} s",
                PATIENCE.as_secs()
            ))),
        }
    }

    /// The connections to this webhook.
    fn line(&mut self, url: &WebhookUrl) -> Result<&Transport, Failed> {
        let known = self.line.take().filter(|(known, _)| known == url);
        let line = if let Some(known) = known {
            known
        } else {
            let tls = Tls::new().map_err(|fault| Failed::for_good(fault.to_string()))?;
            let line = Transport::new(url.target(), tls, PATIENCE, Http2::Off);
            let line = line.map_err(|error| Failed::for_good(error.to_string()))?;
            (url.clone(), line)
        };
        Ok(&self.line.insert(line).1)
    }
}

impl Failed {
    fn for_now(problem: String) -> Self {
        Self {
            problem,
            again: true,
        }
    }

    fn for_good(problem: String) -> Self {
        Self {
            problem,
            again: false,
        }
    }
}

/// What an answer means. A redirection is not followed: it would take a secret elsewhere.
fn taken(status: StatusCode) -> Result<(), Failed> {
    if status.is_success() {
        return Ok(());
    }
    let problem = format!("it answered with {}", status.as_u16());
    let is_passing = status.is_server_error()
        || matches!(
            status,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT
        );
    Err(if is_passing {
        Failed::for_now(problem)
    } else {
        Failed::for_good(problem)
    })
}

fn request(url: &WebhookUrl, id: &str, body: &Bytes) -> Request<Spliced> {
    let mut request = Request::new(Spliced::from(body.clone()));
    *request.method_mut() = Method::POST;
    let path = url.target().path_and_query();
    *request.uri_mut() = path.map_or_else(|| Uri::from_static("/"), |path| path.clone().into());
    let headers = request.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(header::USER_AGENT, USER_AGENT);
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(IDEMPOTENCY_KEY, id);
    }
    if let Some(authorization) = url.authorization() {
        headers.insert(header::AUTHORIZATION, authorization.clone());
    }
    request
}

/// The body of a notice.
fn words(notice: &Notice, id: &str, app: &App) -> Value {
    let Notice { cell, soft, at } = notice;
    let (budget, window) = match &cell.limit {
        Limit::Budget(budget) => (Some(budget.amount()), Some(budget.window())),
        Limit::Rate(..) | Limit::Concurrency(_) => (None, None),
    };
    let resets_at = window.and_then(|window| match window {
        Window::Day | Window::Week | Window::Month => moment(window.period(*at).end),
        Window::Total | Window::Rolling(_) => None,
    });
    // A key is called by its id; people know it by its name.
    let known = app.keys.stored().directory();
    let known = known
        .key(&cell.name)
        .filter(|_| cell.owner == Owner::Key)
        .map(|known| known.key.name.as_str());
    json!({
        "event": EVENT,
        "id": id,
        "time": moment(*at),
        "subject": cell.owner.as_str(),
        "name": known.unwrap_or(&cell.name),
        "key_id": known.map(|_| &*cell.name),
        "spent_usd": soft.spent.dollars().to_string(),
        "warn_at_usd": soft.limit.dollars().to_string(),
        "budget_usd": budget.map(|amount| amount.dollars().to_string()),
        "period": window.map(|window| window.to_string()),
        "resets_at": resets_at,
    })
}

fn moment(millis: u64) -> Option<String> {
    let millis = i64::try_from(millis).ok()?;
    let at = jiff::Timestamp::from_millisecond(millis).ok()?;
    Some(at.to_string())
}
