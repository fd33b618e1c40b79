//! What a provider makes of the fields of a chat completion, as data, and how a request is altered for it: each top-level
//! field is sent as it came, mapped, dropped or refused, and a receipt says which. The facts are in `profiles/`; nothing
//! here knows a provider.

mod adapt;
mod messages;

pub use adapt::{Adapted, Refusal, Target, adapt};
pub use messages::{Developer, Messages, Nulls};

/// What one provider makes of the fields of a chat completion.
#[derive(Debug, PartialEq, Eq)]
pub struct Parameters {
    /// Which fields it takes at all.
    pub known: Known,
    /// Fields that are not simply sent.
    pub rules: &'static [Rule],
    /// What it makes of the members of messages.
    pub messages: Messages,
    /// When its streams tell what was used.
    pub stream_usage: StreamUsage,
}

/// When streams tell what was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamUsage {
    /// Always, or it is not known.
    Unasked,
    /// Only where the request has `stream_options.include_usage`, and then in a last chunk without choices.
    OnRequest,
}

/// Which fields a provider takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// It is not documented, or grows too fast to be written down: what no rule names is sent.
    Open,
    /// Only these; any other is refused or ignored there.
    Only(&'static [&'static str]),
}

/// A field that is not simply sent.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// The field's name.
    pub field: &'static str,
    /// For which models.
    pub models: Models,
    /// What becomes of it.
    pub then: Treatment,
}

/// The models for which a rule holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Models {
    /// All.
    All,
    /// Those that the catalogue knows to reason.
    Reasoning,
}

/// What becomes of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Treatment {
    /// It goes out under this name. A field of that name in the same request gives way.
    Renamed(&'static str),
    /// It is left out.
    Dropped,
    /// It is left out unless it has one of these values, each as JSON.
    Only(&'static [&'static str]),
    /// These values become others, each as JSON; all else is sent.
    Values(&'static [(&'static str, &'static str)]),
}

/// What is done with fields that a provider does not take as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Policy {
    /// The request is refused, and the field named.
    Strict,
    /// They are mapped or dropped, and that is reported.
    Warn,
    /// They are sent as they came.
    Pass,
}

impl Policy {
    /// Its name in settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Warn => "warn",
            Self::Pass => "pass",
        }
    }

    /// The policy of that name, letter case aside.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Strict, Self::Warn, Self::Pass]
            .into_iter()
            .find(|policy| policy.as_str().eq_ignore_ascii_case(name))
    }
}

/// Fields that decide what is asked for: the conversation, what the model may do, the form, the number and the length of
/// its answers. A provider's documentation may say that one of these has another name or no effect there; one refusal of
/// it says too little. An answer without it would be another answer, read by a program that expects what it asked for,
/// or paid for at a length that was ruled out. The refusal is the better answer.
const DECISIVE: [&str; 24] = [
    "model",
    "messages",
    "prompt",
    "input",
    "stream",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "functions",
    "function_call",
    "response_format",
    "structured_outputs",
    "guided_json",
    "guided_regex",
    "guided_choice",
    "guided_grammar",
    "grammar",
    "json_schema",
    "modalities",
    "web_search_options",
    "n",
    "stop",
    "max_tokens",
    "max_completion_tokens",
];

/// Whether a request says what it is about without this field, so that one refusal is enough to leave it out: what tunes
/// how an answer is found (`temperature`, `seed`, `reasoning_effort`), tells of the caller (`user`, `metadata`) or adds to
/// the answer (`logprobs`, `stream_options`), and whatever else has no name here.
pub fn may_be_left_out(field: &str) -> bool {
    !DECISIVE.contains(&field)
}

impl Parameters {
    /// Everything is sent.
    pub const OPEN: Self = Self {
        known: Known::Open,
        rules: &[],
        messages: Messages::AS_SENT,
        stream_usage: StreamUsage::Unasked,
    };

    /// Everything is sent, and streams are asked for their usage.
    pub const ASKED: Self = Self {
        stream_usage: StreamUsage::OnRequest,
        ..Self::OPEN
    };

    /// Whether there is nothing to do, whatever the request.
    pub fn takes_all(&self) -> bool {
        self.known == Known::Open && self.rules.is_empty() && self.messages == Messages::AS_SENT
    }
}

impl Rule {
    /// A field that all models of a provider take under another name.
    pub const fn renamed(field: &'static str, to: &'static str) -> Self {
        Self::all(field, Treatment::Renamed(to))
    }

    /// A field that no model of a provider takes.
    pub const fn dropped(field: &'static str) -> Self {
        Self::all(field, Treatment::Dropped)
    }

    /// A field that is treated so whatever the model.
    pub const fn all(field: &'static str, then: Treatment) -> Self {
        Self {
            field,
            models: Models::All,
            then,
        }
    }

    /// A field that is treated so for models that reason.
    pub const fn reasoning(field: &'static str, then: Treatment) -> Self {
        Self {
            field,
            models: Models::Reasoning,
            then,
        }
    }
}

#[cfg(test)]
mod tests;
