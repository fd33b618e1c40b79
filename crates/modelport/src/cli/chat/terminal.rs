//! A conversation with whoever sits at the terminal.

use std::io::{self, Write};

use tokio::sync::mpsc::{Receiver, channel};

use super::Chat;
use crate::cli::complain;

/// What ends it, typed at the prompt.
const QUIT: &str = "/quit";

/// Asks what is typed until its end, and gives the exit status: that of the last answer.
pub(super) async fn converse(chat: &mut Chat<'_>) -> u8 {
    let model = chat.conversation.model().unwrap_or("the default model");
    chat.screen.aside(&format!(
        "{model} through {}. Ctrl-C stops an answer; {QUIT}, Ctrl-D or Ctrl-C here ends.",
        chat.line.gateway().base()
    ));
    let mut lines = typed();
    let mut status = 0;
    loop {
        prompt();
        let line = tokio::select! {
            _ = chat.interrupts.recv() => None,
            line = lines.recv() => line,
        };
        let Some(line) = line else {
            // The shell's own prompt begins a line.
            complain("");
            return status;
        };
        match line.trim() {
            "" => {}
            QUIT => return status,
            prompt => status = chat.ask(prompt).await,
        }
    }
}

/// Shows where the next question is typed: on standard error, so that standard output holds answers alone.
fn prompt() {
    let mut out = io::stderr().lock();
    let _ = out.write_all(b"> ").and_then(|()| out.flush());
}

/// The lines of standard input. They are read by a thread of their own, which nothing waits for: nobody can end a read
/// from a terminal.
fn typed() -> Receiver<String> {
    let (sender, receiver) = channel(1);
    std::thread::spawn(move || {
        for line in io::stdin().lines() {
            let Ok(line) = line else { return };
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    receiver
}
