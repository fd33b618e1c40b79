//! Giving a kept answer again, and keeping one. Of those who have the same request at the same time one asks the
//! provider, and the others wait for what it gets. Nothing of this is on the path where no answers are kept.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Acquire},
    },
    time::Duration,
};

use axum::body::Body;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use http_body::Body as HttpBody;
use http_body_util::BodyExt;
use smallvec::SmallVec;
use tokio::time::{Instant, timeout_at};

mod recording;

use super::{
    Job, Reply, admission, headers,
    meter::{Ending, Meter},
    run,
    waiting::Grace,
};
use crate::{
    accounting::record::Lookup,
    cache::{
        Cache, Found,
        answer::Answer,
        control::Control,
        fingerprint::{Fingerprint, Question, Target},
        gate::Turn,
    },
    clock,
    error::{Envelope, Error},
    ids::{ANTHROPIC_REQUEST_ID, REQUEST_ID},
};
use recording::{Recording, Tape};

/// Says what became of a request at the cache.
const CACHE: HeaderName = HeaderName::from_static("x-modelport-cache");

const HIT: HeaderValue = HeaderValue::from_static("hit");
const MISS: HeaderValue = HeaderValue::from_static("miss");
const BYPASS: HeaderValue = HeaderValue::from_static("bypass");

/// How long a request waits for the answer to another, whose caller may be slow to take it, before it is sent itself.
const PATIENCE: Duration = Duration::from_mins(1);

/// The longest body that is looked for.
const MAX_BODY: usize = 4 << 20;

/// The most fields of a request whose answers are kept: the names of those beyond are not known.
const MAX_FIELDS: usize = 255;

/// Fields that tie a request to something that changes: a conversation, a job in the background (OpenAI's Responses), a
/// container with files (Anthropic's Messages).
const STATEFUL: [&str; 3] = ["background", "container", "conversation"];

/// Headers that are kept with an answer.
const KEPT: [HeaderName; 4] = [
    header::CONTENT_TYPE,
    headers::PROVIDER,
    headers::MODEL,
    headers::PARAMS,
];

/// Answers a request with a kept answer, or from a provider, whose answer is kept then.
///
/// # Errors
/// [`Error::NotKept`] for a caller who wants nothing else; and as [`run`].
pub(super) async fn answer(
    cache: Arc<Cache>,
    job: Box<Job>,
    mut meter: Meter,
) -> Result<Reply, Error> {
    let control = Control::of(&job.headers);
    let mut of = if control.writes && !cache.is_away() {
        fingerprint(&cache, &job)
    } else {
        None
    };
    if control.reads
        && let Some(sought) = of
    {
        match cache.find(&sought, control.max_age).await {
            Found::Answer(found) => return Ok(again(&found, &job, meter)),
            Found::Nothing => {}
            Found::Away => of = None,
        }
    }
    if control.only_if_kept {
        meter.refuse(&Error::NotKept);
        return Err(Error::NotKept);
    }
    let lookup = of.map(|of| Sought { cache, of, control });
    let mark = if lookup.is_some() && control.reads {
        meter.looked_up(Lookup::Miss);
        MISS
    } else {
        meter.looked_up(Lookup::Bypass);
        BYPASS
    };
    if job.asked.stream() {
        let mut grace = Grace::of(&job);
        grace.head.insert(CACHE, mark.clone());
        grace.hold(Box::pin(ask(lookup, job, meter, mark))).await
    } else {
        ask(lookup, job, meter, mark).await
    }
}

/// A request that no kept answer was found for, and whose answer may be kept.
struct Sought {
    cache: Arc<Cache>,
    of: Fingerprint,
    control: Control,
}

impl Sought {
    /// The answer that came while the request waited for its turn.
    fn come_meanwhile(&self, turn: Option<&Turn>) -> Option<Arc<Answer>> {
        let (max_age, now) = (self.control.max_age, clock::now());
        let kept = self.cache.look(&self.of, max_age, now);
        kept.or_else(|| {
            let left = turn.and_then(Turn::left)?;
            let is_young = self.cache.is_young(left, max_age, now);
            is_young.then(|| Arc::clone(left))
        })
    }
}

/// Asks a provider, or waits for somebody else who does.
async fn ask(
    lookup: Option<Sought>,
    job: Box<Job>,
    mut meter: Meter,
    mark: HeaderValue,
) -> Result<Reply, Error> {
    let Some(lookup) = lookup else {
        let mut reply = run(job, meter).await?;
        reply.headers_mut().insert(CACHE, mark);
        return Ok(reply);
    };
    let mut turn = None;
    if lookup.control.reads {
        turn = match come(&lookup, &job).await {
            Ok(turn) => turn,
            Err(error) => {
                meter.refuse(&error);
                return Err(error);
            }
        };
        if let Some(found) = lookup.come_meanwhile(turn.as_ref()) {
            return Ok(again(&found, &job, meter));
        }
        if lookup.cache.is_away() {
            // Nobody behind waits for an answer that will not be kept.
            turn = None;
        }
    }
    let answered = meter.watch();
    let mut reply = run(job, meter).await?;
    reply.headers_mut().insert(CACHE, mark);
    let tape = Tape::new(lookup.cache, lookup.of, turn, kept(reply.headers()));
    keep(reply, answered, tape).await
}

/// Keeps an answer, or writes it along to do so at its end, if it is one to keep.
async fn keep(reply: Reply, answered: Arc<AtomicBool>, tape: Tape) -> Result<Reply, Error> {
    if !may_be_kept(&reply, tape.max()) {
        return Ok(reply);
    }
    let (parts, body) = reply.into_parts();
    let body = if body.size_hint().exact().is_none() {
        Body::new(Recording::new(body, answered, tape))
    } else if answered.load(Acquire) {
        whole(body, tape).await?
    } else {
        body
    };
    Ok(Response::from_parts(parts, body))
}

/// Waits for the turn of a request among those that are the same; `None` when it has waited long enough.
async fn come(lookup: &Sought, job: &Job) -> Result<Option<Turn>, Error> {
    let mut turn = lookup.cache.queue(lookup.of);
    let patience = Instant::now() + PATIENCE;
    let deadline = job.deadline.as_ref();
    let sooner = deadline.filter(|deadline| Instant::from_std(deadline.at) < patience);
    let until = sooner.map_or(patience, |deadline| Instant::from_std(deadline.at));
    match (timeout_at(until, turn.come()).await, sooner) {
        (Ok(()), _) => Ok(Some(turn)),
        (Err(_), Some(deadline)) => Err(deadline.error()),
        (Err(_), None) => Ok(None),
    }
}

/// Whether an answer is one to keep, if it ends well: not a refusal, and to be read by anybody.
fn may_be_kept(reply: &Reply, most: usize) -> bool {
    let headers = reply.headers();
    let label = headers.get(header::CONTENT_TYPE);
    let is_stream = label.is_some_and(|label| label.as_bytes().starts_with(b"text/event-stream"));
    // One that is passed on before it is seen, because it is long, does not say how long it is.
    let length = reply.body().size_hint().exact();
    let fits = match length.map(usize::try_from) {
        Some(Ok(length)) => length <= most,
        Some(Err(_)) => false,
        None => is_stream,
    };
    reply.status() == StatusCode::OK && !headers.contains_key(header::CONTENT_ENCODING) && fits
}

/// Keeps an answer that is there as a whole.
async fn whole(body: Body, tape: Tape) -> Result<Body, Error> {
    // What is there can be taken.
    let collected = body.collect().await.map_err(|_| Error::Internal)?;
    let bytes = collected.to_bytes();
    tape.keep(bytes.to_vec());
    Ok(Body::from(bytes))
}

/// What is kept of an answer's headers.
fn kept(headers: &HeaderMap) -> HeaderMap {
    let kept = KEPT
        .into_iter()
        .filter_map(|name| headers.get(&name).cloned().map(|value| (name, value)));
    kept.collect()
}

/// A kept answer, as the answer to this request.
fn again(found: &Answer, job: &Job, mut meter: Meter) -> Reply {
    meter.begin(StatusCode::OK);
    meter.looked_up(Lookup::Hit);
    let limits = meter.limits();
    meter.settle(Ending::Answered);
    let mut reply = Response::new(Body::new(found.replay()));
    let headers = reply.headers_mut();
    // What lies in a server may hold others.
    *headers = kept(found.headers());
    headers.insert(REQUEST_ID, job.id.to_header());
    if job.surface.envelope() == Envelope::Anthropic {
        headers.insert(ANTHROPIC_REQUEST_ID, job.id.to_header());
    }
    headers.insert(CACHE, HIT);
    let age = found.age(clock::now()).as_secs();
    headers.insert(header::AGE, HeaderValue::from(age));
    if let Some(limits) = limits {
        admission::add_headers(headers, limits);
    }
    reply
}

/// What tells a request from others; `None` for one whose answer is not kept.
fn fingerprint(cache: &Cache, job: &Job) -> Option<Fingerprint> {
    let ask = job.asked.of_json()?;
    let body = &job.body;
    let fields = ask.fields();
    let is_stateful = fields.iter().any(|field| {
        let value = body.get(field.value.clone()).unwrap_or_default();
        STATEFUL.contains(&&*field.key(body)) && value != b"null" && value != b"false"
    });
    if body.len() > MAX_BODY || fields.len() > MAX_FIELDS || is_stateful {
        return None;
    }
    let first = job.plan.first()?;
    let mut targets = SmallVec::<[(usize, usize); 4]>::new();
    let target = match &job.plan.choice {
        Some(choice) => {
            let considered = choice.considered.iter();
            targets.extend(considered.map(|target| (target.group, target.candidate.place)));
            // Their order is the policy's, and changes.
            targets.sort_unstable();
            Target::Route {
                name: &choice.route.name,
                targets: &targets,
            }
        }
        None => Target::Model {
            provider: job.provider_id(first),
            model: &first.model,
        },
    };
    Fingerprint::of(Question {
        endpoint: job.surface.path(),
        query: job.query.as_deref(),
        circle: cache.circle(job.caller.number),
        target,
        headers: &job.headers,
        body,
    })
}
