//! Going on with a stream of plain text whose target has died, where its route wants that: the next target is asked with
//! the text so far as the beginning of its answer, and its chunks follow in the same stream, behind a comment that says
//! so. Where none goes on, the stream ends as it would have without.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame};
use modelport_provider::splice::{self, Ask, Edit};
use tokio::time::{Instant, Interval, interval_at};

use super::{
    super::{
        Job, Reply,
        asked::Asked,
        attempt::Committed,
        meter::Meter,
        sending::{self, Sending},
        surface::Surface,
        tries::{Won, at_deployment},
        waiting::{ALIVE, KEEP_ALIVE},
    },
    begin,
    story::Story,
    stream::{Relay, Words},
};
use crate::{error::Error, routing::choice::Stop};

/// Fields of a request whose answer is not plain text that goes on where it stopped.
const NOT_PLAIN: [&str; 7] = [
    "tools",
    "functions",
    "response_format",
    "modalities",
    "audio",
    "logprobs",
    "web_search_options",
];

/// Fields that limit an answer's length.
const MAX_TOKENS: [&str; 2] = ["max_tokens", "max_completion_tokens"];

/// Whether another target may go on with the answer to a request.
pub(in crate::proxy) fn applies(job: &Job) -> bool {
    let choice = job.plan.choice.as_ref();
    let Some(ask) = job.asked.of_json() else {
        return false;
    };
    job.surface == Surface::ChatCompletions
        && ask.stream()
        && choice.is_some_and(|choice| choice.route.continues)
        && is_plain(ask, &job.body)
}

fn is_plain(ask: &Ask, body: &[u8]) -> bool {
    ask.fields().iter().all(|field| {
        let value = body.get(field.value.clone()).unwrap_or_default();
        let name = field.key(body);
        let is_nothing = matches!(value, b"null" | b"[]" | b"{}" | b"false");
        match &*name {
            "n" => is_nothing || value == b"1",
            name => is_nothing || !NOT_PLAIN.contains(&name),
        }
    })
}

/// The caller's answer, from the target at `answering`, where `last` is the last one that was asked.
pub(in crate::proxy) fn reply(
    job: Box<Job>,
    (answering, last): (usize, usize),
    sending: &Sending,
    committed: Committed,
    meter: Meter,
) -> Result<Reply, Error> {
    let at = job.plan.deployments.get(answering).ok_or(Error::Internal)?;
    let committed = committed.begun();
    let Committed::Stream {
        parts,
        held,
        reader,
        rest,
    } = committed
    else {
        return Ok(super::reply(&job, at, sending, committed, meter));
    };
    let mut relay = Relay::new(&job, at.provider, sending, rest, reader, meter);
    relay.story = Some(Box::new(Story::new()));
    let (head, relay) = begin(&job, at, sending, parts, held, relay).into_parts();
    let further = Further {
        body: job.body.clone(),
        job,
        last,
    };
    let stage = Stage::Relaying(Box::new(relay), Box::new(further));
    Ok(Reply::from_parts(head, Body::new(Continuing { stage })))
}

/// A stream that may go on from other targets.
struct Continuing {
    stage: Stage,
}

enum Stage {
    /// A target answers.
    Relaying(Box<Relay>, Box<Further>),
    /// Another is being asked; meanwhile the stream shows that it is alive.
    Asking(Pin<Box<dyn Future<Output = Self> + Send>>, Interval),
    /// None goes on; this is the end of it.
    Telling(Bytes),
    Over,
}

/// What is needed to ask another target.
struct Further {
    job: Box<Job>,
    /// The request as the caller sent it.
    body: Bytes,
    /// The last deployment that was asked, by its place in the plan.
    last: usize,
}

impl HttpBody for Continuing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = self.get_mut();
        loop {
            let ended = match &mut this.stage {
                Stage::Relaying(relay, _) => match ready!(Pin::new(&mut **relay).poll_frame(cx)) {
                    Some(frame) => return Poll::Ready(Some(frame)),
                    None => std::mem::replace(&mut this.stage, Stage::Over),
                },
                Stage::Asking(work, ticks) => {
                    let Poll::Ready(next) = work.as_mut().poll(cx) else {
                        ready!(ticks.poll_tick(cx));
                        return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(ALIVE)))));
                    };
                    this.stage = next;
                    continue;
                }
                Stage::Telling(event) => {
                    let event = std::mem::take(event);
                    this.stage = Stage::Over;
                    return Poll::Ready(Some(Ok(Frame::data(event))));
                }
                Stage::Over => return Poll::Ready(None),
            };
            if let Stage::Relaying(mut relay, further) = ended
                && let Some(error) = relay.broken.take()
            {
                let ticks = interval_at(Instant::now() + KEEP_ALIVE, KEEP_ALIVE);
                this.stage = Stage::Asking(Box::pin(go_on(relay, further, error)), ticks);
            }
        }
    }
}

/// Has another target go on with what a broken stream has said.
async fn go_on(relay: Box<Relay>, mut further: Box<Further>, error: Box<Error>) -> Stage {
    let Relay {
        mut meter, story, ..
    } = *relay;
    meter.cut();
    let told = match &story {
        Some(story) => further.ask(story, &mut meter).await,
        None => Err(None),
    };
    let job = &further.job;
    match told {
        Ok((sending, won)) => {
            job.note(meter.attempts(), None);
            let relay = further.relay(&sending, won, story, meter);
            relay.map_or(Stage::Over, |relay| Stage::Relaying(relay, further))
        }
        Err(stop) => {
            job.note(meter.attempts(), stop);
            let event = error.event(job.surface.envelope(), &job.id);
            meter.break_off(&error);
            Stage::Telling(event)
        }
    }
}

impl Further {
    /// Asks one target after the other, until one has begun to go on.
    async fn ask(
        &mut self,
        story: &Story,
        meter: &mut Meter,
    ) -> Result<(Sending, Won), Option<Stop>> {
        let job = &mut self.job;
        let original = splice::read_ask(&self.body).map_err(|_| None)?;
        let body = with_text(&self.body, &original, story).ok_or(None)?;
        job.asked = Asked::Json(splice::read_ask(&body).map_err(|_| None)?);
        meter.body(&body);
        job.body = body;
        // It was one for the first output.
        job.deadline = None;
        while let (Some(failed), Some(at)) = (
            job.plan.deployments.get(self.last),
            job.plan.deployments.get(self.last + 1),
        ) {
            if !job.may_leave(failed, self.last + 1) {
                return Err(Some(Stop::RetryShare));
            }
            self.last += 1;
            let Ok(sending) = sending::prepare(job, at) else {
                continue;
            };
            let asked = at_deployment(job, self.last, at, &sending, meter.noting());
            match Box::pin(asked).await {
                Ok(won) if matches!(won.committed, Committed::Stream { .. }) => {
                    meter.attempting(at);
                    return Ok((sending, won));
                }
                Ok(_) => {}
                Err(failure) if failure.may_fail_over() => {}
                Err(_) => break,
            }
        }
        Err(None)
    }

    /// The stream of the one that goes on, as more of the answer.
    fn relay(
        &self,
        sending: &Sending,
        won: Won,
        story: Option<Box<Story>>,
        mut meter: Meter,
    ) -> Option<Box<Relay>> {
        let job = &self.job;
        let at = job.plan.deployments.get(self.last)?;
        let Committed::Stream {
            held, reader, rest, ..
        } = won.committed.begun()
        else {
            return None;
        };
        meter.hold(won.held);
        let mut relay = Relay::new(job, at.provider, sending, rest, reader, meter);
        if let Some(id) = story.as_ref().and_then(|story| story.id.clone()) {
            relay.words = Words::Continued(id);
        }
        relay.story = story;
        let mark = format!(
            ": continued by {}, model {}\n\n",
            job.provider_id(at),
            at.model.escape_debug()
        );
        relay.put(mark.into_bytes());
        for block in held {
            relay.pass(block);
        }
        Some(Box::new(relay))
    }
}

/// The request with what has been said as the beginning of its answer, and as much less of the length that it may have.
fn with_text(body: &Bytes, ask: &Ask, story: &Story) -> Option<Bytes> {
    let mut edits = Vec::new();
    for field in ask.fields() {
        let value = body.get(field.value.clone())?;
        let name = field.key(body);
        if name == "messages" {
            let end = field.value.end.checked_sub(1)?;
            let inside = value.strip_prefix(b"[")?.strip_suffix(b"]")?;
            let comma = if inside.trim_ascii().is_empty() {
                ""
            } else {
                ","
            };
            let text = serde_json::to_string(&story.text).ok()?;
            let message = format!("{comma}{{\"role\":\"assistant\",\"content\":{text}}}");
            edits.push(Edit {
                range: end..end,
                replacement: Bytes::from(message),
            });
        } else if MAX_TOKENS.contains(&&*name)
            && let Some(most) = std::str::from_utf8(value)
                .ok()
                .and_then(|most| most.parse::<u64>().ok())
        {
            let left = most.saturating_sub(story.pieces).max(1);
            edits.push(Edit {
                range: field.value.clone(),
                replacement: Bytes::from(left.to_string()),
            });
        }
    }
    Some(splice::apply(body, &edits).into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_so_far_is_the_beginning_of_the_answer() {
        let mut story = Story::new();
        story.hear(br#"{"choices":[{"delta":{"content":"so \"far\""}}]}"#);
        let check = |body: &'static str, expected: &str| {
            let ask = splice::read_ask(body.as_bytes()).unwrap();
            let made = with_text(&Bytes::from_static(body.as_bytes()), &ask, &story).unwrap();
            assert_eq!(std::str::from_utf8(&made).unwrap(), expected);
        };
        check(
            r#"{"model":"m","messages":[{"role":"user"}],"max_tokens":5}"#,
            r#"{"model":"m","messages":[{"role":"user"},{"role":"assistant","content":"so \"far\""}],"max_tokens":4}"#,
        );
        check(
            r#"{"max_completion_tokens":1,"model":"m","messages":[ ]}"#,
            r#"{"max_completion_tokens":1,"model":"m","messages":[ {"role":"assistant","content":"so \"far\""}]}"#,
        );
    }

    #[test]
    fn tools_and_several_answers_are_not_plain() {
        let check = |field: &str, plain: bool| {
            let body = format!(r#"{{"model":"m","stream":true,"messages":[]{field}}}"#);
            let ask = splice::read_ask(body.as_bytes()).unwrap();
            assert_eq!(is_plain(&ask, body.as_bytes()), plain, "{field}");
        };
        check("", true);
        check(r#","n":1,"tools":[],"logprobs":false"#, true);
        check(r#","n":2"#, false);
        check(r#","tools":[{"type":"function"}]"#, false);
        check(r#","response_format":{"type":"json_object"}"#, false);
    }
}
