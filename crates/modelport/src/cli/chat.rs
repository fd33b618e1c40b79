//! `modelport chat`: a conversation in the terminal through a running gateway, each answer shown as it comes. What is said
//! is kept in memory alone, and gone at the end.

use std::{
    io::{self, IsTerminal, Read},
    path::PathBuf,
    time::Duration,
};

use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{
    FAILED, Refusal, block_on, complain,
    gateway::{At, Gateway, Line, Search},
};

mod answer;
mod conversation;
mod screen;
mod terminal;

use conversation::Conversation;
use screen::Screen;

/// How long an answer may stay silent. Some models think for minutes.
const PATIENCE: Duration = Duration::from_mins(10);

/// The longest prompt that is read from standard input, in bytes.
const MAX_PROMPT: u64 = 16 << 20;

/// Whom to talk to, and how.
#[derive(Debug, Args)]
#[command(
    after_help = "On a terminal it is a conversation: Ctrl-C stops an answer, and at the prompt it ends; so do Ctrl-D and /quit.\n\
    Otherwise what standard input holds is asked once: the answer goes to standard output, the figures to standard error.\n\
    Nothing that is said is kept. The cost is shown where the gateway tells it, by MODELPORT_STREAM_COST=true.\n\n\
    Exit status: 0 the last answer came whole, 1 it did not, 2 the command line or the configuration is wrong."
)]
pub struct Options {
    /// A model, an alias or a route of the gateway; its default model unless given
    model: Option<String>,
    /// What the model is told before the conversation
    #[arg(long, value_name = "TEXT")]
    system: Option<String>,
    /// Ask this one thing, and end with its answer
    #[arg(long, value_name = "TEXT")]
    once: Option<String>,
    #[command(flatten)]
    at: At,
    /// Print one JSON object per answer, once it is whole
    #[arg(long)]
    json: bool,
}

/// What is asked.
enum Prompts {
    /// This, once.
    One(String),
    /// What a person types.
    Typed,
}

/// Talks and gives the exit status.
pub fn run(file: Option<PathBuf>, options: &Options) -> u8 {
    let search = options.at.search("chat");
    let begun = Gateway::find(file, &search)
        .and_then(|gateway| Prompts::of(options, &search).map(|prompts| (gateway, prompts)));
    let (gateway, prompts) = match begun {
        Ok(begun) => begun,
        Err(refusal) => return refusal.tell(),
    };
    block_on(async {
        let begun = gateway.line(PATIENCE).and_then(|line| {
            let interrupts = signal(SignalKind::interrupt()).map_err(|error| error.to_string())?;
            Ok((line, interrupts))
        });
        let (line, interrupts) = match begun {
            Ok(begun) => begun,
            Err(words) => {
                complain(format!("modelport chat: {words}"));
                return FAILED;
            }
        };
        let mut chat = Chat {
            line,
            conversation: Conversation::of(options.model.clone(), options.system.as_deref()),
            screen: Screen::of(options.json),
            interrupts,
        };
        match prompts {
            Prompts::One(prompt) => chat.ask(&prompt).await,
            Prompts::Typed => terminal::converse(&mut chat).await,
        }
    })
}

impl Prompts {
    fn of(options: &Options, search: &Search<'_>) -> Result<Self, Refusal> {
        let prompt = match &options.once {
            Some(prompt) => prompt.clone(),
            None if io::stdin().is_terminal() => return Ok(Self::Typed),
            None => read_prompt().map_err(|words| search.refusal(FAILED, words))?,
        };
        if prompt.trim().is_empty() {
            return Err(search.refusal(
                super::BAD_CONFIGURATION,
                "there is nothing to ask. Give it with --once or on standard input.",
            ));
        }
        Ok(Self::One(prompt))
    }
}

fn read_prompt() -> Result<String, String> {
    let mut prompt = String::new();
    let read = io::stdin()
        .lock()
        .take(MAX_PROMPT + 1)
        .read_to_string(&mut prompt);
    match read {
        Err(error) => Err(format!("standard input: {error}")),
        Ok(_) if u64::try_from(prompt.len()).is_ok_and(|size| size > MAX_PROMPT) => {
            Err(format!("standard input holds more than {MAX_PROMPT} bytes"))
        }
        Ok(_) => Ok(prompt),
    }
}

/// A conversation under way.
struct Chat<'g> {
    line: Line<'g>,
    conversation: Conversation,
    screen: Screen,
    interrupts: Signal,
}

impl Chat<'_> {
    /// Asks, shows the answer, and gives the exit status if this is the last one.
    async fn ask(&mut self, prompt: &str) -> u8 {
        self.conversation.ask(prompt);
        let request = self.conversation.request(self.line.gateway());
        let (answer, ending) = answer::receive(
            &self.line,
            &request,
            &mut self.interrupts,
            &mut |piece: &str| self.screen.piece(piece),
        )
        .await;
        self.conversation.answered(&answer.text);
        match ending {
            Ok(()) => {
                self.screen.end(&answer);
                if answer.is_stopped { FAILED } else { 0 }
            }
            Err(words) => {
                self.screen.break_off(&answer, &words);
                FAILED
            }
        }
    }
}
