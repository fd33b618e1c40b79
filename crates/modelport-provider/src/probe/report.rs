//! What a probe found: a list of findings in groups, what it cost, and what follows for the model's abilities.

use std::fmt;

use serde_json::{Value, json};

use super::{Target, exchange::Exchange};
use crate::capability::{Capabilities, Capability, Source, Support};

/// How wide the names of what was looked at stand.
const WHAT: usize = 26;

/// How wide the outcomes stand.
const OUTCOME: usize = 8;

/// What findings are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// The endpoint as such.
    Endpoint,
    /// Plain answers.
    Chat,
    /// Streams.
    Streaming,
    /// Limits of the answer.
    Limits,
    /// Tools.
    Tools,
    /// JSON answers.
    Json,
    /// Roles and parts of messages.
    Messages,
    /// Other fields.
    Fields,
    /// Embeddings.
    Embeddings,
    /// Errors.
    Errors,
}

impl Group {
    const ALL: [Self; 10] = [
        Self::Endpoint,
        Self::Chat,
        Self::Streaming,
        Self::Limits,
        Self::Tools,
        Self::Json,
        Self::Messages,
        Self::Fields,
        Self::Embeddings,
        Self::Errors,
    ];

    /// Its heading.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Endpoint => "Endpoint",
            Self::Chat => "Chat",
            Self::Streaming => "Streaming",
            Self::Limits => "Limits",
            Self::Tools => "Tools",
            Self::Json => "JSON",
            Self::Messages => "Messages",
            Self::Fields => "Fields",
            Self::Embeddings => "Embeddings",
            Self::Errors => "Errors",
        }
    }
}

/// What was found, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is so.
    Yes,
    /// It is not so.
    No,
    /// It is taken without effect.
    Ignored,
    /// The request is refused for it.
    Refused,
    /// It is taken; whether it has an effect cannot be seen from outside.
    Taken,
    /// Nothing can be said.
    Unknown,
}

impl Outcome {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Ignored => "ignored",
            Self::Refused => "refused",
            Self::Taken => "taken",
            Self::Unknown => "unknown",
        }
    }

    /// What it says of an ability.
    pub fn support(self) -> Support {
        match self {
            Self::Yes => Support::Yes,
            Self::No | Self::Ignored | Self::Refused => Support::No,
            Self::Taken | Self::Unknown => Support::Unknown,
        }
    }
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is about.
    pub group: Group,
    /// What was looked at.
    pub what: &'static str,
    /// What was found.
    pub outcome: Outcome,
    /// What showed it.
    pub evidence: String,
}

/// All that was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The findings, in the order in which they were made.
    pub findings: Vec<Finding>,
    /// What they say of the model's abilities.
    pub capabilities: Capabilities,
    /// How many completions and embeddings were asked for.
    pub calls: u64,
    /// Tokens that the answers say went in.
    pub input_tokens: u64,
    /// Tokens that the answers say came out.
    pub output_tokens: u64,
}

impl Report {
    /// Adds a finding.
    pub fn note(
        &mut self,
        group: Group,
        what: &'static str,
        outcome: Outcome,
        evidence: impl Into<String>,
    ) {
        self.findings.push(Finding {
            group,
            what,
            outcome,
            evidence: evidence.into(),
        });
    }

    /// Adds a finding that shows an ability, or its want.
    pub(super) fn note_ability(
        &mut self,
        finding: (Group, &'static str),
        capability: Capability,
        outcome: Outcome,
        evidence: impl Into<String>,
    ) {
        self.capabilities
            .note(capability, outcome.support(), Source::Probed);
        self.note(finding.0, finding.1, outcome, evidence);
    }

    /// What was found of something.
    pub fn outcome(&self, group: Group, what: &str) -> Option<Outcome> {
        let found = self
            .findings
            .iter()
            .find(|finding| finding.group == group && finding.what == what);
        found.map(|finding| finding.outcome)
    }

    /// One chat completion.
    pub(super) async fn chat(&mut self, target: &Target<'_>, body: Value) -> Exchange {
        let exchange =
            Exchange::post(target.provider, "/chat/completions", &target.model, body).await;
        self.count(&exchange);
        exchange
    }

    /// Counts what an exchange cost.
    pub(super) fn count(&mut self, exchange: &Exchange) {
        self.calls += 1;
        if let Some(usage) = exchange.usage() {
            self.input_tokens += usage.input_tokens;
            self.output_tokens += usage.output_tokens;
        }
    }

    /// The findings for programs.
    pub fn as_json(&self) -> Value {
        let findings = self.findings.iter().map(|finding| {
            json!({
                "group": finding.group.as_str(),
                "what": finding.what,
                "outcome": finding.outcome.as_str(),
                "evidence": finding.evidence,
            })
        });
        let abilities = self.capabilities.known();
        let abilities = abilities.map(|(capability, support, _)| {
            (capability.as_str().to_owned(), json!(support.as_flag()))
        });
        json!({
            "calls": self.calls,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "findings": findings.collect::<Vec<_>>(),
            "capabilities": abilities.collect::<serde_json::Map<_, _>>(),
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for group in Group::ALL {
            let mut findings = self
                .findings
                .iter()
                .filter(|finding| finding.group == group)
                .peekable();
            if findings.peek().is_some() {
                writeln!(f, "{}", group.as_str())?;
            }
            for finding in findings {
                let (what, outcome) = (finding.what, finding.outcome.as_str());
                let line = format!("  {what:WHAT$} {outcome:OUTCOME$} {}", finding.evidence);
                writeln!(f, "{}", line.trim_end())?;
            }
        }
        write!(
            f,
            "{} calls; the answers count {} input and {} output tokens.",
            self.calls, self.input_tokens, self.output_tokens
        )
    }
}
