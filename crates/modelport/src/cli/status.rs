//! `modelport status`: how a running gateway does, by its admin API. It judges nothing itself: what it shows is what the
//! gateway says.

use std::{
    io::{self, IsTerminal},
    path::PathBuf,
    time::Duration,
};

use clap::Args;
use serde_json::json;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    time::{MissedTickBehavior, interval},
};

use super::{
    FAILED, block_on, complain,
    gateway::{Gateway, Line, Search, Shows},
    say, show,
};
use crate::config;

mod figures;
mod standing;

use standing::Standing;

/// How long the gateway may stay silent.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often a watch looks again.
const EVERY: Duration = Duration::from_secs(1);

/// Whom to ask, and how to show what it says.
#[derive(Debug, Args)]
#[command(
    after_help = "Where the gateway has no MODELPORT_ADMIN_KEY it answers programs on its own machine without a key.\n\
    With --watch Ctrl-C ends; where standard output is no terminal, each look is printed below the one before.\n\n\
    Exit status: 0 the gateway is ready, 1 it is not, or cannot be reached, or refuses to tell, 2 the command line or the\n\
    configuration is wrong. A provider that is down does not make the gateway unready."
)]
pub struct Options {
    /// Where the gateway listens; where the configuration says unless given
    #[arg(long)]
    url: Option<String>,
    /// The variable that holds an admin key, of the environment or of .env; else the first of `MODELPORT_ADMIN_KEY`, which only this
    /// machine and the configured host are shown
    #[arg(long, value_name = "NAME")]
    key_env: Option<String>,
    /// The time that requests, tokens and spend are counted over
    #[arg(long, default_value = "1h", value_parser = ["15m", "1h", "6h", "24h", "7d", "30d"])]
    range: String,
    /// Look again each second
    #[arg(long)]
    watch: bool,
    /// Print one JSON object per look
    #[arg(long)]
    json: bool,
}

/// One look at a gateway, as it is printed.
struct Look {
    text: String,
    status: u8,
}

/// Shows how the gateway does, and gives the exit status.
pub fn run(file: Option<PathBuf>, options: &Options) -> u8 {
    let search = Search {
        command: "status",
        url: options.url.as_deref(),
        key_env: options.key_env.as_deref(),
        shows: Shows::AdminKey,
    };
    let gateway = match Gateway::find(file, &search) {
        Ok(gateway) => gateway,
        Err(refusal) => return refusal.tell(),
    };
    block_on(async {
        let begun = gateway.line(PATIENCE).and_then(|line| {
            let interrupts = signal(SignalKind::interrupt()).map_err(|error| error.to_string())?;
            Ok((line, interrupts))
        });
        match begun {
            Ok((line, interrupts)) if options.watch => watch(&line, options, interrupts).await,
            Ok((line, _)) => once(&line, options).await,
            Err(words) => {
                complain(format!("modelport status: {words}"));
                FAILED
            }
        }
    })
}

async fn once(line: &Line<'_>, options: &Options) -> u8 {
    match Standing::ask(line, &options.range).await {
        Err(words) if !options.json => {
            complain(format!("modelport status: {words}"));
            FAILED
        }
        found => {
            let look = look(line, options, &found);
            say(look.text);
            look.status
        }
    }
}

/// Looks again and again until an interrupt; gives the status of the last look.
async fn watch(line: &Line<'_>, options: &Options, mut interrupts: Signal) -> u8 {
    let redraws = !options.json && can_redraw();
    if redraws {
        show("\x1b[2J");
    }
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut status = 0;
    loop {
        let next = async {
            ticks.tick().await;
            Standing::ask(line, &options.range).await
        };
        let found = tokio::select! {
            biased;
            _ = interrupts.recv() => return status,
            found = next => found,
        };
        let look = look(line, options, &found);
        status = look.status;
        match (redraws, options.json) {
            (true, _) => show(&drawn(&look.text)),
            (false, true) => say(look.text),
            (false, false) => say(format!("{}\n", look.text)),
        }
    }
}

/// Whether what was printed before can be written over.
fn can_redraw() -> bool {
    let is_dumb = matches!(config::variable("TERM"), Ok(Some(term)) if term == "dumb");
    io::stdout().is_terminal() && !is_dumb
}

/// A text over the one before: from the corner on, each line to its end, and nothing below.
fn drawn(text: &str) -> String {
    let lines = text.replace('\n', "\x1b[K\n");
    format!("\x1b[H{lines}\x1b[K\n\x1b[J")
}

fn look(line: &Line<'_>, options: &Options, found: &Result<Standing, String>) -> Look {
    let url = line.gateway().base().to_string();
    let text = match found {
        Ok(standing) if options.json => standing.object(&url).to_string(),
        Ok(standing) => figures::shown(standing, &url),
        Err(problem) if options.json => {
            json!({"object": "status", "url": url, "ready": false, "problem": problem}).to_string()
        }
        Err(problem) => problem.clone(),
    };
    let is_ready = found.as_ref().is_ok_and(Standing::is_ready);
    Look {
        text,
        status: if is_ready { 0 } else { FAILED },
    }
}
