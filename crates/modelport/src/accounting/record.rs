//! The record of one finished request, and the line that the log shows of it. Holds no prompt and
//! no answer.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use http::StatusCode;
use modelport_provider::usage::Usage;
use tracing::Level;

use super::{
    charge::{Charge, Source},
    unmetered::Unmetered,
};
use crate::{error::Blame, ids::RequestId};

/// One finished request.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its id.
    pub id: RequestId,
    /// When it arrived.
    pub at: SystemTime,
    /// Whose key it showed; see [`Keys::check`](crate::auth::Keys::check).
    pub caller: u64,
    /// The id of that key, where it has one.
    pub key: Option<Arc<str>>,
    /// Whose the key is.
    pub team: Option<Arc<str>>,
    /// What the caller wants the request counted by: a JSON object of texts.
    pub tags: Option<Arc<str>>,
    /// The endpoint below `/v1`.
    pub endpoint: &'static str,
    /// The model as the caller named it.
    pub requested: Option<Box<str>>,
    /// The model that was asked for of the provider.
    pub upstream_model: Option<Arc<str>>,
    /// The id of the provider that was asked last.
    pub provider: Option<Box<str>>,
    /// Whether the answer was streamed.
    pub stream: bool,
    /// How many attempts were made.
    pub attempts: u32,
    /// The status that the caller got; 499 for a caller that left before there was one.
    pub status: StatusCode,
    /// From the request's arrival to the end of the answer.
    pub duration: Duration,
    /// From the request's arrival to the first output.
    pub first_output: Option<Duration>,
    /// What the provider said it used.
    pub usage: Option<Usage>,
    /// What it costs.
    pub charge: Charge,
    /// What is needed to estimate what was used, where the provider has not said it.
    pub unmetered: Option<Box<Unmetered>>,
    /// What targets did that died in a stream with which another went on.
    pub earlier: Vec<Unmetered>,
    /// Whether the answer was one that had been kept, and no provider was asked.
    pub kept: bool,
    /// How it ended.
    pub ending: Ending,
    /// What went wrong, and whose fault that was.
    pub problem: Option<(Blame, Box<str>)>,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With an answer.
    Answered,
    /// With a provider's refusal, passed on.
    Refused,
    /// With an error of ours.
    Failed,
    /// With an error inside a stream that had begun.
    Broken,
    /// The caller left.
    Cancelled,
}

impl Ending {
    /// The word for it, in the log and in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Broken => "broken",
            Self::Cancelled => "cancelled",
        }
    }
}

impl Record {
    /// How loud the record's line is: by whose fault a problem was.
    pub fn level(&self) -> Level {
        match &self.problem {
            None | Some((Blame::Caller, _)) => Level::INFO,
            Some((Blame::Upstream, _)) => Level::WARN,
            Some((Blame::Gateway, _)) => Level::ERROR,
        }
    }

    /// Adds the record's line, without its time and level, to `line`. One line follows every
    /// request, so it is put together without the machinery of the other log lines.
    pub fn write(&self, line: &mut String) {
        let mut number = itoa::Buffer::new();
        line.push_str(self.endpoint);
        line.push(' ');
        line.push_str(self.ending.as_str());
        let mut field = |name: &str, value: &str| {
            line.push(' ');
            line.push_str(name);
            line.push('=');
            line.push_str(value);
        };
        field("request_id", self.id.as_str());
        if let Some(provider) = &self.provider {
            field("provider", provider);
        }
        if let Some(model) = &self.upstream_model {
            field("model", model);
        }
        field("status", number.format(self.status.as_u16()));
        field("stream", if self.stream { "true" } else { "false" });
        field("attempts", number.format(self.attempts));
        if self.kept {
            field("cache", "hit");
        }
        field("duration_ms", number.format(self.duration.as_millis()));
        if let Some(wait) = self.first_output {
            field("first_output_ms", number.format(wait.as_millis()));
        }
        if let Some(usage) = &self.usage {
            field("input_tokens", number.format(usage.input_tokens));
            field("output_tokens", number.format(usage.output_tokens));
        }
        if let Some(amount) = self.charge.amount {
            field("cost", &amount.normalize().to_string());
        }
        if self.charge.source == Source::Estimated {
            field("counts", "estimated");
        }
        if let Some((_, problem)) = &self.problem {
            field("problem", &format!("{problem:?}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    #[test]
    fn a_line_says_what_is_known() {
        let mut record = Record {
            id: RequestId::of(&HeaderMap::from_iter([(
                crate::ids::REQUEST_ID,
                http::HeaderValue::from_static("r-1"),
            )])),
            at: SystemTime::UNIX_EPOCH,
            caller: 0,
            key: None,
            team: None,
            tags: None,
            endpoint: "/chat/completions",
            requested: Some("m".into()),
            upstream_model: Some("vendor/m:free".into()),
            provider: Some("openai_compatible".into()),
            stream: true,
            attempts: 2,
            status: StatusCode::OK,
            duration: Duration::from_millis(1234),
            first_output: Some(Duration::from_millis(56)),
            usage: Some(Usage {
                input_tokens: 7,
                output_tokens: 9,
                ..Usage::default()
            }),
            charge: Charge::default(),
            unmetered: None,
            earlier: Vec::new(),
            kept: false,
            ending: Ending::Answered,
            problem: None,
        };
        let line = |record: &Record| {
            let mut line = String::new();
            record.write(&mut line);
            line
        };
        assert_eq!(
            line(&record),
            "/chat/completions answered request_id=r-1 provider=openai_compatible \
             model=vendor/m:free status=200 stream=true attempts=2 duration_ms=1234 \
             first_output_ms=56 input_tokens=7 output_tokens=9"
        );
        assert_eq!(record.level(), Level::INFO);
        record.kept = true;
        assert!(line(&record).contains(" attempts=2 cache=hit duration_ms="));
        record.problem = Some((Blame::Upstream, "it said \"no\"\n".into()));
        assert!(line(&record).ends_with(r#"problem="it said \"no\"\n""#));
        assert_eq!(record.level(), Level::WARN);
    }
}
