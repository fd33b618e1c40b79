//! Reads an answer the way a strict client does, and says what it comes to. Whatever no client
//! should ever see is an `Err`.

use std::io::Read;

use serde_json::Value;

use super::table::{Outcome, SILENCE};
use crate::support::Response;

/// What an answer comes to; `whole` says whether it reached the end that its framing promised.
pub(super) fn read(response: &Response, whole: bool) -> Result<Outcome, String> {
    if !whole {
        return Ok(Outcome::Cut);
    }
    let label = response.header("content-type").unwrap_or_default();
    let body = decoded(response)?;
    if response.status != 200 {
        return refusal(response, &body);
    }
    if label.starts_with("text/event-stream") {
        return stream(&body);
    }
    let body = body.strip_prefix('\u{feff}').unwrap_or(&body);
    let json: Value =
        serde_json::from_str(body).map_err(|_| format!("200 that is no JSON: {body:?}"))?;
    let choice = &json["choices"][0];
    let is_answer = choice["message"]["content"].is_string() && choice["finish_reason"] == "stop";
    if !is_answer || json.get("error").is_some() {
        return Err(format!("200 that is no completion: {body}"));
    }
    Ok(Outcome::Whole)
}

fn decoded(response: &Response) -> Result<String, String> {
    let mut bytes = response.body.clone();
    if response.header("content-encoding") == Some("gzip") {
        bytes.clear();
        let mut reader = flate2::read::GzDecoder::new(&response.body[..]);
        reader
            .read_to_end(&mut bytes)
            .map_err(|error| error.to_string())?;
    }
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

fn refusal(response: &Response, body: &str) -> Result<Outcome, String> {
    let status = response.status;
    let json: Value =
        serde_json::from_str(body).map_err(|_| format!("{status} that is no JSON: {body:?}"))?;
    let code =
        envelope(&json).ok_or_else(|| format!("{status} without OpenAI's envelope: {body}"))?;
    if status == 401 || status == 403 {
        return Err(format!("{status} blames the caller: {body}"));
    }
    let silence = format!("OPENAI_COMPATIBLE_TIMEOUT={SILENCE}");
    if code == "upstream_timeout" && !(status == 504 && body.contains(&silence)) {
        return Err(format!("a silence without its variable: {body}"));
    }
    Ok(Outcome::Refused(status, code))
}

/// The code of an error in OpenAI's envelope, which has all four fields.
fn envelope(json: &Value) -> Option<String> {
    let error = json.get("error")?.as_object()?;
    let message = error.get("message")?.as_str()?;
    error.get("type")?.as_str()?;
    error.get("param")?;
    let code = error.get("code")?;
    (!message.is_empty()).then(|| {
        code.as_str()
            .map_or_else(|| code.to_string(), str::to_owned)
    })
}

/// Reads a stream to its end.
fn stream(body: &str) -> Result<Outcome, String> {
    let text = body.strip_prefix('\u{feff}').unwrap_or(body);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    if !text.ends_with("\n\n") {
        return Err(format!("the stream ends inside an event: {text:?}"));
    }
    let mut reader = Reader::default();
    for block in text.split("\n\n") {
        reader.event(block)?;
    }
    match (reader.error, reader.finished, reader.content) {
        (Some(_), _, false) => Err(format!("an error in a stream without output: {text:?}")),
        (Some(code), _, true) => Ok(Outcome::ErrorEvent(code)),
        (None, true, true) => Ok(Outcome::Whole),
        _ => Err(format!(
            "the stream ends unfinished, and says nothing: {text:?}"
        )),
    }
}

#[derive(Default)]
struct Reader {
    content: bool,
    finished: bool,
    error: Option<String>,
}

impl Reader {
    fn event(&mut self, block: &str) -> Result<(), String> {
        let field = |line: &str| {
            line.strip_prefix("data:")
                .map(|data| data.trim_start().to_owned())
        };
        let data: Vec<String> = block.lines().filter_map(field).collect();
        let others = block.lines().filter(|line| !line.starts_with("data:"));
        let strange = others.filter(|line| !line.starts_with(':') && !line.starts_with("event:"));
        if let Some(line) = strange.into_iter().find(|line| !line.is_empty()) {
            return Err(format!("a line that is no field: {line:?}"));
        }
        if data.is_empty() {
            return Ok(());
        }
        let data = data.join("\n");
        if self.error.is_some() {
            return Err(format!("after the error event came {data:?}"));
        }
        if data == "[DONE]" {
            self.finished = true;
            return Ok(());
        }
        let json: Value =
            serde_json::from_str(&data).map_err(|_| format!("half an event: {data:?}"))?;
        match json.get("error") {
            // Not OpenAI's form, so no client reads it; ours has to follow.
            Some(Value::String(_)) => return Ok(()),
            Some(error) => {
                let code = error_code(error);
                self.error = Some(code.ok_or_else(|| format!("an error without words: {data}"))?);
                return Ok(());
            }
            None => {}
        }
        let choice = &json["choices"][0];
        self.content |= choice["delta"]["content"]
            .as_str()
            .is_some_and(|text| !text.is_empty());
        self.finished |= choice["finish_reason"].is_string();
        Ok(())
    }
}

/// The code of an error event, which may be a provider's own: with a message at least.
fn error_code(error: &Value) -> Option<String> {
    error["message"]
        .as_str()
        .filter(|message| !message.is_empty())?;
    let code = &error["code"];
    Some(
        code.as_str()
            .map_or_else(|| code.to_string(), str::to_owned),
    )
}
