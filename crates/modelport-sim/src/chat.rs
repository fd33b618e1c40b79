//! Completions: reads what is asked for, makes up an answer to it, and renders it the way OpenAI's API writes it. Deterministic
//! but for ids and times; knows nothing of sockets.

mod ask;
mod render;
mod schema;
mod text;
mod tools;

pub(crate) use ask::Ask;
pub(crate) use render::{Operation, events, whole};
pub(crate) use text::{Pieces, estimate};
pub(crate) use tools::Call;

/// The most choices of one answer.
const MAX_CHOICES: usize = 8;

/// A made-up answer, in no provider's form yet.
#[derive(Debug)]
pub(crate) struct Completion {
    pub(crate) model: String,
    pub(crate) content: Content,
    pub(crate) finish: Finish,
    pub(crate) prompt_tokens: usize,
    pub(crate) output_tokens: usize,
    pub(crate) choices: usize,
    /// Thoughts come before the answer, where the API has a place for them.
    pub(crate) thinks: bool,
}

#[derive(Debug)]
pub(crate) enum Content {
    Text(Pieces),
    Calls(Vec<Call>),
}

/// Why an answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finish {
    Stop,
    Length,
    ToolCalls,
}

/// Where usage is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reporting {
    /// In a plain answer, or in a last chunk of its own.
    AtEnd,
    /// On every chunk.
    Each,
    /// Nowhere.
    Never,
}

/// What tells two answers to the same request apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stamp {
    /// The request's number.
    pub(crate) id: u64,
    /// Seconds since 1970.
    pub(crate) created: u64,
}

impl Completion {
    /// The prompt was longer than the context, and its beginning was left out.
    pub(crate) fn cut_prompt(&mut self, context: usize) {
        self.prompt_tokens = self.prompt_tokens.min(context);
    }
}

impl Finish {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::ToolCalls => "tool_calls",
        }
    }
}

/// Makes up the answer: tool calls if there are tools to call, JSON if it must be JSON, else text. `tokens` replaces the natural
/// length of a text; the request's own limit holds all the same.
pub(crate) fn complete(ask: &Ask<'_>, tokens: Option<usize>) -> Completion {
    let (content, finish) = content(ask, tokens);
    let output_tokens = match &content {
        Content::Text(pieces) => pieces.len(),
        Content::Calls(calls) => calls
            .iter()
            .map(|call| estimate(call.name.len() + call.arguments.len()))
            .sum(),
    };
    Completion {
        model: ask.model.clone().unwrap_or_else(|| "sim-fast".to_owned()),
        finish,
        prompt_tokens: ask.prompt_tokens(),
        output_tokens,
        choices: ask.n.unwrap_or(1).clamp(1, MAX_CHOICES),
        thinks: ask.thinks(),
        content,
    }
}

fn content(ask: &Ask<'_>, tokens: Option<usize>) -> (Content, Finish) {
    let calls = tools::calls(ask);
    if !calls.is_empty() {
        return (Content::Calls(calls), Finish::ToolCalls);
    }
    if let Some(json) = schema::wanted(ask) {
        return (Content::Text(Pieces::fragments(&json)), Finish::Stop);
    }
    let (pieces, cut) = text::answer(&ask.question(), tokens, ask.limit());
    (
        Content::Text(pieces),
        if cut { Finish::Length } else { Finish::Stop },
    )
}
