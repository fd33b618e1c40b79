//! What a chat shows: text on standard output, figures and complaints on standard error.

use std::{
    io::{self, IsTerminal},
    time::Duration,
};

use serde_json::{Value, json};

use super::answer::Answer;
use crate::{
    cli::{
        complain,
        readable::{harmless, time},
        say, show,
    },
    config,
};

/// How answers are shown.
pub(super) struct Screen {
    form: Form,
    is_dim: bool,
}

/// What standard output gets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Text as it comes, for a program.
    Plain,
    /// Text as it comes, less what would steer the terminal.
    Terminal,
    /// An object at the end.
    Json,
}

impl Screen {
    /// For this process' outputs.
    pub(super) fn of(json: bool) -> Self {
        let form = match (json, io::stdout().is_terminal()) {
            (true, _) => Form::Json,
            (false, true) => Form::Terminal,
            (false, false) => Form::Plain,
        };
        let wants_none = |name: &str| matches!(config::variable(name), Ok(Some(_)));
        Self {
            form,
            is_dim: io::stderr().is_terminal() && !wants_none("NO_COLOR"),
        }
    }

    /// A piece of an answer.
    pub(super) fn piece(&self, text: &str) {
        match self.form {
            Form::Plain => show(text),
            Form::Terminal => show(&harmless(text)),
            Form::Json => {}
        }
    }

    /// The end of an answer.
    pub(super) fn end(&self, answer: &Answer) {
        match self.form {
            Form::Json => say(object(answer).to_string()),
            Form::Plain | Form::Terminal => self.end_line(answer),
        }
        if self.form != Form::Json {
            self.aside(&figures(answer));
        }
    }

    /// The end of an answer that is not whole.
    pub(super) fn break_off(&self, answer: &Answer, words: &str) {
        if self.form != Form::Json {
            self.end_line(answer);
        }
        complain(format!("modelport chat: {}", harmless(words)));
    }

    /// A line beside the conversation.
    pub(super) fn aside(&self, line: &str) {
        let line = harmless(line);
        if self.is_dim {
            complain(format!("\x1b[2m{line}\x1b[0m"));
        } else {
            complain(line);
        }
    }

    fn end_line(&self, answer: &Answer) {
        if !answer.text.is_empty() && !answer.text.ends_with('\n') {
            self.piece("\n");
        }
    }
}

/// What is known of an answer, in a line.
fn figures(answer: &Answer) -> String {
    let count = |name: &str| answer.usage.as_ref()?[name].as_u64();
    let tokens = match (count("prompt_tokens"), count("completion_tokens")) {
        (None, None) => None,
        (taken, made) => Some(format!(
            "{} tokens in, {} out",
            taken.unwrap_or(0),
            made.unwrap_or(0)
        )),
    };
    let parts = [
        answer.model.clone(),
        answer.provider.clone(),
        answer
            .first_token
            .map(|length| format!("first token {}", time(length))),
        Some(format!("total {}", time(answer.total))),
        tokens,
        answer.cost.as_ref().map(|amount| format!("${amount}")),
        answer.is_stopped.then(|| "stopped".to_owned()),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn object(answer: &Answer) -> Value {
    json!({
        "object": "chat.answer",
        "request_id": answer.request_id,
        "model": answer.model,
        "provider": answer.provider,
        "text": answer.text,
        "finish_reason": answer.finish_reason,
        "stopped": answer.is_stopped,
        "first_token_ms": answer.first_token.map(millis),
        "total_ms": millis(answer.total),
        "usage": answer.usage,
        "cost_usd": answer.cost,
    })
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_say_what_is_known_and_nothing_else() {
        let mut answer = Answer::default();
        answer.total = Duration::from_millis(12_340);
        assert_eq!(figures(&answer), "total 12.3 s");
        answer.model = Some("m".to_owned());
        answer.provider = Some("p".to_owned());
        answer.first_token = Some(Duration::from_millis(150));
        answer.usage = Some(json!({"prompt_tokens": 3, "completion_tokens": 40}));
        answer.cost = Some("0.00012".to_owned());
        answer.is_stopped = true;
        assert_eq!(
            figures(&answer),
            "m · p · first token 150 ms · total 12.3 s · 3 tokens in, 40 out · $0.00012 · stopped"
        );
    }
}
