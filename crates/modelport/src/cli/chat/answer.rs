//! One answer: its stream read piece by piece, and what is known of it at its end.

use std::time::{Duration, Instant};

use http::{HeaderMap, Request};
use modelport_provider::{
    failure,
    splice::Spliced,
    sse::{self, SseReader},
};
use serde_json::Value;
use tokio::signal::unix::Signal;

use crate::{cli::gateway::Line, clock};

/// The longest body of an error that is read, in bytes.
const MAX_ERROR: usize = 1 << 20;

/// What the comment begins with that tells what a stream cost.
const COST: &[u8] = b": modelport-cost ";

/// An answer, as far as it came.
#[derive(Default)]
pub(super) struct Answer {
    /// What the model said.
    pub(super) text: String,
    /// The model that answered.
    pub(super) model: Option<String>,
    /// The provider that answered, by its id.
    pub(super) provider: Option<String>,
    /// The gateway's id of the request.
    pub(super) request_id: Option<String>,
    /// Why the model ended.
    pub(super) finish_reason: Option<String>,
    /// The provider's word on its tokens.
    pub(super) usage: Option<Value>,
    /// What it cost, in US dollars.
    pub(super) cost: Option<String>,
    /// From the question to the first text.
    pub(super) first_token: Option<Duration>,
    /// From the question to the end.
    pub(super) total: Duration,
    /// Whether whoever asked has stopped it.
    pub(super) is_stopped: bool,
    is_over: bool,
}

/// Asks and hands each piece of text to `show` as it comes, until the answer ends or an interrupt stops it. Gives what
/// came, and why that is not all of it where it broke off.
pub(super) async fn receive(
    line: &Line<'_>,
    request: &Request<Spliced>,
    interrupts: &mut Signal,
    show: &mut impl FnMut(&str),
) -> (Answer, Result<(), String>) {
    let begun = clock::now();
    let mut answer = Answer::default();
    let ending = {
        let reading = answer.read(line, request, begun, show);
        tokio::select! {
            biased;
            // What is dropped with the reading is the connection, by which the gateway learns of it.
            _ = interrupts.recv() => None,
            ending = reading => Some(ending),
        }
    };
    answer.total = begun.elapsed();
    answer.is_stopped = ending.is_none();
    (answer, ending.unwrap_or(Ok(())))
}

impl Answer {
    async fn read(
        &mut self,
        line: &Line<'_>,
        request: &Request<Spliced>,
        begun: Instant,
        show: &mut impl FnMut(&str),
    ) -> Result<(), String> {
        let (parts, mut body) = line.send(request).await?.into_parts();
        if !parts.status.is_success() {
            let body = body.collect(MAX_ERROR).await.unwrap_or_default();
            return Err(line.gateway().refused(parts.status, &body));
        }
        self.note_headers(&parts.headers);
        let mut reader = SseReader::default();
        while let Some(piece) = body.data().await {
            let piece = piece.map_err(|error| error.to_string())?;
            let block = reader.push(&piece).map_err(|fault| fault.to_string())?;
            self.take_all(&block, begun, show)?;
        }
        self.take_all(&reader.finish(), begun, show)?;
        if self.is_over {
            Ok(())
        } else {
            Err("the stream ended before the answer did".to_owned())
        }
    }

    fn note_headers(&mut self, headers: &HeaderMap) {
        let text = |name: &str| {
            let value = headers.get(name)?.to_str().ok()?;
            Some(value.to_owned())
        };
        self.model = text("x-modelport-model");
        self.provider = text("x-modelport-provider");
        self.request_id = text("x-request-id");
        self.cost = text("x-modelport-cost");
    }

    fn take_all(
        &mut self,
        block: &[u8],
        begun: Instant,
        show: &mut impl FnMut(&str),
    ) -> Result<(), String> {
        for event in sse::events(block) {
            self.note_cost(event.raw);
            if !event.has_data {
                continue;
            }
            if event.data.as_ref() == b"[DONE]" {
                self.is_over = true;
                continue;
            }
            let Ok(chunk) = serde_json::from_slice::<Value>(&event.data) else {
                continue;
            };
            if chunk.get("error").is_some_and(|error| !error.is_null()) {
                let said = failure::read_error_body(&event.data);
                return Err(said.map_or_else(String::new, |said| said.message));
            }
            if let Some(piece) = self.take(&chunk) {
                self.first_token.get_or_insert_with(|| begun.elapsed());
                show(piece);
            }
        }
        Ok(())
    }

    /// Keeps what a chunk says, and gives its text.
    fn take<'c>(&mut self, chunk: &'c Value) -> Option<&'c str> {
        if self.model.is_none() {
            self.model = chunk["model"].as_str().map(str::to_owned);
        }
        if chunk["usage"].is_object() {
            self.usage = Some(chunk["usage"].clone());
        }
        let choice = &chunk["choices"][0];
        if let Some(reason) = choice["finish_reason"].as_str() {
            self.finish_reason = Some(reason.to_owned());
            self.is_over = true;
        }
        let piece = choice["delta"]["content"].as_str();
        let piece = piece.filter(|piece| !piece.is_empty())?;
        self.text.push_str(piece);
        Some(piece)
    }

    fn note_cost(&mut self, event: &[u8]) {
        let told = event
            .split(|byte| matches!(byte, b'\n' | b'\r'))
            .find_map(|line| line.strip_prefix(COST));
        let told = told.and_then(|told| std::str::from_utf8(told).ok());
        if let Some(amount) = told.and_then(|told| told.split(' ').next()) {
            self.cost = Some(amount.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(stream: &str) -> (Answer, Vec<String>, Result<(), String>) {
        let mut answer = Answer::default();
        let mut shown = Vec::new();
        let mut show = |piece: &str| shown.push(piece.to_owned());
        let ending = answer.take_all(stream.as_bytes(), clock::now(), &mut show);
        (answer, shown, ending)
    }

    #[test]
    fn text_usage_and_cost_are_read_and_comments_passed_by() {
        let stream = ": waiting\n\n\
            data: {\"model\":\"m\",\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n\
            data: {\"choices\":[{\"delta\":{\"content\":\"He\"}}]}\n\n\
            data: {\"choices\":[{\"delta\":{\"content\":\"y\"},\"finish_reason\":\"stop\"}]}\n\n\
            data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3}}\n\n\
            : modelport-cost 0.00012 usd computed\n\ndata: [DONE]\n\n";
        let (answer, shown, ending) = read(stream);
        assert_eq!(ending, Ok(()));
        assert_eq!(shown, ["He", "y"]);
        assert_eq!(answer.text, "Hey");
        assert_eq!(answer.model.as_deref(), Some("m"));
        assert_eq!(answer.cost.as_deref(), Some("0.00012"));
        assert_eq!(answer.usage.unwrap()["prompt_tokens"], 3);
        assert!(answer.is_over && answer.first_token.is_some());
    }

    #[test]
    fn an_error_within_a_stream_ends_it_with_its_words() {
        let stream = "data: {\"choices\":[{\"delta\":{\"content\":\"He\"}}]}\n\n\
            data: {\"error\":{\"message\":\"It broke.\",\"code\":\"upstream_failed\"}}\n\n";
        let (answer, _, ending) = read(stream);
        assert_eq!(ending, Err("It broke.".to_owned()));
        assert!(answer.text == "He" && !answer.is_over);
    }
}
